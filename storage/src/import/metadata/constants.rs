//! Constants, which program rules refer to.

use serde::Deserialize;
use serde_json::json;

use super::{
    kind,
    loader::{Checked, Loader},
};
use crate::{
    Result,
    import::dhis2::{object::Raw, timestamp::Timestamp},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Constant {
    name: String,
    short_name: Option<String>,
    value: f64,
    created: Option<Timestamp>,
    last_updated: Option<Timestamp>,
}

pub(super) fn load(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    let now = loader.now;
    loader.load(kind::CONSTANT, list, |_, _, constant: Constant| {
        Ok(Checked {
            row: json!({
                "name": constant.name,
                "shortname": constant.short_name,
                "value": constant.value,
                "created": constant.created.map_or(now, |moment| moment.0),
                "lastupdated": constant.last_updated.map_or(now, |moment| moment.0),
            }),
            members: vec![],
        })
    })
}
