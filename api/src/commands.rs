//! What the commands do. Blocking: `main` runs them beside the wait for a signal.

use std::{
    ffi::OsString,
    path::PathBuf,
    process::Command as Process,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use storage::{
    Connection,
    cluster::{self, Cluster, ClusterError},
    generate::{self, Volume},
    import::{self, Report, tracker::AtomicMode},
    migrate, partitions, pool, refresh, tokens, verify,
};

use crate::{
    administration,
    cli::{Atomic, Command, Delivery, Import, Preset},
    config::{ServerSettings, Settings},
    server,
};

/// Why a command failed: a sentence for a person, causes included.
pub type Failure = String;

/// A database to work with, and the local PostgreSQL behind it while this program runs one.
pub struct Database {
    url: String,
    is_local: bool,
    cluster: Mutex<Option<Cluster>>,
}

impl Database {
    /// The database of the settings; without one the program's own, started. When another Clinigraph runs it already, a
    /// command joins that one, and a server is refused.
    ///
    /// # Errors
    /// When no PostgreSQL can be found or started.
    pub fn open(settings: &Settings, may_join: bool) -> Result<Self, Failure> {
        if let Some(url) = &settings.database_url {
            return Ok(Database {
                url: url.clone(),
                is_local: false,
                cluster: Mutex::default(),
            });
        }
        let local = |url, cluster| Database {
            url,
            is_local: true,
            cluster: Mutex::new(cluster),
        };
        match Cluster::start(&settings.data_dir()?) {
            Ok(cluster) => Ok(local(cluster.url().to_owned(), Some(cluster))),
            Err(ClusterError::InUse { pid, data_dir }) if may_join => {
                match cluster::running_url(&data_dir) {
                    Some(url) => Ok(local(url, None)),
                    None => Err(chain(&ClusterError::InUse { pid, data_dir })),
                }
            }
            Err(error) => Err(chain(&error)),
        }
    }

    /// Stops the local PostgreSQL, if this program runs it. Whatever is under way there is rolled back.
    pub fn stop(&self) {
        self.cluster
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    fn connect(&self) -> Result<Connection, Failure> {
        pool::connect(&self.url).map_err(|error| chain(&error))
    }

    fn migrated(&self) -> Result<Connection, Failure> {
        let mut conn = self.connect()?;
        migrate::run(&mut conn).map_err(|error| chain(&error))?;
        Ok(conn)
    }
}

/// Runs a command that ends by itself and returns the exit code.
///
/// # Errors
/// What a person should read.
pub fn run(command: Command, database: &Database) -> Result<i32, Failure> {
    match command {
        Command::Postgres { command } => return with_database(database, &command),
        Command::Migrate => print_migrate(database)?,
        Command::Refresh { all } => {
            let mut conn = database.migrated()?;
            print_refresh(&mut conn, all)?;
            administration::log(&mut conn, "refresh", None)?;
        }
        Command::DetachObservations { before } => {
            let mut conn = database.migrated()?;
            let tables = partitions::detach_before(&mut conn, before);
            for table in tables.map_err(|error| chain(&error))? {
                administration::log(&mut conn, "detach-observations", Some(table.clone()))?;
                println!("{table}");
            }
        }
        Command::RemoveFiles { older_than } => {
            let mut conn = database.migrated()?;
            let removed = storage::files::remove_unassigned(&mut conn, older_than);
            let removed = removed.map_err(|error| chain(&error))?;
            administration::log(&mut conn, "remove-files", Some(format!("{removed} files")))?;
            println!("{removed} files removed");
        }
        Command::Verify => return print_verify(&mut database.migrated()?),
        Command::Import(source) => import(&mut database.migrated()?, source)?,
        Command::Generate {
            preset,
            random_seed,
        } => generate(&mut database.migrated()?, preset, random_seed)?,
        Command::Token(token) => administration::token(&mut database.migrated()?, token)?,
        Command::Audit(query) => administration::audit(&mut database.migrated()?, &query)?,
        Command::Schema | Command::Demo(_) | Command::Serve(_) => {
            return Err("this is no database command".to_owned());
        }
    }
    Ok(0)
}

/// What a server needs before it listens: its own database is migrated, another's is left to `clinigraph migrate`.
///
/// # Errors
/// When the local database cannot be migrated.
pub fn prepare_serve(database: &Database) -> Result<(), Failure> {
    if database.is_local {
        database.migrated()?;
    }
    Ok(())
}

/// Fills the demo's database when it is empty, refreshes it, and returns a token for it.
///
/// # Errors
/// When one of these steps fails.
pub fn prepare_demo(database: &Database) -> Result<String, Failure> {
    let mut conn = database.migrated()?;
    let tree = storage::org_units::tree(&mut conn).map_err(|error| chain(&error))?;
    if tree.everything().is_empty() {
        eprintln!("Filling the empty database with demo data …");
        generate(&mut conn, Preset::Demo, 1)?;
    }
    let version = storage::analytics::version::current(&mut conn).map_err(|error| chain(&error))?;
    if version.is_none_or(|version| version.stale) {
        print_refresh(&mut conn, false)?;
    }
    tokens::create(&mut conn, "admin").map_err(|error| chain(&error))
}

/// Serves until a signal asks to stop.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(
    database: &Database,
    settings: &ServerSettings,
    token: Option<&str>,
) -> Result<(), Failure> {
    let scheme = settings.tls.scheme();
    server::serve(&database.url, settings, |address| {
        println!("\nClinigraph is ready.\n");
        println!("GraphQL:  {scheme}://{address}/graphql");
        match token {
            Some(token) => {
                println!(
                    "GraphiQL: {scheme}://{address}/graphiql/#token={token}\n\ntoken: {token}"
                );
            }
            None => println!("GraphiQL: {scheme}://{address}/graphiql/"),
        }
        println!("\nStop with Ctrl-C.");
    })
    .await
}

fn print_migrate(database: &Database) -> Result<(), Failure> {
    let done = migrate::run(&mut database.connect()?).map_err(|error| chain(&error))?;
    println!("{} migrations applied", done.applied);
    if done.rebuilt_analytics {
        println!("analytics tables were built anew; `clinigraph refresh` fills them");
    }
    Ok(())
}

fn import(conn: &mut Connection, source: Import) -> Result<(), Failure> {
    let progress = progress_bar();
    let (act, subject) = match &source {
        Import::Metadata { .. } => ("import metadata", None),
        Import::Tracker { user, .. } => ("import tracker", Some(user.clone())),
        Import::Fhir(delivery) => ("import fhir", Some(delivery.clinic.clone())),
        Import::Icd10 { source, .. } => ("import icd10", Some(source.clone())),
    };
    administration::log(conn, act, subject)?;
    let report = match source {
        Import::Metadata { file } => import::metadata::run(conn, &file, &progress),
        Import::Tracker { file, user, atomic } => {
            let atomic = match atomic {
                Atomic::All => AtomicMode::All,
                Atomic::Object => AtomicMode::Object,
            };
            import::tracker::run(conn, &file, &user, atomic, &progress)
        }
        Import::Fhir(delivery) => {
            let settings = settings(&delivery)?;
            import::fhir::run(conn, &delivery.path, &delivery.clinic, &settings, &progress)
        }
        Import::Icd10 { folder, source } => import::icd10::run(conn, &folder, &source),
    };
    progress.finish_and_clear();
    print_report(&report.map_err(|error| chain(&error))?);
    Ok(())
}

fn settings(delivery: &Delivery) -> Result<import::fhir::Settings, Failure> {
    for (name, percent) in [
        ("--max-bad", delivery.max_bad),
        ("--max-lost", delivery.max_lost),
    ] {
        if !(0.0..=100.0).contains(&percent) {
            return Err(format!("{name} must lie between 0 and 100"));
        }
    }
    let mut settings = import::fhir::Settings {
        is_full: delivery.full,
        is_forced: delivery.force,
        max_bad: delivery.max_bad,
        max_lost: delivery.max_lost,
        ..import::fhir::Settings::default()
    };
    if let Some(name) = &delivery.time_zone {
        settings = settings.in_zone(name).map_err(|error| chain(&error))?;
    }
    if let Some(threads) = delivery.threads {
        settings.threads = threads;
    }
    Ok(settings)
}

fn generate(conn: &mut Connection, preset: Preset, random_seed: u64) -> Result<(), Failure> {
    let volume = match preset {
        Preset::Demo => Volume::demo(),
        Preset::Seed => Volume::seed(),
    };
    let progress = progress_bar();
    let today = chrono::Utc::now().date_naive();
    let report = generate::run(conn, &volume, random_seed, today, &progress)
        .map_err(|error| chain(&error))?;
    progress.set_message("settling");
    generate::settle(conn).map_err(|error| chain(&error))?;
    progress.finish_and_clear();
    print_report(&report);
    Ok(())
}

fn print_refresh(conn: &mut Connection, all: bool) -> Result<(), Failure> {
    let progress = progress_bar();
    let say = |view: &str| progress.set_message(format!("refreshing {view}"));
    let version = match all {
        true => refresh::run_anew(conn, say),
        false => refresh::run(conn, say),
    };
    progress.finish_and_clear();
    let version = version.map_err(|error| chain(&error))?;
    println!("data version {} published", version.data_version_id);
    Ok(())
}

fn print_verify(conn: &mut Connection) -> Result<i32, Failure> {
    let checks = verify::run(conn).map_err(|error| chain(&error))?;
    for check in &checks {
        println!("{:>10}  {}", check.differences, check.name);
    }
    Ok(i32::from(checks.iter().any(|check| check.differences > 0)))
}

fn print_report(report: &Report) {
    println!(
        "{:<28} {:>12} {:>12} {:>12}",
        "", "created", "updated", "unchanged"
    );
    for (kind, created, updated, unchanged) in &report.kinds {
        println!("{kind:<28} {created:>12} {updated:>12} {unchanged:>12}");
    }
    println!(
        "{:<28} {:>12} {:>12} {:>12}",
        "all", report.created, report.updated, report.unchanged
    );
    for notice in &report.notices {
        println!("note: {notice}");
    }
    if report.quarantined > 0 {
        println!(
            "{} lines were put into quarantine, run {}:",
            report.quarantined, report.run
        );
        println!(
            "  select file, line, rule, message from quarantine where import_run_id = {};",
            report.run
        );
    }
}

/// Runs a program with `DATABASE_URL` set and returns its exit code.
fn with_database(database: &Database, command: &[OsString]) -> Result<i32, Failure> {
    let (program, arguments) = command.split_first().ok_or("no command was given")?;
    let status = Process::new(program)
        .args(arguments)
        .env("DATABASE_URL", &database.url)
        .status();
    let status = status
        .map_err(|error| format!("cannot run {}: {error}", PathBuf::from(program).display()))?;
    Ok(status.code().unwrap_or(1))
}

fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template(
        "{spinner} [{elapsed_precise}] {wide_bar} {human_pos}/{human_len} {msg}",
    ) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// An error with its causes in one sentence.
pub(crate) fn chain(error: &dyn std::error::Error) -> Failure {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}
