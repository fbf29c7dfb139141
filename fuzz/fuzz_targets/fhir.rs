//! The lines and the bundles of a FHIR delivery, until they are rows.

#![no_main]

use libfuzzer_sys::fuzz_target;
use storage::import::fhir;

fuzz_target!(|bytes: &[u8]| {
    let lines = fhir::read_lines(bytes);
    assert!(lines.bad <= lines.values + lines.resources);
    let _ = fhir::read_bundle(bytes);
});
