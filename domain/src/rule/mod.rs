//! Program rules: conditions and values that a country writes into the metadata of a program, and what follows from them for
//! an event or an enrolment. The language is DHIS2's; an expression comes from outside, so its length and its nesting are
//! bounded, and so are its regular expressions.
//!
//! Read in this order: `token` and `parse` turn a text into an [`Expression`], `evaluate`, `function` and `value` give it a
//! [`Value`] in a [`Scope`], [`run()`] goes through the rules of a program.

mod evaluate;
mod function;
mod growth;
mod parse;
mod run;
mod scope;
#[cfg(test)]
mod tests;
mod token;
mod value;

pub use self::{
    parse::Expression,
    run::{Action, Effect, Kind, Outcome, Rule, Target, run, sort},
    scope::{Enrollment, Event, Program, Scope, Source, Variable, World, newest_first},
    value::{Type, Value},
};

/// Longest text of an expression, bytes.
pub const LONGEST: usize = 20_000;
/// Deepest nesting of an expression: parentheses, arguments of functions, signs.
pub const DEEPEST: usize = 40;
/// Longest text that an expression may make, bytes.
const LONGEST_RESULT: usize = 50_000;

/// Why an expression has no value. Holds nothing of the data it was asked about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The text is no expression.
    #[error("{what} at character {at} of the expression")]
    Syntax {
        /// What is wrong.
        what: &'static str,
        /// Where, from 1.
        at: usize,
    },
    /// The text is too long.
    #[error("the expression is longer than {LONGEST} bytes")]
    TooLong,
    /// The expression is nested too deep.
    #[error("the expression is nested deeper than {DEEPEST} levels")]
    TooDeep,
    /// There is no such function, or it is not supported.
    #[error("the function {0} is not supported")]
    Function(String),
    /// A function has the wrong number of arguments.
    #[error("{0} has the wrong number of arguments")]
    Arguments(&'static str),
    /// The regular expression cannot be read.
    #[error("the pattern of d2:validatePattern is no regular expression that is supported")]
    Pattern,
    /// The program has no such variable.
    #[error("there is no variable {0}")]
    Variable(String),
    /// There is no such constant.
    #[error("there is no constant {0}")]
    Constant(String),
    /// A value is of another type than needed.
    #[error("a value is no {0}")]
    Type(&'static str),
    /// There is no value where one is needed.
    #[error("a value is missing where a {0} is needed")]
    Missing(&'static str),
    /// There is no growth standard for an age, a length or a measure.
    #[error("there is no growth standard for this age, length or measure")]
    Growth,
    /// A text grew too long.
    #[error("the text of the result is longer than {LONGEST_RESULT} bytes")]
    Result,
    /// An action assigns to nothing.
    #[error("the action ASSIGN names nothing to assign to")]
    Target,
    /// An action schedules an event of no stage.
    #[error("the action SCHEDULEEVENT names no stage of its program")]
    Stage,
    /// An action schedules an event where there is no enrolment.
    #[error("the action SCHEDULEEVENT needs an enrollment")]
    Enrollment,
}
