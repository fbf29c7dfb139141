//! The places of a contact: its locations, the organisation in charge, its department.

use super::{
    Source,
    encounter::{is_reversed, took_place},
};
use crate::import::fhir::{
    date::moment,
    json::{Value, codes, is_system, list, text},
    reference::{self, Reference},
    rule::Rule,
    stage::rows::{Contact, Encounter},
};

/// Department of intensive care, by the first two digits of its key.
const INTENSIVE_CARE: &str = "3600";

/// The places that an inpatient contact names: candidates for the station contacts of its stay.
///
/// # Errors
/// A date that cannot be read, a period that is reversed.
pub fn map(source: &Source<'_>, encounter: &Encounter) -> Result<Vec<Contact>, Rule> {
    if !took_place(encounter) {
        return Ok(Vec::new());
    }
    let mut contacts = Vec::new();
    for (position, entry) in (0..).zip(list(source.resource, "location")) {
        let physical_type = codes(entry, "physicalType").next();
        if physical_type.is_none_or(|kind| kind == "wa") && text(entry, "status") != Some("planned")
        {
            contacts.extend(location(source, entry, position)?);
        }
    }
    contacts.extend(place(
        source,
        source.resource,
        "serviceProvider",
        "Organization",
    ));
    let is_intensive =
        encounter.level == Some("CARE") && codes(source.resource, "type").any(is_intensive_care);
    for contact in contacts.iter_mut().filter(|_| is_intensive) {
        contact.department_key = Some(INTENSIVE_CARE.to_owned());
    }
    contacts.extend(department(source));
    Ok(contacts)
}

fn is_intensive_care(kind: &str) -> bool {
    kind.eq_ignore_ascii_case("intensivstationaer")
}

fn location(
    source: &Source<'_>,
    entry: &Value<'_>,
    position: i32,
) -> Result<Option<Contact>, Rule> {
    let Some(contact) = place(source, entry, "location", "Location") else {
        return Ok(None);
    };
    let period = entry.get("period").unwrap_or(&Value::Null);
    let start = moment(period, "start", source.zone)?;
    let end = moment(period, "end", source.zone)?;
    if is_reversed(start, end) {
        return Err(Rule::PeriodReversed);
    }
    Ok(Some(Contact {
        position,
        source: "LOCATION",
        physical_type: codes(entry, "physicalType").next().map(str::to_owned),
        started_at: start.and_then(|start| start.begin(source.zone)),
        ended_at: end.and_then(|end| end.begin(source.zone)),
        ..contact
    }))
}

/// A referenced place: its id, else its identifier, else what it is called.
fn place(
    source: &Source<'_>,
    element: &Value<'_>,
    key: &str,
    kind: &'static str,
) -> Option<Contact> {
    let target = element.get(key)?;
    let reference = reference::read(element, key, kind, source.resource, source.links);
    let display = text(target, "display");
    let identifier = Reference::identifier(reference.as_ref())
        .or_else(|| reference::identifier(target.get("identifier")?));
    if reference.is_none() && display.is_none() {
        return None;
    }
    let (system, value) = identifier
        .as_deref()
        .and_then(|identifier| identifier.split_once('|'))
        .unzip();
    Some(Contact {
        place_type: Some(kind),
        place_id: Reference::id(reference.as_ref()),
        identifier_system: system.map(str::to_owned),
        identifier_value: value.map(str::to_owned),
        display: display.map(str::to_owned),
        ..empty(source, "PROVIDER")
    })
}

/// The department by its four-digit key.
fn department(source: &Source<'_>) -> Option<Contact> {
    let coding = list(source.resource, "serviceType")
        .flat_map(|service| list(service, "coding"))
        .find(|coding| {
            is_system(coding, "Fachabteilungsschluessel")
                || is_system(coding, "Fachabteilungsschluessel-erweitert")
        })?;
    let key = text(coding, "code")?;
    Some(Contact {
        identifier_system: text(coding, "system").map(str::to_owned),
        identifier_value: Some(key.to_owned()),
        display: text(coding, "display").map(str::to_owned),
        department_key: Some(key.to_owned()),
        ..empty(source, "DEPARTMENT")
    })
}

fn empty(source: &Source<'_>, kind: &'static str) -> Contact {
    Contact {
        seq: source.seq,
        encounter_fhir_id: source.id.to_owned(),
        position: 0,
        source: kind,
        place_type: None,
        place_id: None,
        identifier_system: None,
        identifier_value: None,
        display: None,
        department_key: None,
        physical_type: None,
        started_at: None,
        ended_at: None,
    }
}
