//! Condition: one row per ICD-10 code that its text holds.

use domain::icd10::{
    self,
    code::{Certainty, Marker},
};

use super::Source;
use crate::import::fhir::{
    date::moment,
    json::{Value, code_of, codes, extension_code, last_part, list, text},
    reference::Reference,
    rule::Rule,
    stage::rows::Condition,
};

/// Maps a Condition.
///
/// # Errors
/// The rule that it breaks.
pub fn map(source: &Source<'_>) -> Result<Vec<Condition>, Rule> {
    let patient = source.reference("subject", "Patient");
    let encounter = source
        .reference("encounter", "Encounter")
        .or_else(|| source.reference("context", "Encounter"));
    let recorded = moment(source.resource, "recordedDate", source.zone)?;
    let row = Condition {
        patient_id: Reference::id(patient.as_ref()),
        patient_identifier: Reference::identifier(patient.as_ref()),
        encounter_fhir_id: Reference::id(encounter.as_ref()),
        encounter_identifier: Reference::identifier(encounter.as_ref()),
        recorded_on: recorded.and_then(|recorded| recorded.day),
        ..blank(source)
    };
    Ok(coded(source, row))
}

/// A row that says nothing.
fn blank(source: &Source<'_>) -> Condition {
    Condition {
        seq: source.seq,
        resource_id: source.id.to_owned(),
        fhir_id: source.id.to_owned(),
        patient_id: None,
        patient_identifier: None,
        encounter_fhir_id: None,
        encounter_identifier: None,
        icd10_code: None,
        excluded_icd10_code: None,
        icd10_chapter: None,
        marker: None,
        certainty: None,
        code_version: None,
        display: None,
        recorded_on: None,
        updated_at: source.version.updated_at,
        version: source.version.number,
        body: source.version.body,
    }
}

/// The verification status that keeps a Condition out.
pub fn refused<'v>(resource: &'v Value<'_>) -> Option<&'v str> {
    const ACCEPTED: [&str; 4] = ["provisional", "differential", "confirmed", "unconfirmed"];
    let status = resource.get("verificationStatus")?;
    let code = code_of(status, "condition-ver-status")
        .or_else(|| codes(resource, "verificationStatus").next())
        .or_else(|| status.as_str())?;
    (!ACCEPTED.contains(&code)).then_some(code)
}

/// The rows of a Condition: one for each code of its ICD-10 coding, one without a code when it has none.
fn coded(source: &Source<'_>, row: Condition) -> Vec<Condition> {
    let concept = source.resource.get("code").unwrap_or(&Value::Null);
    let Some((coding, codes)) = icd10_coding(concept) else {
        let title = list(concept, "coding").find_map(|coding| text(coding, "display"));
        let display = title.or_else(|| text(concept, "text")).map(str::to_owned);
        return vec![Condition { display, ..row }];
    };
    let marker =
        extension_code(coding, "icd-10-gm-mehrfachcodierungs-kennzeichen").and_then(symbol);
    let certainty = extension_code(coding, "icd-10-gm-diagnosesicherheit")
        .or_else(|| extension_code(source.resource, "icd-10-gm-diagnosesicherheit"))
        .and_then(|code| Certainty::from_letter(code.chars().next()?));
    let display = text(coding, "display").filter(|_| codes.len() == 1);
    let rows = (1..).zip(codes).map(|(position, code)| {
        let certainty = certainty.or(code.certainty);
        // What is ruled out carries no code that anybody could count.
        let (counted, excluded) = match certainty {
            Some(Certainty::Excluded) => (None, Some(code.code)),
            _ => (Some(code.code), None),
        };
        Condition {
            fhir_id: if position == 1 {
                source.id.to_owned()
            } else {
                format!("{}#{position}", source.id)
            },
            icd10_chapter: counted
                .as_deref()
                .and_then(icd10::chapter_of)
                .map(|chapter| chapter.number),
            marker: code.marker.or(marker).map(marker_name),
            certainty: certainty.map(certainty_name),
            code_version: text(coding, "version").map(str::to_owned),
            display: display.map(str::to_owned),
            icd10_code: counted,
            excluded_icd10_code: excluded,
            ..row.clone()
        }
    });
    rows.collect()
}

/// A coding and the codes in it.
type Coding<'v, 'j> = (&'v Value<'j>, Vec<icd10::code::Code>);

/// The coding that counts, and its codes: the German catalogue first, then that of the WHO, then the American one,
/// of which only the category is comparable.
fn icd10_coding<'v, 'j>(concept: &'v Value<'j>) -> Option<Coding<'v, 'j>> {
    let of = |is_wanted: fn(&str) -> bool| {
        list(concept, "coding").find_map(|coding| {
            let system = text(coding, "system")?;
            let codes = icd10::code::parse(text(coding, "code")?);
            (is_wanted(last_part(system)) && !codes.is_empty()).then_some((coding, codes))
        })
    };
    of(|system| system.eq_ignore_ascii_case("icd-10-gm"))
        .or_else(|| of(|system| system.eq_ignore_ascii_case("icd-10")))
        .or_else(|| of(|system| system.eq_ignore_ascii_case("icd-10-cm")).and_then(category))
}

/// An American code as its category, when the German catalogue has it.
fn category<'v, 'j>((coding, codes): Coding<'v, 'j>) -> Option<Coding<'v, 'j>> {
    let categories: Vec<_> = codes
        .into_iter()
        .filter(|code| {
            code.code[..3]
                .bytes()
                .skip(1)
                .all(|byte| byte.is_ascii_digit())
        })
        .filter(|code| icd10::block_of(&code.code).is_some())
        .map(|code| icd10::code::Code {
            code: code.code[..3].to_owned(),
            marker: None,
            certainty: None,
        })
        .collect();
    (!categories.is_empty()).then_some((coding, categories))
}

fn symbol(code: &str) -> Option<Marker> {
    Marker::from_symbol(code.chars().next()?)
}

fn marker_name(marker: Marker) -> &'static str {
    match marker {
        Marker::Dagger => "DAGGER",
        Marker::Asterisk => "ASTERISK",
        Marker::Exclamation => "EXCLAMATION",
    }
}

fn certainty_name(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Confirmed => "CONFIRMED",
        Certainty::Suspected => "SUSPECTED",
        Certainty::StatusPost => "STATUS_POST",
        Certainty::Excluded => "EXCLUDED",
    }
}
