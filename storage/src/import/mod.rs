//! What all imports share: the run that is recorded, the report that is printed, the quarantine of bad lines.

mod dhis2;
pub mod fhir;
pub mod icd10;
pub mod metadata;
mod runs;
pub mod tracker;

use std::borrow::Cow;

use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, Text},
};

use self::runs::record;
pub use self::runs::{begin, fail, finish, settle_interrupted};
use crate::{Connection, Result};

/// What an import did, as its command prints it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    /// Key of the import run, to look up its quarantine.
    pub run: i64,
    /// Rows added.
    pub created: u64,
    /// Rows changed.
    pub updated: u64,
    /// Rows equal to what was stored.
    pub unchanged: u64,
    /// Lines put aside.
    pub quarantined: u64,
    /// Counts by kind of object, in reading order: (kind, created, updated, unchanged).
    pub kinds: Vec<(String, u64, u64, u64)>,
    /// What a person should know besides, each a sentence.
    pub notices: Vec<String>,
    /// What was met, counted by rule: (rule, count). A stable code such as `JSON_SYNTAX`.
    pub findings: Vec<(&'static str, u64)>,
}

impl Report {
    /// Adds the counts of one kind of object.
    pub fn add(&mut self, kind: &str, created: u64, updated: u64, unchanged: u64) {
        self.created += created;
        self.updated += updated;
        self.unchanged += unchanged;
        match self.kinds.iter_mut().find(|known| known.0 == kind) {
            Some(known) => {
                known.1 += created;
                known.2 += updated;
                known.3 += unchanged;
            }
            None => self
                .kinds
                .push((kind.to_owned(), created, updated, unchanged)),
        }
    }

    /// Notes how often a rule was met, and says so; nothing for zero.
    pub fn find(&mut self, rule: &'static str, count: u64, text: &str) {
        if count > 0 {
            self.findings.push((rule, count));
            self.notices.push(format!("{count} {text}"));
        }
    }
}

/// A line that could not be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// File within the delivery.
    pub file: String,
    /// Line of an NDJSON file, or entry of a bundle or list, from 1.
    pub line: i64,
    /// Type of the object; `None` when it could not be read.
    pub resource_type: Option<String>,
    /// Identifier of the object; `None` when it has none.
    pub resource_id: Option<String>,
    /// Rule that it breaks, a stable code such as `JSON_SYNTAX`.
    pub rule: Cow<'static, str>,
    /// What is wrong, without values.
    pub message: String,
}

/// Puts bad lines into the quarantine of a run.
///
/// # Errors
/// When a statement fails.
pub fn quarantine(conn: &mut Connection, run: i64, lines: &[BadLine]) -> Result<()> {
    for chunk in lines.chunks(1_000) {
        diesel::sql_query(
            "INSERT INTO quarantine (import_run_id, file, line, resource_type, resource_id, rule, message)
             SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7)",
        )
        .bind::<BigInt, _>(run)
        .bind::<diesel::sql_types::Array<Text>, _>(chunk.iter().map(|bad| &bad.file).collect::<Vec<_>>())
        .bind::<diesel::sql_types::Array<BigInt>, _>(chunk.iter().map(|bad| bad.line).collect::<Vec<_>>())
        .bind::<diesel::sql_types::Array<Nullable<Text>>, _>(
            chunk.iter().map(|bad| bad.resource_type.as_deref()).collect::<Vec<_>>(),
        )
        .bind::<diesel::sql_types::Array<Nullable<Text>>, _>(
            chunk.iter().map(|bad| bad.resource_id.as_deref()).collect::<Vec<_>>(),
        )
        .bind::<diesel::sql_types::Array<Text>, _>(chunk.iter().map(|bad| bad.rule.as_ref()).collect::<Vec<_>>())
        .bind::<diesel::sql_types::Array<Text>, _>(chunk.iter().map(|bad| &bad.message).collect::<Vec<_>>())
        .execute(conn)?;
    }
    Ok(())
}

/// The quarantine of a run, in the order in which it was filled.
///
/// # Errors
/// When the query fails.
pub fn quarantined(conn: &mut Connection, run: i64) -> Result<Vec<BadLine>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        file: String,
        #[diesel(sql_type = BigInt)]
        line: i64,
        #[diesel(sql_type = Nullable<Text>)]
        resource_type: Option<String>,
        #[diesel(sql_type = Nullable<Text>)]
        resource_id: Option<String>,
        #[diesel(sql_type = Text)]
        rule: String,
        #[diesel(sql_type = Text)]
        message: String,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT file, line, resource_type, resource_id, rule, message FROM quarantine
          WHERE import_run_id = $1 ORDER BY quarantine_id",
    )
    .bind::<BigInt, _>(run)
    .load(conn)?;
    let bad = rows.into_iter().map(|row| BadLine {
        file: row.file,
        line: row.line,
        resource_type: row.resource_type,
        resource_id: row.resource_id,
        rule: row.rule.into(),
        message: row.message,
    });
    Ok(bad.collect())
}
