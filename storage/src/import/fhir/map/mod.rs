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

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono_tz::Tz;
use serde_json::Value;

use super::{
    date,
    json::{list, text},
    reference::{self, Links, Reference},
    rule::Rule,
    stage::{
        Batch,
        rows::{Identifier, Resource},
    },
};

/// What a resource is mapped with.
#[derive(Debug)]
pub struct Source<'a> {
    /// Position in the delivery.
    pub seq: i64,
    /// Id of the resource.
    pub id: &'a str,
    /// The resource.
    pub resource: &'a Value,
    /// Ids by `fullUrl` of its bundle.
    pub links: &'a Links,
    /// Time zone of the clinic.
    pub zone: Tz,
}

impl Source<'_> {
    /// The reference to a resource of type `kind` under a key.
    fn reference(&self, key: &str, kind: &str) -> Option<Reference> {
        reference::read(self.resource, key, kind, self.resource, self.links)
    }
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
    match kind {
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
    if kind != "Observation" {
        batch.identifiers.extend(identifiers(source, kind));
    }
    batch.resources.push(version(source, kind));
    Ok(())
}

/// Records that a resource was deleted: a version without content.
pub fn deletion(source: &Source<'_>, kind: &'static str, batch: &mut Batch) {
    match kind {
        "Encounter" => batch.encounters.push(encounter::deleted(source)),
        "Condition" => batch
            .conditions
            .push(condition::left_out(source, "deleted")),
        "Observation" => batch
            .observations
            .push(observation::left_out(source, "deleted")),
        _ => return,
    }
    batch.resources.push(version(source, kind));
}

/// The version of a resource.
fn version(source: &Source<'_>, kind: &'static str) -> Resource {
    let meta = source.resource.get("meta").unwrap_or(&Value::Null);
    let mut hasher = DefaultHasher::new();
    source.resource.hash(&mut hasher);
    Resource {
        seq: source.seq,
        resource_type: kind,
        fhir_id: source.id.to_owned(),
        updated_at: text(meta, "lastUpdated").and_then(|text| date::instant(text, source.zone)),
        version: text(meta, "versionId").and_then(|text| text.parse().ok()),
        body: hasher.finish().cast_signed(),
    }
}

/// The identifiers of a resource.
fn identifiers(source: &Source<'_>, kind: &'static str) -> Vec<Identifier> {
    let nested = source.resource.get("partOf").is_some();
    list(source.resource, "identifier")
        .filter_map(reference::identifier)
        .map(|identifier| Identifier {
            seq: source.seq,
            resource_type: kind,
            identifier,
            fhir_id: source.id.to_owned(),
            nested,
        })
        .collect()
}
