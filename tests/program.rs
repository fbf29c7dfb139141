//! The program as it is installed: a process of its own with its signals, and a client that speaks plain HTTP to it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// The program that was built with these tests.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_clinigraph");

/// A folder that everybody may enter and that is removed when the test ends.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("clinigraph-{name}-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a folder");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a folder for all");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A server that runs until it is dropped.
pub struct Program {
    child: Child,
    pub address: String,
    folder: Folder,
}

/// What a server answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Program {
    /// A server over a database.
    pub fn serve(url: &str, settings: &[(&str, &str)]) -> Self {
        let folder = Folder::new("program");
        let log = fs::File::create(folder.0.join("log")).expect("a log");
        let mut child = Command::new(PROGRAM)
            .arg("serve")
            .env("DATABASE_URL", url)
            .env("CLINIGRAPH_LISTEN", "127.0.0.1:0")
            .env("CLINIGRAPH_LOG", "info")
            .env("CLINIGRAPH_LOG_FORMAT", "json")
            .env("CLINIGRAPH_DRAIN_DELAY", "0")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let address = lines
            .find_map(|line| {
                let line = line.ok()?;
                let (_, rest) = line.strip_prefix("GraphQL:  ")?.split_once("://")?;
                Some(rest.trim_end_matches("/graphql").to_owned())
            })
            .expect("it says its address");
        std::thread::spawn(move || lines.for_each(drop));
        Program {
            child,
            address,
            folder,
        }
    }

    /// All that it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.0.join("log")).expect("the log")
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, by name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.pid().to_string()])
            .status();
        assert!(sent.expect("kill").success());
    }

    /// Waits for its end and returns its exit code.
    pub fn wait(&mut self, patience: Duration) -> Option<i32> {
        let began = Instant::now();
        while began.elapsed() < patience {
            if let Some(status) = self.child.try_wait().expect("its state") {
                return Some(status.code().unwrap_or(-1));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }

    /// Sends a request with headers and reads the answer; an error when there is none.
    pub fn try_send(
        &self,
        head: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> std::io::Result<Reply> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut request = format!(
            "{head} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n",
            self.address,
            body.len()
        );
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        request.push_str(body);
        stream.write_all(request.as_bytes())?;
        let mut text = Vec::new();
        stream.read_to_end(&mut text)?;
        read(&String::from_utf8_lossy(&text)).ok_or_else(|| std::io::Error::other("no answer"))
    }

    pub fn send(&self, head: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.try_send(head, headers, body)
            .unwrap_or_else(|error| panic!("{head}: {error}\n{}", self.log()))
    }

    pub fn get(&self, path: &str) -> Reply {
        self.send(&format!("GET {path}"), &[], "")
    }

    /// A GraphQL request of somebody.
    pub fn ask(&self, token: &str, document: &str, variables: Value) -> Reply {
        self.try_ask(token, document, variables)
            .unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    pub fn try_ask(&self, token: &str, document: &str, variables: Value) -> std::io::Result<Reply> {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let bearer = format!("Bearer {token}");
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
        ];
        self.try_send("POST /graphql", &headers, &body)
    }

    /// Waits until it is ready.
    pub fn until_ready(&self) {
        let began = Instant::now();
        while self.get("/health/ready").status != 200 {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "never ready\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The parts of an answer; `None` when the text is none.
pub fn read(text: &str) -> Option<Reply> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let is_chunked = head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked");
    Some(Reply {
        status,
        head: head.to_owned(),
        body: if is_chunked {
            unchunked(body)
        } else {
            body.to_owned()
        },
    })
}

/// The pieces of a chunked body; what was cut off is missing.
fn unchunked(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        if size == 0 || rest.len() < size {
            break;
        }
        text.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    text
}

/// A lock that somebody else holds until it is dropped.
pub struct Held {
    watcher: storage::Connection,
    _holder: storage::Connection,
}

impl Held {
    /// Locks a table for everybody else.
    pub fn table(url: &str, table: &str) -> Self {
        let mut conn = storage::pool::connect(url).expect("it answers");
        let lock = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
        storage::testing::execute(&mut conn, &lock);
        // Within a transaction PostgreSQL shows the same activity again and again.
        let watcher = storage::pool::connect(url).expect("it answers");
        Held {
            watcher,
            _holder: conn,
        }
    }

    /// Waits until a number of others wait for locks; false when `is_over` says first that they will not.
    pub fn until_awaited(&mut self, number: i64, mut is_over: impl FnMut() -> bool) -> bool {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(60) {
            let waiting = storage::testing::rows(
                &mut self.watcher,
                "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
            );
            if waiting[0]["n"].as_i64() >= Some(number) {
                return true;
            }
            if is_over() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("nobody waits for the lock");
    }
}

/// The one number that a query finds. It must be called `n`.
pub fn number(url: &str, sql: &str) -> i64 {
    let mut conn = storage::pool::connect(url).expect("it answers");
    let rows = storage::testing::rows(&mut conn, sql);
    rows[0]["n"]
        .as_i64()
        .unwrap_or_else(|| panic!("no number: {rows:?}"))
}

/// Runs a command of the program and returns its exit code with all that it said.
pub fn command(url: &str, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(PROGRAM)
        .args(arguments)
        .env("DATABASE_URL", url)
        .output();
    let output = output.expect("the program runs");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&said).into_owned(),
    )
}
