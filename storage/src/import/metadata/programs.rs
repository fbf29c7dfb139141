//! Programs.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    common::{AttributeValue, Sharing, attribute_values, plain, sharing},
    kind,
    loader::{Checked, Loader},
    program_stages::Membership,
    references::Ref,
    tracked_entities::{AttributeUse, FeatureType, attribute_uses, yes},
};
use crate::{
    Result,
    import::dhis2::{object::Raw, timestamp::Timestamp},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Program {
    name: String,
    short_name: String,
    program_type: ProgramType,
    #[serde(default)]
    access_level: AccessLevel,
    category_combo: Option<Ref>,
    enrollment_category_combo: Option<Ref>,
    tracked_entity_type: Option<Ref>,
    #[serde(default)]
    expiry_days: i32,
    #[serde(default)]
    complete_events_expiry_days: i32,
    expiry_period_type: Option<String>,
    #[serde(default)]
    only_enroll_once: bool,
    #[serde(default)]
    display_incident_date: bool,
    #[serde(default)]
    open_days_after_co_end_date: i32,
    #[serde(default = "yes")]
    enable_change_log: bool,
    #[serde(default)]
    feature_type: Option<FeatureType>,
    sharing: Option<Sharing>,
    #[serde(default)]
    attribute_values: Vec<AttributeValue>,
    #[serde(default)]
    organisation_units: Vec<Ref>,
    #[serde(default)]
    program_tracked_entity_attributes: Vec<AttributeUse>,
    #[serde(default)]
    program_stages: Vec<Ref>,
    created: Option<Timestamp>,
    last_updated: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ProgramType {
    WithRegistration,
    WithoutRegistration,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum AccessLevel {
    #[default]
    Open,
    Audited,
    Protected,
    Closed,
}

pub(super) fn load(loader: &mut Loader, list: &[Raw], stages: &Membership) -> Result<()> {
    let now = loader.now;
    loader.load(kind::PROGRAM, list, |references, _, program: Program| {
        // A broken stage does not take its program along; a stage that is nowhere does.
        let nowhere = |stage: &&Ref| !stages.is_in_file(&stage.id) && references.id(kind::PROGRAM_STAGE, &stage.id).is_none();
        if let Some(stage) = program.program_stages.iter().find(nowhere) {
            return Err(references.fault(kind::PROGRAM_STAGE, "programStages", &stage.id));
        }
        let units = references.many(kind::ORGANISATION_UNIT, "organisationUnits", &program.organisation_units)?;
        let uses = &program.program_tracked_entity_attributes;
        let members = vec![
            (kind::UNITS_OF_PROGRAM, plain("organisationunitid", units)),
            (kind::ATTRIBUTES_OF_PROGRAM, attribute_uses(references, "programTrackedEntityAttributes", uses)?),
        ];
        let combo = |member, combo: &Option<Ref>| references.optional(kind::CATEGORY_COMBO, member, combo.as_ref());
        let entity_type = program.tracked_entity_type.as_ref();
        Ok(Checked {
            row: json!({
                "name": program.name,
                "shortname": program.short_name,
                "type": program.program_type,
                "accesslevel": program.access_level,
                "categorycomboid": combo("categoryCombo", &program.category_combo)?,
                "enrollmentcategorycomboid": combo("enrollmentCategoryCombo", &program.enrollment_category_combo)?,
                "trackedentitytypeid": references.optional(kind::TRACKED_ENTITY_TYPE, "trackedEntityType", entity_type)?,
                "expirydays": program.expiry_days,
                "completeeventsexpirydays": program.complete_events_expiry_days,
                "expiryperiodtype": program.expiry_period_type,
                "onlyenrollonce": program.only_enroll_once,
                "displayincidentdate": program.display_incident_date,
                "opendaysaftercoenddate": program.open_days_after_co_end_date,
                "enablechangelog": program.enable_change_log,
                "featuretype": program.feature_type,
                "sharing": sharing(program.sharing),
                "attributevalues": attribute_values(references, program.attribute_values)?,
                "created": program.created.map_or(now, |moment| moment.0),
                "lastupdated": program.last_updated.map_or(now, |moment| moment.0),
            }),
            members,
        })
    })
}
