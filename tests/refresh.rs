//! A refresh: the figures of yesterday stay until it is done, and say so.

use serde_json::{Value, json};

use crate::support::Server;

const ANSWER: &str = "{ dataVersion { id stale importedThrough }
  diagnoses(filter: { period: { from: \"2026-10-01\", to: \"2026-10-31\" } }, under: \"X\", level: THREE) {
    rows { code patients { value } stays { value } } total { stays { value } patients { value } } asOf { id stale importedThrough } } }";

fn row<'a>(data: &'a Value, code: &str) -> Option<&'a Value> {
    data["diagnoses"]["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .find(|row| row["code"] == code)
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

#[actix_web::test]
async fn what_was_delivered_is_counted_after_the_next_refresh() {
    let server = Server::start();
    let controller = server.user("controller");
    let before = controller.data(ANSWER, json!({})).await;
    assert_eq!(before["dataVersion"], before["diagnoses"]["asOf"]);
    assert_eq!(before["dataVersion"]["stale"], false);

    server.execute(
        "INSERT INTO patients (clinic_id, patient_pseudo_id, fhir_id) SELECT min(clinic_id), 'newcomer', 'newcomer' FROM clinics;
         INSERT INTO encounters (clinic_id, patient_pseudo_id, fhir_id, admission_date, discharge_date, status)
         SELECT clinic_id, 'newcomer', 'stay-' || n, '2026-10-01'::date + n, '2026-10-09', 'finished' FROM patients, generate_series(1, 2) n
          WHERE patient_pseudo_id = 'newcomer';
         INSERT INTO conditions (clinic_id, patient_pseudo_id, encounter_id, fhir_id, icd10_code, icd10_chapter)
         SELECT clinic_id, patient_pseudo_id, encounter_id, 'condition-' || fhir_id, 'J98.9', 'X' FROM encounters WHERE patient_pseudo_id = 'newcomer';
         INSERT INTO import_runs (kind, source, status, finished_at, data_through) VALUES ('FHIR', 'tonight', 'DONE', now(), '2027-01-01T04:00:00Z')",
    );
    let waiting = controller.data(ANSWER, json!({})).await;
    assert_eq!(waiting["dataVersion"]["stale"], true);
    assert_eq!(waiting["diagnoses"]["asOf"]["stale"], true);
    assert_eq!(waiting["diagnoses"]["rows"], before["diagnoses"]["rows"]);
    assert_eq!(waiting["diagnoses"]["total"], before["diagnoses"]["total"]);

    let published = server
        .storage(|conn| storage::refresh::run(conn, |_| {}))
        .expect("a refresh");
    let after = controller.data(ANSWER, json!({})).await;
    assert_eq!(
        after["dataVersion"]["id"],
        published.data_version_id.to_string()
    );
    assert_ne!(after["dataVersion"]["id"], before["dataVersion"]["id"]);
    assert_eq!(after["dataVersion"]["stale"], false);
    assert_eq!(
        after["dataVersion"]["importedThrough"],
        "2027-01-01T04:00:00+00:00"
    );
    assert_eq!(after["diagnoses"]["asOf"], after["dataVersion"]);
    for (name, more) in [("stays", 2), ("patients", 1)] {
        let total = |data: &Value| number(&data["diagnoses"]["total"][name]["value"]);
        assert_eq!(total(&after) - total(&before), more, "{name} in total");
        let of_code = |data: &Value| row(data, "J98").map_or(0, |row| number(&row[name]["value"]));
        assert_eq!(of_code(&after) - of_code(&before), more, "{name} of J98");
    }
}

#[actix_web::test]
async fn before_the_first_refresh_the_answer_says_what_to_do() {
    let server = Server::start();
    server.execute("DELETE FROM data_versions");
    let controller = server.user("controller");
    for document in [ANSWER, "{ dataVersion { id } }"] {
        let (code, message) = controller.refusal(document, json!({})).await;
        assert_eq!(code, "BAD_USER_INPUT");
        assert!(message.contains("clinigraph refresh"), "{message}");
    }
}

#[actix_web::test]
async fn a_refresh_that_fails_leaves_the_version_online() {
    let server = Server::start();
    let controller = server.user("controller");
    let before = controller.data(ANSWER, json!({})).await;
    server.execute("SET LOCAL statement_timeout = 1");
    let failed = server.storage(|conn| storage::refresh::run(conn, |_| {}));
    assert!(failed.is_err(), "no view is built in a millisecond");
    server.execute("SET LOCAL statement_timeout = 0");
    assert_eq!(controller.data(ANSWER, json!({})).await, before);
}
