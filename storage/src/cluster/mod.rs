//! The program's own local PostgreSQL, used when no `DATABASE_URL` is given.
//!
//! Owns the life of one cluster below the data folder: creating, starting and stopping it, and the
//! lock that keeps a second Clinigraph out. Must not know what the database holds: no tables, no
//! migrations, no pool.

mod account;
mod binaries;
mod error;
mod folder;
mod lock;
mod orphan;
mod postmaster;
mod settings;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use account::Account;
use binaries::Binaries;
pub use error::ClusterError;
use folder::SocketFolder;
use lock::Lock;
use postmaster::Postmaster;

/// The superuser and the database: one name for both.
const NAME: &str = "clinigraph";

/// Only part of the socket's file name: PostgreSQL never listens on a network port.
const PORT: &str = "5432";

/// A running local PostgreSQL; stopped when dropped.
#[derive(Debug)]
pub struct Cluster {
    url: String,
    // Dropped in this order: stop the server, remove its socket folder, let the next program in.
    postmaster: Postmaster,
    _socket: SocketFolder,
    _lock: Lock,
}

impl Cluster {
    /// Creates the cluster when the folder holds none, starts it, waits until it accepts
    /// connections and creates the database `clinigraph` if it is absent.
    ///
    /// Blocks: usually for a second or two, after a crash as long as recovery takes (ten minutes
    /// at most).
    ///
    /// # Errors
    ///
    /// [`ClusterError`] says what failed and what the person who runs the server can do about it.
    pub fn start(data_dir: &Path) -> Result<Self, ClusterError> {
        let data_dir = folder::create_data_dir(data_dir)?;
        let lock = Lock::take(&data_dir)?;
        let pgdata = data_dir.join("postgres");

        let existing = folder::existing_major(&pgdata)?;
        let binaries = Binaries::find(&pgdata, existing)?;
        let account = Account::for_cluster(&pgdata)?;
        account.check_reach(&binaries, &data_dir)?;

        if existing.is_none() {
            folder::initialise(&binaries, &account, &data_dir, &pgdata)?;
        }
        account.own_tree(&pgdata)?;
        orphan::clear(&pgdata)?;
        settings::write(&account, &pgdata)?;

        let socket = SocketFolder::prepare(&account, &pgdata)?;
        let (postmaster, mut maintenance) = Postmaster::start(
            &binaries,
            &account,
            &pgdata,
            &data_dir.join("postgres-start.log"),
            socket.path(),
        )?;
        create_database(&mut maintenance)?;
        tracing::info!(
            data_dir = %data_dir.display(),
            version = binaries.major,
            pid = postmaster.pid(),
            "local postgresql started"
        );
        Ok(Self {
            url: url(socket.path(), NAME),
            postmaster,
            _socket: socket,
            _lock: lock,
        })
    }

    /// The libpq connection URL over the Unix socket: user `clinigraph`, database `clinigraph`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops the server (fast shutdown: open transactions are rolled back) and waits for its end.
    /// Dropping does the same, and logs a failure.
    ///
    /// # Errors
    ///
    /// [`ClusterError`] when the server had ended on its own before, or does not stop.
    pub fn stop(mut self) -> Result<(), ClusterError> {
        self.postmaster.stop()
    }
}

/// Whether this process is root's, for whom other folders are usual.
#[must_use]
pub fn runs_as_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// The URL of a cluster that another Clinigraph is running on this folder: how a command joins a
/// server that is up. `None` when nothing runs there.
#[must_use]
pub fn running_url(data_dir: &Path) -> Option<String> {
    // postmaster.pid holds: process id, data folder, start time, port, socket folder, …
    let pid_file = std::fs::read_to_string(data_dir.join("postgres/postmaster.pid")).ok()?;
    let socket_folder = pid_file.lines().nth(4).filter(|line| !line.is_empty())?;
    Some(url(Path::new(socket_folder), NAME))
}

fn create_database(maintenance: &mut PgConnection) -> Result<(), ClusterError> {
    let failed = |source| ClusterError::CreateDatabase { source };
    let exists = diesel::select(sql::<Bool>(
        "exists (select from pg_database where datname = 'clinigraph')",
    ))
    .get_result::<bool>(maintenance)
    .map_err(failed)?;
    if !exists {
        diesel::sql_query("create database clinigraph")
            .execute(maintenance)
            .map_err(failed)?;
    }
    Ok(())
}

fn url(socket_folder: &Path, database: &str) -> String {
    let host = percent_encoded(socket_folder);
    format!("postgresql:///{database}?host={host}&port={PORT}&user={NAME}")
}

fn percent_encoded(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str()
        .as_bytes()
        .iter()
        .map(|&byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The last lines of a text: what an error shows of a log.
fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// For `map_err`: an error of the operating system about one path.
fn at<'a>(
    path: &'a Path,
    variant: fn(PathBuf, io::Error) -> ClusterError,
) -> impl Fn(io::Error) -> ClusterError + 'a {
    move |source| variant(path.into(), source)
}
