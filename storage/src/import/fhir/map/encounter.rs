//! Encounter: contacts of all levels, their diagnoses and their places.

use super::{
    Source,
    codes::{admission_type, discharge_type},
};
use crate::import::fhir::{
    date::{Moment, moment},
    json::{Value, code_of, codes, extension, extension_code, is_system, list, text},
    reference::{self, Reference},
    rule::Rule,
    stage::rows::{Diagnosis, Encounter},
};

/// The statuses of contacts that happened or happen.
const ACCEPTED: [&str; 4] = ["in-progress", "onleave", "finished", "unknown"];

/// Maps an Encounter. The rules are checked for inpatient contacts only: others are never stored.
///
/// # Errors
/// The rule that it breaks.
pub fn map(source: &Source<'_>) -> Result<Encounter, Rule> {
    let resource = source.resource;
    let period = resource.get("period").unwrap_or(&Value::Null);
    let part_of = source.reference("partOf", "Encounter");
    let patient = source.reference("subject", "Patient");
    let provider = source.reference("serviceProvider", "Organization");
    let admission = admission(resource);
    let kinds: Vec<String> = codes(resource, "type")
        .map(str::to_ascii_lowercase)
        .collect();
    let (setting, case_kind) = setting(resource, &kinds, &admission);
    let mut encounter = Encounter {
        part_of_id: Reference::id(part_of.as_ref()),
        part_of_identifier: Reference::identifier(part_of.as_ref()),
        patient_id: Reference::id(patient.as_ref()),
        patient_identifier: Reference::identifier(patient.as_ref()),
        provider_id: Reference::id(provider.as_ref()),
        provider_identifier: Reference::identifier(provider.as_ref()),
        level: kinds.iter().find_map(|kind| level(kind)),
        setting,
        status: text(resource, "status").unwrap_or("missing").to_owned(),
        case_kind,
        admission_number: admission_number(resource),
        admission_type: admission_type(admission.source.filter(|_| admission.is_german)),
        admission_source_code: admission.source.map(str::to_owned),
        admission_reason_code: admission.reason.map(str::to_owned),
        ..blank(source)
    };
    if took_place(&encounter) {
        let start = moment(period, "start", source.zone)?;
        let end = moment(period, "end", source.zone)?;
        check(&encounter, start, end)?;
        encounter.admission_date = start.and_then(|start| start.day);
        encounter.admitted_at = start.and_then(|start| start.at);
        encounter.discharge_date = end.and_then(|end| end.day);
        encounter.discharged_at = end.and_then(|end| end.at);
    }
    let reason = discharge_reason(resource);
    encounter.discharge_type = match &reason {
        // Whatever the reason says: without a day of discharge a stay counts as open everywhere.
        _ if encounter.discharge_date.is_none() => "OPEN",
        Some((reason, true)) => discharge_type(reason),
        _ => "UNKNOWN",
    };
    encounter.discharge_reason_code = reason.map(|(reason, _)| reason);
    Ok(encounter)
}

/// Whether it is an inpatient contact that happened or happens.
#[must_use]
pub fn took_place(encounter: &Encounter) -> bool {
    encounter.setting == "INPATIENT" && ACCEPTED.contains(&encounter.status.as_str())
}

/// A contact that says nothing.
fn blank(source: &Source<'_>) -> Encounter {
    Encounter {
        seq: source.seq,
        fhir_id: source.id.to_owned(),
        part_of_id: None,
        part_of_identifier: None,
        patient_id: None,
        patient_identifier: None,
        provider_id: None,
        provider_identifier: None,
        level: None,
        setting: "OUTPATIENT",
        status: String::new(),
        case_kind: "FULL",
        admission_number: None,
        admission_date: None,
        discharge_date: None,
        admitted_at: None,
        discharged_at: None,
        admission_type: "UNKNOWN",
        admission_source_code: None,
        admission_reason_code: None,
        discharge_type: "UNKNOWN",
        discharge_reason_code: None,
        updated_at: source.version.updated_at,
        version: source.version.number,
        body: source.version.body,
    }
}

/// A part of a stay may leave its period open: it still ties its diagnoses to the stay.
fn check(encounter: &Encounter, start: Option<Moment>, end: Option<Moment>) -> Result<(), Rule> {
    let is_part = encounter.part_of_id.is_some()
        || encounter.part_of_identifier.is_some()
        || encounter.level.is_some_and(|level| level != "FACILITY");
    if start.is_none() && !is_part {
        return Err(Rule::EncounterWithoutStart);
    }
    let is_inexact = |moment: Option<Moment>| moment.is_some_and(|moment| moment.day.is_none());
    if is_inexact(start) || is_inexact(end) {
        return Err(Rule::InvalidDate);
    }
    if is_reversed(start, end) {
        return Err(Rule::PeriodReversed);
    }
    if encounter.patient_id.is_none() && encounter.patient_identifier.is_none() {
        return Err(Rule::PatientReferenceMissing);
    }
    Ok(())
}

/// Whether a period ends before it starts.
pub fn is_reversed(start: Option<Moment>, end: Option<Moment>) -> bool {
    match (start, end) {
        (
            Some(Moment {
                at: Some(start), ..
            }),
            Some(Moment { at: Some(end), .. }),
        ) => end < start,
        (Some(start), Some(end)) => end.day < start.day,
        _ => false,
    }
}

fn level(kind: &str) -> Option<&'static str> {
    match kind {
        "einrichtungskontakt" => Some("FACILITY"),
        "abteilungskontakt" => Some("DEPARTMENT"),
        "versorgungsstellenkontakt" => Some("CARE"),
        _ => None,
    }
}

/// Setting of a contact and, when it is a stay, its kind of case.
fn setting(
    resource: &Value<'_>,
    kinds: &[String],
    admission: &Admission<'_>,
) -> (&'static str, &'static str) {
    let is = |kind: &str| kinds.iter().any(|found| found == kind);
    let is_day = is("teilstationaer") || admission.reason == Some("03");
    let is_home = is("stationsaequivalent") || admission.reason == Some("10");
    if is("begleitperson") || (admission.is_german && admission.source == Some("B")) {
        return ("COMPANION", "FULL");
    }
    let is_before = admission.reason == Some("04");
    if is("vorstationaer") || is("nachstationaer") || is_before {
        return ("OUTPATIENT", "FULL");
    }
    let is_secondary = is("konsil") || is("ub") || is("operation");
    match class(resource) {
        Some("IMP" | "ACUTE" | "NONAC" | "SS" | "HH") if is_secondary => ("SECONDARY", "FULL"),
        Some("IMP" | "ACUTE" | "NONAC") if is_day => ("INPATIENT", "DAY"),
        Some("IMP" | "ACUTE" | "NONAC") => ("INPATIENT", "FULL"),
        Some("SS") if is_day => ("INPATIENT", "DAY"),
        Some("HH") if is_home => ("INPATIENT", "HOME"),
        _ => ("OUTPATIENT", "FULL"),
    }
}

/// The class: a coding in R4, a list of concepts in R5.
fn class<'v>(resource: &'v Value<'_>) -> Option<&'v str> {
    let class = resource.get("class")?;
    text(class, "code").or_else(|| codes(resource, "class").next())
}

/// How and why a patient came.
struct Admission<'v> {
    source: Option<&'v str>,
    is_german: bool,
    reason: Option<&'v str>,
}

fn admission<'v>(resource: &'v Value<'_>) -> Admission<'v> {
    let source = resource
        .get("hospitalization")
        .and_then(|hospitalization| hospitalization.get("admitSource"));
    let german = source.and_then(|source| code_of(source, "Aufnahmeanlass"));
    let any =
        source.and_then(|source| list(source, "coding").find_map(|coding| text(coding, "code")));
    let reason = extension(resource, "Aufnahmegrund").and_then(|reason| {
        let digits = extension_code(reason, "ErsteUndZweiteStelle");
        digits.or_else(|| text(reason.get("valueCoding")?, "code"))
    });
    Admission {
        source: german.or(any),
        is_german: german.is_some(),
        reason: reason.map(|reason| reason.get(..2).unwrap_or(reason)),
    }
}

/// The discharge reason as one text of up to three digits, and whether it is of the German key.
fn discharge_reason(resource: &Value<'_>) -> Option<(String, bool)> {
    let disposition = resource
        .get("hospitalization")?
        .get("dischargeDisposition")?;
    if let Some(reason) = extension(disposition, "Entlassungsgrund") {
        if let Some(first) = extension_code(reason, "ErsteUndZweiteStelle") {
            let third = extension_code(reason, "DritteStelle").unwrap_or_default();
            return Some((format!("{first}{third}"), true));
        }
        if let Some(code) = reason
            .get("valueCoding")
            .and_then(|coding| text(coding, "code"))
        {
            return Some((code.to_owned(), true));
        }
    }
    let german = list(disposition, "coding").find(|coding| {
        is_system(coding, "Entlassungsgrund")
            || is_system(coding, "EntlassungsgrundErsteUndZweiteStelle")
    });
    let any = || list(disposition, "coding").next();
    let code = text(german.or_else(any)?, "code")?;
    Some((code.to_owned(), german.is_some()))
}

fn admission_number(resource: &Value<'_>) -> Option<String> {
    list(resource, "identifier")
        .find(|identifier| codes(identifier, "type").any(|code| code == "VN"))
        .and_then(|identifier| text(identifier, "value"))
        .map(str::to_owned)
}

/// The diagnoses that an Encounter names. The main one is that of the strongest role in it.
#[must_use]
pub fn diagnoses(source: &Source<'_>) -> Vec<Diagnosis> {
    let named: Vec<(&Value<'_>, Option<u8>)> = list(source.resource, "diagnosis")
        .map(|diagnosis| (diagnosis, rank(diagnosis)))
        .collect();
    let strongest = named.iter().filter_map(|(_, rank)| *rank).min();
    named
        .into_iter()
        .filter_map(|(diagnosis, rank)| {
            let condition = reference::read(
                diagnosis,
                "condition",
                "Condition",
                source.resource,
                source.links,
            )?;
            let mut roles: Vec<String> = codes(diagnosis, "use").map(str::to_owned).collect();
            roles.sort();
            roles.dedup();
            Some(Diagnosis {
                seq: source.seq,
                encounter_fhir_id: source.id.to_owned(),
                condition_id: Reference::id(Some(&condition)),
                condition_identifier: Reference::identifier(Some(&condition)),
                is_main: rank.is_some() && rank == strongest,
                roles,
            })
        })
        .collect()
}

/// How much its roles make a diagnosis the main one of its stay, 1 the most: older data know the chief complaint alone,
/// or no role and a rank.
fn rank(diagnosis: &Value<'_>) -> Option<u8> {
    let role = |role| match role {
        "principle-DRG" => Some(1),
        "hospital-main-diagnosis" => Some(2),
        "CC" => Some(3),
        _ => None,
    };
    let is_first = diagnosis.get("rank").and_then(Value::as_f64) == Some(1.0)
        && codes(diagnosis, "use").next().is_none();
    codes(diagnosis, "use")
        .filter_map(role)
        .min()
        .or(is_first.then_some(4))
}
