//! Staging: mapped rows are collected and copied into temporary tables, so that memory stays flat.

pub mod rows;
mod tables;

use diesel::{
    ExecuteCopyFromDsl as _,
    connection::SimpleConnection,
    prelude::*,
    sql_types::{Array, Text},
};

use self::{
    rows::{
        Condition, Contact, Diagnosis, Encounter, Identifier, Observation, Patient, Place, Resource,
    },
    tables::{
        staged_conditions, staged_contacts, staged_diagnoses, staged_encounters,
        staged_identifiers, staged_observations, staged_patients, staged_places, staged_resources,
    },
};
use crate::{Connection, Result, import::BadLine};

/// Resources held before they are copied.
const BATCH: usize = 10_000;

/// Rows that wait for their copy.
#[derive(Debug, Default)]
pub struct Batch {
    /// Resources.
    pub resources: Vec<Resource>,
    /// Identifiers.
    pub identifiers: Vec<Identifier>,
    /// Locations and Organizations.
    pub places: Vec<Place>,
    /// Patients.
    pub patients: Vec<Patient>,
    /// Contacts.
    pub encounters: Vec<Encounter>,
    /// Diagnoses named by contacts.
    pub diagnoses: Vec<Diagnosis>,
    /// Places named by contacts.
    pub contacts: Vec<Contact>,
    /// Conditions.
    pub conditions: Vec<Condition>,
    /// Observations.
    pub observations: Vec<Observation>,
}

impl Batch {
    /// Whether it is time to copy.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.resources.len() >= BATCH
    }

    /// Takes over the rows of another batch.
    pub fn append(&mut self, other: &mut Batch) {
        self.resources.append(&mut other.resources);
        self.identifiers.append(&mut other.identifiers);
        self.places.append(&mut other.places);
        self.patients.append(&mut other.patients);
        self.encounters.append(&mut other.encounters);
        self.diagnoses.append(&mut other.diagnoses);
        self.contacts.append(&mut other.contacts);
        self.conditions.append(&mut other.conditions);
        self.observations.append(&mut other.observations);
    }

    /// Copies all rows and empties the batch.
    ///
    /// # Errors
    /// When a copy fails.
    pub fn copy(&mut self, conn: &mut Connection) -> Result<()> {
        let batch = std::mem::take(self);
        diesel::copy_from(staged_resources::table)
            .from_insertable(batch.resources)
            .execute(conn)?;
        diesel::copy_from(staged_identifiers::table)
            .from_insertable(batch.identifiers)
            .execute(conn)?;
        diesel::copy_from(staged_places::table)
            .from_insertable(batch.places)
            .execute(conn)?;
        diesel::copy_from(staged_patients::table)
            .from_insertable(batch.patients)
            .execute(conn)?;
        diesel::copy_from(staged_encounters::table)
            .from_insertable(batch.encounters)
            .execute(conn)?;
        diesel::copy_from(staged_diagnoses::table)
            .from_insertable(batch.diagnoses)
            .execute(conn)?;
        diesel::copy_from(staged_contacts::table)
            .from_insertable(batch.contacts)
            .execute(conn)?;
        diesel::copy_from(staged_conditions::table)
            .from_insertable(batch.conditions)
            .execute(conn)?;
        diesel::copy_from(staged_observations::table)
            .from_insertable(batch.observations)
            .execute(conn)?;
        Ok(())
    }
}

/// Makes the temporary tables, empty.
///
/// # Errors
/// When a statement fails.
pub fn create(conn: &mut Connection) -> Result<()> {
    conn.batch_execute(include_str!("create.sql"))?;
    Ok(())
}

/// Notes the resources that were put aside: what is stored of them is not missing.
///
/// # Errors
/// When a statement fails.
pub fn copy_bad(conn: &mut Connection, bad: &[BadLine]) -> Result<()> {
    let (kinds, ids): (Vec<&str>, Vec<&str>) = bad
        .iter()
        .filter_map(|bad| Some((bad.resource_type.as_deref()?, bad.resource_id.as_deref()?)))
        .unzip();
    diesel::sql_query("INSERT INTO staged_bad SELECT * FROM unnest($1, $2)")
        .bind::<Array<Text>, _>(kinds)
        .bind::<Array<Text>, _>(ids)
        .execute(conn)?;
    Ok(())
}

/// Indexes the temporary tables and gathers their statistics, once they are full.
///
/// # Errors
/// When a statement fails.
pub fn analyze(conn: &mut Connection) -> Result<()> {
    conn.batch_execute(
        "CREATE INDEX ON staged_resources (seq);
         CREATE INDEX ON staged_encounters (fhir_id);
         ANALYZE staged_resources, staged_identifiers, staged_places, staged_patients, staged_encounters,
                 staged_diagnoses, staged_contacts, staged_conditions, staged_observations",
    )?;
    Ok(())
}
