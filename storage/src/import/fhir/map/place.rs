//! Location and Organization: the names and identifiers of stations and clinics.

use super::Source;
use crate::import::fhir::{
    json::{codes, list, text},
    stage::rows::Place,
};

/// Maps a Location or an Organization.
#[must_use]
pub fn map(source: &Source<'_>, kind: &'static str) -> Place {
    let identifier =
        list(source.resource, "identifier").find(|identifier| text(identifier, "value").is_some());
    let part = |key| {
        identifier
            .and_then(|identifier| text(identifier, key))
            .map(str::to_owned)
    };
    Place {
        seq: source.seq,
        resource_type: kind,
        fhir_id: source.id.to_owned(),
        identifier_system: part("system"),
        identifier_value: part("value"),
        name: text(source.resource, "name").map(str::to_owned),
        physical_type: codes(source.resource, "physicalType")
            .next()
            .map(str::to_owned),
        updated_at: source.version.updated_at,
        version: source.version.number,
        body: source.version.body,
    }
}
