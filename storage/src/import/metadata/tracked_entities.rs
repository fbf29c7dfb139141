//! Tracked entity attributes and types.

use std::collections::HashSet;

use domain::event::ValueType;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    common::{AttributeValue, Sharing, attribute_values, sharing},
    kind,
    loader::{Checked, Loader},
    references::{Ref, References},
};
use crate::{
    Result,
    import::dhis2::{
        object::{Fault, Raw},
        value_type,
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TrackedEntityAttribute {
    name: String,
    short_name: String,
    form_name: Option<String>,
    #[serde(deserialize_with = "value_type::read")]
    value_type: ValueType,
    aggregation_type: Option<String>,
    option_set: Option<Ref>,
    #[serde(default)]
    unique: bool,
    #[serde(default)]
    min_characters_to_search: i32,
    blocked_search_operators: Option<Vec<String>>,
    preferred_search_operator: Option<String>,
    #[serde(default)]
    trigram_indexable: bool,
    sharing: Option<Sharing>,
    #[serde(default)]
    attribute_values: Vec<AttributeValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TrackedEntityType {
    name: String,
    short_name: Option<String>,
    #[serde(default)]
    allow_audit_log: bool,
    #[serde(default = "yes")]
    enable_change_log: bool,
    #[serde(default)]
    feature_type: Option<FeatureType>,
    sharing: Option<Sharing>,
    #[serde(default)]
    attribute_values: Vec<AttributeValue>,
    #[serde(default)]
    tracked_entity_type_attributes: Vec<AttributeUse>,
}

/// Kind of geometry that objects may carry.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum FeatureType {
    None,
    Point,
    Polygon,
    MultiPolygon,
    Symbol,
}

/// An attribute as a program or a type uses it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttributeUse {
    tracked_entity_attribute: Ref,
    #[serde(default)]
    mandatory: bool,
    #[serde(default)]
    searchable: bool,
    #[serde(default)]
    display_in_list: bool,
}

/// What `enableChangeLog` is when it is not sent.
pub(super) fn yes() -> bool {
    true
}

pub(super) fn load_attributes(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    loader.load(kind::TRACKED_ENTITY_ATTRIBUTE, list, |references, _, attribute: TrackedEntityAttribute| {
        let set = attribute.option_set.as_ref();
        Ok(Checked {
            row: json!({
                "name": attribute.name,
                "shortname": attribute.short_name,
                "formname": attribute.form_name,
                "valuetype": attribute.value_type.name(),
                "aggregationtype": attribute.aggregation_type.as_deref().unwrap_or("NONE"),
                "optionsetid": references.optional(kind::OPTION_SET, "optionSet", set)?,
                "uniquefield": attribute.unique,
                "mincharacterstosearch": attribute.min_characters_to_search,
                "blockedsearchoperators": attribute.blocked_search_operators.unwrap_or_default(),
                "preferredsearchoperator": attribute.preferred_search_operator,
                "trigramindexable": attribute.trigram_indexable,
                "sharing": sharing(attribute.sharing),
                "attributevalues": attribute_values(references, attribute.attribute_values)?,
            }),
            members: vec![],
        })
    })
}

pub(super) fn load_types(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    loader.load(
        kind::TRACKED_ENTITY_TYPE,
        list,
        |references, _, entity_type: TrackedEntityType| {
            let uses = &entity_type.tracked_entity_type_attributes;
            let uses = attribute_uses(references, "trackedEntityTypeAttributes", uses)?;
            Ok(Checked {
                row: json!({
                    "name": entity_type.name,
                    "shortname": entity_type.short_name,
                    "allowauditlog": entity_type.allow_audit_log,
                    "enablechangelog": entity_type.enable_change_log,
                    "featuretype": entity_type.feature_type,
                    "sharing": sharing(entity_type.sharing),
                    "attributevalues": attribute_values(references, entity_type.attribute_values)?,
                }),
                members: vec![(kind::ATTRIBUTES_OF_TYPE, uses)],
            })
        },
    )
}

/// Rows of the attributes that a program or a type uses, each once, in order.
pub(super) fn attribute_uses(
    references: &References,
    member: &str,
    uses: &[AttributeUse],
) -> Result<Vec<Value>, Fault> {
    let mut seen = HashSet::new();
    let mut rows = Vec::with_capacity(uses.len());
    for attribute in uses {
        let id = references.one(
            kind::TRACKED_ENTITY_ATTRIBUTE,
            member,
            &attribute.tracked_entity_attribute,
        )?;
        if seen.insert(id) {
            rows.push(json!({
                "trackedentityattributeid": id,
                "sort_order": rows.len() + 1,
                "mandatory": attribute.mandatory,
                "searchable": attribute.searchable,
                "displayinlist": attribute.display_in_list,
            }));
        }
    }
    Ok(rows)
}
