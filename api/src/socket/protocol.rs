//! Messages of the protocol graphql-transport-ws, and the codes that a socket is closed with.

use actix_ws::CloseReason;
use async_graphql::{Response, ServerError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{parameters::Parameters, sign_in::token_of};

/// Name of the protocol as clients offer it.
pub(super) const NAME: &str = "graphql-transport-ws";

/// Longest identifier of an operation, bytes.
const LONGEST_ID: usize = 128;

/// What a client sends.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ClientMessage {
    /// Opens the connection, with the token.
    ConnectionInit {
        /// `{ "authorization": "Bearer …" }` or `{ "token": "…" }`.
        payload: Option<Map<String, Value>>,
    },
    /// Asks for a pong.
    Ping {
        /// Comes back with the pong.
        payload: Option<Map<String, Value>>,
    },
    /// Answers a ping.
    Pong,
    /// Starts an operation.
    Subscribe {
        /// Identifier that the client chose.
        id: String,
        /// The operation.
        payload: Parameters,
    },
    /// Ends an operation.
    Complete {
        /// Its identifier.
        id: String,
    },
}

/// What the server sends.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerMessage<'a> {
    /// The connection is open.
    ConnectionAck,
    /// Answers a ping.
    Pong {
        /// What the ping brought.
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Map<String, Value>>,
    },
    /// A result of an operation.
    Next {
        /// The operation.
        id: &'a str,
        /// The result.
        payload: &'a Response,
    },
    /// An operation was refused.
    Error {
        /// The operation.
        id: &'a str,
        /// Why.
        payload: &'a [ServerError],
    },
    /// An operation has ended.
    Complete {
        /// The operation.
        id: &'a str,
    },
}

/// Why a socket is closed: code and words for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Close(pub u16, pub String);

impl Close {
    /// The server stops.
    pub fn going_away() -> Self {
        Close(1001, "The server stops".to_owned())
    }

    /// A message that the protocol does not know.
    pub fn bad_message(why: impl std::fmt::Display) -> Self {
        Close(4400, format!("Invalid message: {why}"))
    }

    /// An operation before the connection was acknowledged.
    pub fn unauthorized() -> Self {
        Close(4401, "Unauthorized".to_owned())
    }

    /// No token, or one that is not valid any more.
    pub fn forbidden(why: &str) -> Self {
        Close(4403, format!("Forbidden: {why}"))
    }

    /// The client does not speak this protocol.
    pub fn not_acceptable() -> Self {
        Close(4406, format!("Subprotocol not acceptable: offer {NAME}"))
    }

    /// A message longer than it may be.
    pub fn too_long() -> Self {
        Close(1009, "The message is longer than --max-body".to_owned())
    }

    /// No `connection_init` in time.
    pub fn late() -> Self {
        Close(4408, "Connection initialisation timeout".to_owned())
    }

    /// Two operations of one name.
    pub fn twice(id: &str) -> Self {
        Close(4409, format!("Subscriber for {id} already exists"))
    }

    /// A second `connection_init`.
    pub fn again() -> Self {
        Close(4429, "Too many initialisation requests".to_owned())
    }

    /// The server cannot tell what the caller may do.
    pub fn unavailable() -> Self {
        Close(4500, "The database is not available; try again".to_owned())
    }
}

impl From<Close> for CloseReason {
    fn from(Close(code, reason): Close) -> Self {
        CloseReason {
            code: code.into(),
            description: Some(reason),
        }
    }
}

/// Reads a message.
///
/// # Errors
/// The close 4400 for everything that the protocol does not know.
pub(super) fn read(text: &str) -> Result<ClientMessage, Close> {
    let message = serde_json::from_str(text).map_err(Close::bad_message)?;
    match &message {
        ClientMessage::Subscribe { id, .. } | ClientMessage::Complete { id }
            if id.is_empty() || id.len() > LONGEST_ID =>
        {
            Err(Close::bad_message(format!(
                "an id has 1 to {LONGEST_ID} bytes"
            )))
        }
        _ => Ok(message),
    }
}

/// The token of a `connection_init`: under `authorization` with its scheme, or bare under `token`.
pub(super) fn token(payload: &Map<String, Value>) -> Option<String> {
    let text = |names: [&str; 2]| {
        names
            .iter()
            .find_map(|name| payload.get(*name))
            .and_then(Value::as_str)
    };
    match text(["authorization", "Authorization"]) {
        Some(header) => token_of(header),
        None => text(["token", "Token"]).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_outside_the_protocol_are_refused() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"type":"start","id":"1"}"#,
            r#"{"type":"subscribe","payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":[1]}}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"connection_init","payload":"Bearer x"}"#,
        ] {
            assert_eq!(read(text).expect_err(text).0, 4400, "{text}");
        }
        for text in [
            r#"{"type":"connection_init"}"#,
            r#"{"type":"ping","payload":{}}"#,
            r#"{"type":"pong","payload":{"any":1}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":null,"extensions":{}}}"#,
        ] {
            assert!(read(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_token_comes_with_its_scheme_or_bare() {
        let token_in = |json: Value| token(json.as_object().expect("an object"));
        let one = Some("clg_1".to_owned());
        assert_eq!(
            token_in(serde_json::json!({ "authorization": "Bearer clg_1" })),
            one
        );
        assert_eq!(
            token_in(serde_json::json!({ "Authorization": "ApiToken clg_1" })),
            one
        );
        assert_eq!(token_in(serde_json::json!({ "token": "clg_1" })), one);
        assert_eq!(
            token_in(serde_json::json!({ "authorization": "clg_1" })),
            None
        );
        assert_eq!(token_in(serde_json::json!({})), None);
    }
}
