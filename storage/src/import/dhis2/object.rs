//! Reads one JSON object of a list, and says in words without values why it cannot be read.

use std::{fs::File, io::BufReader, path::Path};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{Error, Result};

/// A JSON object that is not looked into yet.
pub(crate) type Raw = Box<RawValue>;

/// Why one object cannot be stored: a stable rule code, and a sentence that names the member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) rule: &'static str,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(rule: &'static str, message: impl Into<String>) -> Self {
        Fault {
            rule,
            message: message.into(),
        }
    }
}

/// Opens a file for buffered reading.
pub(crate) fn open(file: &Path) -> Result<BufReader<File>> {
    File::open(file)
        .map(BufReader::new)
        .map_err(|error| Error::unreadable(file, error))
}

/// The error of a payload that is no JSON, or not of the right shape.
pub(crate) fn syntax_error(error: &serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    let what = match error.classify() {
        serde_json::error::Category::Data => "is not a payload of lists of objects",
        serde_json::error::Category::Io => "could not be read to its end",
        serde_json::error::Category::Eof => "ends too early",
        serde_json::error::Category::Syntax => "is not valid JSON",
    };
    Error::Input(format!(
        "the file {what}: line {line}, column {column}; nothing was imported"
    ))
}

/// Reads an object into its type.
pub(crate) fn read<T: DeserializeOwned>(raw: &RawValue) -> Result<T, Fault> {
    if holds_nul(raw.get()) {
        return Err(Fault::new(
            "BAD_VALUE",
            "a text holds the character U+0000, which cannot be stored",
        ));
    }
    let mut json = serde_json::Deserializer::from_str(raw.get());
    serde_path_to_error::deserialize(&mut json)
        .map_err(|error| describe(&error.path().to_string(), &error.inner().to_string()))
}

/// Turns serde's words, which quote values, into a fault, which does not.
fn describe(path: &str, reason: &str) -> Fault {
    let reason = reason.split(" at line ").next().unwrap_or(reason);
    let place = if path == "." { "" } else { path };
    if let Some(member) = reason.strip_prefix("missing field ") {
        let member = member.trim_matches('`');
        let dot = if place.is_empty() { "" } else { "." };
        return Fault::new(
            "MISSING_MEMBER",
            format!("`{place}{dot}{member}` is required"),
        );
    }
    let rule = if reason.starts_with("invalid type") {
        "BAD_TYPE"
    } else {
        "BAD_VALUE"
    };
    let subject = if place.is_empty() {
        "the object".to_owned()
    } else {
        format!("`{place}`")
    };
    match reason.rsplit_once(", expected ") {
        Some((_, expected)) => Fault::new(rule, format!("{subject} must be {expected}")),
        None => Fault::new(rule, format!("{subject} cannot be read")),
    }
}

/// Whether a JSON text holds an escaped NUL, which `PostgreSQL` can store neither as text nor as jsonb.
fn holds_nul(json: &str) -> bool {
    json.match_indices("\\u0000").any(|(at, _)| {
        let backslashes = json[..at].bytes().rev().take_while(|&b| b == b'\\').count();
        backslashes % 2 == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Sample {
        short_name: String,
        #[serde(default)]
        inner: Vec<Inner>,
    }

    #[derive(Debug, serde::Deserialize, PartialEq)]
    struct Inner {
        kind: Kind,
        raw: Option<u8>,
    }

    #[derive(Debug, serde::Deserialize, PartialEq)]
    enum Kind {
        A,
    }

    fn fault(json: &str) -> Fault {
        let raw: Raw = serde_json::from_str(json).expect("JSON");
        read::<Sample>(&raw).expect_err("a fault")
    }

    #[test]
    fn faults_name_the_member_and_never_the_value() {
        let missing = fault("{}");
        assert_eq!(missing.rule, "MISSING_MEMBER");
        assert_eq!(missing.message, "`shortName` is required");
        let kind = fault(r#"{"shortName": "s", "inner": [{"kind": "secret"}]}"#);
        assert_eq!(kind.rule, "BAD_VALUE");
        assert_eq!(kind.message, "`inner[0].kind` must be `A`");
        let number = fault(r#"{"shortName": "s", "inner": [{"kind": "A", "raw": "secret"}]}"#);
        assert_eq!(number.rule, "BAD_TYPE");
        assert_eq!(number.message, "`inner[0].raw` must be u8");
    }

    #[test]
    fn nul_is_found_unless_the_backslash_is_escaped() {
        assert!(holds_nul(r#""a\u0000""#));
        assert!(holds_nul(r#""a\\\u0000""#));
        assert!(!holds_nul(r#""a\\u0000""#));
    }
}
