//! What is written straight away is what would be resolved.

use serde_json::json;

use crate::statements::server_with_everything;

/// The same fields: plain, and behind a fragment and directives, which only resolving answers.
const PLAIN: &str =
    "cells { column value: raw name display } orgUnit { id code title: name level path }";
const RESOLVED: &str =
    "cells { ...c } orgUnit { id @include(if: true) code title: name level path }";

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
        let ask = async |selection: &str, fragment: &str| {
            let document = format!(
                "query ($program: ID!) {{ events(program: $program, first: 200) {{ nodes {{ id {selection} }} }} }} {fragment}"
            );
            admin.data(&document, json!({ "program": program })).await["events"]["nodes"].take()
        };
        let plain = ask(PLAIN, "").await;
        let resolved = ask(
            RESOLVED,
            "fragment c on Cell { column value: raw name display }",
        )
        .await;
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
