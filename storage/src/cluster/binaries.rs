//! Where this machine keeps PostgreSQL's programs.
//!
//! Owns the search and the choice of a major version. Must not know the data folder beyond the
//! major version it needs.

use std::ffi::OsStr;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::ClusterError;

/// The major versions this program is tested with.
const SUPPORTED: RangeInclusive<u32> = 15..=18;

/// Where packages put PostgreSQL: folder, beginning of the version's folder, path below it.
const PACKAGES: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/usr/local", "pgsql", "bin"),
];

/// PostgreSQL's programs, all from one installation.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    pub(super) major: u32,
    folder: PathBuf,
}

impl Binaries {
    /// The installation for an existing cluster's major version, else the newest supported one.
    pub(super) fn find(pgdata: &Path, existing: Option<u32>) -> Result<Self, ClusterError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let installed: Vec<Self> = candidate_folders(&path)
            .iter()
            .filter_map(|folder| Self::installed_in(folder))
            .collect();
        let majors: Vec<u32> = installed.iter().map(|found| found.major).collect();
        let major = choose(&majors, existing, pgdata)?;
        installed
            .into_iter()
            .find(|found| found.major == major)
            .ok_or(ClusterError::NoPostgres)
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    /// The installation `folder` leads to, when all three programs come from one real folder.
    pub(super) fn installed_in(folder: &Path) -> Option<Self> {
        let real_folder = |program| {
            let real = fs::canonicalize(folder.join(program)).ok()?;
            real.parent().map(Path::to_path_buf)
        };
        let real = real_folder("postgres")?;
        let complete = real_folder("initdb")? == real && real_folder("pg_ctl")? == real;
        if !complete {
            return None;
        }
        let output = Command::new(real.join("postgres"))
            .arg("--version")
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let major = parse_major(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self {
            major,
            folder: real,
        })
    }
}

/// The folders of `PATH`, then those of the usual packages. Relative entries are left out: what
/// runs must not depend on the current folder.
fn candidate_folders(path: &OsStr) -> Vec<PathBuf> {
    let in_path = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    let packaged = PACKAGES.iter().flat_map(|&(folder, prefix, below)| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .filter(move |entry| entry.file_name().to_string_lossy().starts_with(prefix))
            .map(move |entry| entry.path().join(below))
    });
    in_path.chain(packaged).collect()
}

/// `15` from `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
pub(super) fn parse_major(version: &str) -> Option<u32> {
    let number = version.strip_prefix("postgres (PostgreSQL) ")?;
    let end = number.find(|c: char| !c.is_ascii_digit());
    number[..end.unwrap_or(number.len())].parse().ok()
}

/// The major version to run, out of those installed.
pub(super) fn choose(
    installed: &[u32],
    existing: Option<u32>,
    pgdata: &Path,
) -> Result<u32, ClusterError> {
    let mut supported: Vec<u32> = installed.to_vec();
    supported.retain(|major| SUPPORTED.contains(major));
    supported.sort_unstable();
    supported.dedup();
    match existing {
        None => supported.last().copied().ok_or(ClusterError::NoPostgres),
        Some(needed) if supported.contains(&needed) => Ok(needed),
        Some(major) if !SUPPORTED.contains(&major) => Err(ClusterError::MajorUnsupported {
            pgdata: pgdata.into(),
            major,
        }),
        Some(needed) => Err(ClusterError::MajorMissing {
            pgdata: pgdata.into(),
            needed,
            found: match supported.as_slice() {
                [] => "none".into(),
                majors => majors
                    .iter()
                    .map(u32::to_string)
                    .collect::<Vec<_>>()
                    .join(", "),
            },
        }),
    }
}
