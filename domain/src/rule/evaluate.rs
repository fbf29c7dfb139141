//! Gives an expression its value: references and operators.

use std::cmp::Ordering;

use super::{
    Expression, Problem, Scope, Value, function,
    parse::{Node, Operator},
    value::tidy,
};

impl Expression {
    /// The value in a scope.
    ///
    /// # Errors
    /// [`Problem`] when it has none: a value is not of the type that is needed, or a variable is unknown.
    pub fn evaluate(&self, scope: &Scope) -> Result<Value, Problem> {
        value(&self.0, scope)
    }
}

pub(super) fn value(node: &Node, scope: &Scope) -> Result<Value, Problem> {
    match node {
        Node::Value(value) => Ok(value.clone()),
        Node::Variable(name) => scope.value(name),
        Node::Environment(name) => scope.environment(name),
        Node::Constant(uid) => scope.constant(uid).map(Value::Number),
        Node::Not(node) => {
            let truth = value(node, scope)?.boolean()?;
            Ok(truth.map_or(Value::Null, |truth| Value::Boolean(!truth)))
        }
        Node::Minus(node) => Ok(Value::Number(-value(node, scope)?.number()?)),
        Node::Chain(first, others) => chain(first, others, scope),
        Node::Call(called, arguments) => function::call(*called, arguments, scope),
        Node::Pattern(node, pattern) => {
            let text = value(node, scope)?.text();
            Ok(Value::Boolean(
                text.is_some_and(|text| pattern.is_match(&text)),
            ))
        }
    }
}

fn chain(first: &Node, others: &[(Operator, Node)], scope: &Scope) -> Result<Value, Problem> {
    let mut left = value(first, scope)?;
    for (operator, node) in others {
        left = match operator {
            Operator::And | Operator::Or => {
                let truth = left.boolean()?;
                let decisive = *operator == Operator::Or;
                // The rest does not matter, and may have no value.
                if truth == Some(decisive) {
                    Value::Boolean(decisive)
                } else {
                    match (truth, value(node, scope)?.boolean()?) {
                        (None, Some(true)) if decisive => Value::Boolean(true),
                        (None, _) | (_, None) => Value::Null,
                        (Some(_), Some(right)) => Value::Boolean(right),
                    }
                }
            }
            Operator::Equal => Value::Boolean(equal(&left, &value(node, scope)?)?),
            Operator::Unequal => Value::Boolean(!equal(&left, &value(node, scope)?)?),
            Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual => {
                let order = compare(&left, &value(node, scope)?)?;
                Value::Boolean(match operator {
                    Operator::Less => order.is_lt(),
                    Operator::LessOrEqual => order.is_le(),
                    Operator::Greater => order.is_gt(),
                    _ => order.is_ge(),
                })
            }
            _ => {
                let (left, right) = (left.number()?, value(node, scope)?.number()?);
                Value::Number(tidy(calculate(*operator, left, right)))
            }
        };
    }
    Ok(left)
}

fn calculate(operator: Operator, left: f64, right: f64) -> f64 {
    match operator {
        Operator::Plus => left + right,
        Operator::Minus => left - right,
        Operator::Times => left * right,
        Operator::Divide => left / right,
        Operator::Modulo => left % right,
        _ => left.powf(right),
    }
}

/// Whether two values are equal: as numbers where one is a number, then as truth, as days, as texts.
pub(super) fn equal(left: &Value, right: &Value) -> Result<bool, Problem> {
    use Value::{Boolean, Date, Null, Number};
    Ok(match (left, right) {
        (Null, Null) => true,
        (Null, _) | (_, Null) => false,
        // A text that is no number equals none.
        (Number(_), _) | (_, Number(_)) => match (left.number(), right.number()) {
            (Ok(left), Ok(right)) => tidy(left) == tidy(right),
            _ => false,
        },
        (Boolean(_), _) | (_, Boolean(_)) => left.boolean()? == right.boolean()?,
        (Date(_), _) | (_, Date(_)) => match (left.date(), right.date()) {
            (Ok(left), Ok(right)) => left == right,
            _ => false,
        },
        _ => left == right,
    })
}

/// The order of two values: of texts among themselves, of days, else of numbers.
fn compare(left: &Value, right: &Value) -> Result<Ordering, Problem> {
    use Value::{Date, Text};
    match (left, right) {
        (Text(left), Text(right)) => Ok(left.cmp(right)),
        (Date(_), _) | (_, Date(_)) => Ok(left.date()?.cmp(&right.date()?)),
        _ => {
            let order = left.number()?.partial_cmp(&right.number()?);
            order.ok_or(Problem::Type("number"))
        }
    }
}
