//! The folders of the local PostgreSQL: the data folder, the cluster in it, and the socket's.
//!
//! Owns what lies where and that a cluster appears all at once or not at all. Must not know how
//! the server runs.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use sha2::{Digest, Sha256};

use super::account::Account;
use super::binaries::Binaries;
use super::{ClusterError, NAME, PORT, at, last_lines, settings};

/// The longest path of a Unix socket, without the closing zero byte.
const LONGEST_SOCKET: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// An unfinished cluster; the process id of its maker follows.
const UNFINISHED: &str = "postgres.new-";

/// Creates the data folder if needed; returns its real path.
pub(super) fn create_data_dir(data_dir: &Path) -> Result<PathBuf, ClusterError> {
    let failed = |source| ClusterError::DataDir {
        path: data_dir.into(),
        source,
    };
    if !data_dir.is_dir() {
        if let Some(parent) = data_dir.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        fs::create_dir(data_dir).map_err(failed)?;
        // The account PostgreSQL runs as has to pass when we are root; nobody else gets to list it.
        let mode = if nix::unistd::geteuid().is_root() {
            0o711
        } else {
            0o700
        };
        fs::set_permissions(data_dir, fs::Permissions::from_mode(mode)).map_err(failed)?;
    }
    fs::canonicalize(data_dir).map_err(failed)
}

/// The major version of the cluster in `pgdata`, or none when there is no cluster yet.
pub(super) fn existing_major(pgdata: &Path) -> Result<Option<u32>, ClusterError> {
    let not_a_cluster = |source| ClusterError::NotACluster {
        pgdata: pgdata.into(),
        source,
    };
    match fs::read_dir(pgdata).map(|mut entries| entries.next().is_none()) {
        Ok(true) => return Ok(None),
        Ok(false) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // Another user's: the account's check says so better.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Account::for_cluster(pgdata)?;
            return Err(not_a_cluster(error));
        }
        Err(error) => return Err(not_a_cluster(error)),
    }
    let version = fs::read_to_string(pgdata.join("PG_VERSION")).map_err(not_a_cluster)?;
    let major = version.trim().parse().map_err(|_| {
        not_a_cluster(io::Error::new(
            io::ErrorKind::InvalidData,
            "PG_VERSION is no number",
        ))
    })?;
    Ok(Some(major))
}

/// Creates the cluster beside its place and renames it at the end: whatever interrupts this leaves
/// nothing that looks like a cluster.
pub(super) fn initialise(
    binaries: &Binaries,
    account: &Account,
    data_dir: &Path,
    pgdata: &Path,
) -> Result<(), ClusterError> {
    tracing::info!(path = %pgdata.display(), version = binaries.major, "creating the local postgresql cluster");
    remove_unfinished(data_dir);
    let unfinished = data_dir.join(format!("{UNFINISHED}{}", std::process::id()));
    let created = fill(binaries, account, &unfinished).and_then(|()| {
        fs::rename(&unfinished, pgdata)
            .and_then(|()| File::open(data_dir)?.sync_all())
            .map_err(at(pgdata, create_cluster))
    });
    if created.is_err() {
        remove_unfinished(data_dir);
    }
    created
}

fn fill(binaries: &Binaries, account: &Account, folder: &Path) -> Result<(), ClusterError> {
    let mut failure = None;
    for locale in locales(binaries.major) {
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(at(folder, create_cluster))?;
        }
        DirBuilder::new()
            .mode(0o700)
            .create(folder)
            .map_err(at(folder, create_cluster))?;
        account.own(folder)?;
        match initdb(binaries, account, folder, locale) {
            Ok(()) => return include_settings(folder),
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(()), Err)
}

/// UTF-8 with code point order, which no system update changes. Where PostgreSQL or the C library
/// knows `C.UTF-8`, upper and lower case work beyond ASCII.
fn locales(major: u32) -> &'static [&'static [&'static str]] {
    const BUILTIN: &[&str] = &[
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
    ];
    const LIBRARY: &[&str] = &["--locale-provider=libc", "--locale=C.UTF-8"];
    const PLAIN: &[&str] = &["--locale-provider=libc", "--locale=C"];
    if major >= 17 {
        &[BUILTIN, PLAIN]
    } else {
        &[LIBRARY, PLAIN]
    }
}

fn initdb(
    binaries: &Binaries,
    account: &Account,
    folder: &Path,
    locale: &[&str],
) -> Result<(), ClusterError> {
    let program = binaries.initdb();
    let output = account
        .command(&program)
        .arg("-D")
        .arg(folder)
        .arg(format!("--username={NAME}"))
        .args(["--encoding=UTF8", "--lc-messages=C", "--data-checksums"])
        .args([
            "--auth-local=trust",
            "--auth-host=reject",
            "--no-instructions",
        ])
        .args(locale)
        .output()
        .map_err(|source| ClusterError::Run { program, source })?;
    if output.status.success() {
        return Ok(());
    }
    Err(ClusterError::Initdb {
        status: output.status,
        output: last_lines(&String::from_utf8_lossy(&output.stderr), 12),
    })
}

fn include_settings(folder: &Path) -> Result<(), ClusterError> {
    let path = folder.join("postgresql.conf");
    // The folder belongs to a less trusted account by now: follow no link it may have laid.
    OpenOptions::new()
        .append(true)
        .custom_flags(OFlag::O_NOFOLLOW.bits())
        .open(&path)
        .and_then(|mut file| {
            file.write_all(settings::INCLUDE.as_bytes())?;
            file.sync_all()
        })
        .map_err(at(&path, create_cluster))
}

/// Removes what an interrupted creation left. A leftover harms nothing, so failing only warns.
fn remove_unfinished(data_dir: &Path) {
    let entries = fs::read_dir(data_dir).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| {
        entry
            .file_name()
            .as_bytes()
            .starts_with(UNFINISHED.as_bytes())
    }) {
        let path = entry.path();
        if let Err(error) = fs::remove_dir_all(&path) {
            tracing::warn!(path = %path.display(), %error, "cannot remove an unfinished cluster");
        }
    }
}

fn create_cluster(path: PathBuf, source: io::Error) -> ClusterError {
    ClusterError::CreateCluster { path, source }
}

/// The folder of the Unix socket; removed at the end when it lies outside the cluster.
#[derive(Debug)]
pub(super) struct SocketFolder {
    path: PathBuf,
    temporary: bool,
}

impl SocketFolder {
    /// The cluster's own folder, which is private already; or a private one in the system's
    /// temporary folder when the path would be too long.
    pub(super) fn prepare(account: &Account, pgdata: &Path) -> Result<Self, ClusterError> {
        if fits(pgdata) {
            return Ok(Self {
                path: pgdata.into(),
                temporary: false,
            });
        }
        let path = temporary_folder(&std::env::temp_dir(), pgdata);
        let path = if fits(&path) {
            path
        } else {
            temporary_folder(Path::new("/tmp"), pgdata)
        };
        private_folder(account, &path)?;
        Ok(Self {
            path,
            temporary: true,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFolder {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = fs::remove_dir(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "cannot remove the socket folder");
        }
    }
}

/// A path both sides can name: short enough, and without the comma that separates folders.
pub(super) fn fits(folder: &Path) -> bool {
    let bytes = folder.as_os_str().as_bytes();
    let socket = bytes.len() + "/.s.PGSQL.".len() + PORT.len();
    socket <= LONGEST_SOCKET && !bytes.contains(&b',')
}

fn temporary_folder(parent: &Path, pgdata: &Path) -> PathBuf {
    let hash = Sha256::digest(pgdata.as_os_str().as_bytes());
    let name: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    parent.join(format!("clinigraph-{name}"))
}

/// Creates the folder, or takes it from an earlier run; never from somebody else, since whoever
/// owns it could put another server behind the socket.
fn private_folder(account: &Account, path: &Path) -> Result<(), ClusterError> {
    let failed = || {
        at(path, |path, source| ClusterError::SocketFolder {
            path,
            source,
        })
    };
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(path).map_err(failed())?;
            let ours = [account.uid(), nix::unistd::geteuid().as_raw()].contains(&found.uid());
            if !found.is_dir() || !ours || found.mode() & 0o077 != 0 {
                return Err(ClusterError::SocketFolderTaken { path: path.into() });
            }
        }
        Err(error) => return Err(failed()(error)),
    }
    account.own(path)
}
