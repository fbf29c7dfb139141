//! Import of FHIR R4 deliveries of a clinic: NDJSON, bundles and single resources, plain, `.gz` or in a `.zip`.
//!
//! Phase one ([`load`]) reads the files in blocks, parses and maps them on several threads and copies the rows into
//! temporary tables. Phase two ([`mod@merge`]) picks the winning version of each resource, resolves references and merges
//! into the base tables, set-based. Both are one transaction: readers see yesterday's data until it commits, and keep it
//! when the delivery is refused.

mod clinic;
mod date;
mod delivery;
mod files;
mod json;
mod load;
mod map;
mod merge;
mod parse;
#[cfg(feature = "testing")]
mod probe;
mod reference;
mod rule;
mod settings;
mod stage;
#[cfg(test)]
mod tests;

use std::path::Path;

use diesel::{
    Connection as _,
    prelude::*,
    sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz},
};
use indicatif::ProgressBar;

#[cfg(feature = "testing")]
pub use self::probe::{Found, read_bundle, read_lines};
pub use self::settings::Settings;
use self::{delivery::manifest, files::Hashed, load::Loaded, merge::Months};
use super::{BadLine, Report};
use crate::{Connection, Error, Result};

/// Imports a file or a folder as the data of a clinic.
///
/// The clinic is the organisation unit `clinic_uid`; it is created when there is none.
///
/// # Errors
/// [`Error::Input`] for a malformed uid, [`Error::File`] for a file that cannot be read, [`Error::DeliveryRefused`] for a delivery
/// that fails its own counts or loses too much, else what a statement returned. Nothing is changed then, but the run is
/// recorded as failed, with the lines that were put aside.
pub fn run(
    conn: &mut Connection,
    path: &Path,
    clinic_uid: &str,
    settings: &Settings,
    progress: &ProgressBar,
) -> Result<Report> {
    let clinic = clinic::find(conn, clinic_uid, settings.zone)?;
    let source = path.display().to_string();
    let mut import = Import {
        run: super::begin(conn, "FHIR", &source, clinic.id)?,
        clinic,
        settings,
        bad: Vec::new(),
    };
    let outcome = import.take(conn, path, progress);
    if let Err(error) = &outcome {
        super::fail(conn, import.run)?;
        super::quarantine(conn, import.run, &import.bad)?;
        if let Error::DeliveryRefused(reason) = error {
            refuse(conn, import.run, reason)?;
        }
    }
    outcome
}

struct Import<'a> {
    run: i64,
    clinic: clinic::Clinic,
    settings: &'a Settings,
    /// Lines put aside, to be kept when the import fails.
    bad: Vec<BadLine>,
}

impl Import<'_> {
    fn take(
        &mut self,
        conn: &mut Connection,
        path: &Path,
        progress: &ProgressBar,
    ) -> Result<Report> {
        let found = delivery::find(path)?;
        let files = files::hash(found.items, map::seed(self.clinic.zone))?;
        if !self.settings.is_forced {
            let is_full = self.settings.is_full;
            if let Some(run) = files::repeated(conn, self.clinic.id, is_full, &files)? {
                return self.repeat(conn, run);
            }
        }
        conn.transaction(|conn| self.load(conn, &files, found.others, progress))
    }

    /// Ends the import of a delivery that is known.
    fn repeat(&self, conn: &mut Connection, run: i64) -> Result<Report> {
        let report = Report {
            run: self.run,
            notices: vec![format!(
                "every file was imported before, the last with run {run}: nothing was read"
            )],
            ..Report::default()
        };
        super::finish(conn, &report)?;
        Ok(report)
    }

    fn load(
        &mut self,
        conn: &mut Connection,
        files: &[Hashed],
        others: Vec<String>,
        progress: &ProgressBar,
    ) -> Result<Report> {
        let items: Vec<_> = files.iter().map(|file| file.item.clone()).collect();
        let manifests = manifest::find(&items)?;
        let stamps = manifest::stamps(&manifests, &items);
        let zone = self.clinic.zone;
        let mut loaded = load::load(conn, &items, zone, &stamps, self.settings.threads, progress)?;
        self.bad = std::mem::take(&mut loaded.bad);
        loaded.skipped.extend(others);
        for manifest in &manifests {
            manifest.check(&items, &loaded.read)?;
        }
        loaded.check(self.settings)?;
        progress.set_message("merging");
        let report = self.merge(conn, &loaded)?;
        files::remember(conn, self.run, files)?;
        super::finish(conn, &report)?;
        Ok(report)
    }

    fn merge(&self, conn: &mut Connection, loaded: &Loaded) -> Result<Report> {
        let mut report = Report {
            run: self.run,
            quarantined: loaded.quarantined(),
            findings: loaded
                .rules
                .iter()
                .map(|(rule, count)| (*rule, *count))
                .collect(),
            ..Report::default()
        };
        report.find(
            "EXPORT_ERROR",
            loaded.export_errors,
            "errors were reported by the exporting system: the delivery lacks what they are about",
        );
        merge::wait_for_turn(conn)?;
        let clinic = clinic::ensure(conn, &self.clinic, &mut report)?;
        let before = Months::of(conn, clinic)?;
        merge::run(conn, clinic, &self.clinic.uid, self.settings, &mut report)?;
        before.check(&Months::of(conn, clinic)?, self.settings)?;
        report.notices.extend(notices(loaded));
        super::quarantine(conn, self.run, &self.bad)?;
        note(conn, &report)?;
        diesel::sql_query(
            "UPDATE import_runs SET clinic_id = $2, data_through = $3, is_full = $4 WHERE import_run_id = $1",
        )
        .bind::<BigInt, _>(self.run)
        .bind::<BigInt, _>(clinic)
        .bind::<Nullable<Timestamptz>, _>(loaded.data_through)
        .bind::<Bool, _>(self.settings.is_full)
        .execute(conn)?;
        Ok(report)
    }
}

/// Records why a delivery was refused.
fn refuse(conn: &mut Connection, run: i64, reason: &str) -> Result<()> {
    diesel::sql_query("UPDATE import_runs SET refused_because = $2 WHERE import_run_id = $1")
        .bind::<BigInt, _>(run)
        .bind::<Text, _>(reason)
        .execute(conn)?;
    Ok(())
}

/// Records what was met, by rule.
fn note(conn: &mut Connection, report: &Report) -> Result<()> {
    let (rules, numbers): (Vec<&str>, Vec<i64>) = report
        .findings
        .iter()
        .map(|(rule, count)| (*rule, count.cast_signed()))
        .unzip();
    diesel::sql_query(
        "INSERT INTO import_findings SELECT $1, rule, sum(number) FROM unnest($2, $3) AS finding (rule, number) GROUP BY rule",
    )
    .bind::<BigInt, _>(report.run)
    .bind::<Array<Text>, _>(rules)
    .bind::<Array<BigInt>, _>(numbers)
    .execute(conn)?;
    Ok(())
}

fn notices(loaded: &Loaded) -> Vec<String> {
    let list = |counts: Vec<(&str, u64)>| {
        let texts: Vec<String> = counts
            .iter()
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        texts.join(", ")
    };
    let mut notices = Vec::new();
    if !loaded.rules.is_empty() {
        let rules = loaded.rules.iter().map(|(rule, count)| (*rule, *count));
        notices.push(format!("put into quarantine: {}", list(rules.collect())));
    }
    if !loaded.skipped.is_empty() {
        let names: Vec<&str> = loaded.skipped.iter().map(String::as_str).collect();
        notices.push(format!("not FHIR, skipped: {}", names.join(", ")));
    }
    if !loaded.ignored.is_empty() {
        let types = loaded
            .ignored
            .iter()
            .map(|(kind, count)| (kind.as_str(), *count));
        notices.push(format!("ignored: {}", list(types.collect())));
    }
    notices
}
