//! Conditions on values: operators, values and types checked against each other.

use domain::event::{
    ListRequest, Refusal, ValueType,
    filter::{Column, Comparison, Condition, Match, ValueFilter},
    refusal::Part,
    request::{Operator, RawFilter},
};

use super::Asked;
use crate::Result;

/// Most operators on one data element or attribute.
const MOST_OPERATORS: usize = 3;

/// Conditions on data elements.
pub(super) fn values(asked: &Asked<'_>, request: &ListRequest) -> Result<Vec<ValueFilter>> {
    let filter = |raw: &RawFilter| {
        let element = asked.element(&raw.uid).ok_or_else(|| {
            let text = format!("{}: there is no such data element", raw.uid);
            Refusal::bad(Part::Values, text)
        })?;
        read(Part::Values, &element.column, &raw.operators)
    };
    merged(Part::Values, &request.values)?
        .iter()
        .map(filter)
        .collect()
}

/// Conditions on attributes.
pub(super) fn attributes(asked: &Asked<'_>, request: &ListRequest) -> Result<Vec<ValueFilter>> {
    let filter = |raw: &RawFilter| {
        let refuse = |text: String| Refusal::bad(Part::Attributes, format!("{}: {text}", raw.uid));
        let attribute = asked
            .attribute(&raw.uid)
            .ok_or_else(|| refuse("there is no such attribute".to_owned()))?;
        for (operator, value) in &raw.operators {
            if attribute.blocked.contains(operator) {
                let text = format!("operator {} may not be used on it", operator.name());
                return Err(refuse(text).into());
            }
            let least = attribute.least_characters;
            if value
                .as_ref()
                .is_some_and(|value| value.chars().count() < least)
            {
                let text = format!("at least {least} characters are needed to search it");
                return Err(refuse(text).into());
            }
        }
        read(Part::Attributes, &attribute.column, &raw.operators)
    };
    merged(Part::Attributes, &request.attributes)?
        .iter()
        .map(filter)
        .collect()
}

/// Filters with the operators of equal identifiers together.
fn merged(part: Part, filters: &[RawFilter]) -> Result<Vec<RawFilter>> {
    let mut merged: Vec<RawFilter> = Vec::with_capacity(filters.len());
    for filter in filters {
        match merged.iter_mut().find(|known| known.uid == filter.uid) {
            Some(known) => known.operators.extend(filter.operators.iter().cloned()),
            None => merged.push(filter.clone()),
        }
    }
    match merged
        .iter()
        .find(|filter| filter.operators.len() > MOST_OPERATORS)
    {
        None => Ok(merged),
        Some(filter) => {
            let text = format!(
                "{}: at most {MOST_OPERATORS} operators may be given",
                filter.uid
            );
            Err(Refusal::bad(part, text).into())
        }
    }
}

fn read(
    part: Part,
    column: &Column,
    operators: &[(Operator, Option<String>)],
) -> Result<ValueFilter> {
    let mut conditions = Vec::with_capacity(operators.len().max(1));
    for (operator, value) in operators {
        let condition = condition(column, *operator, value.as_deref());
        conditions
            .push(condition.map_err(|text| Refusal::bad(part, format!("{}: {text}", column.uid)))?);
    }
    if conditions.is_empty() {
        conditions.push(Condition::NotEmpty);
    }
    Ok(ValueFilter {
        column: column.clone(),
        conditions,
    })
}

/// An operator with its value as a condition, or what is wrong with it.
fn condition(
    column: &Column,
    operator: Operator,
    value: Option<&str>,
) -> Result<Condition, String> {
    let name = operator.name();
    let unsupported = matches!(
        operator,
        Operator::Nieq | Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le
    );
    if column.value_type == ValueType::MultiText && unsupported {
        return Err(format!("operator {name} cannot be used on several options"));
    }
    let value = match (operator, value.filter(|value| !value.is_empty())) {
        (Operator::Null, None) => return Ok(Condition::Empty),
        (Operator::NotNull, None) => return Ok(Condition::NotEmpty),
        (Operator::Null | Operator::NotNull, Some(_)) => {
            return Err(format!("operator {name} takes no value"));
        }
        (_, None) => return Err(format!("operator {name} needs a value")),
        (_, Some(value)) => value,
    };
    if value.contains('\0') {
        return Err("a value cannot hold the character 0".to_owned());
    }
    Ok(match operator {
        Operator::Eq | Operator::Ieq => compare(column, Comparison::Equal, value)?,
        Operator::Ne | Operator::Neq | Operator::Nieq => {
            compare(column, Comparison::NotEqual, value)?
        }
        Operator::Gt => compare(column, Comparison::Greater, value)?,
        Operator::Ge => compare(column, Comparison::GreaterOrEqual, value)?,
        Operator::Lt => compare(column, Comparison::Less, value)?,
        Operator::Le => compare(column, Comparison::LessOrEqual, value)?,
        Operator::In => one_of(column, value)?,
        Operator::Like | Operator::Ilike => text(Match::Contains, value),
        Operator::Nlike | Operator::Nilike => text(Match::ContainsNot, value),
        Operator::Sw => text(Match::StartsWith, value),
        Operator::Ew => text(Match::EndsWith, value),
        Operator::Null => Condition::Empty,
        Operator::NotNull => Condition::NotEmpty,
    })
}

fn compare(column: &Column, comparison: Comparison, value: &str) -> Result<Condition, String> {
    Ok(Condition::Compare(comparison, checked(column, value)?))
}

fn one_of(column: &Column, values: &str) -> Result<Condition, String> {
    let values = values.split(';').filter(|value| !value.is_empty());
    let values: Vec<String> = values
        .map(|value| checked(column, value))
        .collect::<Result<_, _>>()?;
    if values.is_empty() {
        return Err("operator IN needs a value".to_owned());
    }
    Ok(Condition::In(values))
}

fn text(search: Match, value: &str) -> Condition {
    Condition::Text(search, value.to_lowercase())
}

/// A value in lower case, when values of the column can be compared with it.
fn checked(column: &Column, value: &str) -> Result<String, String> {
    let value = value.to_lowercase();
    let kind = column.value_type;
    // Dates are written with a capital T.
    if !kind.compares_with(&value.to_uppercase()) && !kind.compares_with(&value) {
        return Err(format!("{value:?} is not of type {}", kind.name()));
    }
    Ok(value)
}
