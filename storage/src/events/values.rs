//! Conditions on values of data elements and attributes.
//!
//! Values are texts. Texts are compared in lower case, numbers, dates and booleans by the functions `value_as_…` of the
//! database, which answer null for what is no value of the type: such a value meets no comparison and fails none.

use domain::event::{
    ValueType,
    filter::{Comparison, Condition, Match, ValueFilter},
};

use crate::sql::{Statement, Value};

/// Pushes the stored text of something.
type PushText<'a> = &'a dyn Fn(&mut Statement);

/// ` AND …` for each condition on a data element of a table aliased `e`.
pub(super) fn push_element(query: &mut Statement, filter: &ValueFilter) {
    let uid = filter.column.uid.as_str();
    let text = |query: &mut Statement| push_element_text(query, uid);
    for condition in &filter.conditions {
        query.push(" AND ");
        match condition {
            // A key whose value is the empty text is a value of every type but several options.
            Condition::Empty | Condition::NotEmpty
                if filter.column.value_type != ValueType::MultiText =>
            {
                if *condition == Condition::Empty {
                    query.push("NOT ");
                }
                query
                    .push("e.eventdatavalues ? ")
                    .bind(Value::Text(uid.to_owned()));
            }
            condition => push_condition(query, filter.column.value_type, condition, &text),
        }
    }
}

/// The stored text of a data element's value; null when there is none.
pub(super) fn push_element_text(query: &mut Statement, uid: &str) {
    let path = vec![uid.to_owned(), "value".to_owned()];
    query
        .push("(e.eventdatavalues #>> ")
        .bind(Value::Texts(path))
        .push(")");
}

/// ` AND …` for the conditions on an attribute of the tracked entity of an event aliased `e`.
pub(super) fn push_attribute(query: &mut Statement, filter: &ValueFilter) {
    let kind = filter.column.value_type;
    let text = |query: &mut Statement| {
        query.push("v.value");
    };
    let (absent, present): (Vec<_>, Vec<_>) = filter
        .conditions
        .iter()
        .partition(|condition| **condition == Condition::Empty);
    if !absent.is_empty() {
        query.push(" AND NOT ");
        push_attribute_value(query, filter.column.id);
        if kind == ValueType::MultiText {
            query.push(" AND ");
            push_condition(query, kind, &Condition::NotEmpty, &text);
        }
        query.push(")");
    }
    if present.is_empty() {
        return;
    }
    query.push(" AND ");
    push_attribute_value(query, filter.column.id);
    for condition in present {
        // That there is a row says that there is a value.
        if kind == ValueType::MultiText || *condition != Condition::NotEmpty {
            query.push(" AND ");
            push_condition(query, kind, condition, &text);
        }
    }
    query.push(")");
}

fn push_attribute_value(query: &mut Statement, attribute: i64) {
    query
        .push(
            "EXISTS (SELECT FROM trackedentityattributevalue v
              WHERE v.trackedentityid = (SELECT n.trackedentityid FROM enrollment n WHERE n.enrollmentid = e.enrollmentid)
                AND v.trackedentityattributeid = ",
        )
        .bind(Value::Int(attribute));
}

fn push_condition(
    query: &mut Statement,
    kind: ValueType,
    condition: &Condition,
    text: PushText<'_>,
) {
    if kind == ValueType::MultiText {
        return push_items(query, condition, text);
    }
    match condition {
        Condition::Compare(Comparison::Equal, value) if kind.is_number() => {
            push_numbers(query, kind, std::slice::from_ref(value), text);
        }
        Condition::In(values) if kind.is_number() => push_numbers(query, kind, values, text),
        Condition::Compare(comparison, value) => {
            push_typed(query, kind, text);
            query.push(sign(*comparison));
            push_value(query, kind, value);
        }
        Condition::In(values) => push_in(query, kind, values, text),
        Condition::Text(search, value) => {
            let lower = |query: &mut Statement| {
                query.push("lower(");
                text(query);
                query.push(")");
            };
            push_match(query, *search, value, &lower);
        }
        Condition::Empty | Condition::NotEmpty => {
            text(query);
            query.push(if *condition == Condition::Empty {
                " IS NULL"
            } else {
                " IS NOT NULL"
            });
        }
    }
}

/// Whether a stored number is one of some. To read a text as a number takes longer than to take it out of its document, so
/// it is read only where the digits of one of them stand in it one after the other, as they do however it is written.
fn push_numbers(query: &mut Statement, kind: ValueType, values: &[String], text: PushText<'_>) {
    let patterns = values.iter().map(|value| digits_in_order(value)).collect();
    query.push("CASE WHEN ");
    text(query);
    query
        .push(" LIKE ANY(")
        .bind(Value::Texts(patterns))
        .push(") THEN ");
    push_in(query, kind, values, text);
    query.push(" END");
}

/// `… IN (…)` of the values as the type compares them.
fn push_in(query: &mut Statement, kind: ValueType, values: &[String], text: PushText<'_>) {
    push_typed(query, kind, text);
    query.push(" IN (");
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            query.push(", ");
        }
        push_value(query, kind, value);
    }
    query.push(")");
}

/// A pattern that every way of writing a number meets: its digits without the exponent and the zeros at both ends.
fn digits_in_order(number: &str) -> String {
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let mut pattern = "%".to_owned();
    for digit in digits.trim_matches('0').chars() {
        pattern.push(digit);
        pattern.push('%');
    }
    pattern
}

/// Several options with commas between them: a condition asks whether one of them meets it; a denial, that none does.
fn push_items(query: &mut Statement, condition: &Condition, text: PushText<'_>) {
    let denies = matches!(
        condition,
        Condition::Compare(Comparison::NotEqual, _)
            | Condition::Text(Match::ContainsNot, _)
            | Condition::Empty
    );
    if denies {
        query.push("NOT ");
    }
    query.push("EXISTS (SELECT FROM unnest(string_to_array(lower(");
    text(query);
    query.push("), ',')) AS i (item) WHERE ");
    let item = |query: &mut Statement| {
        query.push("i.item");
    };
    match condition {
        Condition::Compare(_, value) => {
            query.push("i.item = ");
            push_value(query, ValueType::Text, value);
        }
        Condition::In(values) => {
            query
                .push("i.item = ANY(")
                .bind(Value::Texts(values.clone()))
                .push(")");
        }
        Condition::Text(Match::ContainsNot, value) => {
            push_match(query, Match::Contains, value, &item);
        }
        Condition::Text(search, value) => push_match(query, *search, value, &item),
        Condition::Empty | Condition::NotEmpty => {
            query.push("i.item <> ''");
        }
    }
    query.push(")");
}

/// A search in a text that is in lower case. No pattern, so that no character of the value means more than itself.
fn push_match(query: &mut Statement, search: Match, value: &str, text: PushText<'_>) {
    let value = || Value::Text(value.to_owned());
    match search {
        Match::Contains | Match::ContainsNot => {
            query.push("strpos(");
            text(query);
            query.push(", (SELECT lower(").bind(value());
            query.push(if search == Match::Contains {
                "))) > 0"
            } else {
                "))) = 0"
            });
        }
        Match::StartsWith => {
            query.push("starts_with(");
            text(query);
            query.push(", (SELECT lower(").bind(value()).push(")))");
        }
        Match::EndsWith => {
            query.push("right(");
            text(query);
            query
                .push(", (SELECT length(lower(")
                .bind(value())
                .push(")))) = (SELECT lower(");
            query.bind(value()).push("))");
        }
    }
}

/// The stored text as the type compares it.
fn push_typed(query: &mut Statement, kind: ValueType, text: PushText<'_>) {
    if kind.is_number() || kind.is_date() {
        return push_read(query, function(kind), text);
    }
    query.push(function(kind));
    text(query);
    query.push(if compares_texts(kind) {
        ") COLLATE \"C\""
    } else {
        ")"
    });
}

/// A stored text, read by a function, which is to be closed. Functions are written out, with their argument in several
/// places: so that it is not taken out of the document for each of them, it is taken by a query of its own.
fn push_read(query: &mut Statement, function: &'static str, text: impl FnOnce(&mut Statement)) {
    query
        .push("(SELECT ")
        .push(function)
        .push("x.t) FROM (SELECT ");
    text(query);
    query.push(" OFFSET 0) x (t))");
}

/// A value asked for as the type compares it. A query of its own is read once; the plain call would be read again for every
/// row, since a prepared statement does not know the value.
fn push_value(query: &mut Statement, kind: ValueType, value: &str) {
    query
        .push("(SELECT ")
        .push(function(kind))
        .bind(Value::Text(value.to_owned()))
        .push("))");
}

/// What reads a text as a type, to be closed.
fn function(kind: ValueType) -> &'static str {
    match kind {
        kind if kind.is_number() => "value_as_number(",
        kind if kind.is_date() => "value_as_time(",
        kind if kind.is_boolean() => "value_as_boolean(",
        _ => "lower(",
    }
}

fn compares_texts(kind: ValueType) -> bool {
    !kind.is_number() && !kind.is_date() && !kind.is_boolean()
}

fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => " = ",
        Comparison::NotEqual => " <> ",
        Comparison::Greater => " > ",
        Comparison::GreaterOrEqual => " >= ",
        Comparison::Less => " < ",
        Comparison::LessOrEqual => " <= ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{connection, rows};

    #[test]
    fn a_number_is_found_however_it_is_written() {
        let mut conn = connection();
        let mut found = |values: &[&str]| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            let mut query = Statement::new(
                "SELECT t FROM unnest(ARRAY['170', '170.0', '+0170', '1.7e2', '17e1', '17', '1700', '-170', 'x170', '', '0', '-0.0',
                 '.0', '10.2']) AS s (t) WHERE ",
            );
            push_numbers(&mut query, ValueType::Number, &values, &|query| {
                query.push("s.t");
            });
            let rows = rows(&mut conn, &query.literal_text());
            let texts = rows.iter().map(|row| row["t"].as_str().unwrap_or_default());
            texts.map(str::to_owned).collect::<Vec<_>>()
        };
        let of_170 = ["170", "170.0", "+0170", "1.7e2", "17e1"];
        for written in ["170", "170.00", "1.70E2"] {
            assert_eq!(found(&[written]), of_170, "{written}");
        }
        assert_eq!(found(&["0"]), ["0", "-0.0", ".0"]);
        assert_eq!(found(&["-170", "10.20"]), ["-170", "10.2"]);
        assert!(found(&["3"]).is_empty());
    }
}
