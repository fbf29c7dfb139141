//! Custom attributes.

use domain::event::ValueType;
use serde::Deserialize;
use serde_json::json;

use super::{
    common::{Sharing, sharing},
    kind,
    loader::{Checked, Loader},
};
use crate::{
    Result,
    import::dhis2::{object::Raw, value_type},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attribute {
    name: String,
    #[serde(deserialize_with = "value_type::read")]
    value_type: ValueType,
    #[serde(default)]
    unique: bool,
    sharing: Option<Sharing>,
}

pub(super) fn load(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    loader.load(kind::ATTRIBUTE, list, |_, _, attribute: Attribute| {
        Ok(Checked {
            row: json!({
                "name": attribute.name,
                "valuetype": attribute.value_type.name(),
                "uniquefield": attribute.unique,
                "sharing": sharing(attribute.sharing),
            }),
            members: vec![],
        })
    })
}
