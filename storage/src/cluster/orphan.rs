//! A PostgreSQL that outlived its Clinigraph, and the traces of a dead one.
//!
//! Owns the reading of `postmaster.pid`. Runs under the data folder's lock only: so no living
//! Clinigraph owns what is found here. Must not end any process that is not this cluster's server.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::{fs, io};

use super::postmaster::shut_down;
use super::{ClusterError, at};

/// What the process named in `postmaster.pid` is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Process {
    /// The server of this cluster.
    Ours,
    /// Gone; or a PostgreSQL, but not recognisably ours; or not to be told.
    Unclear,
    /// Another program, which got the same number later.
    Unrelated,
}

/// Shuts down a server left over by a killed Clinigraph, and removes a `postmaster.pid` whose
/// number belongs to an unrelated process by now, which would keep PostgreSQL from starting.
/// Every other case is PostgreSQL's own to judge when it starts.
pub(super) fn clear(pgdata: &Path) -> Result<(), ClusterError> {
    let path = pgdata.join("postmaster.pid");
    let failed = || at(&path, |path, source| ClusterError::PidFile { path, source });
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed()(error)),
    };
    let Some(pid) = text
        .lines()
        .next()
        .and_then(|line| line.trim().parse().ok())
    else {
        return Ok(());
    };
    match process(pid, pgdata) {
        Process::Ours => {
            tracing::warn!(
                pid,
                "found postgresql without its clinigraph, shutting it down to start it anew"
            );
            shut_down(pid, || Ok(process(pid, pgdata) != Process::Ours))
        }
        Process::Unclear => Ok(()),
        Process::Unrelated => {
            tracing::info!(
                pid,
                "removing a stale postmaster.pid, its number belongs to another program now"
            );
            fs::remove_file(&path).map_err(failed())
        }
    }
}

fn process(pid: i32, pgdata: &Path) -> Process {
    match command_line(pid) {
        Err(_) | Ok(None) => Process::Unclear,
        Ok(Some(words)) => judge(&words, pgdata),
    }
}

/// The postmaster keeps the command line it was started with; its children begin with `postgres:`.
pub(super) fn judge(words: &[OsString], pgdata: &Path) -> Process {
    let program = words.first().and_then(|word| Path::new(word).file_name());
    let program = program.unwrap_or_default().as_bytes();
    if !program.starts_with(b"postgres") && !program.starts_with(b"postmaster") {
        return Process::Unrelated;
    }
    let names_it = words
        .windows(2)
        .any(|pair| pair[0] == "-D" && Path::new(&pair[1]) == pgdata);
    if names_it {
        Process::Ours
    } else {
        Process::Unclear
    }
}

/// The words of a process's command line; none when there is no such process any more.
#[cfg(target_os = "linux")]
fn command_line(pid: i32) -> io::Result<Option<Vec<OsString>>> {
    match fs::read(format!("/proc/{pid}/cmdline")) {
        // A process that ended but is not reaped yet.
        Ok(bytes) if bytes.is_empty() => Ok(None),
        Ok(bytes) => Ok(Some(
            bytes
                .split(|&byte| byte == 0)
                .map(|word| OsString::from_vec(word.into()))
                .collect(),
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The words of a process's command line; none when there is no such process any more. `ps` does
/// not keep words with spaces together: then the answer is unclear, never wrong.
#[cfg(not(target_os = "linux"))]
fn command_line(pid: i32) -> io::Result<Option<Vec<OsString>>> {
    let output = std::process::Command::new("/bin/ps")
        .args(["-ww", "-o", "stat=,command=", "-p"])
        .arg(pid.to_string())
        .output()?;
    let mut words = output
        .stdout
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let gone = words.next().is_none_or(|state| state.starts_with(b"Z"));
    let words = words.map(|word| OsString::from_vec(word.into()));
    Ok((!gone).then(|| words.collect()))
}
