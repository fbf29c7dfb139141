//! Payloads that name metadata by code, name or a metadata attribute instead of by uid: identifiers are turned into uids
//! before anything is checked. One that is unknown, or that two objects share, stays as it is, and is refused as unknown.

use std::collections::{BTreeMap, HashMap};

use diesel::{prelude::*, sql_types::Text};

use super::payload::{Enrollment, Event, TrackedEntity};
use crate::{Connection, Result};

/// By what a payload names the objects of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum IdScheme {
    /// DHIS2 identifier.
    #[default]
    Uid,
    /// Code.
    Code,
    /// Name.
    Name,
    /// Value of the metadata attribute with this identifier.
    Attribute(String),
}

/// Kinds of metadata that have a scheme of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Named {
    /// Programs.
    Program,
    /// Program stages.
    ProgramStage,
    /// Org units.
    OrgUnit,
    /// Data elements.
    DataElement,
    /// Category options.
    CategoryOption,
    /// Category option combinations.
    CategoryOptionCombo,
    /// Tracked entity types, which follow the general scheme.
    TrackedEntityType,
    /// Tracked entity attributes, which follow the general scheme.
    Attribute,
}

impl Named {
    fn table(self) -> &'static str {
        match self {
            Named::Program => "program",
            Named::ProgramStage => "programstage",
            Named::OrgUnit => "organisationunit",
            Named::DataElement => "dataelement",
            Named::CategoryOption => "categoryoption",
            Named::CategoryOptionCombo => "categoryoptioncombo",
            Named::TrackedEntityType => "trackedentitytype",
            Named::Attribute => "trackedentityattribute",
        }
    }
}

/// Uids by the identifiers that a payload uses, for the kinds that it does not name by uid.
#[derive(Debug, Clone, Default)]
pub struct IdSchemes {
    uids: BTreeMap<Named, HashMap<String, String>>,
}

#[derive(QueryableByName)]
struct Pair {
    #[diesel(sql_type = Text)]
    identifier: String,
    #[diesel(sql_type = Text)]
    uid: String,
}

impl IdSchemes {
    /// Reads the identifiers of the kinds that are not named by uid.
    ///
    /// # Errors
    /// When a query fails.
    pub fn load(conn: &mut Connection, schemes: &[(Named, IdScheme)]) -> Result<Self> {
        let mut uids = BTreeMap::new();
        for (kind, scheme) in schemes {
            let (column, attribute) = match scheme {
                IdScheme::Uid => continue,
                IdScheme::Code => ("code", ""),
                IdScheme::Name => ("name", ""),
                IdScheme::Attribute(uid) => ("attributevalues #>> ARRAY[$1, 'value']", uid.as_str()),
            };
            let table = kind.table();
            // Table and column are literals of this file; the attribute is bound.
            let query = format!(
                "SELECT {column} AS identifier, min(uid) AS uid FROM {table}
                  WHERE {column} IS NOT NULL AND $1 IS NOT NULL GROUP BY 1 HAVING count(*) = 1"
            );
            let pairs: Vec<Pair> = diesel::sql_query(query)
                .bind::<Text, _>(attribute)
                .load(conn)?;
            let pairs = pairs.into_iter().map(|pair| (pair.identifier, pair.uid));
            uids.insert(*kind, pairs.collect());
        }
        Ok(IdSchemes { uids })
    }

    pub(super) fn translate(&self, object: &mut impl Translate) {
        if !self.uids.is_empty() {
            object.translate(self);
        }
    }

    fn one(&self, kind: Named, identifier: &mut Option<String>) {
        if let Some(identifier) = identifier {
            self.put(kind, identifier);
        }
    }

    fn put(&self, kind: Named, identifier: &mut String) {
        let uid = self.uids.get(&kind).and_then(|uids| uids.get(identifier));
        if let Some(uid) = uid {
            identifier.clone_from(uid);
        }
    }

    fn option_combo(&self, combo: &mut Option<serde_json::Value>, options: &mut Option<String>) {
        if let Some(serde_json::Value::String(combo)) = combo {
            self.put(Named::CategoryOptionCombo, combo);
        }
        if let Some(list) = options.as_mut().filter(|_| self.uids.contains_key(&Named::CategoryOption)) {
            let translated = list.split([',', ';']).map(|option| {
                let mut option = option.trim().to_owned();
                self.put(Named::CategoryOption, &mut option);
                option
            });
            *list = translated.collect::<Vec<_>>().join(",");
        }
    }
}

/// An object that refers to metadata.
pub(super) trait Translate {
    fn translate(&mut self, schemes: &IdSchemes);
}

impl Translate for Event {
    fn translate(&mut self, schemes: &IdSchemes) {
        schemes.one(Named::Program, &mut self.program);
        schemes.one(Named::ProgramStage, &mut self.program_stage);
        schemes.one(Named::OrgUnit, &mut self.org_unit);
        schemes.option_combo(
            &mut self.attribute_option_combo,
            &mut self.attribute_category_options,
        );
        for value in &mut self.data_values {
            schemes.put(Named::DataElement, &mut value.data_element);
        }
    }
}

impl Translate for Enrollment {
    fn translate(&mut self, schemes: &IdSchemes) {
        schemes.one(Named::Program, &mut self.program);
        schemes.one(Named::OrgUnit, &mut self.org_unit);
        schemes.option_combo(
            &mut self.attribute_option_combo,
            &mut self.attribute_category_options,
        );
        for value in &mut self.attributes {
            schemes.put(Named::Attribute, &mut value.attribute);
        }
    }
}

impl Translate for TrackedEntity {
    fn translate(&mut self, schemes: &IdSchemes) {
        schemes.one(Named::TrackedEntityType, &mut self.tracked_entity_type);
        schemes.one(Named::OrgUnit, &mut self.org_unit);
        for value in &mut self.attributes {
            schemes.put(Named::Attribute, &mut value.attribute);
        }
    }
}
