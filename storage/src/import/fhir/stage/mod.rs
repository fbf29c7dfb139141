//! Staging: mapped rows are collected and copied into temporary tables, so that memory stays flat.

pub mod rows;
mod tables;

use diesel::{ExecuteCopyFromDsl as _, connection::SimpleConnection};

use self::{
    rows::{
        Condition, Contact, Diagnosis, Encounter, Identifier, Observation, Patient, Place, Resource,
    },
    tables::{
        staged_conditions, staged_contacts, staged_diagnoses, staged_encounters,
        staged_identifiers, staged_observations, staged_patients, staged_places, staged_resources,
    },
};
use crate::{Connection, Result};

/// Resources held before they are copied.
const BATCH: usize = 5_000;

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
