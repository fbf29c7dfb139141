//! Variables that a document needs. The library misses one only where it is used, when the answer has begun.

use async_graphql::{ServerError, parser::types::OperationDefinition};
use serde_json::{Map, Value};

/// An error for the first variable that may not be null and is absent or null; `None` when there is none.
#[must_use]
pub fn missing(
    operation: &OperationDefinition,
    variables: Option<&Map<String, Value>>,
) -> Option<ServerError> {
    operation
        .variable_definitions
        .iter()
        .find_map(|definition| {
            let (pos, definition) = (definition.pos, &definition.node);
            let ty = &definition.var_type.node;
            if ty.nullable {
                return None;
            }
            let name = &definition.name.node;
            let message = match variables.and_then(|variables| variables.get(name.as_str())) {
                None if definition.default_value.is_some() => return None,
                None => format!("the variable ${name} of the type {ty} is missing"),
                Some(Value::Null) => {
                    format!("the variable ${name} of the type {ty} must not be null")
                }
                Some(_) => return None,
            };
            Some(ServerError::new(message, Some(pos)))
        })
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_may_not_be_null_must_be_there() {
        let document = parse_query("query ($a: Int!, $b: Int! = 2, $c: [Int!], $d: [Int]!) { x }");
        let document = document.expect("a document");
        let (_, operation) = document.operations.iter().next().expect("an operation");
        let message = |variables: Value| {
            let error = missing(&operation.node, variables.as_object());
            error.map(|error| error.message)
        };
        for (variables, expected) in [
            (
                json!(null),
                Some("the variable $a of the type Int! is missing"),
            ),
            (
                json!({ "a": null }),
                Some("the variable $a of the type Int! must not be null"),
            ),
            (
                json!({ "a": 1 }),
                Some("the variable $d of the type [Int]! is missing"),
            ),
            (
                json!({ "a": 1, "b": null, "d": [] }),
                Some("the variable $b of the type Int! must not be null"),
            ),
            (json!({ "a": 1, "d": [null], "c": null }), None),
        ] {
            assert_eq!(
                message(variables.clone()).as_deref(),
                expected,
                "{variables}"
            );
        }
    }
}
