//! What is written straight away is what would be resolved.

use serde_json::json;

use crate::statements::server_with_everything;

/// The same fields: at hand, also by fragments, and with directives, which only resolving answers.
const PLAIN: &str = "__typename status happened: occurredAt ...times
    few: cells(columns: $columns) { raw } cells { ...c } orgUnit { id code title: name level path }";
const RESOLVED: &str = "__typename status @include(if: true) happened: occurredAt ...times
    few: cells(columns: $columns) { raw @include(if: true) }
    cells { ...c @include(if: true) } orgUnit { id @include(if: true) code title: name level path }";
const FRAGMENTS: &str = "fragment c on Cell { column value: raw name display }
    fragment times on Event { createdAt updatedAt completedAt }";

#[actix_web::test]
async fn what_is_at_hand_is_what_would_be_resolved() {
    let server = server_with_everything();
    server.execute(
        "UPDATE singleevent SET eventdatavalues = eventdatavalues || '{\"goneAAAAAAA\": {\"value\": \"1\"}}'",
    );
    let admin = server.user("admin");
    for code in ["OPD", "ANC"] {
        let program = server.id(&format!(
            "SELECT uid AS id FROM program WHERE code = '{code}'"
        ));
        let columns = ["goneAAAAAAA", "not there"];
        let ask = async |selection: &str| {
            let document = format!(
                "query ($program: ID!, $columns: [ID!]) {{
                   events(program: $program, first: 200) {{ nodes {{ id {selection} }} }} }} {FRAGMENTS}"
            );
            let document = match code {
                "ANC" => document.replace(
                    "happened:",
                    "... on TrackerEvent { scheduledAt ownerOrgUnit { name } } happened:",
                ),
                _ => document,
            };
            let variables = json!({ "program": program, "columns": columns });
            admin.data(&document, variables).await["events"]["nodes"].take()
        };
        let plain = ask(PLAIN).await;
        let resolved = ask(RESOLVED).await;
        let cells = |node: &serde_json::Value| node["cells"].as_array().map_or(0, Vec::len);
        let nodes = plain.as_array().expect("nodes");
        assert!(nodes.iter().map(cells).sum::<usize>() > 500, "{code}");
        assert_eq!(plain, resolved, "{code}");
        let text = plain.to_string();
        assert!(
            text.contains("x-ray.png") && text.contains("\"title\":"),
            "{code}"
        );
    }
}
