//! Analytics of somebody who sees one clinic: the same figures as those of that clinic alone, and nothing of the others.

use serde_json::{Value, json};

use crate::support::{Client, Server};

/// Every analytics field under one filter.
const EVERYTHING: &str = "query ($filter: StayFilter!, $code: String!, $clinic: ID) {
  diagnoses(filter: $filter, level: THREE, compareWith: { from: \"2023-01-01\", to: \"2023-12-31\" }, first: 1000) {
    rows { code kind patients { value } stays { value } averageLengthOfStay shareOfPatients change { previousStays { value } staysChange previousAverageLengthOfStay } }
    total { stays { value } patients { value } } lengthsDiffer periodDays comparedDays }
  clinicComparison(filter: $filter, current: { from: \"2024-01-01\", to: \"2024-12-31\" }, previous: { from: \"2023-01-01\", to: \"2023-12-31\" }) {
    lengthsDiffer group { kpis { ...kpi } } clinics { clinic { id } kpis { ...kpi } } }
  patientFlow(filter: $filter) { stays { value } links { source target value } }
  observationTrend(code: $code, filter: $filter) { series { unit points { startsOn count { value } patients { value } mean } } }
  dataQuality(clinic: $clinic) { clinics { clinic { id } faults { fault rows { value } } } }
}
fragment kpi on KpiComparison { kpi current { value } previous { value } }";

async fn answer(client: &Client<'_>, clinics: Option<&str>, code: &str) -> Value {
    let filter = json!({
        "period": { "from": "2024-01-01", "to": "2024-12-31" },
        "clinics": clinics.map(|clinic| [clinic]),
    });
    let variables = json!({ "filter": filter, "code": code, "clinic": clinics });
    client.data(EVERYTHING, variables).await
}

async fn one_clinic(server: &Server) {
    let uid = |code: &str| {
        server.id(&format!(
            "SELECT uid AS id FROM organisationunit WHERE code = '{code}'"
        ))
    };
    let (own, other) = (uid("KNH_1"), uid("KNH_2"));
    let code =
        server.id("SELECT code AS id FROM observations GROUP BY 1 ORDER BY count(*) DESC LIMIT 1");
    let (director, controller) = (server.user("director"), server.user("controller"));
    // The group is asked first, so that a kept answer of a wider scope would be found.
    let group = answer(&controller, None, &code).await;
    let alone = answer(&director, None, &code).await;
    let stays = |data: &Value| data["diagnoses"]["total"]["stays"]["value"].as_i64();
    assert!(stays(&alone) > Some(0) && stays(&alone) < stays(&group));
    assert_eq!(alone, answer(&controller, Some(&own), &code).await);
    assert_eq!(alone, answer(&director, Some(&own), &code).await);
    let comparison = &alone["clinicComparison"];
    assert_eq!(comparison["clinics"].as_array().map(Vec::len), Some(1));
    assert_eq!(comparison["clinics"][0]["clinic"]["id"], *own);
    assert_eq!(
        comparison["clinics"][0]["kpis"], comparison["group"]["kpis"],
        "one clinic is its group"
    );
    assert_eq!(comparison["lengthsDiffer"], true, "2024 has a day more");
    let breakdown = &alone["diagnoses"];
    assert_eq!(
        (
            &breakdown["lengthsDiffer"],
            &breakdown["periodDays"],
            &breakdown["comparedDays"]
        ),
        (&json!(true), &json!(366), &json!(365))
    );
    let quality = &alone["dataQuality"]["clinics"];
    assert_eq!(quality.as_array().map(Vec::len), Some(1));
    refuses_others(&director, &other, &code).await;
}

/// Each field by itself refuses a clinic that lies outside the scope, as it does one that does not exist.
async fn refuses_others(director: &Client<'_>, other: &str, code: &str) {
    let fields = [
        "diagnoses(filter: $filter) { total { code } }",
        "clinicComparison(filter: $filter, current: { from: \"2024-01-01\", to: \"2024-12-31\" }, previous: { from: \"2023-01-01\", to: \"2023-12-31\" }) { currentDays }",
        "patientFlow(filter: $filter) { folded }",
        "observationTrend(code: $code, filter: $filter) { code }",
    ];
    for field in fields {
        let document = match field.contains("$code") {
            true => format!("query ($filter: StayFilter!, $code: String!) {{ {field} }}"),
            false => format!("query ($filter: StayFilter!) {{ {field} }}"),
        };
        for clinic in [other, "Nowhere0001"] {
            let filter = json!({ "period": { "from": "2024-01-01", "to": "2024-12-31" }, "clinics": [clinic] });
            let mut variables = json!({ "filter": filter });
            if field.contains("$code") {
                variables["code"] = json!(code);
            }
            let (kind, message) = director.refusal(&document, variables).await;
            assert_eq!(kind, "BAD_USER_INPUT", "{field}");
            assert!(
                message.contains("filter.clinics") && message.contains(clinic),
                "{message}"
            );
        }
    }
    let document = "query ($clinic: ID) { dataQuality(clinic: $clinic) { ageHours } }";
    let (kind, message) = director.refusal(document, json!({ "clinic": other })).await;
    assert_eq!(kind, "BAD_USER_INPUT");
    assert!(message.starts_with("clinic:"), "{message}");
}

#[actix_web::test]
async fn one_clinic_is_all_that_its_director_sees_from_columns() {
    one_clinic(&Server::with_columns(0).await).await;
}

#[actix_web::test]
async fn one_clinic_is_all_that_its_director_sees_from_the_database() {
    one_clinic(&Server::start()).await;
}
