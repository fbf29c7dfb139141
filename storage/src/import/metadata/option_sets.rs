//! Option sets and their options. An option belongs to the set that lists it, else to the one it names itself.

use std::collections::{HashMap, HashSet};

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use domain::event::ValueType;
use serde::Deserialize;
use serde_json::json;

use super::{
    kind,
    loader::{Checked, Loader},
    references::Ref,
};
use crate::{
    Result,
    import::dhis2::{
        object::{self, Fault, Raw},
        timestamp::Timestamp,
        value_type,
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OptionSet {
    name: String,
    #[serde(deserialize_with = "value_type::read")]
    value_type: ValueType,
    created: Option<Timestamp>,
    last_updated: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Listing {
    id: String,
    #[serde(default)]
    options: Vec<Ref>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OptionValue {
    code: String,
    name: String,
    sort_order: Option<i32>,
    option_set: Option<Ref>,
}

pub(super) fn load_sets(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    let now = loader.now;
    loader.load(kind::OPTION_SET, list, |_, _, set: OptionSet| {
        Ok(Checked {
            row: json!({
                "name": set.name,
                "valuetype": set.value_type.name(),
                "created": set.created.map_or(now, |moment| moment.0),
                "lastupdated": set.last_updated.map_or(now, |moment| moment.0),
            }),
            members: vec![],
        })
    })
}

pub(super) fn load_options(loader: &mut Loader, list: &[Raw], sets: &[Raw]) -> Result<()> {
    let listed = listed(sets);
    let mut codes = stored_codes(loader)?;
    loader.load(
        kind::OPTION,
        list,
        |references, uid, option: OptionValue| {
            if option.code.is_empty() {
                return Err(Fault::new("MISSING_MEMBER", "`code` is required"));
            }
            let place = listed.get(uid);
            let set = place.map(|(set, _)| set).or(option.option_set.as_ref());
            let set = set.ok_or_else(|| Fault::new("MISSING_MEMBER", "`optionSet` is required"))?;
            let set = references.one(kind::OPTION_SET, "optionSet", set)?;
            let holder = codes
                .entry((set, option.code))
                .or_insert_with(|| uid.to_owned());
            if holder != uid {
                return Err(Fault::new(
                    "DUPLICATE_CODE",
                    "`code` is that of another option of the set",
                ));
            }
            Ok(Checked {
                row: json!({
                    "name": option.name,
                    "sort_order": option.sort_order.or(place.map(|(_, place)| *place)),
                    "optionsetid": set,
                }),
                members: vec![],
            })
        },
    )
}

/// Set and place of each option that a set lists.
fn listed(sets: &[Raw]) -> HashMap<String, (Ref, i32)> {
    let mut seen = HashSet::new();
    (sets
        .iter()
        .filter_map(|raw| object::read::<Listing>(raw).ok()))
    .filter(|set| seen.insert(set.id.clone()))
    .flat_map(|set| {
        let id = set.id;
        (1..)
            .zip(set.options)
            .map(move |(place, option)| (option.id, (Ref { id: id.clone() }, place)))
    })
    .collect()
}

/// Uid of the stored option of each set and code.
fn stored_codes(loader: &mut Loader) -> Result<HashMap<(i64, String), String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        optionsetid: i64,
        #[diesel(sql_type = Text)]
        code: String,
        #[diesel(sql_type = Text)]
        uid: String,
    }
    let rows: Vec<Row> =
        diesel::sql_query("SELECT optionsetid, code, uid FROM optionvalue").load(loader.conn)?;
    Ok(rows
        .into_iter()
        .map(|row| ((row.optionsetid, row.code), row.uid))
        .collect())
}
