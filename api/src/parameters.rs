//! A GraphQL request as clients send it, over HTTP and over sockets.

use serde_json::{Map, Value};

/// Document, operation, variables.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(try_from = "Value")]
pub struct Parameters {
    /// The document; empty when it is named by its hash.
    pub query: String,
    /// SHA-256 of a known document, hexadecimal; `None` when its text was sent.
    pub document_hash: Option<String>,
    /// Name of the operation to run; `None` when the document has one only.
    pub operation_name: Option<String>,
    /// Values of the variables by name; `None` for none.
    pub variables: Option<Map<String, Value>>,
    /// What the specification leaves to servers; `None` for nothing.
    pub extensions: Option<Map<String, Value>>,
}

impl Parameters {
    /// Reads a request from JSON.
    ///
    /// # Errors
    /// A sentence that names the member that is wrong.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(json)
            .map_err(|error| format!("the body is not a GraphQL request: {error}"))?;
        value.try_into()
    }
}

impl TryFrom<Value> for Parameters {
    type Error = String;

    /// Reads a request from a value. Members that nobody knows are left out.
    fn try_from(value: Value) -> Result<Self, String> {
        let mut members = match value {
            Value::Object(members) => members,
            Value::Array(_) => {
                return Err("batches are not taken: send each request for itself".to_owned());
            }
            _ => return Err("a request is an object with the member query".to_owned()),
        };
        let mut take = |name: &str| members.remove(name).unwrap_or_default();
        let query = text("query", take("query"))?;
        let document_id = text("documentId", take("documentId"))?;
        let extensions = object("extensions", take("extensions"))?;
        let document_hash = match query {
            Some(_) => None,
            None => Some(
                document_id
                    .map(|id| id.strip_prefix("sha256:").map(str::to_owned).unwrap_or(id))
                    .or_else(|| hash_in(extensions.as_ref()?))
                    .ok_or("the member query with the document is missing")?,
            ),
        };
        Ok(Parameters {
            query: query.unwrap_or_default(),
            document_hash,
            operation_name: text("operationName", take("operationName"))?
                .filter(|name| !name.is_empty()),
            variables: object("variables", take("variables"))?,
            extensions,
        })
    }
}

/// The hash of a known document, where clients of persisted queries put it.
fn hash_in(extensions: &Map<String, Value>) -> Option<String> {
    let hash = extensions.get("persistedQuery")?.get("sha256Hash")?;
    hash.as_str().map(str::to_owned)
}

fn text(name: &str, value: Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(format!("{name} must be a text")),
    }
}

fn object(name: &str, value: Value) -> Result<Option<Map<String, Value>>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Object(members) => Ok(Some(members)),
        _ => Err(format!("{name} must be an object")),
    }
}
