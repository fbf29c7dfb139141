//! The category model: options, categories, combinations of categories, combinations of options.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    common::{AttributeValue, Sharing, attribute_values, ordered, plain, sharing},
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
struct CategoryOption {
    name: String,
    short_name: Option<String>,
    start_date: Option<Timestamp>,
    end_date: Option<Timestamp>,
    sharing: Option<Sharing>,
    #[serde(default)]
    attribute_values: Vec<AttributeValue>,
    #[serde(default)]
    organisation_units: Vec<Ref>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum DimensionType {
    #[default]
    Disaggregation,
    Attribute,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Category {
    name: String,
    short_name: Option<String>,
    #[serde(default)]
    data_dimension_type: DimensionType,
    sharing: Option<Sharing>,
    #[serde(default)]
    category_options: Vec<Ref>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CategoryCombo {
    name: String,
    #[serde(default)]
    data_dimension_type: DimensionType,
    sharing: Option<Sharing>,
    #[serde(default)]
    categories: Vec<Ref>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CategoryOptionCombo {
    name: String,
    category_combo: Ref,
    #[serde(default)]
    category_options: Vec<Ref>,
    #[serde(default)]
    attribute_values: Vec<AttributeValue>,
}

pub(super) fn load_options(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    loader.load(
        kind::CATEGORY_OPTION,
        list,
        |references, _, option: CategoryOption| {
            let units = references.many(
                kind::ORGANISATION_UNIT,
                "organisationUnits",
                &option.organisation_units,
            )?;
            Ok(Checked {
                row: json!({
                    "shortname": option.short_name.as_ref().unwrap_or(&option.name),
                    "name": option.name,
                    "startdate": option.start_date.map(|moment| moment.0.date()),
                    "enddate": option.end_date.map(|moment| moment.0.date()),
                    "sharing": sharing(option.sharing),
                    "attributevalues": attribute_values(references, option.attribute_values)?,
                }),
                members: vec![(
                    kind::UNITS_OF_CATEGORY_OPTION,
                    plain("organisationunitid", units),
                )],
            })
        },
    )
}

pub(super) fn load_categories(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    loader.load(kind::CATEGORY, list, |references, _, category: Category| {
        let options = references.many(
            kind::CATEGORY_OPTION,
            "categoryOptions",
            &category.category_options,
        )?;
        Ok(Checked {
            row: json!({
                "shortname": category.short_name.as_ref().unwrap_or(&category.name),
                "name": category.name,
                "datadimensiontype": category.data_dimension_type,
                "sharing": sharing(category.sharing),
            }),
            members: vec![(
                kind::OPTIONS_OF_CATEGORY,
                ordered("categoryoptionid", options),
            )],
        })
    })
}

pub(super) fn load_combos(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    loader.load(
        kind::CATEGORY_COMBO,
        list,
        |references, _, combo: CategoryCombo| {
            let categories = references.many(kind::CATEGORY, "categories", &combo.categories)?;
            Ok(Checked {
                row: json!({
                    "name": combo.name,
                    "datadimensiontype": combo.data_dimension_type,
                    "sharing": sharing(combo.sharing),
                }),
                members: vec![(kind::CATEGORIES_OF_COMBO, ordered("categoryid", categories))],
            })
        },
    )
}

pub(super) fn load_option_combos(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    loader.load(
        kind::CATEGORY_OPTION_COMBO,
        list,
        |references, _, combo: CategoryOptionCombo| {
            let category_combo =
                references.one(kind::CATEGORY_COMBO, "categoryCombo", &combo.category_combo)?;
            let options = references.many(
                kind::CATEGORY_OPTION,
                "categoryOptions",
                &combo.category_options,
            )?;
            Ok(Checked {
                row: json!({
                    "name": combo.name,
                    "attributevalues": attribute_values(references, combo.attribute_values)?,
                }),
                members: vec![
                    (
                        kind::COMBO_OF_OPTION_COMBO,
                        plain("categorycomboid", vec![category_combo]),
                    ),
                    (
                        kind::OPTIONS_OF_OPTION_COMBO,
                        plain("categoryoptionid", options),
                    ),
                ],
            })
        },
    )
}
