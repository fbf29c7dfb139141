//! What docs/ says is so: every setting, every example, every figure that alerts and the dashboard ask for.

use std::{collections::BTreeSet, fs, path::PathBuf, process::Command};

use clap::{CommandFactory, builder::StyledStr};
use clinigraph::cli::Cli;
use serde_json::json;
use storage::{pool::connect, refresh};

use crate::{
    program::{Folder, Program},
    telemetry::generated,
};

fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

const BEGIN: &str = "<!-- settings: written by ./dev docs -->\n";
const END: &str = "<!-- end of settings -->";

/// The settings of commands, and then of the server, as clap knows them.
fn settings_table() -> String {
    let mut command = Cli::command();
    command.build();
    let serve = command.find_subcommand("serve").expect("a command").clone();
    let (common, own): (Vec<_>, Vec<_>) = serve
        .get_arguments()
        .filter(|argument| argument.get_env().is_some())
        .partition(|argument| argument.is_global_set());
    let mut table =
        String::from("\n| Environment | Option | Default | Meaning |\n|---|---|---|---|\n");
    for (arguments, is_last) in [(common, false), (own, true)] {
        for argument in arguments {
            let name = argument.get_env().expect("a name").to_string_lossy();
            let option = argument.get_long().expect("an option");
            let values = argument.get_default_values();
            let default: Vec<_> = values.iter().map(|value| value.to_string_lossy()).collect();
            let default = match default.join(",") {
                none if none.is_empty() => String::new(),
                some => format!("`{some}`"),
            };
            let help = argument
                .get_help()
                .map(StyledStr::to_string)
                .unwrap_or_default();
            table.push_str(&format!(
                "| `{name}` | `--{option}` | {default} | {} |\n",
                help.replace('|', "\\|")
            ));
        }
        if !is_last {
            table.push_str("| **Of the server** | | | |\n");
        }
    }
    table.push('\n');
    table
}

#[test]
fn settings_are_all_in_the_table() {
    let text = read("docs/operations.md");
    let (before, rest) = text.split_once(BEGIN).expect("where the table begins");
    let (found, after) = rest.split_once(END).expect("where it ends");
    let expected = settings_table();
    if std::env::var_os("CLINIGRAPH_WRITE_DOCS").is_some() {
        let written = format!("{before}{BEGIN}{expected}{END}{after}");
        fs::write(file("docs/operations.md"), written).expect("it is written");
        return;
    }
    assert_eq!(found, expected, "run ./dev docs");
}

/// The blocks of a language in a document, in order.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let opening = format!("\n```{language}\n");
    let rest = text.split(&opening).skip(1);
    rest.map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn every_example_of_the_guide_runs() {
    let (url, token) = generated("clinigraph_guide");
    refresh::run(&mut connect(&url).expect("it answers"), |_| {}).expect("a refresh");
    let server = Program::serve(&url, &[]);
    server.until_ready();
    let guide = read("docs/api.md");
    let documents = blocks(&guide, "graphql");
    assert!(documents.len() >= 7, "{documents:#?}");
    for document in &documents {
        let answer = server.ask(&token, document, json!({}));
        let body = answer.json();
        assert!(
            answer.status == 200 && body.get("errors").is_none(),
            "{document}\n{body:#}"
        );
        let text = body.to_string();
        assert!(!text.contains("\"errors\":[{"), "{document}\n{body:#}");
        assert!(
            !text.contains("\"nodes\":[]") && !text.contains("\"rows\":[]"),
            "nothing to see:\n{document}\n{body:#}"
        );
    }
    if Command::new("curl").arg("--version").output().is_err() {
        println!("curl is not installed: the examples with it were left out");
        return;
    }
    let script = blocks(&guide, "sh").join("\n");
    assert!(script.matches("curl").count() >= 6, "{script}");
    let folder = Folder::new("guide");
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .env("SERVER", format!("http://{}", server.address))
        .env("TOKEN", &token)
        .current_dir(&folder.0)
        .output()
        .expect("bash");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for part in ["\"username\":\"admin\"", "guideEvent2", "\"created\":1"] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

#[test]
fn alerts_and_dashboard_ask_for_figures_that_are_given() {
    let (url, token) = generated("clinigraph_monitored");
    storage::testing::execute(
        &mut connect(&url).expect("it answers"),
        "INSERT INTO import_runs (kind, source, status, finished_at, data_through) VALUES ('FHIR', 'tonight', 'DONE', now(), now())",
    );
    refresh::run(&mut connect(&url).expect("it answers"), |_| {}).expect("a refresh");
    let server = Program::serve(&url, &[("CLINIGRAPH_SLOW_STATEMENT", "1")]);
    server.until_ready();
    server.ask(&token, "query Who { me { username } }", json!({}));
    let mut given: BTreeSet<String> = BTreeSet::new();
    for line in server.get("/metrics").body.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            given.insert(name.to_owned());
            if kind == "histogram" {
                given.extend(["bucket", "count", "sum"].map(|part| format!("{name}_{part}")));
            }
        }
    }
    // Counted from the first slow statement on.
    given.insert("clinigraph_slow_statements_total".to_owned());
    for path in [
        "ops/prometheus-alerts.yml",
        "ops/grafana-dashboard.json",
        "docs/operations.md",
    ] {
        let text = read(path);
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let asked: BTreeSet<&str> = words
            .filter(|word| word.starts_with("clinigraph_") || word.starts_with("process_"))
            .filter(|word| {
                !word.starts_with("clinigraph_replica")
                    && !matches!(*word, "clinigraph_" | "clinigraph_restored")
            })
            .collect();
        assert!(asked.len() > 5, "{path}: {asked:?}");
        for name in asked {
            assert!(
                given.contains(name),
                "{path} asks for {name}; given are {given:#?}"
            );
        }
    }
    serde_json::from_str::<serde_json::Value>(&read("ops/grafana-dashboard.json"))
        .expect("a dashboard is JSON");
}

#[test]
fn links_between_documents_lead_somewhere() {
    for path in [
        "README.md",
        "docs/operations.md",
        "docs/security.md",
        "docs/api.md",
    ] {
        let text = read(path);
        let folder = file(path).parent().expect("a folder").to_owned();
        let links = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://")) {
            let target = link.split('#').next().unwrap_or_default();
            assert!(folder.join(target).exists(), "{path} leads to {link}");
        }
    }
}
