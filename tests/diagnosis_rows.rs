//! Rows of the drill-down that are no code of their own, and rows that a text finds.

use serde_json::{Value, json};

use crate::{
    diagnoses::{DIAGNOSES, figures, of_kind},
    support::{Server, texts},
};

#[actix_web::test]
async fn what_is_coded_coarsely_or_not_at_all_has_rows_of_its_own() {
    let server = Server::with_columns(0).await;
    server.execute(
        "UPDATE conditions SET icd10_code = left(icd10_code, 3) WHERE condition_id % 3 = 0",
    );
    server.execute(
        "UPDATE conditions SET icd10_code = NULL, icd10_chapter = NULL WHERE encounter_id % 7 = 0",
    );
    server.execute("UPDATE conditions SET icd10_code = 'E91.1', icd10_chapter = NULL WHERE encounter_id % 11 = 0 AND icd10_code IS NOT NULL");
    server.refresh();
    let controller = server.user("controller");
    let filter = json!({ "period": { "from": "2020-01-01", "to": "2026-12-31" } });
    let stay = "e.encounter_id, e.patient_pseudo_id AS patient, e.length_of_stay AS days FROM encounters e";
    let count = |node: &str, from: &str| {
        figures(&server.rows(&format!(
            "SELECT {node} AS code, count(DISTINCT patient) AS patients, count(*) AS stays, avg(days)::float8 AS \"averageLengthOfStay\" FROM ({from}) n GROUP BY 1"
        )))
    };
    let joined = |node: &str, condition: &str| {
        format!(
            "SELECT DISTINCT {node} AS node, {stay} JOIN conditions c USING (encounter_id) WHERE {condition}"
        )
    };
    let uncoded = count(
        "'NO_CODE'",
        &format!(
            "SELECT {stay} WHERE NOT EXISTS (SELECT FROM conditions c WHERE c.encounter_id = e.encounter_id AND c.icd10_code IS NOT NULL)"
        ),
    );
    assert_eq!(uncoded.len(), 1);
    for (level, kind, expected) in [
        (
            "FOUR",
            "NOT_FURTHER_SPECIFIED",
            count("node", &joined("c.icd10_code", "length(c.icd10_code) = 3")),
        ),
        (
            "CHAPTER",
            "NO_CHAPTER",
            count("'NO_CHAPTER'", &joined("1", "c.icd10_code = 'E91.1'")),
        ),
        ("CHAPTER", "NO_CODE", uncoded.clone()),
        ("FIVE", "NO_CODE", uncoded),
    ] {
        let (mut found, mut after) = (Vec::new(), Value::Null);
        loop {
            let variables =
                json!({ "filter": filter, "level": level, "first": 1000, "after": after });
            let page = controller.data(DIAGNOSES, variables).await["diagnoses"].take();
            found.extend(of_kind(&page, kind));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert!(!expected.is_empty(), "{kind}");
        assert_eq!(figures(&found), expected, "{kind}");
    }
}

#[actix_web::test]
async fn a_text_finds_codes_and_titles_of_every_level() {
    let server = Server::with_columns(0).await;
    server.execute("INSERT INTO icd10_titles (code, title) SELECT min(icd10_code), 'Seltenes Leiden' FROM conditions JOIN encounters USING (encounter_id)");
    let controller = server.user("controller");
    let document = "query ($search: String!, $level: DiagnosisLevel! = CHAPTER) { diagnoses(filter: { period: { from: \"2020-01-01\", to: \"2026-12-31\" } }, search: $search, level: $level, first: 1000) {
      rows { code title level path shareOfParent shareOfPatients } } }";
    let found = controller.data(document, json!({ "search": "i50" })).await;
    let codes = texts(&found["diagnoses"]["rows"], "code");
    let expected = server.ids("SELECT DISTINCT node AS id FROM conditions JOIN encounters USING (encounter_id) CROSS JOIN LATERAL (VALUES (left(icd10_code, 3)), (left(icd10_code, 5)), (left(icd10_code, 6))) n (node) WHERE icd10_code LIKE 'I50%'");
    assert!(expected.iter().all(|code| codes.contains(code)) && !expected.is_empty());
    assert!(codes.iter().all(|code| code.starts_with("I50")));
    let code = server.rows("SELECT code, title FROM icd10_titles JOIN (SELECT DISTINCT icd10_code AS code FROM conditions JOIN encounters USING (encounter_id)) c USING (code) ORDER BY code LIMIT 1").remove(0);
    let title = code["title"].as_str().expect("a title").to_uppercase();
    let found = controller.data(document, json!({ "search": title })).await;
    assert!(
        texts(&found["diagnoses"]["rows"], "code")
            .contains(&code["code"].as_str().expect("a code").to_owned())
    );
}

#[actix_web::test]
async fn titles_of_a_loaded_catalogue_are_shown_and_found_and_their_source_named() {
    let server = Server::with_columns(0).await;
    server.execute(
        "INSERT INTO icd10_catalogues VALUES (2026, 'BfArM');
         INSERT INTO icd10_catalogue_titles VALUES ('IX', 'Krankheiten des Kreislaufsystems', 2026), ('I10-I15', 'Hypertonie', 2026)",
    );
    let controller = server.user("controller");
    let document = "query ($search: String!) { dataVersion { titleSource } diagnoses(
        filter: { period: { from: \"2020-01-01\", to: \"2026-12-31\" } }, level: CHAPTER, search: $search) { rows { code title } } }";
    for (search, code, title) in [
        ("kreislauf", "IX", "Krankheiten des Kreislaufsystems"),
        ("hypertonie", "I10-I15", "Hypertonie"),
    ] {
        let data = controller.data(document, json!({ "search": search })).await;
        assert_eq!(data["dataVersion"]["titleSource"], "ICD-10-GM 2026, BfArM");
        assert_eq!(
            data["diagnoses"]["rows"],
            json!([{ "code": code, "title": title }]),
            "{search}"
        );
    }
}

#[actix_web::test]
async fn fine_codes_are_not_compared_across_catalogues_without_a_word() {
    let server = Server::start();
    let controller = server.user("controller");
    let document = "query ($level: DiagnosisLevel!, $then: DateRange) {
      diagnoses(filter: { period: { from: \"2026-03-01\", to: \"2026-03-31\" } }, level: $level, compareWith: $then) { cataloguesDiffer } }";
    let same = json!({ "from": "2026-02-01", "to": "2026-02-28" });
    let other = json!({ "from": "2025-03-01", "to": "2025-03-31" });
    for (level, then, differ) in [
        ("FIVE", &other, json!(true)),
        ("FOUR", &other, json!(true)),
        ("FOUR", &same, json!(false)),
        ("THREE", &other, json!(false)),
        ("FOUR", &Value::Null, Value::Null),
    ] {
        let data = controller
            .data(document, json!({ "level": level, "then": then }))
            .await;
        assert_eq!(
            data["diagnoses"]["cataloguesDiffer"], differ,
            "{level} {then}"
        );
    }
}
