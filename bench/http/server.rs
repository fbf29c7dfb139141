//! The release server as a process of its own.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::client;
use crate::{Result, database::number};

/// Longest time that the server reads columns and then answers the usual questions before anybody asks.
const PATIENCE: Duration = Duration::from_secs(180);
/// A limit that nobody meets.
pub const FAR: &str = "10000000";
/// Requests at a time that nobody has.
pub const MANY: &str = "1000";
/// Asks the database nothing for so long when it has done so.
const QUIET: Duration = Duration::from_secs(2);

/// A running server; ended when dropped.
pub struct Server {
    /// Address and port that it listens on.
    pub address: String,
    process: Child,
    // Held open: the server writes to it after its address.
    _output: BufReader<ChildStdout>,
}

impl Server {
    /// Starts it on a free port, with all that makes it safe. Its limits are counted, but lie where a benchmark does not meet
    /// them.
    pub fn start(url: &str) -> Result<Self> {
        Server::with(url, &["--rate-limit", FAR, "--max-concurrent", MANY])
    }

    /// Starts it with other options.
    pub fn with(url: &str, options: &[&str]) -> Result<Self> {
        let program = program()?;
        let mut process = Command::new(&program)
            .args(["serve", "--listen", "127.0.0.1:0", "--database-url", url])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot run {}: {error}", program.display()))?;
        let mut output = BufReader::new(process.stdout.take().ok_or("the server has no output")?);
        let address = read_address(&mut output)?;
        Ok(Server {
            address,
            process,
            _output: output,
        })
    }

    /// Waits until analytics are answered from memory and the server has nothing left to do.
    pub fn settle(&self, conn: &mut storage::Connection, token: &str) -> Result<()> {
        const BUSY: &str = "SELECT count(*) AS number FROM pg_stat_activity
             WHERE state <> 'idle' AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
        let begun = Instant::now();
        let mut quiet_since = Instant::now();
        while begun.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(200));
            let text = client::once(&self.address, token, "/metrics", None)?;
            let text = String::from_utf8_lossy(&text).into_owned();
            let stays = text.lines().find(|line| line.contains("figure=\"stays\""));
            let is_busy = number(conn, BUSY)? > 0;
            if is_busy || stays.is_none_or(|line| line.ends_with(" 0")) {
                quiet_since = Instant::now();
            }
            if quiet_since.elapsed() > QUIET {
                return Ok(());
            }
        }
        Err("the server still reads columns or answers the usual questions".into())
    }

    /// Resident memory.
    pub fn resident_bytes(&self) -> Result<i64> {
        memory(self.process.id(), "VmRSS:")
    }

    /// The most memory that was ever resident.
    pub fn peak_bytes(&self) -> Result<i64> {
        memory(self.process.id(), "VmHWM:")
    }
}

/// What the system states of a process's memory, in bytes.
pub fn memory(process: u32, name: &str) -> Result<i64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let kilobytes: i64 = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB"))
        .ok_or("no resident memory is stated")?
        .trim()
        .parse()?;
    Ok(kilobytes * 1_024)
}

/// The program, which lies above this benchmark's in cargo's folder.
pub fn program() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let folder = here.ancestors().nth(2);
    Ok(folder
        .ok_or("this program lies in no folder of cargo's")?
        .join("clinigraph"))
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until the server says where it listens.
fn read_address(output: &mut impl BufRead) -> Result<String> {
    for line in output.lines() {
        let line = line?;
        let address = line
            .split_once("http://")
            .and_then(|(_, rest)| rest.split_once('/'));
        if let Some((address, _)) = address {
            return Ok(address.to_owned());
        }
    }
    Err("the server ended before it listened".into())
}
