//! What the commands do. Blocking: `main` runs them beside the wait for a signal.

use std::{ffi::OsString, path::PathBuf, process::Command as Process, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use storage::{
    Connection,
    cluster::{self, Cluster, ClusterError},
    generate::{self, Volume},
    import::{self, Report},
    migrate, pool, refresh, tokens, verify,
};

use crate::{
    cli::{Command, Import, Preset, Token},
    config::{ServerSettings, Settings},
    server,
};

/// Why a command failed: a sentence for a person, causes included.
pub type Failure = String;

/// A database to work with, and the local PostgreSQL behind it while this program runs one.
pub struct Database {
    /// libpq connection URL.
    pub url: String,
    /// Whether it is the program's own.
    pub is_local: bool,
    _cluster: Option<Cluster>,
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
                _cluster: None,
            });
        }
        let data_dir = settings.data_dir()?;
        match Cluster::start(&data_dir) {
            Ok(cluster) => Ok(Database {
                url: cluster.url().to_owned(),
                is_local: true,
                _cluster: Some(cluster),
            }),
            Err(ClusterError::InUse { pid, data_dir }) if may_join => {
                match cluster::running_url(&data_dir) {
                    Some(url) => Ok(Database {
                        url,
                        is_local: true,
                        _cluster: None,
                    }),
                    None => Err(chain(&ClusterError::InUse { pid, data_dir })),
                }
            }
            Err(error) => Err(chain(&error)),
        }
    }

    fn connect(&self) -> Result<Connection, Failure> {
        pool::connect(&self.url).map_err(|error| chain(&error))
    }
}

/// Runs a command that ends by itself.
///
/// # Errors
/// What a person should read.
pub fn run(command: Command, settings: &Settings) -> Result<i32, Failure> {
    match command {
        Command::Schema => println!("{}", crate::graphql::sdl().trim_end()),
        Command::Postgres { command } => {
            return with_database(&Database::open(settings, true)?, &command);
        }
        Command::Migrate => {
            let database = Database::open(settings, true)?;
            let done = migrate::run(&mut database.connect()?).map_err(|error| chain(&error))?;
            println!("{} migrations applied", done.applied);
            if done.rebuilt_views {
                println!("analytics views were built anew; `clinigraph refresh` fills them");
            }
        }
        Command::Refresh => print_refresh(&mut prepared(&Database::open(settings, true)?)?)?,
        Command::Verify => return print_verify(&mut prepared(&Database::open(settings, true)?)?),
        Command::Import(source) => {
            import(&mut prepared(&Database::open(settings, true)?)?, source)?
        }
        Command::Generate {
            preset,
            random_seed,
        } => {
            generate(
                &mut prepared(&Database::open(settings, true)?)?,
                preset,
                random_seed,
            )?;
        }
        Command::Token(Token::Create { user }) => {
            let database = Database::open(settings, true)?;
            println!(
                "{}",
                tokens::create(&mut prepared(&database)?, &user).map_err(|error| chain(&error))?
            );
        }
        Command::Demo(_) | Command::Serve(_) => {
            return Err("this command runs the server".to_owned());
        }
    }
    Ok(0)
}

/// What a server needs before it listens: its own database is migrated, another's is left to `clinigraph migrate`.
///
/// # Errors
/// When the database cannot be opened or migrated.
pub fn prepare_serve(settings: &Settings) -> Result<Database, Failure> {
    let database = Database::open(settings, false)?;
    if database.is_local {
        let mut conn = database.connect()?;
        migrate::run(&mut conn).map_err(|error| chain(&error))?;
    }
    Ok(database)
}

/// The demo's database: filled when it is empty, refreshed, and a token for it.
///
/// # Errors
/// When one of these steps fails.
pub fn prepare_demo(settings: &Settings) -> Result<(Database, String), Failure> {
    let database = Database::open(settings, false)?;
    let mut conn = prepared(&database)?;
    let tree = storage::org_units::tree(&mut conn).map_err(|error| chain(&error))?;
    if tree.everything().is_empty() {
        eprintln!("Filling the empty database with demo data …");
        generate(&mut conn, Preset::Demo, 1)?;
    }
    let version = storage::analytics::version::current(&mut conn).map_err(|error| chain(&error))?;
    if version.is_none_or(|version| version.stale) {
        print_refresh(&mut conn)?;
    }
    let token = tokens::create(&mut conn, "admin").map_err(|error| chain(&error))?;
    Ok((database, token))
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
    server::serve(&database.url, settings, |address| {
        println!("\nClinigraph is ready.\n");
        println!("GraphQL:  http://{address}/graphql");
        match token {
            Some(token) => {
                println!("GraphiQL: http://{address}/graphiql/#token={token}\n\ntoken: {token}")
            }
            None => println!("GraphiQL: http://{address}/graphiql/"),
        }
        println!("\nStop with Ctrl-C.");
    })
    .await
}

fn prepared(database: &Database) -> Result<Connection, Failure> {
    let mut conn = database.connect()?;
    migrate::run(&mut conn).map_err(|error| chain(&error))?;
    Ok(conn)
}

fn import(conn: &mut Connection, source: Import) -> Result<(), Failure> {
    let progress = progress_bar();
    let report = match source {
        Import::Metadata { file } => import::metadata::run(conn, &file, &progress),
        Import::Tracker { file, user } => import::tracker::run(conn, &file, &user, &progress),
        Import::Fhir { path, clinic } => import::fhir::run(conn, &path, &clinic, &progress),
    };
    progress.finish_and_clear();
    print_report(&report.map_err(|error| chain(&error))?);
    Ok(())
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

fn print_refresh(conn: &mut Connection) -> Result<(), Failure> {
    let progress = progress_bar();
    let version = refresh::run(conn, |view| {
        progress.set_message(format!("refreshing {view}"))
    });
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
fn chain(error: &dyn std::error::Error) -> Failure {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}
