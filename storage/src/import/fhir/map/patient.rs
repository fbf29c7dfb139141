//! Patient: sex, birth by month, day of death.

use super::Source;
use crate::import::fhir::{date::moment, json::text, rule::Rule, stage::rows::Patient};

/// Maps a Patient.
///
/// # Errors
/// [`Rule::InvalidDate`].
pub fn map(source: &Source<'_>) -> Result<Patient, Rule> {
    let birth = moment(source.resource, "birthDate", source.zone)?;
    let death = moment(source.resource, "deceasedDateTime", source.zone)?;
    Ok(Patient {
        seq: source.seq,
        fhir_id: source.id.to_owned(),
        sex: sex(text(source.resource, "gender")),
        birth_year: birth.and_then(|birth| i16::try_from(birth.year).ok()),
        birth_month: birth
            .and_then(|birth| birth.month)
            .and_then(|month| i16::try_from(month).ok()),
        deceased_on: death.and_then(|death| death.day),
        updated_at: source.version.updated_at,
        version: source.version.number,
        body: source.version.body,
    })
}

fn sex(gender: Option<&str>) -> &'static str {
    match gender {
        Some("female") => "FEMALE",
        Some("male") => "MALE",
        Some("other") => "OTHER",
        _ => "UNKNOWN",
    }
}
