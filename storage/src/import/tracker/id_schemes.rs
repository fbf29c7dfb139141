//! Payloads that name metadata by code, name or a metadata attribute instead of by uid: identifiers are turned into uids
//! before anything is checked. Tracked entity types and attributes are always named by uid. An identifier that is unknown, or that two objects share, stays as it is, and is refused as unknown.

use std::collections::{BTreeMap, HashMap};

use diesel::{prelude::*, sql_types::Text};

use domain::id_scheme::{IdScheme, Kind};

use super::payload::{Enrollment, Event, TrackedEntity};
use crate::{Connection, Result};

/// Uids by the identifiers that a payload uses, for the kinds that it does not name by uid.
#[derive(Debug, Clone, Default)]
pub struct IdSchemes {
    uids: BTreeMap<Kind, HashMap<String, String>>,
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
    pub fn load(conn: &mut Connection, schemes: &[(Kind, IdScheme)]) -> Result<Self> {
        let mut uids = BTreeMap::new();
        for (kind, scheme) in schemes {
            let (column, attribute) = match scheme {
                IdScheme::Uid => continue,
                IdScheme::Code => ("code", ""),
                IdScheme::Name => ("name", ""),
                IdScheme::Attribute(uid) => {
                    ("attributevalues #>> ARRAY[$1, 'value']", uid.as_str())
                }
            };
            let table = table(*kind);
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

    fn one(&self, kind: Kind, identifier: &mut Option<String>) {
        if let Some(identifier) = identifier {
            self.put(kind, identifier);
        }
    }

    fn put(&self, kind: Kind, identifier: &mut String) {
        let uid = self.uids.get(&kind).and_then(|uids| uids.get(identifier));
        if let Some(uid) = uid {
            identifier.clone_from(uid);
        }
    }

    fn option_combo(&self, combo: &mut Option<serde_json::Value>, options: &mut Option<String>) {
        if let Some(serde_json::Value::String(combo)) = combo {
            self.put(Kind::CategoryOptionCombo, combo);
        }
        if let Some(list) = options
            .as_mut()
            .filter(|_| self.uids.contains_key(&Kind::CategoryOption))
        {
            let translated = list.split([',', ';']).map(|option| {
                let mut option = option.trim().to_owned();
                self.put(Kind::CategoryOption, &mut option);
                option
            });
            *list = translated.collect::<Vec<_>>().join(",");
        }
    }
}

fn table(kind: Kind) -> &'static str {
    match kind {
        Kind::Program => "program",
        Kind::ProgramStage => "programstage",
        Kind::OrganisationUnit => "organisationunit",
        Kind::DataElement => "dataelement",
        Kind::CategoryOption => "categoryoption",
        Kind::CategoryOptionCombo => "categoryoptioncombo",
    }
}

/// An object that refers to metadata.
pub(super) trait Translate {
    fn translate(&mut self, schemes: &IdSchemes);
}

impl Translate for Event {
    fn translate(&mut self, schemes: &IdSchemes) {
        schemes.one(Kind::Program, &mut self.program);
        schemes.one(Kind::ProgramStage, &mut self.program_stage);
        schemes.one(Kind::OrganisationUnit, &mut self.org_unit);
        schemes.option_combo(
            &mut self.attribute_option_combo,
            &mut self.attribute_category_options,
        );
        for value in &mut self.data_values {
            schemes.put(Kind::DataElement, &mut value.data_element);
        }
    }
}

impl Translate for Enrollment {
    fn translate(&mut self, schemes: &IdSchemes) {
        schemes.one(Kind::Program, &mut self.program);
        schemes.one(Kind::OrganisationUnit, &mut self.org_unit);
        schemes.option_combo(
            &mut self.attribute_option_combo,
            &mut self.attribute_category_options,
        );
    }
}

impl Translate for TrackedEntity {
    fn translate(&mut self, schemes: &IdSchemes) {
        schemes.one(Kind::OrganisationUnit, &mut self.org_unit);
    }
}
