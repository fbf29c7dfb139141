//! The examples of the README with their answers.

use serde_json::{Value, json};

use crate::support::Server;

/// Runs a document as `admin`. The data are generated, so the answer is the same each time, but for moments of the run.
async fn answer(document: &str, variables: Value) -> Value {
    let server = Server::start();
    let mut data = server.user("admin").data(document, variables).await;
    if let Some(moment) = data.pointer_mut("/diagnoses/asOf/refreshedAt") {
        *moment = json!("[moment]");
    }
    if let Some(moment) = data.pointer_mut("/diagnoses/asOf/importedThrough") {
        *moment = json!("[moment]");
    }
    data
}

fn uid(table: &str, code: &str) -> String {
    Server::start().id(&format!(
        "SELECT uid AS id FROM {table} WHERE code = '{code}'"
    ))
}

#[actix_web::test]
async fn working_list() {
    let variables =
        json!({ "program": uid("program", "OPD"), "orgUnit": uid("organisationunit", "NY_F0001") });
    insta::assert_json_snapshot!(
        answer(include_str!("queries/working_list.graphql"), variables).await
    );
}

#[actix_web::test]
async fn diagnoses() {
    insta::assert_json_snapshot!(
        answer(include_str!("queries/diagnoses.graphql"), json!({})).await
    );
}

#[actix_web::test]
async fn program() {
    let variables = json!({ "program": uid("program", "MALARIA_CASE") });
    insta::assert_json_snapshot!(answer(include_str!("queries/program.graphql"), variables).await);
}
