//! Imports DHIS2 metadata, the payload of `POST /api/metadata`. Idempotent: objects are added or changed by uid.
//!
//! Read in this order: [`kind`] names the lists, [`loader`] loads one of them, the other modules know the objects.
//! Lists are replaced as sent: a unit that a program no longer names is taken off it.

mod attributes;
mod categories;
mod common;
mod data_elements;
mod kind;
mod loader;
mod option_sets;
mod organisation_units;
mod program_stages;
mod programs;
mod references;
mod relationship_types;
#[cfg(test)]
mod tests;
mod tracked_entities;
mod tree;
mod users;

use std::{collections::BTreeMap, io::Read, path::Path};

use chrono::Utc;
use diesel::RunQueryDsl;
use indicatif::ProgressBar;
use serde::{Deserialize, de::IgnoredAny};

use self::{kind::Kind, loader::Loader, program_stages::Membership, references::References};
use super::{
    Report,
    dhis2::{
        self,
        object::{self, Raw},
    },
};
use crate::{Connection, Result};

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

    /// Objects of a list; none when it is absent or no list.
    fn list(&self, kind: Kind) -> Vec<Raw> {
        let raw = self.0.get(kind.list);
        raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
            .unwrap_or_default()
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
    dhis2::record(conn, "METADATA", &source, |conn, run| {
        store(conn, run, &Payload::read(reader)?, &source, progress)
    })
}

/// Imports a payload that was read before; `source` names it in the run and in the quarantine.
///
/// # Errors
/// When a statement fails.
pub fn load(
    conn: &mut Connection,
    payload: &Payload,
    source: &str,
    progress: &ProgressBar,
) -> Result<Report> {
    dhis2::record(conn, "METADATA", source, |conn, run| {
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
    if touched || report.created + report.updated > 0 {
        diesel::sql_query("UPDATE metadataversion SET version = version + 1").execute(conn)?;
    }
    Ok(report)
}

/// Loads the lists in the order of [`kind::ALL`].
fn load_lists(loader: &mut Loader, payload: &Payload) -> Result<()> {
    let lists = kind::ALL.map(|kind| payload.list(kind));
    let total: usize = lists.iter().map(Vec::len).sum();
    loader.progress.set_length(total as u64);
    let [
        attributes,
        option_sets,
        options,
        units,
        roles,
        users,
        groups,
        category_options,
        categories,
        category_combos,
        category_option_combos,
        data_elements,
        entity_attributes,
        entity_types,
        programs,
        stages,
        relationship_types,
    ] = &lists;
    let membership = Membership::of(programs, stages);
    attributes::load(loader, attributes)?;
    option_sets::load_sets(loader, option_sets)?;
    option_sets::load_options(loader, options, option_sets)?;
    organisation_units::load(loader, units)?;
    users::load_roles(loader, roles)?;
    users::load_users(loader, users)?;
    users::load_groups(loader, groups)?;
    categories::load_options(loader, category_options)?;
    categories::load_categories(loader, categories)?;
    categories::load_combos(loader, category_combos)?;
    categories::load_option_combos(loader, category_option_combos)?;
    data_elements::load(loader, data_elements)?;
    tracked_entities::load_attributes(loader, entity_attributes)?;
    tracked_entities::load_types(loader, entity_types)?;
    programs::load(loader, programs, &membership)?;
    program_stages::load(loader, stages, &membership)?;
    relationship_types::load(loader, relationship_types)
}
