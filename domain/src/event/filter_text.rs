//! DHIS2's text form of conditions on values: `uid[:operator[:value]]…`, several with commas between them.
//!
//! `/` takes the meaning from a following `:`, `,` or `/`.

use super::request::{Operator, RawFilter};
use crate::uid;

/// Most operators that one data element or attribute may be given.
const MOST_OPERATORS: usize = 3;

/// Why a text is not a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterTextError {
    /// It does not begin with an identifier.
    #[error("'{0}' is not a valid UID: it must be 11 letters and digits that start with a letter")]
    Uid(String),
    /// There is nothing where an operator should be.
    #[error("UID '{0}' is missing an operator (or has too many ':')")]
    OperatorMissing(String),
    /// There is no such operator.
    #[error("'{0}' is not a valid operator")]
    OperatorUnknown(String),
    /// The operator takes a value and has none.
    #[error("Binary operator '{0}' must have a value")]
    ValueMissing(String),
    /// The operator takes no value and has one.
    #[error("Unary operator '{0}' cannot have a value")]
    ValueNotAllowed(String),
    /// One identifier has too many operators.
    #[error("A maximum of three operators can be used in a filter")]
    TooManyOperators,
}

/// Reads the conditions of a text in the order of their identifiers. An identifier that comes again adds its operators to
/// the first. Without operators it means that there is a value. A blank text and commas alone ask for nothing.
///
/// # Errors
/// One [`FilterTextError`] for each rule of the grammar.
pub fn parse(text: &str) -> Result<Vec<RawFilter>, FilterTextError> {
    let mut filters: Vec<RawFilter> = Vec::new();
    if text.trim().is_empty() {
        return Ok(filters);
    }
    let items = split(text, ',');
    let last = items.len() - 1;
    for (place, item) in items.into_iter().enumerate() {
        if !item.is_empty() {
            read_item(&mut filters, item, place == last)?;
        }
    }
    Ok(filters)
}

fn read_item(
    filters: &mut Vec<RawFilter>,
    item: &str,
    is_last: bool,
) -> Result<(), FilterTextError> {
    let mut segments = split(item, ':');
    // A colon at the very end begins nothing.
    if segments.last().is_some_and(|segment| segment.is_empty()) && (is_last || segments.len() == 2)
    {
        segments.pop();
    }
    let mut segments = segments.into_iter();
    let uid = segments.next().unwrap_or_default();
    if !uid::is_valid(uid) {
        return Err(FilterTextError::Uid(uid.to_owned()));
    }
    let segments: Vec<&str> = segments.collect();
    let operators = read_operators(uid, &segments)?;
    let known = filters.iter().position(|filter| filter.uid == uid);
    let place = known.unwrap_or_else(|| {
        filters.push(RawFilter {
            uid: uid.to_owned(),
            operators: Vec::new(),
        });
        filters.len() - 1
    });
    filters[place].operators.extend(operators);
    if filters[place].operators.len() > MOST_OPERATORS {
        return Err(FilterTextError::TooManyOperators);
    }
    Ok(())
}

fn read_operators(
    uid: &str,
    mut segments: &[&str],
) -> Result<Vec<(Operator, Option<String>)>, FilterTextError> {
    let mut operators = Vec::new();
    while let Some((&name, rest)) = segments.split_first() {
        let operator = read_operator(uid, name)?;
        let next = rest.first().copied();
        if operator.is_unary() {
            if next.is_some_and(|next| !next.is_empty() && operator_named(next).is_none()) {
                return Err(FilterTextError::ValueNotAllowed(name.to_owned()));
            }
            operators.push((operator, None));
            let ends_here = next == Some("") && rest.len() == 1;
            segments = if ends_here { &[] } else { rest };
        } else {
            let value = next
                .filter(|value| !value.is_empty())
                .ok_or_else(|| FilterTextError::ValueMissing(name.to_owned()))?;
            operators.push((operator, Some(unescape(value))));
            segments = &rest[1..];
        }
    }
    Ok(operators)
}

fn read_operator(uid: &str, name: &str) -> Result<Operator, FilterTextError> {
    if name.is_empty() {
        return Err(FilterTextError::OperatorMissing(uid.to_owned()));
    }
    operator_named(name).ok_or_else(|| FilterTextError::OperatorUnknown(name.to_owned()))
}

/// The operator of a name. Besides its own name each negation is known by the positive one behind `!`.
fn operator_named(name: &str) -> Option<Operator> {
    let name = name.trim();
    Operator::parse(name).or_else(|| {
        if name.eq_ignore_ascii_case("nnull") {
            return Some(Operator::NotNull);
        }
        Operator::parse(&format!("N{}", name.strip_prefix('!')?))
    })
}

/// The parts between separators that are not escaped. There is at least one.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut letters = text.char_indices().peekable();
    while let Some((place, letter)) = letters.next() {
        if letter == '/' {
            letters.next_if(|(_, next)| matches!(next, '/' | ':' | ','));
        } else if letter == separator {
            parts.push(&text[start..place]);
            start = place + 1;
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Takes the escapes from a value.
fn unescape(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut letters = value.chars().peekable();
    while let Some(letter) = letters.next() {
        let escaped = if letter == '/' {
            letters.next_if(|next| matches!(next, '/' | ':' | ','))
        } else {
            None
        };
        plain.push(escaped.unwrap_or(letter));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: &str = "TvjwTPToKHO";
    const B: &str = "cy2oRh2sNr6";

    fn read(text: &str) -> Result<Vec<String>, FilterTextError> {
        let show = |filter: &RawFilter| {
            let operators = filter.operators.iter().map(|(operator, value)| {
                format!(" {} {}", operator.name(), value.as_deref().unwrap_or("-"))
            });
            format!("{}{}", filter.uid, operators.collect::<String>())
        };
        parse(text).map(|filters| filters.iter().map(show).collect())
    }

    #[test]
    fn operators_accumulate_in_order() {
        for (text, expected) in [
            (
                format!("{A}:lt:20:gt:10,{B}:like:foo"),
                vec![format!("{A} LT 20 GT 10"), format!("{B} LIKE foo")],
            ),
            (
                format!("{A}:lt:20,{B}:like:foo,{A}:gt:10"),
                vec![format!("{A} LT 20 GT 10"), format!("{B} LIKE foo")],
            ),
            (
                format!("{A}:!null:GT:1:null"),
                vec![format!("{A} !NULL - GT 1 NULL -")],
            ),
            (format!("{A}:gt:null"), vec![format!("{A} GT null")]),
            (
                format!("{A}:!like:x:!EQ:y"),
                vec![format!("{A} NLIKE x NEQ y")],
            ),
            (A.to_owned(), vec![A.to_owned()]),
            (format!("{A}:"), vec![A.to_owned()]),
            (format!("{A},"), vec![A.to_owned()]),
            (format!("{A}:,{B}:,"), vec![A.to_owned(), B.to_owned()]),
            (format!("{A}:gt:10:"), vec![format!("{A} GT 10")]),
            (
                format!("{A}:null:,{B}"),
                vec![format!("{A} NULL -"), B.to_owned()],
            ),
            (String::new(), vec![]),
            (" ".to_owned(), vec![]),
            (",,,".to_owned(), vec![]),
        ] {
            assert_eq!(read(&text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn escapes_keep_separators_in_values() {
        for (value, plain) in [
            ("project/:x/:eq/:2", "project:x:eq:2"),
            ("a/,b", "a,b"),
            ("value1///", "value1//"),
            ("//", "/"),
            ("a/b", "a/b"),
            ("2026-01-01T08/:00/:00", "2026-01-01T08:00:00"),
            ("20% \\winter's day", "20% \\winter's day"),
        ] {
            let text = format!("{A}:like:{value}");
            assert_eq!(read(&text), Ok(vec![format!("{A} LIKE {plain}")]), "{text}");
        }
    }

    #[test]
    fn each_rule_has_its_error() {
        use FilterTextError::{
            OperatorMissing, OperatorUnknown, TooManyOperators, Uid, ValueMissing, ValueNotAllowed,
        };
        let text = |tail: &str| format!("{A}{tail}");
        for (text, expected) in [
            (":".to_owned(), Uid(String::new())),
            ("::".to_owned(), Uid(String::new())),
            (",:".to_owned(), Uid(String::new())),
            (" ,".to_owned(), Uid(" ".to_owned())),
            (", ,".to_owned(), Uid(" ".to_owned())),
            ("eq:1".to_owned(), Uid("eq".to_owned())),
            ("1234".to_owned(), Uid("1234".to_owned())),
            (text("::gt:10:"), OperatorMissing(A.to_owned())),
            (text(":gt:10:,"), OperatorMissing(A.to_owned())),
            (text(":nope:1"), OperatorUnknown("nope".to_owned())),
            (text(":lt"), ValueMissing("lt".to_owned())),
            (text(":lt:"), ValueMissing("lt".to_owned())),
            (text(":lt::gt:10"), ValueMissing("lt".to_owned())),
            (text(":gt:10:lt"), ValueMissing("lt".to_owned())),
            (text(":null:lt"), ValueMissing("lt".to_owned())),
            (
                text(":!null:value:eq:2"),
                ValueNotAllowed("!null".to_owned()),
            ),
            (
                text(":!null:value:eq:2:"),
                ValueNotAllowed("!null".to_owned()),
            ),
            (
                text(":null:!null:value,"),
                ValueNotAllowed("!null".to_owned()),
            ),
            (text(":!null:value,"), ValueNotAllowed("!null".to_owned())),
            (text(":gt:10:null:!null:null"), TooManyOperators),
            (format!("{A}:gt:10:null,{A}:!null:null"), TooManyOperators),
        ] {
            assert_eq!(parse(&text), Err(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in r"[a-z/:,!;%\PC]{0,60}") {
            let _ = parse(&text);
            let _ = parse(&format!("{A}:{text}"));
        }

        #[test]
        fn an_escaped_value_reads_back(value in r"[a-z/:,; ]{1,30}") {
            let escaped = value.replace('/', "//").replace(':', "/:").replace(',', "/,");
            let filters = parse(&format!("{A}:eq:{escaped}"))?;
            prop_assert_eq!(&filters[0].operators, &[(Operator::Eq, Some(value))]);
        }
    }
}
