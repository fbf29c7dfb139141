//! Relationship types. Their constraints are stored as sent.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    common::{AttributeValue, Sharing, attribute_values, sharing},
    kind,
    loader::{Checked, Loader},
    references::{Ref, References},
};
use crate::{
    Result,
    import::dhis2::object::{self, Fault, Raw},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RelationshipType {
    name: String,
    #[serde(default)]
    bidirectional: bool,
    from_to_name: Option<String>,
    to_from_name: Option<String>,
    from_constraint: Raw,
    to_constraint: Raw,
    sharing: Option<Sharing>,
    #[serde(default)]
    attribute_values: Vec<AttributeValue>,
}

/// What a constraint names.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Constraint {
    #[serde(rename = "relationshipEntity")]
    _entity: RelationshipEntity,
    tracked_entity_type: Option<Ref>,
    program: Option<Ref>,
    program_stage: Option<Ref>,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(clippy::enum_variant_names, reason = "DHIS2's own names")]
enum RelationshipEntity {
    TrackedEntityInstance,
    ProgramInstance,
    ProgramStageInstance,
}

pub(super) fn load(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    loader.load(kind::RELATIONSHIP_TYPE, list, |references, _, relationship: RelationshipType| {
        Ok(Checked {
            row: json!({
                "name": relationship.name,
                "bidirectional": relationship.bidirectional,
                "fromtoname": relationship.from_to_name,
                "tofromname": relationship.to_from_name,
                "fromconstraint": constraint(references, "fromConstraint", &relationship.from_constraint)?,
                "toconstraint": constraint(references, "toConstraint", &relationship.to_constraint)?,
                "sharing": sharing(relationship.sharing),
                "attributevalues": attribute_values(references, relationship.attribute_values)?,
            }),
            members: vec![],
        })
    })
}

/// The constraint as sent, once what it names is found.
fn constraint(references: &References, member: &str, raw: &Raw) -> Result<Value, Fault> {
    let in_member =
        |fault: Fault| Fault::new(fault.rule, format!("in `{member}`: {}", fault.message));
    let constraint: Constraint = object::read(raw).map_err(in_member)?;
    let entity_type = constraint.tracked_entity_type.as_ref();
    references.optional(kind::TRACKED_ENTITY_TYPE, member, entity_type)?;
    references.optional(kind::PROGRAM, member, constraint.program.as_ref())?;
    references.optional(
        kind::PROGRAM_STAGE,
        member,
        constraint.program_stage.as_ref(),
    )?;
    object::read(raw).map_err(in_member)
}
