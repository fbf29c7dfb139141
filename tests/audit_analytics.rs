//! The audit log keeps every question of analytics, so that somebody who draws near to small cells can be found.

use actix_web::test::TestRequest;
use serde_json::json;

use crate::support::Server;

#[actix_web::test]
async fn analytics_are_logged_with_what_was_asked() {
    let server = Server::with_own_data("clinigraph_audit_analytics");
    let controller = server.user("controller");
    let clinic = server.rows("SELECT uid, clinic_id FROM clinics JOIN organisationunit ON organisationunitid = clinic_id ORDER BY 2 LIMIT 1").remove(0);
    let (uid, key) = (clinic["uid"].as_str().expect("a uid"), &clinic["clinic_id"]);
    let document = format!(
        "query Morning {{
          diagnoses(filter: {{ period: {{ from: \"2025-01-01\", to: \"2025-01-31\" }}, clinics: [\"{uid}\"], sexes: [FEMALE] }}, compareWith: {{ from: \"2024-01-01\", to: \"2024-01-31\" }}) {{ total {{ code }} }}
          clinicComparison(filter: {{ period: {{ from: \"2025-01-01\", to: \"2025-01-31\" }}, clinics: [\"{uid}\"] }}, current: {{ from: \"2025-02-01\", to: \"2025-02-28\" }}, previous: {{ from: \"2025-01-01\", to: \"2025-01-31\" }}) {{ currentDays }}
          patientFlow(filter: {{ period: {{ from: \"2025-01-01\", to: \"2025-01-31\" }}, clinics: [\"{uid}\"] }}) {{ folded }}
          observationTrend(code: \"8867-4\", filter: {{ period: {{ from: \"2025-01-01\", to: \"2025-01-31\" }}, clinics: [\"{uid}\"] }}) {{ code }}
          monthlyReport(month: \"2025-01\", clinics: [\"{uid}\"]) {{ days }}
          dataQuality(clinic: \"{uid}\") {{ ageHours }} }}"
    );
    controller.data(&document, json!({})).await;
    let path = format!("/reports/monthly/2025-01.csv?clinics={uid}&table=kpis");
    let request = controller.sign(TestRequest::get().uri(&path));
    assert!(server.send(request).await.status.is_success());
    // What is refused was not read.
    let wrong = "{ patientFlow(filter: { period: { from: \"2025-01-02\", to: \"2025-01-01\" } }) { folded } }";
    controller.refusal(wrong, json!({})).await;
    server.drain().await;
    let mut log: Vec<String> = server
        .rows("SELECT * FROM audit WHERE username = 'controller'")
        .iter()
        .map(|entry| {
            format!(
                "{} | {} | {}",
                entry["kind"], entry["operation"], entry["subject"]
            )
            .replace('"', "")
        })
        .collect();
    log.sort();
    let january = format!("2025-01-01/2025-01-31 Admission, clinics [{key}]");
    assert_eq!(
        log,
        [
            format!("READ | GET /reports/monthly/{{name}} | 2025-01 {uid}"),
            format!(
                "READ | clinicComparison in Morning | 2025-02-01/2025-02-28 beside 2025-01-01/2025-01-31: {january}"
            ),
            format!("READ | dataQuality in Morning | clinics [{key}]"),
            format!(
                "READ | diagnoses in Morning | {january}, sexes [Female], beside 2024-01-01/2024-01-31"
            ),
            format!("READ | monthlyReport in Morning | 2025-01 {uid}"),
            format!("READ | observationTrend in Morning | 8867-4: {january}"),
            format!("READ | patientFlow in Morning | {january}"),
        ]
    );
}
