//! Figures that fewer than five patients stand behind are hidden, and cannot be found from what is shown.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Client, Server};

const DIAGNOSES: &str = "query ($filter: StayFilter!, $level: DiagnosisLevel!, $under: String, $compareWith: DateRange) {
  diagnoses(filter: $filter, level: $level, under: $under, compareWith: $compareWith, first: 1000) {
    rows { ...figures } total { ...figures }
  }
}
fragment figures on DiagnosisRow {
  code kind path patients { value suppressed } stays { value suppressed } averageLengthOfStay shareOfPatients
  change { previousPatients { value suppressed } previousStays { value suppressed } patientsDifference patientsChange staysDifference }
}";

async fn rows(client: &Client<'_>, variables: &Value) -> (Vec<Value>, Value) {
    let mut data = client.data(DIAGNOSES, variables.clone()).await;
    let rows = serde_json::from_value(data["diagnoses"]["rows"].take()).expect("rows");
    (rows, data["diagnoses"]["total"].take())
}

/// A row that is hidden shows nothing at all; one that is shown is true and has five patients or none.
fn check_row(row: &Value, truth: &Value) -> bool {
    let is_hidden = row["patients"]["suppressed"] == true;
    if is_hidden {
        for name in ["patients", "stays"] {
            assert_eq!(
                row[name],
                json!({ "value": null, "suppressed": true }),
                "{row}"
            );
        }
        assert_eq!(
            (&row["averageLengthOfStay"], &row["shareOfPatients"]),
            (&Value::Null, &Value::Null),
            "{row}"
        );
    } else {
        for name in ["patients", "stays", "averageLengthOfStay"] {
            assert_eq!(row[name], truth[name], "{row}");
        }
        let shown = row["patients"]["value"].as_i64().expect("a count");
        assert!(shown == 0 || shown >= 5, "{row}");
    }
    let change = &row["change"];
    if change.is_object() {
        let is_previous_hidden = change["previousPatients"]["suppressed"] == true;
        let previous = change["previousPatients"]["value"].as_i64();
        assert!(
            is_previous_hidden == previous.is_none()
                && !previous.is_some_and(|count| (1..5).contains(&count)),
            "{row}"
        );
        if is_hidden || is_previous_hidden {
            for name in ["patientsDifference", "patientsChange", "staysDifference"] {
                assert_eq!(change[name], Value::Null, "{row}");
            }
        }
    }
    is_hidden
}

/// What a row is known by.
fn key(row: &Value) -> (String, String) {
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    (text("kind"), text("code"))
}

#[actix_web::test]
async fn small_cells_are_hidden_with_all_that_is_computed_from_them() {
    let (open, guarded) = (Server::with_columns(0).await, Server::with_columns(5).await);
    let (truth, client) = (open.user("controller"), guarded.user("controller"));
    let (mut hidden_rows, mut shown_rows) = (0, 0);
    for (from, to) in [
        ("2024-01-01", "2024-03-31"),
        ("2024-01-05", "2024-02-20"),
        ("2021-01-01", "2025-12-31"),
    ] {
        for (level, under) in [
            ("CHAPTER", None),
            ("FOUR", None),
            ("FIVE", None),
            ("CHAPTER", Some("IX")),
            ("FOUR", Some("IX")),
        ] {
            let variables = json!({
                "filter": { "period": { "from": from, "to": to } }, "level": level, "under": under,
                "compareWith": { "from": "2023-01-01", "to": "2023-06-30" },
            });
            let (shown, total) = rows(&client, &variables).await;
            let (true_rows, true_total) = rows(&truth, &variables).await;
            assert!(!check_row(&total, &true_total));
            let truth: BTreeMap<_, &Value> = true_rows.iter().map(|row| (key(row), row)).collect();
            let mut children: BTreeMap<String, (usize, usize)> = BTreeMap::new();
            for row in &shown {
                let is_hidden = check_row(row, truth[&key(row)]);
                let path = row["path"].as_array().expect("a path").last();
                let parent = path.map_or_else(String::new, |parent| parent.to_string());
                let family = children.entry(parent).or_default();
                // Rows that only the other period has are 0 here.
                let occurs = row["patients"]["value"] != 0;
                family.0 += usize::from(is_hidden);
                family.1 += usize::from(occurs);
            }
            // What is not listed stands below something hidden, so it never has a shown parent.
            let listed: BTreeMap<_, &Value> = shown.iter().map(|row| (key(row), row)).collect();
            if level == "CHAPTER" {
                assert_eq!(listed.len(), truth.len());
            }
            for (parent, (hidden, all)) in children {
                assert!(
                    hidden != 1 || all == 1,
                    "one of {all} below \"{parent}\" is hidden alone: {variables}"
                );
                hidden_rows += hidden;
                shown_rows += all - hidden;
            }
        }
    }
    assert!(
        hidden_rows > 100 && shown_rows > 20,
        "{hidden_rows} {shown_rows}"
    );
}

#[actix_web::test]
async fn where_all_stays_are_few_nothing_is_shown() {
    let server = Server::with_columns(5).await;
    let day = server.id("SELECT admission_date::text AS id FROM encounters GROUP BY 1 HAVING count(DISTINCT patient_pseudo_id) BETWEEN 1 AND 4 ORDER BY 1 LIMIT 1");
    let variables =
        json!({ "filter": { "period": { "from": day, "to": day } }, "level": "CHAPTER" });
    let (shown, total) = rows(&server.user("controller"), &variables).await;
    assert!(check_row(&total, &Value::Null));
    assert!(shown.iter().all(|row| check_row(row, &Value::Null)));
}
