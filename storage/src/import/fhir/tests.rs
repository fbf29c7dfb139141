//! Imports into a test database.

use std::path::PathBuf;

use super::*;
use crate::testing::connection;

fn fixtures() -> Option<PathBuf> {
    let path = std::env::var_os("CLINIGRAPH_FIXTURES").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures"),
        PathBuf::from,
    );
    let path = path.join("fhir");
    if path.is_dir() {
        return Some(path);
    }
    println!("ignored: no fixtures at {}", path.display());
    None
}

#[test]
fn explore() {
    let path = std::path::Path::new("/work/shared/fixtures/fhir");
    for (f, uid) in [
        ("mii", "ClinicAAAA1"),
        ("isik", "ClinicAAAA2"),
        ("smart-10", "ClinicAAAA3"),
        ("synthea", "ClinicAAAA4"),
        ("bad-lines", "ClinicAAAA5"),
        ("", "ClinicAAAA6"),
    ] {
        let mut conn = connection();
        for _ in 0..2 {
            let t = std::time::Instant::now();
            let report = run(&mut conn, &path.join(f), uid, &ProgressBar::hidden());
            println!("{f} {:?} {report:#?}", t.elapsed());
        }
    }
}
