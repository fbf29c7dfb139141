//! The functions of the language, by DHIS2's names.

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::{
    LONGEST_RESULT, Problem, Scope, Value, evaluate::value, growth::Standard, parse::Node,
    value::tidy,
};

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    AddDays,
    Ceil,
    Concatenate,
    Condition,
    Contains,
    ContainsItems,
    Count,
    CountIfValue,
    CountIfZeroPos,
    DaysBetween,
    Floor,
    HasUserRole,
    HasValue,
    InOrgUnitGroup,
    InUserGroup,
    LastEventDate,
    Left,
    Length,
    MaxValue,
    MinValue,
    Modulus,
    MonthsBetween,
    Oizp,
    Right,
    Round,
    Split,
    Substring,
    ValidatePattern,
    WeeksBetween,
    YearsBetween,
    Zing,
    Zpvc,
    ZScore(Standard),
}

use Function as F;

/// Any number of arguments.
const MANY: usize = usize::MAX;

/// Each function with its name and the fewest and most of its arguments.
const FUNCTIONS: [(&str, Function, usize, usize); 35] = [
    ("d2:addDays", F::AddDays, 2, 2),
    ("d2:ceil", F::Ceil, 1, 1),
    ("d2:concatenate", F::Concatenate, 1, MANY),
    ("d2:condition", F::Condition, 3, 3),
    ("d2:contains", F::Contains, 2, MANY),
    ("d2:containsItems", F::ContainsItems, 2, MANY),
    ("d2:count", F::Count, 1, 1),
    ("d2:countIfValue", F::CountIfValue, 2, 2),
    ("d2:countIfZeroPos", F::CountIfZeroPos, 1, 1),
    ("d2:daysBetween", F::DaysBetween, 2, 2),
    ("d2:floor", F::Floor, 1, 1),
    ("d2:hasUserRole", F::HasUserRole, 1, 1),
    ("d2:hasValue", F::HasValue, 1, 1),
    ("d2:inOrgUnitGroup", F::InOrgUnitGroup, 1, 1),
    ("d2:inUserGroup", F::InUserGroup, 1, 1),
    ("d2:lastEventDate", F::LastEventDate, 1, 1),
    ("d2:left", F::Left, 2, 2),
    ("d2:length", F::Length, 1, 1),
    ("d2:maxValue", F::MaxValue, 1, 1),
    ("d2:minValue", F::MinValue, 1, 1),
    ("d2:modulus", F::Modulus, 2, 2),
    ("d2:monthsBetween", F::MonthsBetween, 2, 2),
    ("d2:oizp", F::Oizp, 1, 1),
    ("d2:right", F::Right, 2, 2),
    ("d2:round", F::Round, 1, 2),
    ("d2:split", F::Split, 3, 3),
    ("d2:substring", F::Substring, 3, 3),
    ("d2:validatePattern", F::ValidatePattern, 2, 2),
    ("d2:weeksBetween", F::WeeksBetween, 2, 2),
    ("d2:yearsBetween", F::YearsBetween, 2, 2),
    ("d2:zing", F::Zing, 1, 1),
    ("d2:zpvc", F::Zpvc, 1, MANY),
    ("d2:zScoreHFA", F::ZScore(Standard::HeightForAge), 3, 3),
    ("d2:zScoreWFA", F::ZScore(Standard::WeightForAge), 3, 3),
    ("d2:zScoreWFH", F::ZScore(Standard::WeightForHeight), 3, 3),
];

impl Function {
    pub(super) fn named(name: &str) -> Option<Self> {
        let found = FUNCTIONS.iter().find(|(known, ..)| *known == name);
        found.map(|(_, function, ..)| *function)
    }

    pub(super) fn name(self) -> &'static str {
        let found = FUNCTIONS.iter().find(|(_, function, ..)| *function == self);
        found.map_or("", |(name, ..)| name)
    }

    /// Whether it takes so many arguments.
    pub(super) fn takes(self, arguments: usize) -> bool {
        let found = FUNCTIONS.iter().find(|(_, function, ..)| *function == self);
        found.is_some_and(|(.., fewest, most)| (*fewest..=*most).contains(&arguments))
    }
}

/// The value of a function. The parser has counted the arguments.
pub(super) fn call(
    function: Function,
    arguments: &[Node],
    scope: &Scope,
) -> Result<Value, Problem> {
    match function {
        F::HasValue | F::Count | F::CountIfValue | F::CountIfZeroPos => {
            of_variable(function, arguments, scope)
        }
        F::LastEventDate | F::MaxValue | F::MinValue => of_variable(function, arguments, scope),
        F::AddDays | F::DaysBetween | F::WeeksBetween | F::MonthsBetween | F::YearsBetween => {
            of_dates(function, arguments, scope)
        }
        F::HasUserRole | F::InOrgUnitGroup | F::InUserGroup => {
            let name = text(arguments, 0, scope)?;
            Ok(Value::Boolean(match function {
                F::HasUserRole => scope.world.roles.contains(&name),
                F::InUserGroup => scope.world.groups.contains(&name),
                _ => scope.is_in_unit_group(&name),
            }))
        }
        F::Condition => {
            let truth = value(&arguments[0], scope)?.boolean()?;
            value(&arguments[if truth == Some(true) { 1 } else { 2 }], scope)
        }
        F::Ceil | F::Floor | F::Round | F::Modulus | F::Oizp | F::Zing | F::Zpvc => {
            of_numbers(function, arguments, scope)
        }
        F::ZScore(standard) => {
            let at = value(&arguments[0], scope)?.number()?;
            let measure = value(&arguments[1], scope)?.number()?;
            let sex = text(arguments, 2, scope)?;
            // Nobody is a girl because it is not known.
            if sex.is_empty() {
                return Err(Problem::Missing("sex"));
            }
            standard.z_score(at, measure, &sex).map(Value::Number)
        }
        _ => of_texts(function, arguments, scope),
    }
}

/// Functions that ask more of a variable than its value: which it had in other events, and when.
fn of_variable(function: Function, arguments: &[Node], scope: &Scope) -> Result<Value, Problem> {
    let name = match &arguments[0] {
        Node::Variable(name) | Node::Value(Value::Text(name)) => name.trim(),
        // A constant or the like has its value, and always.
        other if function == F::HasValue => {
            return Ok(Value::Boolean(value(other, scope)? != Value::Null));
        }
        _ => return Err(Problem::Type("variable")),
    };
    if function == F::HasValue {
        return Ok(Value::Boolean(scope.has_value(name)));
    }
    if function == F::LastEventDate {
        let date = scope.last_event_date(name)?;
        return Ok(date.map_or(Value::Null, Value::Date));
    }
    let candidates = scope.candidates(name)?;
    let count = |count: usize| {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Value::Number(f64::from(count))
    };
    let number = |text: &&str| Value::Text((*text).to_owned()).number();
    Ok(match function {
        F::Count => count(candidates.len()),
        F::CountIfValue => {
            let wanted = value(&arguments[1], scope)?.text();
            let same = |text: &&&str| Some(**text) == wanted.as_deref();
            count(candidates.iter().filter(same).count())
        }
        F::CountIfZeroPos => {
            let numbers: Vec<f64> = candidates.iter().map(number).collect::<Result<_, _>>()?;
            count(numbers.iter().filter(|number| **number >= 0.0).count())
        }
        _ => {
            let numbers: Vec<f64> = candidates.iter().map(number).collect::<Result<_, _>>()?;
            let better = if function == F::MaxValue {
                f64::max
            } else {
                f64::min
            };
            let best = numbers.into_iter().reduce(better);
            best.map_or(Value::Null, Value::Number)
        }
    })
}

fn of_dates(function: Function, arguments: &[Node], scope: &Scope) -> Result<Value, Problem> {
    let first = value(&arguments[0], scope)?;
    let second = value(&arguments[1], scope)?;
    if function == F::AddDays {
        if first == Value::Null || first == Value::Text(String::new()) {
            return Ok(Value::Null);
        }
        let days = TimeDelta::days(second.integer()?);
        let date = first.date()?.checked_add_signed(days);
        return date.map(Value::Date).ok_or(Problem::Type("date"));
    }
    let (start, end) = (first.date()?, second.date()?);
    let days = (end - start).num_days();
    let between = match function {
        F::DaysBetween => days,
        F::WeeksBetween => days / 7,
        F::MonthsBetween => months(start, end),
        _ => months(start, end) / 12,
    };
    #[expect(clippy::cast_precision_loss, reason = "days of a calendar are few")]
    Ok(Value::Number(between as f64))
}

/// Whole months from a day to another, negative when the other is earlier.
fn months(start: NaiveDate, end: NaiveDate) -> i64 {
    if end < start {
        return -months(end, start);
    }
    let months = |date: NaiveDate| i64::from(date.year()) * 12 + i64::from(date.month0());
    let begun = i64::from(end.day() < start.day());
    months(end) - months(start) - begun
}

fn of_numbers(function: Function, arguments: &[Node], scope: &Scope) -> Result<Value, Problem> {
    if function == F::Zpvc {
        let mut count = 0.0;
        for argument in arguments {
            let number = value(argument, scope)?.optional_number()?;
            count += f64::from(u8::from(number.is_some_and(|number| number >= 0.0)));
        }
        return Ok(Value::Number(count));
    }
    let number = value(&arguments[0], scope)?.optional_number()?;
    Ok(match (function, number) {
        (F::Zing, None) => Value::Null,
        (F::Zing, Some(number)) => Value::Number(number.max(0.0)),
        (F::Oizp, number) => {
            let positive = number.is_some_and(|number| number >= 0.0);
            Value::Number(f64::from(u8::from(positive)))
        }
        (F::Modulus, number) => {
            let number = number.ok_or(Problem::Missing("number"))?;
            Value::Number(tidy(number % value(&arguments[1], scope)?.number()?))
        }
        (F::Ceil, number) => Value::Number(number.unwrap_or_default().ceil()),
        (F::Floor, number) => Value::Number(number.unwrap_or_default().floor()),
        (_, number) => {
            let number = number.ok_or(Problem::Missing("number"))?;
            let places = arguments.get(1).map(|node| value(node, scope)?.integer());
            Value::Number(round(number, places.transpose()?.unwrap_or(0)))
        }
    })
}

/// A number to so many decimal places; halves go away from 0.
fn round(number: f64, places: i64) -> f64 {
    let places = i32::try_from(places.clamp(-15, 15)).unwrap_or(0);
    let factor = 10_f64.powi(places);
    // Tidied first: 1.005 times 100 is 100.49999999999999 in binary.
    tidy(tidy(number * factor).round() / factor)
}

fn of_texts(function: Function, arguments: &[Node], scope: &Scope) -> Result<Value, Problem> {
    if function == F::Concatenate {
        let mut all = String::new();
        for place in 0..arguments.len() {
            all.push_str(&text(arguments, place, scope)?);
            if all.len() > LONGEST_RESULT {
                return Err(Problem::Result);
            }
        }
        return Ok(Value::Text(all));
    }
    let input = text(arguments, 0, scope)?;
    let place = |argument: usize| -> Result<usize, Problem> {
        let place = value(&arguments[argument], scope)?.integer()?;
        Ok(usize::try_from(place).unwrap_or(0))
    };
    let part = |from: usize, to: usize| {
        let part = input.chars().skip(from).take(to.saturating_sub(from));
        Value::Text(part.collect())
    };
    let length = input.chars().count();
    Ok(match function {
        F::Contains | F::ContainsItems => {
            let items: Vec<&str> = input.split(',').collect();
            let mut holds = true;
            for argument in 1..arguments.len() {
                let wanted = text(arguments, argument, scope)?;
                holds &= match function {
                    F::Contains => input.contains(&wanted),
                    _ => items.contains(&wanted.as_str()),
                };
            }
            Value::Boolean(holds)
        }
        F::Left => part(0, place(1)?),
        F::Right => part(length.saturating_sub(place(1)?), length),
        F::Substring => part(place(1)?, place(2)?),
        F::Split => {
            let delimiter = text(arguments, 1, scope)?;
            let piece = input.split(delimiter.as_str()).nth(place(2)?);
            Value::Text(piece.unwrap_or_default().to_owned())
        }
        // What is left is `d2:length`.
        _ => {
            let length = u32::try_from(length).unwrap_or(u32::MAX);
            Value::Number(f64::from(length))
        }
    })
}

/// An argument as a text; none is empty.
fn text(arguments: &[Node], place: usize, scope: &Scope) -> Result<String, Problem> {
    Ok(value(&arguments[place], scope)?.text().unwrap_or_default())
}
