//! Real deliveries, compared with counts that share nothing with the import: [`tally`] works them out from the JSON, and
//! the numbers here come from a script in another language.

use super::{
    tally::{self, Counts},
    *,
};

fn folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("CLINIGRAPH_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures"),
        PathBuf::from,
    );
    let path = root.join("fhir").join(name);
    if !path.is_dir() {
        println!("ignored: no fixtures at {}", path.display());
        return None;
    }
    Some(path)
}

/// Imports a folder twice: the second time changes nothing, read or not.
fn check(name: &str, quarantined: u64, expected: Counts) {
    let Some(path) = folder(name) else { return };
    assert_eq!(tally::count(&path), expected, "counted from the JSON");
    let mut site = Site::new();
    let first = site.import(&path);
    assert_eq!(
        (first.updated, first.unchanged, first.quarantined),
        (0, 0, quarantined),
        "{first:#?}"
    );
    assert_eq!(
        site.number("SELECT count(*) FROM quarantine"),
        quarantined.cast_signed()
    );
    let counts = [
        "SELECT count(*) FROM patients",
        "SELECT count(*) FROM encounters",
        "SELECT count(*) FROM conditions",
        "SELECT count(encounter_id) FROM conditions",
        "SELECT count(*) FROM observations",
        "SELECT count(encounter_id) FROM observations",
        "SELECT coalesce(sum(length_of_stay), 0) FROM encounters",
    ]
    .map(|sql| site.number(sql));
    assert_eq!(counts, expected);
    for settings in [forced(), Settings::default()] {
        let again = site.take(&path, &settings).expect("the import works");
        assert_eq!((again.created, again.updated), (0, 0), "{again:#?}");
        assert_eq!(
            again.unchanged > 0,
            settings.is_forced && first.created > 0,
            "{again:#?}"
        );
    }
}

#[test]
fn mii_loads() {
    check("mii", 0, [31, 21, 26, 11, 376, 129, 532]);
}

#[test]
fn isik_loads() {
    // Its three contacts are department contacts for operations: no stays.
    check("isik", 0, [4, 0, 6, 0, 5, 0, 0]);
}

#[test]
fn smart_10_loads() {
    check("smart-10", 0, [13, 49, 555, 4, 0, 0, 278]);
}

#[test]
fn synthea_loads() {
    check("synthea", 0, [12, 0, 68, 0, 1621, 0, 0]);
}

#[test]
fn bad_lines_load() {
    // Six Patients have the id "##PatientID##", which is none in FHIR; one line is not JSON.
    check("bad-lines", 7, [0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn all_folders_load_as_one_clinic() {
    check("", 7, [60, 70, 655, 15, 2002, 129, 810]);
}

#[test]
fn the_ward_of_a_stay_is_its_station() {
    let Some(path) = folder("mii") else { return };
    let mut site = Site::new();
    site.import(&path);
    // One of the 22 contacts names a ward; the others name none, or an organisation for the whole stay.
    assert_eq!(
        site.texts("SELECT concat_ws(' ', identifier_value, started_at AT TIME ZONE 'Europe/Berlin', ended_at AT TIME ZONE 'Europe/Berlin')
                    FROM station_transfers JOIN stations USING (station_id)"),
        ["RHC-06 2024-02-14 00:00:00 2024-02-22 00:00:00"]
    );
}

#[test]
fn codes_and_titles_are_those_of_the_delivery() {
    let Some(path) = folder("mii") else { return };
    let mut site = Site::new();
    let report = site.import(&path);
    // 23 conditions have a coding of ICD-10-GM or of the WHO.
    assert_eq!(site.number("SELECT count(icd10_code) FROM conditions"), 23);
    assert_eq!(
        site.number(
            "SELECT count(*) FROM conditions WHERE icd10_code IS NOT NULL AND icd10_chapter IS NULL"
        ),
        0
    );
    assert_eq!(
        site.texts("SELECT title FROM icd10_titles WHERE code = 'C61'"),
        ["Bösartige Neubildung der Prostata"]
    );
    assert!(
        report
            .notices
            .iter()
            .any(|notice| notice.contains("49 Procedure")),
        "{:?}",
        report.notices
    );
}

#[test]
fn the_log_of_a_bulk_export_is_skipped_and_tells_until_when_the_data_goes() {
    let Some(path) = folder("smart-10") else {
        return;
    };
    let mut site = Site::new();
    let report = site.import(&path);
    assert!(
        report
            .notices
            .contains(&"not FHIR, skipped: log.ndjson".to_owned()),
        "{:?}",
        report.notices
    );
    assert_eq!(
        site.texts("SELECT data_through AT TIME ZONE 'UTC' FROM import_runs"),
        ["2024-08-06 18:12:57"]
    );
}
