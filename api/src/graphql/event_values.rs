//! Conditions on the columns of a working list.

use async_graphql::{ID, InputObject, Result};
use domain::event::request::{Operator, RawFilter};

use super::error::refuse;

/// Conditions on one data element or attribute; at most three, all must hold. Texts are compared in lower case, numbers,
/// dates and booleans by value. An event without a value meets none but `empty: true`.
#[derive(Debug, Clone, InputObject)]
pub struct ValueFilter {
    /// Data element or attribute.
    pub column: ID,
    /// Equal.
    pub eq: Option<String>,
    /// Not equal.
    pub ne: Option<String>,
    /// One of these; none may hold a `;`.
    #[graphql(name = "in")]
    pub one_of: Option<Vec<String>>,
    /// Contains; `%` and `_` stand for themselves.
    pub like: Option<String>,
    /// Begins with.
    pub starts_with: Option<String>,
    /// Ends with.
    pub ends_with: Option<String>,
    /// Greater.
    pub gt: Option<String>,
    /// Greater or equal.
    pub ge: Option<String>,
    /// Less.
    pub lt: Option<String>,
    /// Less or equal.
    pub le: Option<String>,
    /// Whether there is no value.
    pub empty: Option<bool>,
}

/// The filters at a path of the arguments.
pub(super) fn read_values(path: &str, filters: Option<Vec<ValueFilter>>) -> Result<Vec<RawFilter>> {
    let filters = filters.unwrap_or_default().into_iter();
    filters.map(|filter| read_value(path, filter)).collect()
}

fn read_value(path: &str, filter: ValueFilter) -> Result<RawFilter> {
    let one_of = match filter.one_of {
        Some(values) if values.iter().any(|value| value.contains(';')) => {
            let column = filter.column.0;
            return Err(refuse(format!(
                "{path} {column}: no value of `in` may hold a ;"
            )));
        }
        values => values.map(|values| values.join(";")),
    };
    let given = [
        (Operator::Eq, filter.eq),
        (Operator::Ne, filter.ne),
        (Operator::In, one_of),
        (Operator::Like, filter.like),
        (Operator::Sw, filter.starts_with),
        (Operator::Ew, filter.ends_with),
        (Operator::Gt, filter.gt),
        (Operator::Ge, filter.ge),
        (Operator::Lt, filter.lt),
        (Operator::Le, filter.le),
    ];
    let given = given.into_iter().filter(|(_, value)| value.is_some());
    let empty = filter.empty.map(|is_empty| match is_empty {
        true => (Operator::Null, None),
        false => (Operator::NotNull, None),
    });
    Ok(RawFilter {
        uid: filter.column.0,
        operators: given.chain(empty).collect(),
    })
}
