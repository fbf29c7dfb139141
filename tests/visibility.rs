//! Nothing of another scope is ever shown, whichever way it is asked for.

use serde_json::{Value, json};

use crate::support::{Server, texts};

const BY_ID: &str = "query ($id: ID!) { event(id: $id) { id } node(id: $id) { id } }";

/// Whether a user sees each of some events by identifier: through `event` and `node` alike.
async fn seen(server: &Server, username: &str, ids: &[String]) -> Vec<bool> {
    let client = server.user(username);
    let mut seen = Vec::new();
    for id in ids {
        let data = client.data(BY_ID, json!({ "id": id })).await;
        assert_eq!(data["event"], data["node"], "{username} {id}");
        seen.push(!data["event"].is_null());
    }
    seen
}

#[actix_web::test]
async fn an_event_is_found_by_identifier_exactly_when_a_list_would_show_it() {
    let server = Server::start();
    for code in ["OPD", "WATER", "ANC", "TB", "HTS"] {
        let ids = server.ids(&format!(
            "SELECT e.uid AS id FROM (SELECT uid, programstageid, eventid FROM singleevent
                                UNION ALL SELECT uid, programstageid, eventid FROM trackerevent) e
               JOIN programstage USING (programstageid) JOIN program p USING (programid)
              WHERE p.code = '{code}' ORDER BY hashtext(e.uid) LIMIT 40"
        ));
        let program = server.id(&format!(
            "SELECT uid AS id FROM program WHERE code = '{code}'"
        ));
        for username in ["admin", "district", "clerk"] {
            let client = server.user(username);
            let list = "query ($program: ID!, $after: String) {
              events(program: $program, first: 1000, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
            }";
            let (mut listed, mut after) = (Vec::new(), Value::Null);
            loop {
                let answer = client
                    .send(list, json!({ "program": program, "after": after }))
                    .await
                    .json();
                let page = &answer["data"]["events"];
                if page.is_null() {
                    assert_eq!(
                        answer["errors"][0]["extensions"]["code"], "FORBIDDEN",
                        "{answer}"
                    );
                    break;
                }
                listed.extend(texts(&page["nodes"], "id"));
                after = page["pageInfo"]["endCursor"].clone();
                if page["pageInfo"]["hasNextPage"] == json!(false) {
                    break;
                }
            }
            let expected: Vec<bool> = ids.iter().map(|id| listed.contains(id)).collect();
            assert_eq!(
                seen(&server, username, &ids).await,
                expected,
                "{username} {code}"
            );
        }
    }
}

#[actix_web::test]
async fn events_under_an_option_that_is_not_for_everyone_are_hidden() {
    let server = Server::start();
    let of_option = |option: &str| {
        server.ids(&format!(
            "SELECT e.uid AS id FROM singleevent e JOIN categoryoptioncombo c ON c.categoryoptioncomboid = e.attributeoptioncomboid
               JOIN organisationunit u USING (organisationunitid)
              WHERE c.name = '{option}' AND NOT e.deleted ORDER BY e.eventid"
        ))
    };
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'WATER'");
    let hidden = of_option("Donor programme");
    assert!(!hidden.is_empty());
    // A clerk with the whole country as search scope, who is in no team.
    server.execute(
        "INSERT INTO userteisearchorgunits (userinfoid, organisationunitid)
         SELECT userinfoid, organisationunitid FROM userinfo, organisationunit WHERE username = 'clerk' AND organisationunit.code = 'NY'",
    );
    let document = "query ($program: ID!) { events(program: $program, first: 1000) { nodes { id } total { value } } }";
    let list = server
        .user("clerk")
        .data(document, json!({ "program": program }))
        .await["events"]
        .take();
    let listed = texts(&list["nodes"], "id");
    let mut expected = of_option("National budget");
    expected.sort();
    let mut sorted = listed.clone();
    sorted.sort();
    assert_eq!(sorted, expected);
    assert_eq!(list["total"]["value"], json!(expected.len()));
    assert!(
        seen(&server, "clerk", &hidden)
            .await
            .iter()
            .all(|seen| !seen)
    );
    assert!(
        seen(&server, "admin", &hidden)
            .await
            .iter()
            .all(|seen| *seen)
    );
}

#[actix_web::test]
async fn a_program_of_a_team_is_not_there_for_others() {
    let server = Server::start();
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'HTS'");
    let clerk = server.user("clerk");
    let document =
        "query ($id: ID!) { program(id: $id) { id } node(id: $id) { id } programs { id } }";
    let data = clerk.data(document, json!({ "id": program })).await;
    assert_eq!(data["program"], Value::Null);
    assert_eq!(data["node"], Value::Null);
    assert!(!texts(&data["programs"], "id").contains(&program));
    let list = "query ($id: ID!) { events(program: $id, first: 1) { nodes { id } } }";
    let (code, message) = clerk.refusal(list, json!({ "id": program })).await;
    assert_eq!(code, "FORBIDDEN");
    assert!(message.contains(&program), "{message}");

    let member = server
        .user("district")
        .data(document, json!({ "id": program }))
        .await;
    assert!(texts(&member["programs"], "id").contains(&program));
}

#[actix_web::test]
async fn deleted_events_are_gone() {
    let server = Server::start();
    let deleted = server.ids(
        "SELECT uid AS id FROM singleevent WHERE deleted UNION ALL SELECT uid FROM trackerevent WHERE deleted",
    );
    assert!(!deleted.is_empty());
    assert!(
        seen(&server, "admin", &deleted)
            .await
            .iter()
            .all(|seen| !seen)
    );
}

#[actix_web::test]
async fn clinics_are_those_of_the_data_view_scope() {
    let server = Server::start();
    let document = "{ clinics { id name } diagnoses(filter: { period: { from: \"2020-11-01\", to: \"2026-11-30\" } }) { total { stays { value } } } }";
    let stays = |condition: &str| {
        let sql = format!(
            "SELECT count(*) FROM encounters JOIN organisationunit u ON u.organisationunitid = clinic_id WHERE {condition}"
        );
        server.rows(&sql)[0]["count"].clone()
    };
    for (username, condition) in [
        ("controller", "u.code LIKE 'KNH\\_%'"),
        ("director", "u.code = 'KNH_1'"),
        ("admin", "true"),
    ] {
        let data = server.user(username).data(document, json!({})).await;
        let expected = server.ids(&format!(
            "SELECT u.uid AS id FROM clinics JOIN organisationunit u ON u.organisationunitid = clinic_id WHERE {condition} ORDER BY u.name"
        ));
        assert_eq!(texts(&data["clinics"], "id"), expected, "{username}");
        assert_eq!(
            data["diagnoses"]["total"]["stays"]["value"],
            stays(condition),
            "{username}"
        );
    }
    let (code, _) = server.user("district").refusal(document, json!({})).await;
    assert_eq!(code, "FORBIDDEN");
    assert_eq!(
        server
            .user("district")
            .data("{ clinics { id } }", json!({}))
            .await["clinics"],
        json!([])
    );

    let other = server.id("SELECT uid AS id FROM organisationunit WHERE code = 'KNH_2'");
    let asked = "query ($clinic: ID!) { diagnoses(filter: { period: { from: \"2020-11-01\", to: \"2026-11-30\" }, clinics: [$clinic] }) { total { code } } }";
    let (code, message) = server
        .user("director")
        .refusal(asked, json!({ "clinic": other }))
        .await;
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(message.contains("filter.clinics"), "{message}");
}
