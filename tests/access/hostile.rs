//! Texts that mean something to SQL, JSON or a terminal: in every argument that takes one they are only texts.

use serde_json::{Value, json};

use super::{
    arguments::{Argument, arguments},
    documents,
    world::World,
};
use crate::support::Server;

/// What is tried.
pub fn texts() -> Vec<String> {
    let short = [
        "'",
        "\"",
        "';--",
        "'; DROP TABLE singleevent; --",
        "' OR '1'='1",
        "\\",
        "\\'",
        "%",
        "_",
        "%_%",
        "$$",
        "$1",
        "\u{0}",
        "a\u{0}b",
        "\u{1F469}\u{200D}\u{2695}\u{FE0F}",
        "\u{202E}\u{FEFF}",
        "\r\n\t\u{1b}[31m",
        "{\"a\": [",
        "",
        " ",
    ];
    let mut texts: Vec<String> = short.map(str::to_owned).to_vec();
    texts.push("x".repeat(10_000));
    texts.push("'".repeat(10_000));
    texts.push("\u{1F600}".repeat(2_500));
    texts
}

/// Rows of every table that holds data.
pub fn counts(server: &Server) -> Value {
    let tables = server.ids(
        "SELECT quote_ident(nspname) || '.' || quote_ident(relname) AS id FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
          WHERE relkind = 'r' AND nspname IN ('public', 'fhir') AND relname NOT IN ('apitoken', 'audit') AND NOT relispartition ORDER BY 1",
    );
    let counts = tables.iter().map(|table| {
        let rows = server.rows(&format!("SELECT count(*) AS rows FROM {table}"));
        (table.clone(), rows[0]["rows"].clone())
    });
    Value::Object(counts.collect())
}

/// Tables to which a write of a hostile text may add rows: the text itself is a good one there.
fn may_grow(argument: &Argument) -> &'static [&'static str] {
    match argument.end().as_str() {
        "Mutation.addNote(text)" | "NoteInput.text" => &[
            "note",
            "notes",
            "singleevent",
            "eventchangelog",
            "eventcountchange",
        ],
        "ValueInput.value" | "EventInput.geometry" => {
            &["singleevent", "changelog", "eventcountchange"]
        }
        // An empty identifier is an absent one, so the event is a good one.
        _ if argument.field.ends_with("eEvent") => &["event", "note", "changelog"],
        _ => &[],
    }
}

#[actix_web::test]
async fn hostile_texts_are_only_texts() {
    let server = Server::with_own_data("clinigraph_hostile");
    let world = World::make(&server);
    let admin = server.user("admin");
    let arguments = arguments(&server).await;
    let mut before = counts(&server);
    let mut tried = 0;
    let mut faults = Vec::new();
    for argument in arguments.iter().filter(|argument| !argument.is_live()) {
        for template in documents::templates(argument) {
            for text in texts() {
                tried += 1;
                let literal = serde_json::to_string(&text).expect("a literal");
                let document = world.fill_literal(&template, &literal);
                let answer = admin.send(&document, json!({})).await;
                let told = answer.text();
                if answer.status.is_server_error() || told.contains("\"INTERNAL\"") {
                    let shown: String = text.chars().take(30).collect();
                    faults.push(format!("{} with {shown:?}: {told}", argument.path));
                }
            }
        }
        let after = counts(&server);
        for (table, rows) in after.as_object().expect("counts") {
            let may_grow = may_grow(argument).iter().any(|part| table.contains(part));
            if *rows != before[table] && !may_grow {
                faults.push(format!(
                    "{} changed {table}: {} to {rows}",
                    argument.path, before[table]
                ));
            }
        }
        before = after;
    }
    println!("{tried} hostile texts in {} arguments", arguments.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
