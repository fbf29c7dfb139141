//! Tests of what is decided without a server: versions, settings, names.

use std::path::Path;

use super::super::binaries::{Binaries, choose, parse_major};
use super::super::orphan::{Process, judge};
use super::super::settings::{Machine, memory, text};
use super::super::{folder, url};
use super::Folder;

const GB: u64 = 1 << 30;

#[test]
fn chooses_the_version() {
    let pgdata = Path::new("/data/postgres");
    assert_eq!(choose(&[16, 18, 14, 19, 17], None, pgdata).unwrap(), 18);
    assert_eq!(choose(&[16, 18], Some(16), pgdata).unwrap(), 16);

    let missing = choose(&[18, 16, 16], Some(17), pgdata)
        .unwrap_err()
        .to_string();
    assert!(
        missing.contains("/data/postgres belongs to PostgreSQL 17"),
        "{missing}"
    );
    assert!(missing.contains("(found: 16, 18)"), "{missing}");
    assert!(
        missing.contains("apt-get install postgresql-17"),
        "{missing}"
    );

    let none = choose(&[14], None, pgdata).unwrap_err().to_string();
    for hint in [
        "apt-get install postgresql",
        "dnf install postgresql-server",
        "brew install postgresql@17",
        "./dev",
        "DATABASE_URL",
    ] {
        assert!(none.contains(hint), "{none}");
    }
}

#[test]
fn reads_the_version() {
    assert_eq!(
        parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
        Some(15)
    );
    assert_eq!(parse_major("postgres (PostgreSQL) 18beta1\n"), Some(18));
    assert_eq!(parse_major("postgres (PostgreSQL) 17"), Some(17));
    assert_eq!(parse_major("another program 17"), None);
}

#[test]
fn follows_links_to_one_installation() {
    let folder = Folder::new();
    let real = Binaries::find(Path::new("/"), None).unwrap();
    for program in ["initdb", "postgres"] {
        let target = real.postgres().with_file_name(program);
        std::os::unix::fs::symlink(target, folder.0.join(program)).unwrap();
    }
    assert!(Binaries::installed_in(&folder.0).is_none());
    let target = real.postgres().with_file_name("pg_ctl");
    std::os::unix::fs::symlink(target, folder.0.join("pg_ctl")).unwrap();
    let found = Binaries::installed_in(&folder.0).unwrap();
    assert_eq!(
        (found.major, found.postgres()),
        (real.major, real.postgres())
    );
}

#[test]
fn recognises_its_own_server() {
    let judged = |words: &[&str]| {
        let words: Vec<_> = words.iter().map(Into::into).collect();
        judge(&words, Path::new("/data/postgres"))
    };
    let server = "/usr/lib/postgresql/15/bin/postgres";
    assert_eq!(
        judged(&[server, "-D", "/data/postgres", "-c", "port=5432"]),
        Process::Ours
    );
    assert_eq!(judged(&[server, "-D", "/data/other"]), Process::Unclear);
    assert_eq!(judged(&["postgres: checkpointer "]), Process::Unclear);
    assert_eq!(judged(&["vi", "-D", "/data/postgres"]), Process::Unrelated);
}

#[test]
fn fits_the_settings_to_the_machine() {
    let small = Machine {
        memory: 2 * GB,
        free_disk: 8 * GB,
        shared_memory: 1 << 26,
        cores: 1,
        linux: true,
    };
    let large = Machine {
        memory: 256 * GB,
        free_disk: 1000 * GB,
        shared_memory: 128 * GB,
        cores: 32,
        linux: false,
    };
    let has = |machine: &Machine, line: &str| text(machine).lines().any(|found| found == line);
    for line in [
        "shared_buffers = 512MB",
        "effective_cache_size = 1228MB",
        "work_mem = 16MB",
        "maintenance_work_mem = 128MB",
        "max_wal_size = 1024MB",
        "max_parallel_workers_per_gather = 1",
        "effective_io_concurrency = 200",
        "dynamic_shared_memory_type = sysv",
    ] {
        assert!(has(&small, line), "{line} in\n{}", text(&small));
    }
    for line in [
        "shared_buffers = 8192MB",
        "effective_cache_size = 157286MB",
        "work_mem = 64MB",
        "maintenance_work_mem = 2048MB",
        "max_wal_size = 8192MB",
        "max_worker_processes = 32",
        "max_parallel_workers_per_gather = 4",
    ] {
        assert!(has(&large, line), "{line} in\n{}", text(&large));
    }
    assert!(!text(&large).contains("effective_io_concurrency"));
    assert!(!text(&large).contains("dynamic_shared_memory_type"));
}

#[test]
fn reads_the_memory() {
    let meminfo = "MemTotal:        8388608 kB\nMemFree:  1 kB\n";
    assert_eq!(memory(Some(meminfo), None), 8 * GB);
    assert_eq!(memory(Some(meminfo), Some("max\n")), 8 * GB);
    assert_eq!(memory(Some(meminfo), Some("1073741824\n")), GB);
    assert_eq!(memory(Some(meminfo), Some("9223372036854771712\n")), 8 * GB);
    assert_eq!(memory(None, None), 4 * GB);
}

#[test]
fn encodes_the_url() {
    let encoded = url(Path::new("/var/lib/my clinic/ä@%"), "clinigraph");
    let expected = "postgresql:///clinigraph?host=%2Fvar%2Flib%2Fmy%20clinic%2F%C3%A4%40%25\
                    &port=5432&user=clinigraph";
    assert_eq!(encoded, expected);
    assert!(folder::fits(Path::new(&"x".repeat(93))));
    assert!(!folder::fits(Path::new(&"x".repeat(94))));
    assert!(!folder::fits(Path::new("/with,comma")));
}
