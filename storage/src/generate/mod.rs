//! Generated data: a country's event store and a group of clinics, for demonstrations, tests and measurements.
//!
//! First everything that other tables refer to is planned in memory: units, programs, people, enrolments, stays. Then
//! each table is written by one `COPY` that draws its rows from a random stream of its own. The same volume, seed and
//! day give the same rows, keys included; nothing here reads a clock.
//!
//! Held in memory are about 20 bytes for a stay, a person and an enrolment; all rows are streamed.

mod bulk;
mod calendar;
mod catalogue;
mod categories;
mod clinics;
mod codes;
mod conditions;
mod copy;
mod data_elements;
mod encounters;
mod enrollments;
mod hospital;
mod keys;
mod names;
mod observations;
mod org_units;
mod programs;
mod random;
mod single_events;
mod stays;
mod tracked_entities;
mod tracker_events;
mod transfers;
mod users;
mod values;
mod volume;

#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use diesel::{
    Connection as _, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_types::Bool,
};
use indicatif::ProgressBar;

pub use volume::Volume;

use self::{
    calendar::Calendar, copy::Loader, enrollments::Register, hospital::Hospital, org_units::Tree,
    programs::Metadata, users::User,
};
use crate::{
    Connection, Error, Result,
    import::{self, Report},
};

/// Fills an empty database, in one transaction, with data of the six years before `today`. [`settle`] is to be called
/// afterwards.
///
/// `progress` is told the rows written and what kind they are.
///
/// # Errors
/// [`Error::Input`] when the database holds units, programs, events or patients, or when the volume cannot be met;
/// else when a statement fails. Then nothing is left but a failed import run.
pub fn run(
    conn: &mut Connection,
    volume: &Volume,
    random_seed: u64,
    today: NaiveDate,
    progress: &ProgressBar,
) -> Result<Report> {
    volume.check()?;
    conn.transaction(claim)?;
    let source = format!("random seed {random_seed}, until {today}");
    let run = import::begin(conn, "GENERATE", &source, None)?;
    let outcome = conn.transaction(|conn| {
        claim(conn)?;
        let mut loader = Loader {
            conn,
            progress,
            is_bulk: volume.is_bulk(),
            report: Report {
                run,
                ..Report::default()
            },
        };
        fill(&mut loader, volume, random_seed, today)?;
        import::finish(loader.conn, &loader.report)?;
        Ok(loader.report)
    });
    progress.finish_and_clear();
    if outcome.is_err() {
        import::fail(conn, run)?;
    }
    outcome
}

/// Vacuums and analyses every table, so that queries are planned well and index-only scans work. Not possible inside a
/// transaction.
///
/// # Errors
/// When the statement fails.
pub fn settle(conn: &mut Connection) -> Result<()> {
    Ok(conn.batch_execute("VACUUM (ANALYZE)")?)
}

/// What the rows are drawn from.
struct Plan {
    volume: Volume,
    seed: u64,
    calendar: Calendar,
    tree: Tree,
    metadata: Metadata,
    users: Vec<User>,
    /// How events remember the users, in the same order.
    snapshots: Vec<String>,
    register: Register,
    hospital: Hospital,
}

impl Plan {
    fn new(loader: &mut Loader<'_>, volume: &Volume, seed: u64, today: NaiveDate) -> Result<Self> {
        let calendar = Calendar::new(today);
        let first_unit = loader.first_key("organisationunit", "organisationunitid")?;
        let tree = org_units::plan(volume, seed, &calendar, first_unit);
        let metadata = programs::plan(loader, &tree, seed, &calendar)?;
        let users = users::plan(loader, &tree, seed)?;
        Ok(Plan {
            register: enrollments::plan(volume, seed, &calendar, &metadata),
            hospital: stays::plan(volume, seed, &calendar),
            snapshots: users.iter().map(User::snapshot).collect(),
            volume: volume.clone(),
            seed,
            calendar,
            tree,
            metadata,
            users,
        })
    }

    /// The key of the unit at a place.
    fn unit(&self, place: u32) -> i64 {
        self.tree.units[place as usize].id
    }

    /// The key of a clinic.
    fn clinic(&self, clinic: u8) -> i64 {
        self.tree.units[self.tree.clinics.start + usize::from(clinic)].id
    }

    /// The key of a station, whose ward is a place in [`names::WARDS`].
    fn station(&self, clinic: u8, ward: u8) -> i64 {
        let place = usize::from(clinic) * names::WARDS.len() + usize::from(ward);
        self.tree.units[self.tree.stations.start + place].id
    }

    /// A user for the `number`th row of a table.
    fn user(&self, number: u64) -> &User {
        &self.users[number as usize % self.users.len()]
    }

    fn snapshot(&self, user: &User) -> &str {
        &self.snapshots[(user.id - self.users[0].id) as usize]
    }
}

fn fill(loader: &mut Loader<'_>, volume: &Volume, seed: u64, today: NaiveDate) -> Result<()> {
    let definitions = match loader.is_bulk {
        true => bulk::prepare(loader.conn)?,
        false => Vec::new(),
    };
    loader.progress.set_length(volume.rows());
    let plan = Plan::new(loader, volume, seed, today)?;
    org_units::load(loader, &plan.tree, &plan.calendar)?;
    data_elements::load(loader, &plan.metadata)?;
    categories::load(loader, &plan.metadata)?;
    programs::load(loader, &plan.metadata, &plan.tree)?;
    users::load(loader, &plan.users, &plan.tree, &plan.metadata)?;
    single_events::load(loader, &plan)?;
    tracked_entities::load(loader, &plan)?;
    tracker_events::load(loader, &plan)?;
    clinics::load(loader, &plan)?;
    encounters::load(loader, &plan)?;
    conditions::load(loader, &plan)?;
    transfers::load(loader, &plan)?;
    observations::load(loader, &plan)?;
    for definition in &definitions {
        loader.progress.set_message("indexes");
        bulk::restore(loader.conn, definition)?;
    }
    if loader.is_bulk {
        loader.progress.set_message("counts");
        crate::events::counts::recount(loader.conn)?;
        crate::refresh::note_all(loader.conn)?;
    }
    loader.conn.batch_execute(ADVANCE_KEYS)?;
    loader
        .conn
        .batch_execute("UPDATE metadataversion SET version = version + 1")?;
    Ok(())
}

/// Moves the sequence of each generated key behind the keys that were written, never back.
const ADVANCE_KEYS: &str = "
DO $$
DECLARE
    this record;
    sequence text;
BEGIN
    FOR this IN
        SELECT format('%I.%I', table_schema, table_name) AS name, column_name AS key
          FROM information_schema.columns
         WHERE table_schema = current_schema() AND is_identity = 'YES'
    LOOP
        sequence := pg_get_serial_sequence(this.name, this.key);
        EXECUTE format(
            'SELECT setval(%L, greatest((SELECT last_value FROM %s), max(%I))) FROM %s HAVING max(%I) IS NOT NULL',
            sequence, sequence, this.key, this.name, this.key);
    END LOOP;
END $$";

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    found: bool,
}

/// Waits for another generator, then makes sure that the database is empty.
fn claim(conn: &mut Connection) -> Result<()> {
    conn.batch_execute("SELECT pg_advisory_xact_lock(hashtext('clinigraph generate'))")?;
    for table in ["organisationunit", "program"].iter().chain(&bulk::TABLES) {
        let query = format!("SELECT EXISTS (SELECT FROM {table}) AS found");
        let Found { found } = diesel::sql_query(query).get_result(conn)?;
        if found {
            return Err(Error::Input(format!(
                "data are generated into an empty database only, and table {table} holds rows"
            )));
        }
    }
    Ok(())
}
