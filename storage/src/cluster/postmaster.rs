//! The server's process: started, waited for, stopped.
//!
//! Owns the child and what it says. Must not know how the cluster came to be.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::account::Account;
use super::binaries::Binaries;
use super::{ClusterError, PORT, at, last_lines, url};

/// How long a server may take to accept connections when it gives no reason.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long it may take while it says that it recovers.
const RECOVERED_WITHIN: Duration = Duration::from_secs(600);
/// How long processes of a killed server may hold its shared memory.
const RELEASED_WITHIN: Duration = Duration::from_secs(30);
/// How long a fast shutdown may take, and then an immediate one.
const STOPPED_WITHIN: [(Signal, Duration); 2] = [
    (Signal::SIGINT, Duration::from_secs(60)),
    (Signal::SIGQUIT, Duration::from_secs(20)),
];
const POLL: Duration = Duration::from_millis(25);

/// A server we started; stopped when dropped.
#[derive(Debug)]
pub(super) struct Postmaster {
    child: Child,
    stopped: bool,
    pgdata: PathBuf,
    start_log: PathBuf,
}

impl Postmaster {
    /// Starts the server and waits until it accepts connections; returns the first of them, to
    /// the maintenance database.
    pub(super) fn start(
        binaries: &Binaries,
        account: &Account,
        pgdata: &Path,
        start_log: &Path,
        socket_folder: &Path,
    ) -> Result<(Self, PgConnection), ClusterError> {
        let begun = Instant::now();
        loop {
            let mut server = Self::spawn(binaries, account, pgdata, start_log, socket_folder)?;
            match server.wait_until_ready(&url(socket_folder, "postgres")) {
                // Processes of a server that was killed see it only at their next pause.
                Err(ClusterError::Ended { log, .. })
                    if log.contains("shared memory block") && begun.elapsed() < RELEASED_WITHIN =>
                {
                    tracing::info!("waiting for the processes of a killed postgresql to end");
                    sleep(Duration::from_secs(1));
                }
                ready => return ready.map(|connection| (server, connection)),
            }
        }
    }

    fn spawn(
        binaries: &Binaries,
        account: &Account,
        pgdata: &Path,
        start_log: &Path,
        socket_folder: &Path,
    ) -> Result<Self, ClusterError> {
        let log = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(start_log)
            .map_err(at(start_log, |path, source| ClusterError::OpenLog {
                path,
                source,
            }))?;
        let mut socket_setting = OsString::from("unix_socket_directories=");
        socket_setting.push(socket_folder);

        let program = binaries.postgres();
        let child = account
            .command(&program)
            .arg("-D")
            .arg(pgdata)
            .args(["-c", "listen_addresses=", "-c"])
            .arg(format!("port={PORT}"))
            .args(["-c", "unix_socket_permissions=0700", "-c"])
            .arg(socket_setting)
            // Ctrl-C in the terminal is ours to handle: we stop it once our work is done.
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|source| ClusterError::Run { program, source })?;
        Ok(Self {
            child,
            stopped: false,
            pgdata: pgdata.into(),
            start_log: start_log.into(),
        })
    }

    pub(super) fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    fn wait_until_ready(&mut self, url: &str) -> Result<PgConnection, ClusterError> {
        let url = format!("{url}&connect_timeout=5");
        let begun = Instant::now();
        let mut deadline = begun + READY_WITHIN;
        let mut told = false;
        loop {
            self.check_alive()?;
            let error = match PgConnection::establish(&url) {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            };
            let now = Instant::now();
            if recovers(&error.to_string()) {
                deadline = (now + READY_WITHIN).min(begun + RECOVERED_WITHIN);
                if !told && now - begun > Duration::from_secs(3) {
                    told = true;
                    tracing::info!("postgresql is recovering from a crash, this may take minutes");
                }
            }
            if now >= deadline {
                return Err(ClusterError::NotReady {
                    seconds: (now - begun).as_secs(),
                    log: self.last_messages(),
                    source: error,
                });
            }
            sleep(POLL);
        }
    }

    fn check_alive(&mut self) -> Result<(), ClusterError> {
        let pid = self.pid();
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => {
                self.stopped = true;
                Err(self.ended(status))
            }
            Err(source) => Err(ClusterError::Wait { pid, source }),
        }
    }

    fn ended(&self, status: ExitStatus) -> ClusterError {
        ClusterError::Ended {
            status,
            log: self.last_messages(),
        }
    }

    /// Fast shutdown, then an immediate one. The second call does nothing, whatever came of the
    /// first.
    pub(super) fn stop(&mut self) -> Result<(), ClusterError> {
        if std::mem::replace(&mut self.stopped, true) {
            return Ok(());
        }
        self.check_alive()?;
        let pid = self.pid();
        let child = &mut self.child;
        let mut ended = None;
        shut_down(pid, || {
            ended = child
                .try_wait()
                .map_err(|source| ClusterError::Wait { pid, source })?;
            Ok(ended.is_some())
        })?;
        if let Some(status) = ended.filter(|status| !status.success()) {
            return Err(self.ended(status));
        }
        tracing::info!(pid, "local postgresql stopped");
        Ok(())
    }

    /// The end of the log: of the first messages, or of the log file PostgreSQL went on with.
    fn last_messages(&self) -> String {
        let mut messages = end_of(&self.start_log).unwrap_or_default();
        if messages.contains("redirecting log output") {
            let current = fs::read_to_string(self.pgdata.join("current_logfiles"));
            let current = current.unwrap_or_default();
            let name = current
                .lines()
                .find_map(|line| line.strip_prefix("stderr "));
            let log = name.and_then(|name| end_of(&self.pgdata.join(name)).ok());
            messages.push_str(&log.unwrap_or_default());
        }
        last_lines(&messages, 12)
    }
}

/// The last few kilobytes of a log file, which may be large.
fn end_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(16 * 1024)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::error!(%error, "cannot stop the local postgresql");
        }
    }
}

/// PostgreSQL says that it works towards accepting connections.
fn recovers(message: &str) -> bool {
    ["starting up", "recovery", "not yet accepting connections"]
        .iter()
        .any(|part| message.contains(part))
}

/// Asks a server to stop, then tells it to, until `ended` says it did.
pub(super) fn shut_down(
    pid: i32,
    mut ended: impl FnMut() -> Result<bool, ClusterError>,
) -> Result<(), ClusterError> {
    for (signal, patience) in STOPPED_WITHIN {
        if signal == Signal::SIGQUIT {
            tracing::warn!(
                pid,
                "postgresql does not stop, it will recover at the next start"
            );
        }
        match kill(Pid::from_raw(pid), signal) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(errno) => {
                return Err(ClusterError::Signal {
                    pid,
                    source: errno.into(),
                });
            }
        }
        let begun = Instant::now();
        while begun.elapsed() < patience {
            if ended()? {
                return Ok(());
            }
            sleep(POLL);
        }
    }
    Err(ClusterError::DoesNotStop { pid })
}
