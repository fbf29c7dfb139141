//! Files that were imported before: known by the hash of their content.

use std::collections::BTreeSet;

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Nullable, Text},
};

use super::delivery::{self, Item};
use crate::{Connection, Result};

/// A file with the hash of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashed {
    /// The file.
    pub item: Item,
    /// Its hash, hexadecimal.
    pub sha256: String,
}

/// Hashes the files of a delivery.
///
/// # Errors
/// When one cannot be read.
pub fn hash(items: Vec<Item>, seed: u64) -> Result<Vec<Hashed>> {
    items
        .into_iter()
        .map(|item| {
            let sha256 = delivery::hash(&item, seed)?;
            Ok(Hashed { item, sha256 })
        })
        .collect()
}

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = BigInt)]
    import_run_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    sha256: Option<String>,
}

/// Whether every file came before and nothing undid it since: the run that it came with.
///
/// A full delivery is a repeat of the last run only. Files of others may have come in several runs, but none before the
/// last full delivery, which may have removed what they held.
///
/// # Errors
/// When the statement fails.
pub fn repeated(
    conn: &mut Connection,
    clinic: Option<i64>,
    is_full: bool,
    files: &[Hashed],
) -> Result<Option<i64>> {
    let Some(clinic) = clinic.filter(|_| !files.is_empty()) else {
        return Ok(None);
    };
    let since = if is_full { LAST } else { LAST_FULL };
    let known: Vec<Known> = diesel::sql_query(format!(
        "SELECT r.import_run_id, f.sha256
         FROM import_runs r LEFT JOIN import_files f USING (import_run_id)
         WHERE r.clinic_id = $1 AND r.kind = 'FHIR' AND r.status = 'DONE' AND r.import_run_id >= coalesce(({since}), 0)"
    ))
    .bind::<BigInt, _>(clinic)
    .load(conn)?;
    let hashes: BTreeSet<&str> = known
        .iter()
        .filter_map(|known| known.sha256.as_deref())
        .collect();
    let sent: BTreeSet<&str> = files.iter().map(|file| file.sha256.as_str()).collect();
    let is_whole = !is_full || hashes == sent;
    Ok(known
        .iter()
        .map(|known| known.import_run_id)
        .max()
        .filter(|_| is_whole && sent.is_subset(&hashes)))
}

const LAST: &str =
    "SELECT CASE WHEN is_full THEN import_run_id ELSE import_run_id + 1 END FROM import_runs
     WHERE clinic_id = $1 AND kind = 'FHIR' AND status = 'DONE'
       AND EXISTS (SELECT FROM import_files f WHERE f.import_run_id = import_runs.import_run_id)
     ORDER BY import_run_id DESC LIMIT 1";

const LAST_FULL: &str = "SELECT max(import_run_id) FROM import_runs
     WHERE clinic_id = $1 AND kind = 'FHIR' AND status = 'DONE' AND is_full";

/// Remembers the files of a run.
///
/// # Errors
/// When the statement fails.
pub fn remember(conn: &mut Connection, run: i64, files: &[Hashed]) -> Result<()> {
    diesel::sql_query("INSERT INTO import_files SELECT $1, * FROM unnest($2, $3, $4)")
        .bind::<BigInt, _>(run)
        .bind::<Array<Text>, _>(files.iter().map(|file| &file.item.name).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(files.iter().map(|file| &file.sha256).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(
            files
                .iter()
                .map(|file| file.item.size.cast_signed())
                .collect::<Vec<_>>(),
        )
        .execute(conn)?;
    Ok(())
}
