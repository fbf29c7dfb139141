//! The attribute dimension "Funding": one of its options is not for everyone.

use super::{
    catalogue::{Audience, FUNDING},
    copy::Loader,
    programs::{Metadata, sharing},
    random::{Kind, uid},
};
use crate::{
    Result,
    schema::{
        categories_categoryoptions, category, categorycombo, categorycombos_categories,
        categorycombos_optioncombos, categoryoption, categoryoptioncombo,
        categoryoptioncombos_categoryoptions,
    },
};

/// Sharing settings of metadata that everyone may read.
const READABLE: &str = r#"{"public":"rw------"}"#;

/// Writes the category, its options, and their combinations.
pub(super) fn load(loader: &mut Loader<'_>, metadata: &Metadata) -> Result<()> {
    let category = loader.first_key("category", "categoryid")?;
    let first_option = loader.first_key("categoryoption", "categoryoptionid")?;
    load_category(loader, metadata, category)?;
    load_options(loader, first_option)?;
    load_combos(loader, metadata)?;
    load_links(loader, metadata, category, first_option)
}

fn load_category(loader: &mut Loader<'_>, metadata: &Metadata, id: i64) -> Result<()> {
    {
        use category as t;
        let columns = (
            t::categoryid,
            t::uid,
            t::code,
            t::name,
            t::shortname,
            t::datadimensiontype,
            t::sharing,
        );
        loader.copy("categories", t::table, columns, |rows| {
            rows.field(id)
                .field(uid(Kind::Category, id as u64))
                .field("FUNDING")
                .field("Funding");
            rows.field("Funding")
                .field("ATTRIBUTE")
                .field(READABLE)
                .end()
        })?;
    }
    use categorycombo as t;
    let columns = (
        t::categorycomboid,
        t::uid,
        t::code,
        t::name,
        t::datadimensiontype,
        t::sharing,
    );
    loader.copy("category combinations", t::table, columns, |rows| {
        let id = metadata.funding;
        rows.field(id)
            .field(uid(Kind::CategoryCombo, id as u64))
            .field("FUNDING")
            .field("Funding");
        rows.field("ATTRIBUTE").field(READABLE).end()
    })
}

fn load_options(loader: &mut Loader<'_>, first: i64) -> Result<()> {
    use categoryoption as t;
    let columns = (
        t::categoryoptionid,
        t::uid,
        t::name,
        t::shortname,
        t::sharing,
    );
    loader.copy("category options", t::table, columns, |rows| {
        for ((name, is_public), id) in FUNDING.iter().zip(first..) {
            let audience = if *is_public {
                Audience::Everyone
            } else {
                Audience::Team
            };
            rows.field(id)
                .field(uid(Kind::CategoryOption, id as u64))
                .text(name)
                .text(name);
            rows.field(sharing(audience)).end()?;
        }
        Ok(())
    })
}

fn load_combos(loader: &mut Loader<'_>, metadata: &Metadata) -> Result<()> {
    use categoryoptioncombo as t;
    let columns = (t::categoryoptioncomboid, t::uid, t::name);
    loader.copy("category option combinations", t::table, columns, |rows| {
        for ((name, _), &id) in FUNDING.iter().zip(&metadata.funding_combos) {
            rows.field(id)
                .field(uid(Kind::CategoryOptionCombo, id as u64))
                .text(name)
                .end()?;
        }
        Ok(())
    })
}

fn load_links(
    loader: &mut Loader<'_>,
    metadata: &Metadata,
    category: i64,
    first_option: i64,
) -> Result<()> {
    use categories_categoryoptions as in_category;
    use categorycombos_categories as of_combo;
    use categorycombos_optioncombos as in_combo;
    use categoryoptioncombos_categoryoptions as of_option_combo;

    let columns = (
        in_category::categoryid,
        in_category::categoryoptionid,
        in_category::sort_order,
    );
    loader.copy(
        "options of categories",
        in_category::table,
        columns,
        |rows| {
            for (option, place) in (first_option..).take(FUNDING.len()).zip(1..) {
                rows.field(category).field(option).field(place).end()?;
            }
            Ok(())
        },
    )?;
    let columns = (
        of_combo::categorycomboid,
        of_combo::categoryid,
        of_combo::sort_order,
    );
    loader.copy(
        "categories of combinations",
        of_combo::table,
        columns,
        |rows| rows.field(metadata.funding).field(category).field(1).end(),
    )?;
    let columns = (in_combo::categoryoptioncomboid, in_combo::categorycomboid);
    loader.copy(
        "option combinations of combinations",
        in_combo::table,
        columns,
        |rows| {
            for combo in &metadata.funding_combos {
                rows.field(combo).field(metadata.funding).end()?;
            }
            Ok(())
        },
    )?;
    let columns = (
        of_option_combo::categoryoptioncomboid,
        of_option_combo::categoryoptionid,
    );
    loader.copy(
        "options of option combinations",
        of_option_combo::table,
        columns,
        |rows| {
            for (combo, option) in metadata.funding_combos.iter().zip(first_option..) {
                rows.field(combo).field(option).end()?;
            }
            Ok(())
        },
    )
}
