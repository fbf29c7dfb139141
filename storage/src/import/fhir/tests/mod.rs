//! Imports into a test database.

mod author;
mod chains;
mod clinics;
mod deliveries;
mod diagnoses;
mod exports;
mod fixtures;
mod increments;
mod keys;
mod lines;
mod observations;
mod places;
mod stays;
mod tally;

use std::{io::Write as _, path::PathBuf};

use diesel::{connection::SimpleConnection as _, sql_types::Text};
use serde_json::{Value, json};

use super::*;
use crate::testing::{Scratch, connection};

const CLINIC: &str = "ClinicTest1";

/// A database with one clinic and ways to deliver to it and to ask it.
struct Site {
    conn: Connection,
}

impl Site {
    fn new() -> Self {
        Site { conn: connection() }
    }

    /// Imports a path, also when it was imported before.
    fn import(&mut self, path: &Path) -> Report {
        self.take(path, &forced()).expect("the import works")
    }

    /// Imports a path with settings.
    fn take(&mut self, path: &Path, settings: &Settings) -> Result<Report> {
        self.take_for(CLINIC, path, settings)
    }

    /// Imports a path as the delivery of some clinic.
    fn take_for(&mut self, clinic: &str, path: &Path, settings: &Settings) -> Result<Report> {
        run(
            &mut self.conn,
            path,
            clinic,
            settings,
            &ProgressBar::hidden(),
        )
    }

    /// Imports resources as NDJSON.
    fn deliver(&mut self, resources: &[Value]) -> Report {
        self.deliver_text(&lines(resources))
    }

    /// Imports the text of an NDJSON file.
    fn deliver_text(&mut self, text: &str) -> Report {
        let file = Scratch::new("delivery.ndjson", text);
        self.import(&file.0)
    }

    /// The number that a query returns.
    fn number(&mut self, sql: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Number {
            #[diesel(sql_type = BigInt)]
            number: i64,
        }
        let sql = format!("SELECT ({sql})::bigint AS number");
        let row: Number = diesel::sql_query(sql)
            .get_result(&mut self.conn)
            .expect("a number");
        row.number
    }

    /// The rows of a query of one column, as texts.
    fn texts(&mut self, sql: &str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Line {
            #[diesel(sql_type = Text)]
            line: String,
        }
        let sql = format!("SELECT coalesce(line::text, '-') AS line FROM ({sql}) q (line)");
        let rows: Vec<Line> = diesel::sql_query(sql).load(&mut self.conn).expect("rows");
        rows.into_iter().map(|row| row.line).collect()
    }
}

/// The usual settings for files that may come again.
fn forced() -> Settings {
    Settings {
        is_forced: true,
        ..Settings::default()
    }
}

/// Resources as the text of an NDJSON file.
fn lines(resources: &[Value]) -> String {
    resources
        .iter()
        .map(|resource| format!("{resource}\n"))
        .collect()
}

/// Resources as a bundle that says nothing else.
fn bundle(resources: &[Value]) -> Value {
    let entries: Vec<Value> = resources
        .iter()
        .map(|resource| json!({ "resource": resource }))
        .collect();
    json!({"resourceType": "Bundle", "type": "collection", "entry": entries})
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("bytes");
    encoder.finish().expect("bytes")
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .expect("a member");
        archive.write_all(bytes).expect("bytes");
    }
    archive.finish().expect("an archive").into_inner()
}

/// A finished stay of patient p, changed by the fields of `change`.
fn stay(id: &str, change: Value) -> Value {
    let mut resource = json!({
        "resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": "IMP"},
        "subject": {"reference": "Patient/p"}, "period": {"start": "2024-03-01T08:00:00Z", "end": "2024-03-05T08:00:00Z"}
    });
    for (key, value) in change.as_object().into_iter().flatten() {
        resource[key] = value.clone();
    }
    resource
}

/// The meta of a version.
fn version(day: u32, number: u32) -> Value {
    json!({"lastUpdated": format!("2024-06-{day:02}T00:00:00Z"), "versionId": number.to_string()})
}

/// A diagnosis I10 that names a contact.
fn diagnosis(id: &str, encounter: &str) -> Value {
    json!({
        "resourceType": "Condition", "id": id, "subject": {"reference": "Patient/p"}, "encounter": {"reference": encounter},
        "code": {"coding": [{"system": "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "code": "I10.90", "display": "Hypertonie"}]}
    })
}
