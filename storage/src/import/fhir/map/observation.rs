//! Observation: a value, or one row per component of a panel.

use super::Source;
use crate::import::fhir::{
    date::{Moment, moment},
    json::{Value, list, text},
    reference::Reference,
    rule::Rule,
    stage::rows::Observation,
};

/// Maps an Observation.
///
/// # Errors
/// The rule that it breaks.
pub fn map(source: &Source<'_>) -> Result<Vec<Observation>, Rule> {
    let status = text(source.resource, "status").unwrap_or_default();
    let patient = source.reference("subject", "Patient");
    let encounter = source
        .reference("encounter", "Encounter")
        .or_else(|| source.reference("context", "Encounter"));
    let observed = observed(source)?;
    let row = Observation {
        observed_on: observed.and_then(|observed| observed.day),
        observed_at: observed.and_then(|observed| observed.at),
        patient_id: Reference::id(patient.as_ref()),
        patient_identifier: Reference::identifier(patient.as_ref()),
        encounter_fhir_id: Reference::id(encounter.as_ref()),
        encounter_identifier: Reference::identifier(encounter.as_ref()),
        ..blank(source, status)
    };
    rows(source, &row)
}

/// The status that keeps an Observation out: it is not final yet, or an error.
pub fn refused<'v>(resource: &'v Value<'_>) -> Option<&'v str> {
    const ACCEPTED: [&str; 4] = ["final", "amended", "corrected", "unknown"];
    let status = text(resource, "status").unwrap_or("missing");
    (!ACCEPTED.contains(&status)).then_some(status)
}

/// A row that says nothing.
fn blank(source: &Source<'_>, status: &str) -> Observation {
    Observation {
        seq: source.seq,
        resource_id: source.id.to_owned(),
        fhir_id: source.id.to_owned(),
        status: status.to_owned(),
        observed_on: None,
        observed_at: None,
        patient_id: None,
        patient_identifier: None,
        encounter_fhir_id: None,
        encounter_identifier: None,
        code_system: String::new(),
        code: String::new(),
        value_number: None,
        value_text: None,
        unit: None,
        updated_at: source.version.updated_at,
        version: source.version.number,
        body: source.version.body,
    }
}

/// The observation itself, when it has a value or no components, then its components.
fn rows(source: &Source<'_>, row: &Observation) -> Result<Vec<Observation>, Rule> {
    let own = valued(source.resource, row.clone());
    let has_value = |row: &Observation| row.value_number.is_some() || row.value_text.is_some();
    let components: Vec<Observation> = (1..)
        .zip(list(source.resource, "component"))
        .filter_map(|(position, component): (i32, _)| {
            let fhir_id = format!("{}#{position}", source.id);
            valued(
                component,
                Observation {
                    fhir_id,
                    ..row.clone()
                },
            )
        })
        .collect();
    let own = own.filter(|own| components.is_empty() || has_value(own));
    let rows: Vec<Observation> = own.into_iter().chain(components).collect();
    if rows.is_empty() {
        Err(Rule::MissingCode)
    } else {
        Ok(rows)
    }
}

/// When it was observed; when that was not sent, when it was issued.
fn observed(source: &Source<'_>) -> Result<Option<Moment>, Rule> {
    let resource = source.resource;
    let period = resource.get("effectivePeriod").unwrap_or(&Value::Null);
    for (element, key) in [
        (resource, "effectiveDateTime"),
        (period, "start"),
        (resource, "effectiveInstant"),
        (resource, "issued"),
    ] {
        if let Some(observed) = moment(element, key, source.zone)? {
            return Ok(Some(observed));
        }
    }
    Ok(None)
}

/// The row with code and value of an element; `None` when it has no code.
fn valued(element: &Value<'_>, row: Observation) -> Option<Observation> {
    let (code_system, code) = code(element.get("code")?)?;
    let quantity = element.get("valueQuantity").unwrap_or(&Value::Null);
    let number = quantity.get("value").and_then(Value::as_f64);
    let unit = text(quantity, "code")
        .or_else(|| text(quantity, "unit"))
        .map(str::to_owned);
    let (value_number, value_text) = match (number, text(quantity, "comparator")) {
        // "< 5" is not 5.
        (Some(number), Some(comparator)) => (None, Some(format!("{comparator}{number}"))),
        (Some(number), None) => (Some(number), None),
        (None, _) => match element.get("valueInteger").and_then(Value::as_f64) {
            Some(number) => (Some(number), None),
            None => (None, value_text(element)),
        },
    };
    Some(Observation {
        code_system,
        code,
        value_number,
        value_text,
        unit,
        ..row
    })
}

/// System and code: LOINC, else the first coding, else the text.
fn code(concept: &Value<'_>) -> Option<(String, String)> {
    let loinc =
        list(concept, "coding").find(|coding| text(coding, "system") == Some("http://loinc.org"));
    let coding = loinc
        .into_iter()
        .chain(list(concept, "coding"))
        .find_map(|coding| {
            Some((
                text(coding, "system").unwrap_or_default(),
                text(coding, "code")?,
            ))
        });
    let (system, code) = coding.or_else(|| Some(("", text(concept, "text")?)))?;
    Some((system.to_owned(), code.to_owned()))
}

/// A coded or textual value.
fn value_text(element: &Value<'_>) -> Option<String> {
    if let Some(concept) = element.get("valueCodeableConcept") {
        let code = list(concept, "coding").find_map(|coding| text(coding, "code"));
        return code.or_else(|| text(concept, "text")).map(str::to_owned);
    }
    if let Some(truth) = element.get("valueBoolean").and_then(Value::as_bool) {
        return Some(truth.to_string());
    }
    for (key, first, mark, second) in [
        ("valueRatio", "numerator", ':', "denominator"),
        ("valueRange", "low", '-', "high"),
    ] {
        let value = element.get(key).unwrap_or(&Value::Null);
        let number = |part| value.get(part)?.get("value")?.as_f64();
        if let (Some(first), Some(second)) = (number(first), number(second)) {
            return Some(format!("{first}{mark}{second}"));
        }
    }
    ["valueString", "valueDateTime", "valueTime", "valueDate"]
        .into_iter()
        .find_map(|key| text(element, key))
        .map(str::to_owned)
}
