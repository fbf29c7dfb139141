//! What can go wrong with the local PostgreSQL, said to the person who runs the server.
//!
//! Owns the wording. Must not do anything: every variant is built where the operation fails.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Why the local PostgreSQL could not be found, created, started or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// The data folder cannot be created or entered.
    #[error(
        "cannot create or open the data folder {}; choose a folder this user may write to",
        path.display()
    )]
    DataDir {
        /// The data folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// The lock file cannot be opened, locked or written.
    #[error(
        "cannot lock {}; this user needs to write to it, on a file system that supports locks",
        path.display()
    )]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// Another live process holds the lock.
    #[error(
        "another Clinigraph (pid {pid}) is using {}; stop it or choose another --data-dir",
        data_dir.display()
    )]
    InUse {
        /// Its process id, or `unknown`.
        pid: String,
        /// The data folder.
        data_dir: PathBuf,
    },

    /// No supported PostgreSQL on this machine.
    #[error(
        "no PostgreSQL 15 to 18 on this machine. Install it:\n  \
         Debian, Ubuntu: apt-get install postgresql\n  \
         Fedora:         dnf install postgresql-server\n  \
         macOS:          brew install postgresql@17\n\
         or start through ./dev, which installs it, or set DATABASE_URL to a running PostgreSQL"
    )]
    NoPostgres,

    /// The existing cluster needs a major version which is not installed.
    #[error(
        "the data in {} belongs to PostgreSQL {needed}, which is not installed (found: {found}). \
         Install version {needed} (Debian, Ubuntu: apt-get install postgresql-{needed}; \
         macOS: brew install postgresql@{needed}) or set DATABASE_URL to a running PostgreSQL",
        pgdata.display()
    )]
    MajorMissing {
        /// The cluster's folder.
        pgdata: PathBuf,
        /// The major version that wrote it.
        needed: u32,
        /// The supported major versions that are installed, in words.
        found: String,
    },

    /// The existing cluster was written by a version this program does not support.
    #[error(
        "the data in {} belongs to PostgreSQL {major}; this program supports 15 to 18. \
         Move the data with pg_upgrade or pg_dump, or choose another --data-dir",
        pgdata.display()
    )]
    MajorUnsupported {
        /// The cluster's folder.
        pgdata: PathBuf,
        /// The major version that wrote it.
        major: u32,
    },

    /// The cluster's folder holds something else.
    #[error(
        "{} is not empty and holds no readable PG_VERSION, so it is no PostgreSQL cluster; \
         move it away or choose another --data-dir",
        pgdata.display()
    )]
    NotACluster {
        /// The folder.
        pgdata: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// Started by root, and there is no account to run PostgreSQL with.
    #[error(
        "PostgreSQL refuses to run as root, and this machine has neither a user `postgres` nor \
         `nobody`; create one of them or start as another user"
    )]
    NoAccount,

    /// The cluster belongs to another user.
    #[error(
        "{} belongs to user {owner}; start as that user or as root, or choose another --data-dir",
        path.display()
    )]
    ForeignOwner {
        /// The cluster's folder.
        path: PathBuf,
        /// The name or number of its owner.
        owner: String,
    },

    /// The unprivileged account cannot pass a folder above the cluster.
    #[error(
        "PostgreSQL runs as user {account}, who may not enter {}; allow it with `chmod o+x {}` or \
         choose a --data-dir elsewhere, such as /var/lib/clinigraph",
        folder.display(), folder.display()
    )]
    Unreachable {
        /// The first folder that is closed.
        folder: PathBuf,
        /// The account PostgreSQL runs as.
        account: String,
    },

    /// The unprivileged account cannot run PostgreSQL's programs.
    #[error(
        "user {account} may not run {}; make it executable for that user or install PostgreSQL \
         from your system's packages",
        program.display()
    )]
    NotExecutable {
        /// The program.
        program: PathBuf,
        /// The account PostgreSQL runs as.
        account: String,
    },

    /// A file or folder cannot be handed to the unprivileged account.
    #[error("cannot give {} to the user PostgreSQL runs as", path.display())]
    ChangeOwner {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// The new cluster's folder cannot be created, written or put in its place.
    #[error(
        "cannot create the PostgreSQL cluster at {}; check permissions and free space",
        path.display()
    )]
    CreateCluster {
        /// The file or folder concerned.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// `initdb` ran and failed.
    #[error("initdb could not create the PostgreSQL cluster ({status}):\n{output}")]
    Initdb {
        /// How it ended.
        status: ExitStatus,
        /// The last lines it wrote.
        output: String,
    },

    /// The settings file cannot be written.
    #[error("cannot write the PostgreSQL settings {}; check permissions and free space", path.display())]
    WriteSettings {
        /// The settings file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// The folder for the Unix socket cannot be prepared.
    #[error("cannot prepare {} for PostgreSQL's socket; check its permissions", path.display())]
    SocketFolder {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// Someone else made the folder meant for the Unix socket.
    #[error(
        "{} should hold PostgreSQL's socket but somebody else made it; remove it, or choose a \
         --data-dir with a shorter path",
        path.display()
    )]
    SocketFolderTaken {
        /// The folder.
        path: PathBuf,
    },

    /// A PostgreSQL program cannot be started.
    #[error("cannot run {}", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// The file for PostgreSQL's first messages cannot be opened.
    #[error("cannot write PostgreSQL's log {}; check permissions and free space", path.display())]
    OpenLog {
        /// The log file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// The server ended by itself, or not in order.
    #[error("PostgreSQL ended unexpectedly ({status}); its last messages:\n{log}")]
    Ended {
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its log.
        log: String,
    },

    /// The server lives but accepts no connections.
    #[error("PostgreSQL accepted no connection within {seconds} s; its last messages:\n{log}")]
    NotReady {
        /// How long it was given.
        seconds: u64,
        /// The last lines of its log.
        log: String,
        /// What the last attempt met.
        source: diesel::ConnectionError,
    },

    /// The database cannot be created in the new cluster.
    #[error("cannot create the database `clinigraph` in the local PostgreSQL")]
    CreateDatabase {
        /// What PostgreSQL said.
        source: diesel::result::Error,
    },

    /// The file that names the running server cannot be read or removed.
    #[error("cannot read or remove {}", path.display())]
    PidFile {
        /// `postmaster.pid`.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// A signal cannot be sent to the server.
    #[error("cannot signal PostgreSQL (pid {pid})")]
    Signal {
        /// Its process id.
        pid: i32,
        /// What the operating system said.
        source: io::Error,
    },

    /// The state of the server's process cannot be asked.
    #[error("cannot wait for PostgreSQL (pid {pid})")]
    Wait {
        /// Its process id.
        pid: i32,
        /// What the operating system said.
        source: io::Error,
    },

    /// The server ignores the request to stop.
    #[error("PostgreSQL (pid {pid}) did not stop; end it with `kill -QUIT {pid}`")]
    DoesNotStop {
        /// Its process id.
        pid: i32,
    },
}
