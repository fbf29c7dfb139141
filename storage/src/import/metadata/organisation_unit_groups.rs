//! Groups of organisation units, which program rules ask for.

use serde::Deserialize;
use serde_json::json;

use super::{
    common::plain,
    kind,
    loader::{Checked, Loader},
    references::Ref,
};
use crate::{
    Result,
    import::dhis2::{object::Raw, timestamp::Timestamp},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrganisationUnitGroup {
    name: String,
    short_name: Option<String>,
    #[serde(default)]
    organisation_units: Vec<Ref>,
    created: Option<Timestamp>,
    last_updated: Option<Timestamp>,
}

pub(super) fn load(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    let now = loader.now;
    let kind = kind::ORGANISATION_UNIT_GROUP;
    loader.load(kind, list, |references, _, group: OrganisationUnitGroup| {
        let units = references.many(
            kind::ORGANISATION_UNIT,
            "organisationUnits",
            &group.organisation_units,
        )?;
        Ok(Checked {
            row: json!({
                "name": group.name,
                "shortname": group.short_name,
                "created": group.created.map_or(now, |moment| moment.0),
                "lastupdated": group.last_updated.map_or(now, |moment| moment.0),
            }),
            members: vec![(kind::UNITS_OF_GROUP, plain("organisationunitid", units))],
        })
    })
}
