//! Tests of the local PostgreSQL, most against a real one.
//!
//! They need PostgreSQL 15 to 18 installed, and run as root or as any other user.

mod choices;

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};

use super::*;

const OWNED_BY_A_PROCESS: &str = "CLINIGRAPH_TEST_DATA_DIR";

/// A folder of its own for each test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("clinigraph-test-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }

    fn data(&self) -> PathBuf {
        self.0.join("data")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn connect(cluster: &Cluster) -> PgConnection {
    PgConnection::establish(cluster.url()).unwrap()
}

fn ask(cluster: &Cluster, expression: &str) -> String {
    let text = format!("({expression})::text");
    let query = diesel::select(sql::<Text>(&text));
    query.get_result(&mut connect(cluster)).unwrap()
}

fn run(cluster: &Cluster, statement: &str) {
    diesel::sql_query(statement)
        .execute(&mut connect(cluster))
        .unwrap();
}

fn keep_a_row(cluster: &Cluster) {
    run(cluster, "create table kept (word text)");
    run(cluster, "insert into kept values ('committed')");
}

fn kept(cluster: &Cluster) -> String {
    ask(cluster, "select word from kept")
}

fn lives(pid: i32) -> bool {
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|words| !words.is_empty())
}

/// A process that ended by itself, as children of a killed server do, is as good.
fn kill_hard(pid: i32) {
    let killed = kill(Pid::from_raw(pid), Signal::SIGKILL);
    assert!(matches!(killed, Ok(()) | Err(Errno::ESRCH)), "{killed:?}");
}

#[test]
fn creates_starts_stops_and_starts_again() {
    let folder = Folder::new();
    let unfinished = folder.data().join("postgres.new-1");
    fs::create_dir_all(&unfinished).unwrap();
    fs::write(unfinished.join("PG_VERSION"), "15").unwrap();

    let cluster = Cluster::start(&folder.data()).unwrap();
    assert!(!unfinished.exists());
    assert_eq!(ask(&cluster, "select 1"), "1");
    assert_eq!(
        ask(&cluster, "select current_user || '@' || current_database()"),
        "clinigraph@clinigraph"
    );
    assert_eq!(ask(&cluster, "select lower('É')"), "é");
    for (setting, value) in [
        ("server_encoding", "UTF8"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("unix_socket_permissions", "0700"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("timezone", "UTC"),
        ("jit", "off"),
    ] {
        assert_eq!(
            ask(&cluster, &format!("select current_setting('{setting}')")),
            value,
            "{setting}"
        );
    }
    let mode = fs::metadata(folder.data().join("postgres")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o700);
    keep_a_row(&cluster);

    let refused = Cluster::start(&folder.data()).unwrap_err().to_string();
    let data = fs::canonicalize(folder.data()).unwrap();
    let expected = format!(
        "another Clinigraph (pid {}) is using {}; stop it or choose another --data-dir",
        std::process::id(),
        data.display()
    );
    assert_eq!(refused, expected);

    let pid = cluster.postmaster.pid();
    cluster.stop().unwrap();
    assert!(!lives(pid));
    operator_has_the_last_word(&folder);
}

fn operator_has_the_last_word(folder: &Folder) {
    let settings = folder.data().join("postgres/postgresql.conf");
    let mut file = OpenOptions::new().append(true).open(&settings).unwrap();
    writeln!(file, "work_mem = '17MB'").unwrap();
    if geteuid().is_root() {
        // As after a restore by root: the files have to find back to PostgreSQL's account.
        let mut chown = Command::new("chown");
        let chown = chown.args(["-R", "0:0"]).arg(folder.data());
        assert!(chown.status().unwrap().success());
    }
    let cluster = Cluster::start(&folder.data()).unwrap();
    assert_eq!(kept(&cluster), "committed");
    assert_eq!(ask(&cluster, "select current_setting('work_mem')"), "17MB");
    let pid = cluster.postmaster.pid();
    drop(cluster);
    assert!(!lives(pid));

    writeln!(file, "no_such_setting = 1").unwrap();
    let error = Cluster::start(&folder.data()).unwrap_err();
    assert!(matches!(error, ClusterError::Ended { .. }), "{error}");
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

#[test]
fn recovers_after_a_crash() {
    let folder = Folder::new();
    let cluster = Cluster::start(&folder.data()).unwrap();
    keep_a_row(&cluster);
    let pid = cluster.postmaster.pid();
    let children = children_of(pid);
    assert!(!children.is_empty());
    for process in [pid].into_iter().chain(children) {
        kill_hard(process);
    }
    let ended = cluster.stop().unwrap_err();
    assert!(matches!(ended, ClusterError::Ended { .. }), "{ended}");
    let shows_the_log = ended.to_string().contains("ready to accept connections");
    assert!(shows_the_log, "{ended}");

    let cluster = Cluster::start(&folder.data()).unwrap();
    assert_eq!(kept(&cluster), "committed");

    // Now only the postmaster dies, while a backend is too busy to notice.
    let mut busy = connect(&cluster);
    let work = std::thread::spawn(move || {
        diesel::sql_query(
            "do $$ begin while clock_timestamp() < now() + interval '2 s' loop end loop; end $$",
        )
        .execute(&mut busy)
    });
    let running =
        "select count(*) from pg_stat_activity where query like 'do %' and state = 'active'";
    while ask(&cluster, running) != "1" {
        assert!(!work.is_finished());
    }
    kill_hard(cluster.postmaster.pid());
    drop(cluster);
    let cluster = Cluster::start(&folder.data()).unwrap();
    assert_eq!(kept(&cluster), "committed");
    assert!(work.is_finished());
}

fn children_of(parent: i32) -> Vec<i32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            status
                .lines()
                .any(|line| line == format!("PPid:\t{parent}"))
        })
        .collect()
}

/// Not a test: the process that `replaces_an_orphan` kills.
#[test]
#[ignore = "run by replaces_an_orphan"]
fn owns_a_cluster_until_killed() {
    let Some(data_dir) = std::env::var_os(OWNED_BY_A_PROCESS) else {
        return;
    };
    let cluster = Cluster::start(Path::new(&data_dir)).unwrap();
    keep_a_row(&cluster);
    println!("\npostmaster {}", cluster.postmaster.pid());
    std::thread::sleep(std::time::Duration::from_secs(60));
}

#[test]
fn replaces_an_orphan() {
    let folder = Folder::new();
    let (mut owner, orphan) = owner_of(&folder);

    let refused = Cluster::start(&folder.data()).unwrap_err().to_string();
    let expected = format!("another Clinigraph (pid {}) is using", owner.id());
    assert!(refused.starts_with(&expected), "{refused}");

    owner.kill().unwrap();
    owner.wait().unwrap();
    assert!(lives(orphan));
    let cluster = Cluster::start(&folder.data()).unwrap();
    assert!(!lives(orphan));
    assert_ne!(cluster.postmaster.pid(), orphan);
    assert_eq!(kept(&cluster), "committed");
}

fn owner_of(folder: &Folder) -> (Child, i32) {
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cluster::tests::owns_a_cluster_until_killed"])
        .args(["--ignored", "--nocapture"])
        .env(OWNED_BY_A_PROCESS, folder.data())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    let pid = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("postmaster ")?.parse().ok())
        .expect("the owner says its postmaster's pid");
    (owner, pid)
}

#[test]
fn copes_with_a_long_path_and_a_recycled_pid() {
    let folder = Folder::new();
    let data = folder.0.join("a long, long name, ".repeat(7)).join("däta");
    let cluster = Cluster::start(&data).unwrap();
    let socket = cluster._socket.path().to_path_buf();
    assert!(
        socket.starts_with(std::env::temp_dir()),
        "{}",
        socket.display()
    );
    assert_eq!(fs::metadata(&socket).unwrap().mode() & 0o777, 0o700);
    assert_eq!(ask(&cluster, "select 1"), "1");
    cluster.stop().unwrap();
    assert!(!socket.exists());

    let pgdata = fs::canonicalize(data.join("postgres")).unwrap();
    let mut sleeper = Command::new("sleep");
    if geteuid().is_root() {
        sleeper.uid(fs::metadata(&pgdata).unwrap().uid());
    }
    let mut sleeper = sleeper.arg("60").spawn().unwrap();
    let stale = format!("{}\n{}\n0\n5432\n\n\n", sleeper.id(), pgdata.display());
    fs::write(pgdata.join("postmaster.pid"), stale).unwrap();
    let cluster = Cluster::start(&data).unwrap();
    assert_eq!(ask(&cluster, "select 1"), "1");
    assert!(lives(sleeper.id().cast_signed()));
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
}

#[test]
fn names_the_folder_that_is_closed() {
    if !geteuid().is_root() {
        return;
    }
    let folder = Folder::new();
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).unwrap();
    let error = Cluster::start(&folder.data()).unwrap_err().to_string();
    let closed = fs::canonicalize(&folder.0).unwrap();
    assert!(
        error.contains(&format!("may not enter {}; ", closed.display())),
        "{error}"
    );
}

#[test]
fn refuses_what_is_no_cluster() {
    let folder = Folder::new();
    let pgdata = folder.data().join("postgres");
    fs::create_dir_all(&pgdata).unwrap();
    fs::write(pgdata.join("holiday.jpg"), "").unwrap();
    let error = Cluster::start(&folder.data()).unwrap_err();
    assert!(matches!(error, ClusterError::NotACluster { .. }), "{error}");

    fs::write(pgdata.join("PG_VERSION"), "9.6\n").unwrap();
    let error = Cluster::start(&folder.data()).unwrap_err();
    assert!(matches!(error, ClusterError::NotACluster { .. }), "{error}");

    fs::write(pgdata.join("PG_VERSION"), "14\n").unwrap();
    let error = Cluster::start(&folder.data()).unwrap_err();
    assert!(
        matches!(error, ClusterError::MajorUnsupported { major: 14, .. }),
        "{error}"
    );
}
