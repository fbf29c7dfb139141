//! Plain SQL for distinct patients and stays by node.

use std::collections::BTreeMap;

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Date, Text},
};
use domain::{icd10::Level, stay::StayFilter};
use storage::Connection;

use crate::Result;

/// Patients and stays by node.
pub type Figures = BTreeMap<String, (i64, i64)>;

/// The statement over the base tables for a level, for codes as they were coded without one; below a chapter when one is
/// given, for stays under a condition on `encounters e`.
pub fn exact(level: Option<Level>, under: Option<&str>, condition: &str) -> String {
    let node = match level {
        None => "icd10_code",
        Some(Level::Chapter) => "icd10_chapter",
        Some(Level::Block) => {
            "(SELECT b.block FROM icd10_blocks b
               WHERE left(icd10_code, 3) BETWEEN b.first_category AND b.last_category)"
        }
        Some(Level::Three) => "left(icd10_code, 3)",
        Some(Level::Four) => "CASE WHEN length(icd10_code) >= 5 THEN left(icd10_code, 5) END",
        Some(Level::Five) => "CASE WHEN length(icd10_code) >= 6 THEN left(icd10_code, 6) END",
    };
    let under = under.map_or_else(
        || "true".to_owned(),
        |chapter| format!("icd10_chapter = '{chapter}'"),
    );
    include_str!("../naive_diagnoses.sql")
        .replace(":node", node)
        .replace(":stays", condition)
        .replace(":under", &under)
}

/// The statement over the view of months for chapters, or for codes as they were coded.
pub fn summed(chapters: bool) -> String {
    include_str!("../seed_diagnoses.sql")
        .replace(":chapters", if chapters { "true" } else { "false" })
        .replace(":node", if chapters { "chapter" } else { "code" })
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    node: String,
    #[diesel(sql_type = BigInt)]
    patients: i64,
    #[diesel(sql_type = BigInt)]
    stays: i64,
}

/// Runs a statement.
pub fn load(conn: &mut Connection, statement: &str, filter: &StayFilter) -> Result<Figures> {
    let rows: Vec<Row> = diesel::sql_query(statement)
        .bind::<Date, _>(filter.period.from)
        .bind::<Date, _>(filter.period.to)
        .bind::<Array<BigInt>, _>(&filter.clinics)
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.node, (row.patients, row.stays)))
        .collect())
}
