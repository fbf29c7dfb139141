//! DHIS2's own expectations of event lists: the cases of a folder beside the project, each run over HTTP against freshly
//! loaded fixtures.
//!
//! A case is parameters, a caller, steps of preparation and what must come back. It runs inside a transaction that is
//! never committed, so that each begins with the same state.

mod build;
mod expect;
mod graphql;
mod setup;

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use indicatif::ProgressBar;
use serde_json::Value;
use storage::{
    import::{metadata, tracker},
    pool::{Pool, connect},
    testing,
};

use crate::support::{Client, Server};

/// What stands for the objects that a case names with `$`.
pub type Names = BTreeMap<String, String>;

/// A folder of test data that is not part of the project; `None`, with a printed line, when it is absent.
fn folder(variable: &str, usual: &str) -> Option<PathBuf> {
    let path = env::var_os(variable).map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join(usual),
        PathBuf::from,
    );
    if path.exists() {
        return Some(path);
    }
    println!("ignored: there is no {}", path.display());
    None
}

/// The cases, without the header of the file.
fn cases() -> Option<Vec<Value>> {
    let folder = folder("CLINIGRAPH_CONFORMANCE", "../../shared/conformance")?;
    let text = std::fs::read_to_string(folder.join("dhis2-events.jsonl")).expect("the cases");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a case"));
    Some(
        lines
            .filter(|case: &Value| case["type"] != "header")
            .collect(),
    )
}

/// The URL of a database with DHIS2's fixtures, loaded once for each run.
fn database() -> Option<&'static str> {
    static URL: OnceLock<Option<String>> = OnceLock::new();
    let url = URL.get_or_init(|| {
        let fixtures = folder("CLINIGRAPH_FIXTURES", "../../shared/fixtures")?.join("dhis2");
        let url = testing::fresh_database("clinigraph_conformance");
        let mut conn = connect(&url).expect("the database answers");
        let progress = ProgressBar::hidden();
        metadata::run(&mut conn, &fixtures.join("metadata.json"), &progress).expect("metadata");
        let data = fixtures.join("tracker.json");
        tracker::run(
            &mut conn,
            &data,
            "trackeradmin",
            tracker::AtomicMode::Object,
            &progress,
        )
        .expect("data");
        Some(url)
    });
    url.as_deref()
}

/// A case that was prepared: the server, and what its names stand for.
struct Prepared<'a> {
    server: &'a Server,
    names: Names,
}

impl<'a> Prepared<'a> {
    /// Prepares a case within a savepoint. What the server keeps in memory is of a metadata version of its own, so that
    /// no case sees what another did.
    fn new(server: &'a Server, case: &Value) -> Self {
        server
            .execute("UPDATE metadataversion SET version = version + 1000; SAVEPOINT before_case");
        let mut names = Names::new();
        let admin = server.id("SELECT uid AS id FROM userinfo WHERE username = 'admin'");
        names.insert("$admin".to_owned(), admin);
        for step in case["setup"].as_array().into_iter().flatten() {
            setup::apply(server, step, &mut names);
        }
        Prepared { server, names }
    }

    /// The person who calls.
    fn client(&self, case: &Value) -> Client<'_> {
        let uid = self.text(&case["user"]);
        let username = format!("SELECT username AS id FROM userinfo WHERE uid = '{uid}'");
        self.server.user(&self.server.id(&username))
    }

    /// A text of a case with its names replaced.
    fn text(&self, value: &Value) -> String {
        let mut text = value.as_str().expect("a text").to_owned();
        for (name, meaning) in &self.names {
            text = text.replace(name, meaning);
        }
        let now = chrono::Utc::now().naive_utc();
        for (name, days) in [("$now-1d", -1), ("$now+1d", 1)] {
            let moment = now + chrono::TimeDelta::days(days);
            text = text.replace(name, &moment.format("%Y-%m-%dT%H:%M:%S").to_string());
        }
        text
    }
}

/// Runs every case with a way to ask and judge, and fails with the identifiers of those that fail. A case that the way
/// cannot express is passed over.
async fn run(judge: impl AsyncFn(&Prepared<'_>, &Value) -> Option<Result<(), String>>) {
    let (Some(cases), Some(url)) = (cases(), database()) else {
        return;
    };
    let server = Server::over(Pool::for_tests(url).expect("the database answers"), 0);
    let mut failed = Vec::new();
    let mut passed = 0;
    for case in &cases {
        let verdict = judge(&Prepared::new(&server, case), case).await;
        server.execute("ROLLBACK TO SAVEPOINT before_case; RELEASE SAVEPOINT before_case");
        match verdict {
            None => {}
            Some(Ok(())) => passed += 1,
            Some(Err(reason)) => {
                let id = case["id"].as_str().unwrap_or_default();
                failed.push(format!("{id} {}: {reason}", case["test_method"]));
            }
        }
    }
    println!("{passed} of {} cases pass", cases.len());
    assert!(passed > 0, "no case ran");
    assert!(
        failed.is_empty(),
        "{} cases fail:\n{}",
        failed.len(),
        failed.join("\n")
    );
}

#[actix_web::test]
async fn every_case_passes_over_rest() {
    run(async |prepared, case| Some(expect::over_rest(prepared, case).await)).await;
}

#[actix_web::test]
async fn cases_that_graphql_can_express_give_the_same_rows() {
    run(graphql::same_rows).await;
}
