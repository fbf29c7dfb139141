//! Option sets, data elements and attributes: what is asked.

use super::{
    catalogue::{ATTRIBUTES, Answer, OPTION_SETS},
    copy::Loader,
    programs::Metadata,
    random::{Kind, uid},
};
use crate::{
    Result,
    schema::{
        dataelement, optionset, optionvalue, trackedentityattribute, trackedentitytype,
        trackedentitytypeattribute,
    },
};

/// Sharing settings of metadata that everyone may read.
const READABLE: &str = r#"{"public":"rw------"}"#;

/// Writes them all.
pub(super) fn load(loader: &mut Loader<'_>, metadata: &Metadata) -> Result<()> {
    load_option_sets(loader, metadata)?;
    load_options(loader, metadata)?;
    load_data_elements(loader, metadata)?;
    load_attributes(loader, metadata)?;
    load_entity_type(loader, metadata)
}

/// The name as an identifier, e.g. `DIAGNOSIS_GROUP`.
fn code(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("_").to_uppercase()
}

fn load_option_sets(loader: &mut Loader<'_>, metadata: &Metadata) -> Result<()> {
    use optionset as t;
    let columns = (
        t::optionsetid,
        t::uid,
        t::code,
        t::name,
        t::valuetype,
        t::created,
        t::lastupdated,
    );
    loader.copy("option sets", t::table, columns, |rows| {
        for ((name, _), id) in OPTION_SETS.iter().zip(metadata.first_option_set..) {
            rows.field(id)
                .field(uid(Kind::OptionSet, id as u64))
                .field(code(name))
                .text(name);
            rows.field("TEXT")
                .field(metadata.created)
                .field(metadata.created)
                .end()?;
        }
        Ok(())
    })
}

fn load_options(loader: &mut Loader<'_>, metadata: &Metadata) -> Result<()> {
    use optionvalue as t;
    let first = loader.first_key("optionvalue", "optionvalueid")?;
    let columns = (
        t::optionvalueid,
        t::uid,
        t::code,
        t::name,
        t::sort_order,
        t::optionsetid,
    );
    loader.copy("options", t::table, columns, |rows| {
        let mut id = first;
        for ((_, options), set) in OPTION_SETS.iter().zip(metadata.first_option_set..) {
            for ((code, name), place) in options.iter().zip(1..) {
                rows.field(id)
                    .field(uid(Kind::OptionValue, id as u64))
                    .field(code)
                    .text(name);
                rows.field(place).field(set).end()?;
                id += 1;
            }
        }
        Ok(())
    })
}

fn value_type(answer: Answer) -> &'static str {
    match answer {
        Answer::Option(_) => "TEXT",
        Answer::Integer(..) => "INTEGER",
        Answer::Number(..) => "NUMBER",
        Answer::Date => "DATE",
        Answer::Boolean => "BOOLEAN",
        Answer::OrganisationUnit => "ORGANISATION_UNIT",
        Answer::LongText => "LONG_TEXT",
    }
}

fn load_data_elements(loader: &mut Loader<'_>, metadata: &Metadata) -> Result<()> {
    use dataelement as t;
    let columns = (
        t::dataelementid,
        t::uid,
        t::code,
        t::name,
        t::shortname,
        t::valuetype,
        t::aggregationtype,
        t::optionsetid,
        t::sharing,
        t::created,
        t::lastupdated,
    );
    loader.copy("data elements", t::table, columns, |rows| {
        for known in &metadata.elements {
            let (name, answer) = (known.element.name, known.element.answer);
            let (aggregation, option_set) = match answer {
                Answer::Integer(..) | Answer::Number(..) => ("AVERAGE", None),
                Answer::Option(set) => ("NONE", Some(metadata.first_option_set + set as i64)),
                _ => ("NONE", None),
            };
            rows.field(known.id)
                .field(&known.uid)
                .field(code(name))
                .text(name)
                .text(name);
            rows.field(value_type(answer))
                .field(aggregation)
                .optional(option_set);
            rows.field(READABLE)
                .field(metadata.created)
                .field(metadata.created)
                .end()?;
        }
        Ok(())
    })
}

fn load_attributes(loader: &mut Loader<'_>, metadata: &Metadata) -> Result<()> {
    use trackedentityattribute as t;
    let columns = (
        t::trackedentityattributeid,
        t::uid,
        t::code,
        t::name,
        t::shortname,
        t::valuetype,
        t::optionsetid,
        t::sharing,
    );
    loader.copy("attributes", t::table, columns, |rows| {
        for ((name, value_type, set), id) in ATTRIBUTES.iter().zip(metadata.first_attribute..) {
            rows.field(id)
                .field(uid(Kind::Attribute, id as u64))
                .field(code(name))
                .text(name)
                .text(name);
            rows.field(value_type)
                .optional(set.map(|set| metadata.first_option_set + set as i64));
            rows.field(READABLE).end()?;
        }
        Ok(())
    })
}

fn load_entity_type(loader: &mut Loader<'_>, metadata: &Metadata) -> Result<()> {
    {
        use trackedentitytype as t;
        let columns = (
            t::trackedentitytypeid,
            t::uid,
            t::code,
            t::name,
            t::shortname,
            t::allowauditlog,
            t::sharing,
        );
        loader.copy("tracked entity types", t::table, columns, |rows| {
            let id = metadata.entity_type;
            rows.field(id)
                .field(uid(Kind::TrackedEntityType, id as u64))
                .field("PERSON")
                .field("Person");
            rows.field("Person")
                .field(true)
                .field(r#"{"public":"rwrw----"}"#)
                .end()
        })?;
    }
    use trackedentitytypeattribute as t;
    let columns = (
        t::trackedentitytypeid,
        t::trackedentityattributeid,
        t::sort_order,
        t::mandatory,
        t::searchable,
        t::displayinlist,
    );
    loader.copy(
        "attributes of tracked entity types",
        t::table,
        columns,
        |rows| {
            for (id, place) in (metadata.first_attribute..).take(ATTRIBUTES.len()).zip(1..) {
                rows.field(metadata.entity_type).field(id).field(place);
                rows.field(false).field(true).field(true).end()?;
            }
            Ok(())
        },
    )
}
