//! Errors of fields as the specification puts them into the data: the field is null, and where it may not be, the nearest
//! place above that may.
//!
//! async-graphql leaves the key of a failed field out, whatever its type, and makes an object of which every field failed
//! null, whatever its type. This mends an answer with errors; one without is never looked at.

use std::{collections::HashMap, sync::LazyLock};

use async_graphql::{
    PathSegment, Response, Value,
    parser::{
        parse_schema,
        types::{
            BaseType, ExecutableDocument, FragmentDefinition, OperationDefinition, OperationType,
            Selection, SelectionSet, Type, TypeKind, TypeSystemDefinition,
        },
    },
};

/// Types of the fields of every object and interface of a schema.
#[derive(Default)]
pub struct Shapes {
    fields: HashMap<String, HashMap<String, Type>>,
    roots: HashMap<&'static str, String>,
}

/// The shapes of this server's schema, read when the first answer with an error is mended.
pub static SHAPES: LazyLock<Shapes> = LazyLock::new(|| Shapes::of(&crate::graphql::sdl()));

impl Shapes {
    /// Reads a schema. A text that is none has no types, and every field of it counts as nullable.
    #[must_use]
    pub fn of(sdl: &str) -> Self {
        let mut shapes = Shapes::default();
        let Ok(document) = parse_schema(sdl) else {
            return shapes;
        };
        for definition in document.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    let schema = schema.node;
                    for (root, name) in [
                        ("query", schema.query),
                        ("mutation", schema.mutation),
                        ("subscription", schema.subscription),
                    ] {
                        shapes
                            .roots
                            .extend(name.map(|name| (root, name.node.to_string())));
                    }
                }
                TypeSystemDefinition::Type(definition) => {
                    let fields = match definition.node.kind {
                        TypeKind::Object(object) => object.fields,
                        TypeKind::Interface(interface) => interface.fields,
                        _ => continue,
                    };
                    let types = fields
                        .into_iter()
                        .map(|field| (field.node.name.node.to_string(), field.node.ty.node));
                    shapes
                        .fields
                        .insert(definition.node.name.node.to_string(), types.collect());
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        shapes
    }

    fn root(&self, operation: &OperationDefinition) -> &str {
        let root = match operation.ty {
            OperationType::Query => "query",
            OperationType::Mutation => "mutation",
            OperationType::Subscription => "subscription",
        };
        self.roots.get(root).map_or("", String::as_str)
    }
}

/// Mends the data of an answer to an operation of a document. Errors without a path are of the request and stay as they are.
pub fn propagate(
    response: &mut Response,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    shapes: &Shapes,
) {
    let paths = || {
        let errors = response.errors.iter();
        errors
            .map(|error| error.path.as_slice())
            .filter(|path| !path.is_empty())
    };
    for path in paths() {
        reopen(&mut response.data, path);
    }
    for path in paths() {
        let places = places(path, document, operation, shapes);
        put_null(&mut response.data, path, &places);
    }
}

/// Makes null above a failed field an empty object again. It is an object of which every field failed, since an object
/// that is itself null has no fields that could.
fn reopen(value: &mut Value, path: &[PathSegment]) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if let (Value::Null, PathSegment::Field(_)) = (&value, first) {
        *value = Value::Object(Default::default());
    }
    let below = match (first, value) {
        (PathSegment::Field(key), Value::Object(fields)) => fields.get_mut(key.as_str()),
        (PathSegment::Index(index), Value::List(items)) => items.get_mut(*index),
        _ => None,
    };
    if let Some(below) = below {
        reopen(below, rest);
    }
}

/// Puts null at the end of a path. `may_be_null` tells it of `value` first, then of every place on the path. Returns whether
/// `value` has become null where that may not be, so that the place above must be null.
fn put_null(value: &mut Value, path: &[PathSegment], may_be_null: &[bool]) -> bool {
    let (is_nullable, below) = match may_be_null.split_first() {
        Some((first, rest)) => (*first, rest),
        None => (true, may_be_null),
    };
    let is_to_be_null = match (path.split_first(), &mut *value) {
        (None, _) => true,
        // Put there for another error.
        (Some(_), Value::Null) => return false,
        (Some((PathSegment::Field(key), rest)), Value::Object(fields)) => {
            match fields.get_mut(key.as_str()) {
                Some(field) => put_null(field, rest, below),
                // The field itself failed, or all of its list was thrown away for one item.
                None => {
                    let is_nullable = below.first().is_none_or(|is_nullable| *is_nullable);
                    if is_nullable {
                        fields.insert(async_graphql::Name::new(key), Value::Null);
                    }
                    !is_nullable
                }
            }
        }
        (Some((PathSegment::Index(index), rest)), Value::List(items)) => {
            match items.get_mut(*index) {
                Some(item) => put_null(item, rest, below),
                None => true,
            }
        }
        // The path leads into a scalar: what lay there is lost.
        _ => true,
    };
    if is_to_be_null {
        *value = Value::Null;
    }
    is_to_be_null && !is_nullable
}

/// Selections under which the fields of one place stand, each with the type that it selects from.
type Scopes<'a> = Vec<(&'a str, &'a SelectionSet)>;

/// Whether the data, and every place on a path, may be null. What the schema does not know, may.
fn places(
    path: &[PathSegment],
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    shapes: &Shapes,
) -> Vec<bool> {
    let mut scopes: Scopes<'_> = vec![(shapes.root(operation), &operation.selection_set.node)];
    let mut current: Option<&Type> = None;
    let mut places = vec![true];
    for segment in path {
        match segment {
            PathSegment::Index(_) => {
                current = current.and_then(|list| match &list.base {
                    BaseType::List(item) => Some(&**item),
                    BaseType::Named(_) => None,
                });
            }
            PathSegment::Field(key) => {
                let mut found = Found {
                    key,
                    document,
                    shapes,
                    types: None,
                    below: Vec::new(),
                    seen: Vec::new(),
                };
                for (ty, set) in scopes {
                    found.look(ty, set);
                }
                (current, scopes) = (found.types, found.below);
            }
        }
        places.push(current.is_none_or(|ty| ty.nullable));
    }
    places
}

/// The fields of a response key.
struct Found<'a> {
    key: &'a str,
    document: &'a ExecutableDocument,
    shapes: &'a Shapes,
    /// Their type. Fields that share a key share its form, and a type has that of its interfaces.
    types: Option<&'a Type>,
    below: Scopes<'a>,
    seen: Vec<*const FragmentDefinition>,
}

impl<'a> Found<'a> {
    fn look(&mut self, ty: &'a str, set: &'a SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    if field.node.response_key().node == self.key {
                        self.take(ty, &field.node.name.node, &field.node.selection_set.node);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let ty = condition.map_or(ty, |condition| condition.node.on.node.as_str());
                    self.look(ty, &fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name)
                        && !self.seen.contains(&std::ptr::from_ref(&fragment.node))
                    {
                        self.seen.push(&raw const fragment.node);
                        let ty = &fragment.node.type_condition.node.on.node;
                        self.look(ty, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    fn take(&mut self, ty: &str, field: &str, set: &'a SelectionSet) {
        let shapes = self.shapes;
        let found = shapes.fields.get(ty).and_then(|fields| fields.get(field));
        if let Some(found) = found {
            self.types = Some(found);
            self.below.push((innermost(found), set));
        }
    }
}

fn innermost(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => innermost(item),
    }
}

#[cfg(test)]
mod tests;
