//! PostgreSQL alone, as its own benchmark drives it: the ceiling for a server in front of it.

use std::{fs, process::Command};

use crate::Result;

/// What `pgbench` found.
pub struct Throughput {
    pub per_second: f64,
    pub mean_ms: f64,
}

/// Runs a statement on `clients` connections, prepared. `values` stand for its parameters `$1`, `$2` …
pub fn run(
    url: &str,
    statement: &str,
    values: &[i64],
    clients: usize,
    seconds: u64,
) -> Result<Throughput> {
    let mut script = String::new();
    let mut text = statement.trim().to_owned();
    for (place, value) in values.iter().enumerate().rev() {
        let number = place + 1;
        script.push_str(&format!("\\set v{number} {value}\n"));
        text = text.replace(&format!("${number}"), &format!(":v{number}"));
    }
    // pgbench ends a statement at its semicolon.
    script.push_str(&text);
    script.push('\n');
    let file = std::env::temp_dir().join(format!("clinigraph-bench-{}.sql", std::process::id()));
    fs::write(&file, script)?;
    let output = Command::new("pgbench")
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .arg(format!("--client={clients}"))
        .arg(format!("--time={seconds}"))
        .arg("--file")
        .arg(&file)
        .arg(url)
        .output();
    fs::remove_file(&file)?;
    let output = output.map_err(|error| format!("cannot run pgbench: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Err(format!("pgbench: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(Throughput {
        per_second: figure(&text, "tps = ")?,
        mean_ms: figure(&text, "latency average = ")?,
    })
}

fn figure(text: &str, name: &str) -> Result<f64> {
    let found = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.split_whitespace().next());
    Ok(found
        .ok_or_else(|| format!("pgbench does not state {name}"))?
        .parse()?)
}
