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
    let controller = server.user("controller");
    // A table that a migration built anew is empty; then there was no version at all.
    for state in [
        "UPDATE data_versions SET is_readable = false",
        "DELETE FROM data_versions",
    ] {
        server.execute(state);
        for document in [ANSWER, "{ dataVersion { id } }"] {
            let (code, message) = controller.refusal(document, json!({})).await;
            assert_eq!(code, "BAD_USER_INPUT");
            assert!(message.contains("clinigraph refresh"), "{message}");
        }
    }
}

#[actix_web::test]
async fn a_refresh_that_fails_leaves_the_version_online() {
    let server = Server::start();
    let controller = server.user("controller");
    let before = controller.data(ANSWER, json!({})).await;
    server.execute(
        "UPDATE encounters SET admission_date = admission_date - 1;
         ALTER TABLE analytics.stay_facts ADD CONSTRAINT ck_full CHECK (false) NOT VALID",
    );
    let failed = server.storage(|conn| storage::refresh::run(conn, |_| {}));
    assert!(failed.is_err());
    assert_eq!(controller.data(ANSWER, json!({})).await, before);
}

#[actix_web::test]
async fn where_nothing_changed_the_stays_stand_and_the_version_is_new() {
    let server = Server::start();
    // Rows that were put in anew have another place in the table.
    let places = || {
        let places = "SELECT md5(string_agg(ctid::text, ' ' ORDER BY encounter_id)) AS text, count(*) AS number FROM analytics.stay_facts";
        server.storage(|conn| storage::testing::rows(conn, places))[0].clone()
    };
    let mut before = places();
    let mut refreshed = || {
        let is_same = std::mem::replace(&mut before, places()) == before;
        !is_same
    };
    server.execute("INSERT INTO import_runs (kind, source, status, finished_at) VALUES ('FHIR', 'the same again', 'DONE', now())");
    server.refresh();
    assert!(!refreshed());
    let controller = server.user("controller");
    let version = controller
        .data("{ dataVersion { stale } }", json!({}))
        .await;
    assert_eq!(version["dataVersion"]["stale"], false);
    server.execute("UPDATE conditions SET icd10_code = 'J98.9' WHERE condition_id = (SELECT min(condition_id) FROM conditions)");
    server.refresh();
    assert!(refreshed());
    server.refresh();
    assert!(!refreshed());
    server.execute("DELETE FROM station_transfers WHERE station_transfer_id = (SELECT min(station_transfer_id) FROM station_transfers)");
    server.refresh();
    assert!(refreshed());
}

#[actix_web::test]
async fn a_new_version_is_seen_at_once_and_its_columns_follow() {
    let server = Server::with_columns(0).await;
    let controller = server.user("controller");
    let before = controller.data(ANSWER, json!({})).await;
    server.execute("UPDATE encounters SET admission_date = admission_date - 60 WHERE encounter_id = (SELECT max(encounter_id) FROM encounters WHERE admission_date BETWEEN '2026-10-01' AND '2026-10-31')");
    assert_eq!(controller.data(ANSWER, json!({})).await, before);
    server.refresh();
    let after = controller.data(ANSWER, json!({})).await;
    assert_ne!(after["dataVersion"]["id"], before["dataVersion"]["id"]);
    assert_ne!(after["diagnoses"]["total"], before["diagnoses"]["total"]);
    server.columns().await;
    assert_eq!(controller.data(ANSWER, json!({})).await, after);
    let figures = server
        .send(actix_web::test::TestRequest::get().uri("/metrics"))
        .await;
    let version = after["dataVersion"]["id"].as_str().expect("a version");
    let line = format!("clinigraph_analytics_columns{{figure=\"version\"}} {version}");
    assert!(figures.text().contains(&line), "{}", figures.text());
}

#[actix_web::test]
async fn superusers_start_a_refresh_and_others_may_not() {
    let server = Server::start();
    let document = "mutation { refreshAnalytics { status step startedAt finishedAt dataVersion } }";
    let (code, message) = server.user("controller").refusal(document, json!({})).await;
    assert_eq!(code, "FORBIDDEN");
    assert!(message.contains("refreshAnalytics"), "{message}");
    let admin = server.user("admin");
    let before = admin.data("{ dataVersion { id } }", json!({})).await;
    let started = admin.data(document, json!({})).await;
    assert_eq!(started["refreshAnalytics"]["status"], "RUNNING");
    for _ in 0..200 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        if admin.data("{ dataVersion { id } }", json!({})).await != before {
            return;
        }
    }
    panic!("no version was published");
}
