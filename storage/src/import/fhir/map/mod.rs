//! From FHIR to staged rows: pure functions, one per resource type.

mod codes;
pub mod condition;
pub mod contact;
pub mod encounter;
pub mod observation;
pub mod patient;
pub mod place;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{
    date,
    json::{Value, list, text},
    reference::{self, Links, Reference},
    rule::Rule,
    stage::{
        Batch,
        rows::{Identifier, Resource},
    },
};

/// Raised when resources are mapped otherwise than before, so that one that is delivered again is mapped anew.
const MAPPING: u64 = 2;

/// What a resource is mapped with.
#[derive(Debug)]
pub struct Source<'a> {
    /// Position in the delivery.
    pub seq: i64,
    /// Id of the resource.
    pub id: &'a str,
    /// The resource.
    pub resource: &'a Value<'a>,
    /// Ids by `fullUrl` of its bundle.
    pub links: &'a Links,
    /// Time zone of the clinic.
    pub zone: Tz,
    /// Version of the resource.
    pub version: Version,
}

/// The version of a resource.
#[derive(Debug, Clone, Copy)]
pub struct Version {
    /// meta.lastUpdated.
    pub updated_at: Option<DateTime<Utc>>,
    /// meta.versionId, when numeric.
    pub number: Option<i64>,
    /// Hash of the whole resource and of how it is mapped.
    pub body: i64,
}

impl Version {
    /// The version that a resource states.
    #[must_use]
    pub fn of(resource: &Value<'_>, zone: Tz, seed: u64) -> Self {
        let meta = resource.get("meta").unwrap_or(&Value::Null);
        Version {
            updated_at: text(meta, "lastUpdated").and_then(|text| date::instant(text, zone)),
            number: text(meta, "versionId").and_then(|text| text.parse().ok()),
            body: resource.content_hash(seed).cast_signed(),
        }
    }
}

impl Source<'_> {
    /// The reference to a resource of type `kind` under a key.
    fn reference(&self, key: &str, kind: &str) -> Option<Reference> {
        reference::read(self.resource, key, kind, self.resource, self.links)
    }
}

/// A number that stands for the way resources are mapped in a time zone.
#[must_use]
pub fn seed(zone: Tz) -> u64 {
    Value::Text(zone.name().into()).content_hash(MAPPING)
}

/// The types that are imported.
const KINDS: [&str; 6] = [
    "Patient",
    "Encounter",
    "Condition",
    "Observation",
    "Location",
    "Organization",
];

/// The known type of that name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static str> {
    KINDS.into_iter().find(|kind| *kind == name)
}

/// Maps a resource of a known type and adds its rows to the batch.
///
/// # Errors
/// The rule that the resource breaks; nothing is added then.
pub fn resource(source: &Source<'_>, kind: &'static str, batch: &mut Batch) -> Result<(), Rule> {
    if source.id.contains('#') {
        return Err(Rule::MissingId);
    }
    let refused = match kind {
        "Condition" => condition::refused(source.resource),
        "Observation" => observation::refused(source.resource),
        _ => None,
    };
    match kind {
        _ if refused.is_some() => {}
        "Patient" => batch.patients.push(patient::map(source)?),
        "Encounter" => {
            let encounter = encounter::map(source)?;
            batch.contacts.extend(contact::map(source, &encounter)?);
            batch.diagnoses.extend(encounter::diagnoses(source));
            batch.encounters.push(encounter);
        }
        "Condition" => batch.conditions.extend(condition::map(source)?),
        "Observation" => batch.observations.extend(observation::map(source)?),
        _ => batch.places.push(place::map(source, kind)),
    }
    if refused.is_none() && kind != "Observation" {
        batch.identifiers.extend(identifiers(source, kind));
    }
    batch.resources.push(Resource {
        seq: source.seq,
        resource_type: kind,
        fhir_id: source.id.to_owned(),
        updated_at: source.version.updated_at,
        version: source.version.number,
        body: source.version.body,
        is_deleted: false,
        left_out: refused.map(str::to_owned),
    });
    Ok(())
}

/// Records that a resource was deleted, and when, if that is known.
pub fn deletion(seq: i64, kind: &'static str, id: &str, at: Option<DateTime<Utc>>) -> Resource {
    Resource {
        seq,
        resource_type: kind,
        fhir_id: id.to_owned(),
        updated_at: at,
        version: None,
        body: 0,
        is_deleted: true,
        left_out: None,
    }
}

/// The identifiers of a resource.
fn identifiers(source: &Source<'_>, kind: &'static str) -> Vec<Identifier> {
    let nested = source.resource.get("partOf").is_some();
    list(source.resource, "identifier")
        .filter_map(|identifier| {
            Some(Identifier {
                seq: source.seq,
                resource_type: kind,
                system: text(identifier, "system").unwrap_or_default().to_owned(),
                value: text(identifier, "value")?.to_owned(),
                fhir_id: source.id.to_owned(),
                nested,
            })
        })
        .collect()
}
