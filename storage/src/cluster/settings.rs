//! PostgreSQL's settings for this machine.
//!
//! Owns `clinigraph.conf`. Must not weaken durability, and leaves the operator the last word.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread::available_parallelism;

use nix::sys::statvfs::statvfs;

use super::account::Account;
use super::{ClusterError, at};

/// What a new cluster's `postgresql.conf` gets at its end.
pub(super) const INCLUDE: &str = "
# Clinigraph's settings for this machine, rewritten at each start.
# Your own settings go below this line: the later one wins.
include_if_exists = 'clinigraph.conf'
";

const HEADER: &str = "\
# Written by Clinigraph at each start, to fit this machine. Changes here are lost.
#
# To change a setting, write it in postgresql.conf below the line that includes this file, or use
# ALTER SYSTEM; both win over this file. Only the socket, its permissions and the empty
# listen_addresses are fixed: Clinigraph passes them on the command line.
#
# Durability (fsync, synchronous_commit, full_page_writes) stays on, as PostgreSQL has it.

";

const FIXED: &str = "\
max_connections = 100
shared_preload_libraries = ''
wal_compression = on
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off

# One server without replicas: what a bulk load writes is not logged a second time. As safe at a
# crash; replicas and base backups need wal_level = replica and max_wal_senders = 10.
wal_level = minimal
max_wal_senders = 0

track_io_timing = on
timezone = 'UTC'
log_timezone = 'UTC'

# One file per day of the week below log/, each emptied when its day comes again.
log_destination = 'stderr'
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_file_mode = 0600
log_rotation_age = 1d
log_rotation_size = 0
log_truncate_on_rotation = on
";

const MB: u64 = 1024 * 1024;
const GB: u64 = 1024 * MB;

/// When the machine does not say how much memory it has.
const MODEST_MEMORY: u64 = 4 * GB;

/// What the settings depend on; sizes in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Machine {
    pub(super) memory: u64,
    pub(super) free_disk: u64,
    pub(super) shared_memory: u64,
    pub(super) cores: usize,
    pub(super) linux: bool,
}

impl Machine {
    fn here(pgdata: &Path) -> Self {
        Self {
            memory: memory(
                fs::read_to_string("/proc/meminfo").ok().as_deref(),
                fs::read_to_string("/sys/fs/cgroup/memory.max")
                    .ok()
                    .as_deref(),
            ),
            free_disk: free_space(pgdata).unwrap_or(8 * GB),
            shared_memory: free_space(Path::new("/dev/shm")).unwrap_or(0),
            cores: available_parallelism().map_or(1, usize::from),
            linux: cfg!(target_os = "linux"),
        }
    }
}

/// The machine's memory, or the container's limit when that is lower.
pub(super) fn memory(meminfo: Option<&str>, cgroup_limit: Option<&str>) -> u64 {
    let total = meminfo
        .and_then(|text| text.lines().find_map(|line| line.strip_prefix("MemTotal:")))
        .and_then(|value| value.trim().strip_suffix(" kB")?.parse::<u64>().ok())
        .map_or(MODEST_MEMORY, |kilobytes| kilobytes * 1024);
    let limit = cgroup_limit.and_then(|text| text.trim().parse().ok());
    limit.map_or(total, |limit| total.min(limit))
}

fn free_space(folder: &Path) -> Option<u64> {
    // The width of these numbers differs between systems.
    fn wide(number: impl Into<u64>) -> u64 {
        number.into()
    }
    let found = statvfs(folder).ok()?;
    Some(wide(found.blocks_available()).saturating_mul(wide(found.fragment_size())))
}

/// The text of `clinigraph.conf`.
pub(super) fn text(machine: &Machine) -> String {
    let memory = machine.memory;
    let max_wal = (machine.free_disk / 8).clamp(256 * MB, 8 * GB);
    let sizes = [
        ("shared_buffers", (memory / 4).clamp(32 * MB, 8 * GB)),
        ("effective_cache_size", (memory / 10 * 6).max(64 * MB)),
        ("work_mem", (memory / 512).clamp(16 * MB, 64 * MB)),
        ("maintenance_work_mem", (memory / 16).clamp(64 * MB, 2 * GB)),
        ("max_wal_size", max_wal),
        ("min_wal_size", max_wal / 4),
    ];
    let per_query = (machine.cores / 2).clamp(1, 4);
    let workers = [
        ("max_worker_processes", machine.cores.max(8)),
        ("max_parallel_workers", machine.cores),
        ("max_parallel_workers_per_gather", per_query),
        ("max_parallel_maintenance_workers", per_query),
    ];

    let mut text = String::from(HEADER);
    for (name, bytes) in sizes {
        let _ = writeln!(text, "{name} = {}MB", bytes / MB);
    }
    for (name, count) in workers {
        let _ = writeln!(text, "{name} = {count}");
    }
    if machine.linux {
        text.push_str("effective_io_concurrency = 200\n");
        if machine.shared_memory < GB {
            // Containers often get 64 MB of /dev/shm, too little for parallel queries.
            text.push_str("dynamic_shared_memory_type = sysv\n");
        }
    }
    text.push_str(FIXED);
    text
}

/// Writes the file anew, all at once. A rename also follows no link laid in the cluster's folder,
/// which belongs to a less trusted account when we are root.
pub(super) fn write(account: &Account, pgdata: &Path) -> Result<(), ClusterError> {
    let path = pgdata.join("clinigraph.conf");
    let unfinished = pgdata.join("clinigraph.conf.new");
    let failed = || {
        at(&path, |path, source| ClusterError::WriteSettings {
            path,
            source,
        })
    };

    let _ = fs::remove_file(&unfinished);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)
        .and_then(|mut file| {
            file.write_all(text(&Machine::here(pgdata)).as_bytes())?;
            file.sync_all()
        })
        .map_err(failed())?;
    account.own(&unfinished)?;
    fs::rename(&unfinished, &path).map_err(failed())
}
