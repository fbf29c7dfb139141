//! One document: parsed, and measured against the limits before anything else looks at it.
//!
//! async-graphql follows fragments as often as they are spread, so a short document of fragments that spread each other
//! twice would keep it busy for ever. Here every fragment is measured once.

mod tokens;

use std::collections::HashMap;

use async_graphql::{
    Name, Pos, Positioned, ServerError,
    parser::{
        parse_query,
        types::{
            Directive, ExecutableDocument, FragmentDefinition, OperationDefinition, OperationType,
            Selection, SelectionSet,
        },
    },
};

use crate::limits::LimitSettings;

/// Lists of the schema that may stand within each other in a question for it: types hold fields, which hold types again.
const INTROSPECTION_LISTS: u64 = 2;

/// A document that may be answered.
#[derive(Debug)]
pub struct Document {
    /// What the parser made of it.
    pub parsed: ExecutableDocument,
    /// Whether it asks for the schema.
    pub introspects: bool,
    /// Whether it has no limits.
    pub is_trusted: bool,
}

impl Document {
    /// Reads a document that keeps the limits; a trusted one has none.
    ///
    /// # Errors
    /// The syntax error, or the limit that it breaks.
    pub fn read(text: &str, limits: Option<&LimitSettings>) -> Result<Self, ServerError> {
        if let Some(limits) = limits {
            tokens::check(text, limits.max_tokens)
                .map_err(|(message, pos)| ServerError::new(message, Some(pos)))?;
        }
        let parsed = parse_query(text).map_err(|error| syntax_error(&error))?;
        let mut measuring = Measuring {
            document: &parsed,
            done: HashMap::new(),
            under_way: Vec::new(),
        };
        let mut introspects = false;
        for (_, operation) in parsed.operations.iter() {
            let size = measuring.operation(&operation.node)?;
            introspects |= size.introspects;
            if let Some(limits) = limits {
                let broken = size.breaks(limits);
                if let Some(message) = broken {
                    return Err(ServerError::new(message, Some(operation.pos)));
                }
            }
        }
        Ok(Document {
            parsed,
            introspects,
            is_trusted: limits.is_none(),
        })
    }

    /// The operation of a name, or the only one; `None` when there is none or the name is missing.
    #[must_use]
    pub fn operation(&self, name: Option<&str>) -> Option<&OperationDefinition> {
        let mut operations = self.parsed.operations.iter();
        let found = match name {
            Some(asked) => operations.find(|(name, _)| name.is_some_and(|name| name == asked)),
            None => operations.next().filter(|_| operations.next().is_none()),
        };
        found.map(|(_, operation)| &operation.node)
    }

    /// Whether all of its operations are queries.
    #[must_use]
    pub fn reads_only(&self) -> bool {
        let mut operations = self.parsed.operations.iter();
        operations.all(|(_, operation)| operation.node.ty == OperationType::Query)
    }
}

/// The parser's error without the text of the document, of which it repeats a whole line.
fn syntax_error(error: &async_graphql::parser::Error) -> ServerError {
    let text = error.to_string();
    let reason = text.lines().rev().find_map(|line| {
        let reason = line.trim_start().strip_prefix("= ");
        reason.map(str::to_owned)
    });
    let reason = reason.unwrap_or_else(|| text.lines().next().unwrap_or_default().to_owned());
    ServerError::new(
        format!("the document has a syntax error: {reason}"),
        error.positions().next(),
    )
}

/// What a selection comes to with its fragments written out.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    fields: u64,
    aliases: u64,
    directives: u64,
    depth: u64,
    /// Lists of the schema within each other.
    lists: u64,
    introspects: bool,
}

impl Size {
    /// Adds what stands beside it.
    fn add(&mut self, other: Size) {
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.depth = self.depth.max(other.depth);
        self.lists = self.lists.max(other.lists);
        self.introspects |= other.introspects;
    }

    /// A sentence that names the limit it breaks; `None` when it keeps all.
    fn breaks(&self, limits: &LimitSettings) -> Option<String> {
        let measures = [
            (self.depth, limits.max_depth, "levels", "--max-depth"),
            (self.fields, limits.max_fields, "fields", "--max-fields"),
            (self.aliases, limits.max_aliases, "aliases", "--max-aliases"),
            (
                self.directives,
                limits.max_directives,
                "directives",
                "--max-directives",
            ),
        ];
        if self.introspects && self.lists > INTROSPECTION_LISTS {
            return Some(format!(
                "the document asks for lists of the schema within each other more than {INTROSPECTION_LISTS} deep"
            ));
        }
        let mut broken = measures
            .into_iter()
            .filter(|(size, most, ..)| *size > u64::from(*most));
        broken.next().map(|(size, most, what, setting)| {
            format!("the document has {size} {what}, and at most {most} are answered ({setting})")
        })
    }
}

struct Measuring<'a> {
    document: &'a ExecutableDocument,
    done: HashMap<&'a Name, Size>,
    under_way: Vec<&'a Name>,
}

impl<'a> Measuring<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Size, ServerError> {
        let mut size = self.set(&operation.selection_set.node)?;
        size.directives += operation.directives.len() as u64;
        for variable in &operation.variable_definitions {
            size.directives += variable.node.directives.len() as u64;
        }
        Ok(size)
    }

    fn set(&mut self, set: &'a SelectionSet) -> Result<Size, ServerError> {
        let mut size = Size::default();
        let mut names: Vec<&str> = Vec::new();
        for selection in &set.items {
            size.directives += directives(selection.node.directives())?;
            match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let mut below = self.set(&field.selection_set.node)?;
                    let name = field.name.node.as_str();
                    below.fields = below.fields.saturating_add(1);
                    below.depth += 1;
                    below.lists += u64::from(is_list_of_schema(name));
                    below.introspects |= matches!(name, "__schema" | "__type");
                    size.add(below);
                    match field.alias {
                        Some(_) => size.aliases += 1,
                        None => names.push(name),
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let below = self.set(&fragment.node.selection_set.node)?;
                    size.add(below);
                }
                Selection::FragmentSpread(spread) => {
                    let below = self.fragment(&spread.node.fragment_name.node, spread.pos)?;
                    size.add(below);
                }
            }
        }
        // A field is answered as often as it stands there, so one that is repeated is as good as one with an alias.
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        size.aliases = size.aliases.saturating_add((all - names.len()) as u64);
        Ok(size)
    }

    fn fragment(&mut self, name: &'a Name, pos: Pos) -> Result<Size, ServerError> {
        if let Some(size) = self.done.get(name) {
            return Ok(*size);
        }
        if self.under_way.contains(&name) {
            let message = format!("the fragment {name} spreads itself");
            return Err(ServerError::new(message, Some(pos)));
        }
        // An unknown one is found by validation, which says so.
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(Size::default());
        };
        self.under_way.push(name);
        let fragment: &'a FragmentDefinition = &fragment.node;
        let mut size = self.set(&fragment.selection_set.node)?;
        self.under_way.pop();
        size.directives += fragment.directives.len() as u64;
        self.done.insert(name, size);
        Ok(size)
    }
}

/// How many directives stand at one place. The library does not look at those of `__typename`.
fn directives(directives: &[Positioned<Directive>]) -> Result<u64, ServerError> {
    let refuse = |directive: &Positioned<Directive>, why: &str| {
        let name = &directive.node.name.node;
        Err(ServerError::new(
            format!("the directive @{name} {why}"),
            Some(directive.pos),
        ))
    };
    for (place, directive) in directives.iter().enumerate() {
        let name = &directive.node.name.node;
        if !matches!(name.as_str(), "skip" | "include") {
            return refuse(directive, "is unknown");
        }
        if directives[..place]
            .iter()
            .any(|other| other.node.name.node == *name)
        {
            return refuse(directive, "stands twice at one place");
        }
    }
    Ok(directives.len() as u64)
}

fn is_list_of_schema(name: &str) -> bool {
    matches!(
        name,
        "fields" | "interfaces" | "possibleTypes" | "inputFields"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> LimitSettings {
        LimitSettings {
            max_depth: 4,
            max_fields: 20,
            max_aliases: 3,
            max_directives: 2,
            ..LimitSettings::usual()
        }
    }

    fn refusal(text: &str) -> Option<String> {
        let read = Document::read(text, Some(&limits()));
        read.err().map(|error| error.message)
    }

    #[test]
    fn a_document_that_breaks_a_limit_is_told_which() {
        let bomb: String = (0..60)
            .map(|n| format!("fragment F{n} on Q {{ ...F{0} ...F{0} }} ", n + 1))
            .collect();
        for (text, limit) in [
            ("{ a { b { c { d { e } } } } }".to_owned(), "5 levels, and at most 4"),
            ("{ a { ...F } } fragment F on A { b { ...G } } fragment G on B { c { d { e } } }".to_owned(), "--max-depth"),
            ("{ a: x b: x c: x d: x }".to_owned(), "4 aliases"),
            ("{ x x x x x }".to_owned(), "4 aliases"),
            ("{ p { ...F } q { ...F } } fragment F on A { a: x b: x }".to_owned(), "4 aliases"),
            ("{ a @skip(if: $x) @include(if: $x) b @skip(if: $x) }".to_owned(), "--max-directives"),
            ("{ __typename @x }".to_owned(), "@x is unknown"),
            ("{ a @skip(if: $x) @skip(if: $x) }".to_owned(), "@skip stands twice"),
            ("query ($a: Int @x) @y { a { ...F @skip(if: $a) } } fragment F on A { b }".to_owned(), "3 directives"),
            (format!("{{ {} }}", (0..21).map(|n| format!("f{n} ")).collect::<String>()), "21 fields"),
            (format!("{{ ...F0 }} {bomb} fragment F60 on Q {{ x }}"), "--max-fields"),
            ("{ ...A } fragment A on Q { ...B } fragment B on Q { ...A }".to_owned(), "fragment A spreads itself"),
            ("{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }".to_owned(), "within each other"),
        ] {
            let mut limits = limits();
            if text.contains("__schema") {
                limits.max_depth = 16;
            }
            let error = Document::read(&text, Some(&limits)).expect_err(&text);
            assert!(error.message.contains(limit), "{}\n{text}", error.message);
        }
        assert_eq!(
            refusal("{ a: x b: x c: x d { e { f @skip(if: $x) @include(if: $y) } } }"),
            None
        );
        assert!(Document::read("{ a: x b: x c: x d: x }", None).is_ok());
    }

    #[test]
    fn a_syntax_error_does_not_repeat_the_document() {
        let text = format!("{{ {} ", "secret ".repeat(3_000));
        let message = Document::read(&text, None).expect_err("no end").message;
        assert!(message.contains("syntax error"), "{message}");
        assert!(
            !message.contains("secret") && message.len() < 300,
            "{message}"
        );
    }

    #[test]
    fn an_operation_is_found_by_its_name_or_alone() {
        let one = Document::read("query A { a }", None).expect("a document");
        assert!(one.operation(None).is_some() && one.operation(Some("A")).is_some());
        assert!(one.operation(Some("B")).is_none());
        let two = Document::read(
            "query A { __schema { types { name } } } mutation B { b }",
            None,
        );
        let two = two.expect("a document");
        assert!(two.operation(None).is_none() && two.introspects && !two.reads_only());
        let found = two.operation(Some("B")).expect("an operation");
        assert_eq!(found.ty, OperationType::Mutation);
    }
}
