//! Data elements.

use domain::event::ValueType;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    common::{AttributeValue, Sharing, attribute_values, sharing},
    kind,
    loader::{Checked, Loader},
    references::Ref,
};
use crate::{
    Result,
    import::dhis2::{object::Raw, timestamp::Timestamp, value_type},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DataElement {
    name: String,
    short_name: String,
    form_name: Option<String>,
    #[serde(deserialize_with = "value_type::read")]
    value_type: ValueType,
    #[serde(default)]
    domain_type: DomainType,
    aggregation_type: Option<String>,
    category_combo: Option<Ref>,
    option_set: Option<Ref>,
    #[serde(default)]
    zero_is_significant: bool,
    sharing: Option<Sharing>,
    #[serde(default)]
    attribute_values: Vec<AttributeValue>,
    created: Option<Timestamp>,
    last_updated: Option<Timestamp>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum DomainType {
    Aggregate,
    #[default]
    Tracker,
}

pub(super) fn load(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    let now = loader.now;
    loader.load(kind::DATA_ELEMENT, list, |references, _, element: DataElement| {
        let combo = element.category_combo.as_ref();
        Ok(Checked {
            row: json!({
                "name": element.name,
                "shortname": element.short_name,
                "formname": element.form_name,
                "valuetype": element.value_type.name(),
                "domaintype": element.domain_type,
                "aggregationtype": element.aggregation_type.as_deref().unwrap_or("NONE"),
                "categorycomboid": references.optional(kind::CATEGORY_COMBO, "categoryCombo", combo)?,
                "optionsetid": references.optional(kind::OPTION_SET, "optionSet", element.option_set.as_ref())?,
                "zeroissignificant": element.zero_is_significant,
                "sharing": sharing(element.sharing),
                "attributevalues": attribute_values(references, element.attribute_values)?,
                "created": element.created.map_or(now, |moment| moment.0),
                "lastupdated": element.last_updated.map_or(now, |moment| moment.0),
            }),
            members: vec![],
        })
    })
}
