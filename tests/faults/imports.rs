//! Imports that are killed in every phase, or find the disk full, and are run again.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use serde_json::{Value, json};
use storage::{
    pool::connect,
    testing::{self, execute, fresh_database, rows},
};

use super::{killed_at, runs, until_alone, verified};
use crate::program::{Folder, command};

const CLINIC: &str = "DiszpKrYNg8";

/// A delivery of so many patients, each with a stay, a station, a diagnosis and an observation.
fn deliver(folder: &Path, patients: usize) {
    let mut files = [String::new(), String::new(), String::new(), String::new()];
    for n in 0..patients {
        let resources = [
            json!({"resourceType": "Patient", "id": format!("p{n}"), "gender": "female", "birthDate": "1980-01-01"}),
            json!({"resourceType": "Encounter", "id": format!("e{n}"), "status": "finished", "class": {"code": "IMP"},
                   "subject": {"reference": format!("Patient/p{n}")},
                   "period": {"start": "2026-01-05T08:00:00+01:00", "end": "2026-01-09T10:00:00+01:00"}}),
            json!({"resourceType": "Condition", "id": format!("c{n}"), "subject": {"reference": format!("Patient/p{n}")},
                   "encounter": {"reference": format!("Encounter/e{n}")}, "recordedDate": "2026-01-05",
                   "code": {"coding": [{"system": "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "code": "J18.9"}]}}),
            json!({"resourceType": "Observation", "id": format!("o{n}"), "status": "final",
                   "subject": {"reference": format!("Patient/p{n}")}, "encounter": {"reference": format!("Encounter/e{n}")},
                   "effectiveDateTime": "2026-01-06T08:00:00+01:00", "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
                   "valueQuantity": {"value": 13.5, "unit": "g/dL", "system": "http://unitsofmeasure.org", "code": "g/dL"}}),
        ];
        for (file, resource) in files.iter_mut().zip(resources) {
            let _ = writeln!(file, "{resource}");
        }
    }
    for (name, text) in ["Patient", "Encounter", "Condition", "Observation"]
        .iter()
        .zip(files)
    {
        fs::write(folder.join(format!("{name}.ndjson")), text).expect("a file");
    }
}

/// Rows of the base tables and a number for their content, without keys and the times of the import.
fn stored(url: &str) -> Vec<Value> {
    let mut conn = connect(url).expect("it answers");
    let of = |table: &str, columns: &str| {
        format!(
            "SELECT '{table}' AS name, count(*) AS rows, coalesce(sum(hashtext(({columns})::text)::bigint), 0) AS content FROM {table}"
        )
    };
    let queries = [
        of(
            "patients",
            "ROW(patient_pseudo_id, sex, birth_year, fhir_id)",
        ),
        of(
            "encounters",
            "ROW(patient_pseudo_id, fhir_id, admission_date, discharge_date, admission_type)",
        ),
        of(
            "conditions",
            "ROW(patient_pseudo_id, fhir_id, icd10_code, is_main)",
        ),
        of("station_transfers", "ROW(sequence, started_at, ended_at)"),
        of(
            "observations",
            "ROW(patient_pseudo_id, fhir_id, observed_on, code, value_number, unit)",
        ),
    ];
    rows(&mut conn, &queries.join(" UNION ALL "))
}

fn total(tables: &[Value]) -> i64 {
    tables
        .iter()
        .filter_map(|table| table["rows"].as_i64())
        .sum()
}

fn import(url: &str, folder: &Path) -> (i32, String) {
    command(
        url,
        &[
            "import",
            "fhir",
            folder.to_str().expect("a path"),
            "--clinic",
            CLINIC,
        ],
    )
}

#[test]
#[ignore = "takes long; ./dev faults runs it"]
fn an_import_that_is_killed_in_any_phase_can_be_run_again() {
    let folder = Folder::new("delivery");
    deliver(&folder.0, 400);
    let expected = {
        let url = fresh_database("clinigraph_import_whole");
        let (code, said) = import(&url, &folder.0);
        assert_eq!(code, 0, "{said}");
        stored(&url)
    };
    assert!(
        expected.iter().all(
            |table| table["name"] == "station_transfers" || table["rows"].as_i64() >= Some(400)
        ),
        "{expected:?}"
    );
    let url = fresh_database("clinigraph_import_killed");
    let empty = stored(&url);
    // Each of these tables is first touched in another phase, from the record of the run to its end.
    let tables = [
        "import_runs",
        "clinics",
        "fhir.contacts",
        "patients",
        "encounters",
        "conditions",
        "observations",
        "quarantine",
        "import_files",
    ];
    let mut phases = 0;
    for table in tables {
        if rows(
            &mut connect(&url).expect("it answers"),
            &format!("SELECT to_regclass('{table}') AS t"),
        )[0]["t"]
            .is_null()
        {
            println!("there is no table {table}");
            continue;
        }
        let path = folder.0.to_str().expect("a path");
        let waits = killed_at(&url, table, &["import", "fhir", path, "--clinic", CLINIC]);
        if !waits {
            println!("the import does not touch {table}");
            // It ran to its end: what it stored is taken back for the next phase.
            execute(
                &mut connect(&url).expect("it answers"),
                "TRUNCATE patients, encounters, conditions, station_transfers, observations, import_files, fhir.contacts, fhir.contact_diagnoses,
                          fhir.contact_places, fhir.places, fhir.identifiers, fhir.tombstones CASCADE",
            );
            continue;
        }
        phases += 1;
        let after = stored(&url);
        println!(
            "import killed at {table}: {} rows before, {} after",
            total(&empty),
            total(&after)
        );
        assert_eq!(after, empty, "{table}");
    }
    assert!(phases >= 5, "only {phases} phases were met");
    until_alone(&url);
    let left = runs(&url, "RUNNING");
    let (code, said) = import(&url, &folder.0);
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        stored(&url),
        expected,
        "run again it is as if nothing had happened"
    );
    assert_eq!((runs(&url, "RUNNING"), left > 0), (0, true));
    let (code, said) = command(
        &url,
        &[
            "import",
            "fhir",
            folder.0.to_str().expect("a path"),
            "--clinic",
            CLINIC,
            "--force",
        ],
    );
    assert_eq!(code, 0, "{said}");
    assert_eq!(stored(&url), expected, "and a repeat changes nothing");
    println!(
        "run again after {phases} kills: {} rows, as in one undisturbed run",
        total(&stored(&url))
    );
    verified(&url);
}

/// A small file system in memory, unmounted when dropped.
struct Disk(Folder);

impl Disk {
    /// `None` where mounting is not allowed.
    fn mount(size: &str) -> Option<Self> {
        let folder = Folder::new("disk");
        let path = folder.0.to_str()?;
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={size},mode=0777"),
                "tmpfs",
                path,
            ])
            .output();
        mounted.ok()?.status.success().then_some(())?;
        let disk = Disk(folder);
        fs::create_dir(disk.path()).ok()?;
        let owned = Command::new("chown")
            .args(["postgres", disk.path().to_str()?])
            .status();
        owned.ok()?.success().then_some(disk)
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.0.join("data")
    }

    fn grow(&self, size: &str) {
        let path = self.0.0.to_str().expect("a path");
        let grown = Command::new("mount")
            .args(["-o", &format!("remount,size={size}"), path])
            .status();
        assert!(grown.expect("mount").success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0.0).status();
    }
}

#[test]
#[ignore = "takes long; ./dev faults runs it"]
fn a_full_disk_stops_an_import_and_harms_nothing() {
    let Some(disk) = Disk::mount("40m") else {
        println!("disk full: left out, no file system can be mounted here");
        return;
    };
    let name = "clinigraph_disk_full";
    let url = fresh_database(name);
    let server = testing::server_url();
    let mut conn = connect(&server).expect("it answers");
    execute(
        &mut conn,
        &format!(
            "CREATE TABLESPACE small LOCATION '{}'",
            disk.path().display()
        ),
    );
    execute(
        &mut conn,
        &format!("ALTER DATABASE {name} SET TABLESPACE small"),
    );
    let folder = Folder::new("delivery");
    deliver(&folder.0, 60_000);
    let before = stored(&url);
    let (code, said) = import(&url, &folder.0);
    assert_ne!(code, 0, "the disk was large enough: {said}");
    let after = stored(&url);
    println!(
        "disk full: {} rows before, {} after",
        total(&before),
        total(&after)
    );
    assert_eq!(after, before);
    verified(&url);
    disk.grow("1500m");
    let (code, said) = import(&url, &folder.0);
    assert_eq!(code, 0, "{said}");
    let whole = stored(&url);
    println!("with space again: {} rows", total(&whole));
    assert!(
        whole
            .iter()
            .all(|table| table["name"] == "station_transfers" || table["rows"] == 60_000),
        "{whole:?}"
    );
    verified(&url);
    execute(&mut conn, &format!("DROP DATABASE {name} WITH (FORCE)"));
    execute(&mut conn, "DROP TABLESPACE small");
}
