//! The database that is measured: the program's own PostgreSQL, filled by its own generator.

use std::{fs, path::Path, time::Duration};

use diesel::{
    connection::SimpleConnection,
    prelude::*,
    sql_types::{BigInt, Text},
};
use indicatif::ProgressBar;
use storage::{
    Connection,
    cluster::Cluster,
    generate::{self, Volume},
    migrate, pool, refresh,
};

use crate::{Result, timing};

/// How much data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    Seed,
    Demo,
}

impl Preset {
    pub fn read(name: Option<&str>) -> Result<Self> {
        match name {
            Some("seed") => Ok(Preset::Seed),
            Some("demo") => Ok(Preset::Demo),
            _ => Err("--preset takes seed or demo".into()),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Preset::Seed => "seed",
            Preset::Demo => "demo",
        }
    }

    pub fn volume(self) -> Volume {
        match self {
            Preset::Seed => Volume::seed(),
            Preset::Demo => Volume::demo(),
        }
    }
}

/// A running database with all data in it.
pub struct Database {
    pub conn: Connection,
    pub url: String,
    // Dropped last: it stops the server. None for a database that somebody else runs and fills.
    _cluster: Option<Cluster>,
}

impl Database {
    /// Starts it, and fills it when it is empty. With `DATABASE_URL` that database is measured as it is.
    pub fn open(folder: &Path, preset: Preset) -> Result<Self> {
        let (url, cluster) = match std::env::var("DATABASE_URL") {
            Ok(url) => (url, None),
            Err(_) => {
                let cluster = Cluster::start(&folder.join(preset.name()))?;
                (cluster.url().to_owned(), Some(cluster))
            }
        };
        let is_ours = cluster.is_some();
        let mut conn = pool::connect(&url)?;
        migrate::run(&mut conn)?;
        conn.batch_execute(include_str!("steps.sql"))?;
        let mut database = Database {
            conn,
            url,
            _cluster: cluster,
        };
        if is_ours {
            database.fill(preset)?;
        }
        database.refresh()?;
        Ok(database)
    }

    fn fill(&mut self, preset: Preset) -> Result<()> {
        let today = chrono::Utc::now().date_naive();
        self.step("generate", |conn| {
            generate::run(conn, &preset.volume(), 1, today, &ProgressBar::hidden())?;
            Ok(())
        })?;
        self.step("vacuum and analyse", |conn| Ok(generate::settle(conn)?))
    }

    fn refresh(&mut self) -> Result<()> {
        let refresh = |conn: &mut Connection| {
            refresh::run(conn, |_| ())?;
            Ok(())
        };
        self.step("first refresh", refresh)?;
        self.step(
            "refresh after a night in which 1 % of the stays changed",
            |conn| {
                conn.batch_execute(
                    "UPDATE encounters SET status = status WHERE encounter_id % 100 = 0",
                )?;
                refresh(conn)
            },
        )?;
        self.step("refresh where nothing changed", refresh)?;
        refresh(&mut self.conn)
    }

    /// Does once in the life of the database what is to be timed.
    pub fn step(
        &mut self,
        name: &str,
        work: impl FnOnce(&mut Connection) -> Result<()>,
    ) -> Result<()> {
        if self.step_time(name)?.is_some() {
            return Ok(());
        }
        eprintln!("{name} …");
        let ((), time) = timing::once(|| work(&mut self.conn))?;
        diesel::sql_query("INSERT INTO bench.steps (name, milliseconds) VALUES ($1, $2)")
            .bind::<Text, _>(name)
            .bind::<BigInt, _>(i64::try_from(time.as_millis())?)
            .execute(&mut self.conn)?;
        Ok(())
    }

    /// How long a step took; `None` before it was done.
    pub fn step_time(&mut self, name: &str) -> Result<Option<Duration>> {
        let steps: Vec<Number> =
            diesel::sql_query("SELECT milliseconds AS number FROM bench.steps WHERE name = $1")
                .bind::<Text, _>(name)
                .load(&mut self.conn)?;
        Ok(steps
            .first()
            .map(|step| Duration::from_millis(step.number.unsigned_abs())))
    }
}

/// One number.
#[derive(Debug, QueryableByName)]
pub struct Number {
    #[diesel(sql_type = BigInt)]
    pub number: i64,
}

/// Numbers, one a row.
pub fn numbers(conn: &mut Connection, query: &str) -> Result<Vec<i64>> {
    let rows: Vec<Number> = diesel::sql_query(query).load(conn)?;
    Ok(rows.into_iter().map(|row| row.number).collect())
}

/// The first number of a query that finds at least one.
pub fn number(conn: &mut Connection, query: &str) -> Result<i64> {
    numbers(conn, query)?
        .first()
        .copied()
        .ok_or_else(|| format!("nothing found by: {query}").into())
}

/// Does work with a PostgreSQL of its own in a folder that is empty before and gone afterwards.
pub fn with_own_cluster<T>(folder: &Path, work: impl FnOnce(&str) -> Result<T>) -> Result<T> {
    remove(folder)?;
    let cluster = Cluster::start(folder)?;
    let outcome = work(cluster.url());
    drop(cluster);
    remove(folder)?;
    outcome
}

fn remove(folder: &Path) -> Result<()> {
    match folder.exists() {
        true => Ok(fs::remove_dir_all(folder)?),
        false => Ok(()),
    }
}
