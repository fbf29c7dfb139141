//! Values, and how one type becomes another.

use chrono::NaiveDate;

use super::Problem;
use crate::{event::ValueType, moment};

/// Type of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// A text; without a value it is empty.
    Text,
    /// A number; without a value it is 0.
    Number,
    /// True or false; without a value it is false.
    Boolean,
    /// A day; without a value it is missing.
    Date,
}

impl From<Option<ValueType>> for Type {
    fn from(value_type: Option<ValueType>) -> Self {
        match value_type {
            Some(kind) if kind.is_number() => Type::Number,
            Some(kind) if kind.is_boolean() => Type::Boolean,
            Some(kind) if kind.is_date() => Type::Date,
            _ => Type::Text,
        }
    }
}

/// Value of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// None.
    Null,
    /// A number.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// A text.
    Text(String),
    /// A day.
    Date(NaiveDate),
}

impl Value {
    /// A stored text as a value of a type; `None` gives what the type is without a value.
    pub(super) fn typed(text: Option<&str>, kind: Type) -> Result<Value, Problem> {
        let Some(text) = text else {
            return Ok(match kind {
                Type::Text => Value::Text(String::new()),
                Type::Number => Value::Number(0.0),
                Type::Boolean => Value::Boolean(false),
                Type::Date => Value::Null,
            });
        };
        let text = Value::Text(text.to_owned());
        match kind {
            Type::Text => Ok(text),
            Type::Number => text.number().map(Value::Number),
            Type::Boolean => text
                .boolean()
                .map(|value| Value::Boolean(value == Some(true))),
            Type::Date => text.date().map(Value::Date),
        }
    }

    /// The value as a number; truth counts as 1.
    pub(super) fn number(&self) -> Result<f64, Problem> {
        self.optional_number()?.ok_or(Problem::Missing("number"))
    }

    pub(super) fn optional_number(&self) -> Result<Option<f64>, Problem> {
        match self {
            Value::Null => Ok(None),
            Value::Number(number) => Ok(Some(*number)),
            Value::Boolean(truth) => Ok(Some(f64::from(u8::from(*truth)))),
            Value::Text(text) => match text.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Some(number)),
                _ => Err(Problem::Type("number")),
            },
            Value::Date(_) => Err(Problem::Type("number")),
        }
    }

    /// The value as a whole number.
    pub(super) fn integer(&self) -> Result<i64, Problem> {
        let number = self.number()?;
        if number.fract() != 0.0 || number.abs() > 1e9 {
            return Err(Problem::Type("whole number"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
        Ok(number as i64)
    }

    /// The value as true or false; `None` for none.
    pub(super) fn boolean(&self) -> Result<Option<bool>, Problem> {
        match self {
            Value::Null => Ok(None),
            Value::Boolean(truth) => Ok(Some(*truth)),
            Value::Number(number) if number.fract() == 0.0 => Ok(Some(*number != 0.0)),
            Value::Text(text) => Ok(Some(text.eq_ignore_ascii_case("true"))),
            Value::Number(_) | Value::Date(_) => Err(Problem::Type("boolean")),
        }
    }

    /// The value as a day.
    pub(super) fn date(&self) -> Result<NaiveDate, Problem> {
        match self {
            Value::Null => Err(Problem::Missing("date")),
            Value::Date(date) => Ok(*date),
            Value::Text(text) if text.is_empty() => Err(Problem::Missing("date")),
            Value::Text(text) => {
                let moment = moment::parse(text).ok_or(Problem::Type("date"))?;
                Ok(moment.date())
            }
            Value::Number(_) | Value::Boolean(_) => Err(Problem::Type("date")),
        }
    }

    /// The value as it is stored and shown; `None` for none.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self {
            Value::Null => None,
            Value::Number(number) => Some(tidy(*number).to_string()),
            Value::Boolean(truth) => Some(truth.to_string()),
            Value::Text(text) => Some(text.clone()),
            Value::Date(date) => Some(date.to_string()),
        }
    }
}

/// A number without the dust of binary fractions, to 15 digits: 0.1 + 0.2 is 0.3.
pub(super) fn tidy(number: f64) -> f64 {
    if number.fract() == 0.0 || !number.is_finite() {
        // Of two zeros, the one without a sign.
        return number + 0.0;
    }
    format!("{number:.14e}").parse().unwrap_or(number)
}
