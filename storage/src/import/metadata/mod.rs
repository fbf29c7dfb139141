//! Imports DHIS2 metadata, the payload of `POST /api/metadata`. Idempotent: objects are added or changed by uid.
//!
//! Read in this order: [`kind`] names the lists, [`loader`] loads one of them, the other modules know the objects.
//! Lists are replaced as sent: a unit that a program no longer names is taken off it.

mod attributes;
mod categories;
mod common;
mod constants;
mod data_elements;
mod kind;
mod loader;
mod option_sets;
mod organisation_unit_groups;
mod organisation_units;
mod program_rules;
mod program_stages;
mod programs;
mod references;
mod relationship_types;
#[cfg(test)]
mod tests;
mod tracked_entities;
mod tree;
mod users;

use std::{
    collections::{BTreeMap, HashMap},
    io::Read,
    path::Path,
};

use chrono::Utc;
use diesel::{Connection as _, RunQueryDsl};
use indicatif::ProgressBar;
use serde::{Deserialize, de::IgnoredAny};

use self::{kind::Kind, loader::Loader, program_stages::Membership, references::References};
use super::{
    BadLine, Report,
    dhis2::object::{self, Raw},
};
use crate::{Connection, Error, Result};

/// A metadata payload whose objects are not looked into yet.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Payload(BTreeMap<String, Raw>);

impl Payload {
    /// Reads a payload.
    ///
    /// # Errors
    /// [`crate::Error::Input`] with line and column when it is no JSON object.
    pub fn read(reader: impl Read) -> Result<Self> {
        serde_json::from_reader(reader).map_err(|error| object::syntax_error(&error))
    }

    /// Objects of a list; none when it is absent or null.
    fn list(&self, kind: Kind) -> Result<Vec<Raw>> {
        let Some(raw) = self.0.get(kind.list) else {
            return Ok(vec![]);
        };
        serde_json::from_str::<Option<Vec<Raw>>>(raw.get())
            .map(Option::unwrap_or_default)
            .map_err(|_| Error::Input(format!("`{}` is no list; nothing was imported", kind.list)))
    }

    /// How many objects its lists hold, by the parser alone: what a fuzz target calls.
    ///
    /// # Errors
    /// [`crate::Error::Input`] when one of its lists is none.
    #[cfg(feature = "testing")]
    pub fn count_objects(&self) -> Result<usize> {
        let mut objects = self.ignored().len();
        for kind in kind::ALL {
            objects += self.list(kind)?.len();
        }
        let (programs, stages) = (self.list(kind::PROGRAM)?, self.list(kind::PROGRAM_STAGE)?);
        let _ = Membership::of(&programs, &stages);
        Ok(objects)
    }

    /// A sentence for each list that is not imported.
    fn ignored(&self) -> Vec<String> {
        let other = self
            .0
            .iter()
            .filter(|(name, _)| kind::ALL.iter().all(|kind| kind.list != **name));
        other
            .filter_map(|(name, raw)| {
                let objects: Vec<IgnoredAny> = serde_json::from_str(raw.get()).ok()?;
                Some(format!(
                    "The list {name} is not imported; the file holds {} of it.",
                    objects.len()
                ))
            })
            .collect()
    }
}

/// Imports a file. One transaction: all good objects or, on an error, none.
///
/// # Errors
/// [`crate::Error::File`] or [`crate::Error::Input`] when the file cannot be read, else when a statement fails.
pub fn run(conn: &mut Connection, file: &Path, progress: &ProgressBar) -> Result<Report> {
    let source = file.display().to_string();
    let reader = object::open(file)?;
    super::record(conn, "METADATA", &source, |conn, run| {
        store(conn, run, &Payload::read(reader)?, &source, progress)
    })
}

/// Imports a payload of the HTTP API. Returns what was refused; then nothing is stored, unless it may be stored `partly`.
///
/// # Errors
/// [`crate::Error::Input`] when one of its lists is none, else when a statement fails.
pub fn import(
    conn: &mut Connection,
    payload: &Payload,
    partly: bool,
) -> Result<(Report, Vec<BadLine>)> {
    let mut refused = None;
    let imported = conn.transaction(|conn| {
        let report = load(conn, payload, "POST /api/metadata", &ProgressBar::hidden())?;
        let bad = super::quarantined(conn, report.run)?;
        if bad.is_empty() || partly {
            return Ok((report, bad));
        }
        let run = report.run;
        refused = Some((
            Report {
                run,
                ..Report::default()
            },
            bad,
        ));
        Err(Error::Input("refused".to_owned()))
    });
    match refused {
        Some(refused) => Ok(refused),
        None => imported,
    }
}

/// Imports a payload that was read before; `source` names it in the run and in the quarantine.
///
/// # Errors
/// [`crate::Error::Input`] when one of its lists is none, else when a statement fails.
pub fn load(
    conn: &mut Connection,
    payload: &Payload,
    source: &str,
    progress: &ProgressBar,
) -> Result<Report> {
    super::record(conn, "METADATA", source, |conn, run| {
        store(conn, run, payload, source, progress)
    })
}

fn store(
    conn: &mut Connection,
    run: i64,
    payload: &Payload,
    source: &str,
    progress: &ProgressBar,
) -> Result<Report> {
    let mut loader = Loader {
        references: References::load(conn)?,
        report: Report {
            run,
            notices: payload.ignored(),
            ..Report::default()
        },
        bad: Vec::new(),
        touched: false,
        now: Utc::now().naive_utc(),
        conn,
        source,
        progress,
    };
    load_lists(&mut loader, payload)?;
    let Loader {
        conn,
        mut report,
        bad,
        touched,
        ..
    } = loader;
    super::quarantine(conn, run, &bad)?;
    report.quarantined = bad.len() as u64;
    let given = users::give_roots_to_admin(conn)?;
    if given > 0 {
        report.notices.push(format!(
            "The built-in user admin had no organisation units and was given the {given} roots of the tree."
        ));
    }
    if touched || given > 0 || report.created + report.updated > 0 {
        diesel::sql_query("UPDATE metadataversion SET version = version + 1").execute(conn)?;
    }
    Ok(report)
}

/// Loads the lists in the order of [`kind::ALL`].
fn load_lists(loader: &mut Loader, payload: &Payload) -> Result<()> {
    let mut lists = HashMap::new();
    for kind in kind::ALL {
        lists.insert(kind, payload.list(kind)?);
    }
    let total: usize = lists.values().map(Vec::len).sum();
    loader.progress.set_length(total as u64);
    let of = |kind: Kind| lists.get(&kind).map_or(&[][..], Vec::as_slice);
    let membership = Membership::of(of(kind::PROGRAM), of(kind::PROGRAM_STAGE));
    attributes::load(loader, of(kind::ATTRIBUTE))?;
    option_sets::load_sets(loader, of(kind::OPTION_SET))?;
    option_sets::load_options(loader, of(kind::OPTION), of(kind::OPTION_SET))?;
    organisation_units::load(loader, of(kind::ORGANISATION_UNIT))?;
    organisation_unit_groups::load(loader, of(kind::ORGANISATION_UNIT_GROUP))?;
    users::load_roles(loader, of(kind::USER_ROLE))?;
    users::load_users(loader, of(kind::USER))?;
    users::load_groups(loader, of(kind::USER_GROUP))?;
    categories::load_options(loader, of(kind::CATEGORY_OPTION))?;
    categories::load_categories(loader, of(kind::CATEGORY))?;
    categories::load_combos(loader, of(kind::CATEGORY_COMBO))?;
    categories::load_option_combos(loader, of(kind::CATEGORY_OPTION_COMBO))?;
    data_elements::load(loader, of(kind::DATA_ELEMENT))?;
    tracked_entities::load_attributes(loader, of(kind::TRACKED_ENTITY_ATTRIBUTE))?;
    tracked_entities::load_types(loader, of(kind::TRACKED_ENTITY_TYPE))?;
    programs::load(loader, of(kind::PROGRAM), &membership)?;
    program_stages::load(loader, of(kind::PROGRAM_STAGE), &membership)?;
    relationship_types::load(loader, of(kind::RELATIONSHIP_TYPE))?;
    constants::load(loader, of(kind::CONSTANT))?;
    let rules = of(kind::PROGRAM_RULE);
    program_rules::load_rules(loader, rules)?;
    program_rules::load_actions(loader, of(kind::PROGRAM_RULE_ACTION), rules)?;
    program_rules::load_variables(loader, of(kind::PROGRAM_RULE_VARIABLE))
}
