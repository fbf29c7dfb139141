//! How many SQL statements a page takes does not depend on how many rows it has.

use serde_json::json;

use crate::support::Server;

const PAGE: &str = "query ($program: ID!, $first: Int!) {
  events(program: $program, filter: { status: [COMPLETED] }, first: $first) {
    nodes {
      id status occurredAt
      programStage { name columns { name optionSet { options { name } } } }
      orgUnit { name parent { name } }
      assignedUser { name }
      notes { text createdBy }
      cells { name raw display orgUnit { name } }
      ... on TrackerEvent { ownerOrgUnit { name } enrollment { status } trackedEntity { id } }
    }
  }
}";

async fn statements(program: &str, first: u32) -> Vec<String> {
    let server = Server::start();
    let admin = server.user("admin");
    let program = server.id(&format!(
        "SELECT uid AS id FROM program WHERE code = '{program}'"
    ));
    // Every event gets what only some have, so that every loader is needed: an assignee, and a unit among the values.
    for table in ["singleevent", "trackerevent"] {
        server.execute(&format!(
            "UPDATE {table} SET assigneduserid = coalesce(assigneduserid, 1 + eventid % 20), eventdatavalues = eventdatavalues
             || (SELECT jsonb_build_object(d.uid, jsonb_build_object('value', u.uid)) FROM dataelement d, organisationunit u
                  WHERE d.name = 'Referred to' AND u.code = 'NY_F0001')"
        ));
    }
    let recorded = server.record();
    let page = admin
        .data(PAGE, json!({ "program": program, "first": first }))
        .await;
    let nodes = page["events"]["nodes"].as_array().expect("nodes");
    assert_eq!(nodes.len(), first as usize);
    assert!(nodes.iter().all(|node| node["assignedUser"].is_object()));
    recorded.take()
}

#[actix_web::test]
async fn a_page_of_single_events_takes_as_many_for_100_rows_as_for_15() {
    let (few, many) = (statements("OPD", 15).await, statements("OPD", 100).await);
    assert_eq!(few.len(), many.len(), "{few:#?}\n{many:#?}");
    assert!(few.len() <= 20, "{few:#?}");
}

#[actix_web::test]
async fn a_page_of_tracker_events_takes_as_many_for_100_rows_as_for_15() {
    let (few, many) = (statements("ANC", 15).await, statements("ANC", 100).await);
    assert_eq!(few.len(), many.len(), "{few:#?}\n{many:#?}");
    assert!(few.len() <= 20, "{few:#?}");
}

#[actix_web::test]
async fn who_calls_and_what_they_may_read_is_asked_once_and_kept() {
    let server = Server::start();
    let admin = server.user("admin");
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let document =
        "query ($program: ID!) { events(program: $program, first: 15) { nodes { id } } }";
    let recorded = server.record();
    admin.data(document, json!({ "program": program })).await;
    let cold = recorded.take();
    admin.data(document, json!({ "program": program })).await;
    let warm = recorded.take();
    assert_eq!(warm.len(), 2, "the token and the page: {warm:#?}");
    assert!(cold.len() > warm.len());

    server.execute("UPDATE metadataversion SET version = version + 1");
    let _ = recorded.take();
    admin.data(document, json!({ "program": program })).await;
    assert_eq!(
        recorded.take().len(),
        cold.len(),
        "a new version empties the caches"
    );
}

#[actix_web::test]
async fn a_page_whose_names_are_known_takes_two() {
    let server = Server::start();
    let admin = server.user("admin");
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    server.execute(
        "INSERT INTO fileresource (uid, name, contenttype, contentlength, contentmd5, storagekey)
         VALUES ('fileAAAAAAA', 'x-ray.png', 'image/png', 12345, '', 'a');
         UPDATE dataelement SET valuetype = 'IMAGE' WHERE name = 'Referred to';
         UPDATE singleevent SET assigneduserid = 1 + eventid % 20, eventdatavalues = eventdatavalues
             || (SELECT jsonb_build_object(uid, jsonb_build_object('value', 'fileAAAAAAA')) FROM dataelement WHERE name = 'Referred to')",
    );
    let page = "query ($program: ID!, $first: Int!) {
      events(program: $program, first: $first) {
        nodes {
          programStage { name columns { name optionSet { options { name } } } }
          orgUnit { name parent { name } } assignedUser { name }
          cells { name raw display orgUnit { name } file { name contentType size } }
        }
      }
    }";
    let recorded = server.record();
    let ask = |first: u32| admin.data(page, json!({ "program": program, "first": first }));
    let first = ask(15).await;
    let _ = recorded.take();
    assert_eq!(ask(15).await, first);
    let warm = recorded.take();
    assert_eq!(warm.len(), 2, "the token and the page: {warm:#?}");
    let cells = first["events"]["nodes"][0]["cells"].as_array();
    let file = cells
        .expect("cells")
        .iter()
        .find(|cell| cell["file"].is_object());
    let file = file.expect("a picture");
    assert_eq!(file["display"], "x-ray.png");
    assert_eq!(
        file["file"],
        json!({ "name": "x-ray.png", "contentType": "image/png", "size": 12345 })
    );
}

#[actix_web::test]
async fn a_changed_name_is_seen_with_the_next_metadata_version() {
    let server = Server::start();
    let admin = server.user("admin");
    let unit = server.id("SELECT uid AS id FROM organisationunit WHERE code = 'NY_F0001'");
    let name = async || {
        let document = "query ($unit: ID!) { me { firstName } orgUnit(id: $unit) { name } }";
        admin.data(document, json!({ "unit": unit })).await
    };
    let before = name().await;
    server.execute(
        "UPDATE organisationunit SET name = 'Renamed' WHERE code = 'NY_F0001';
         UPDATE userinfo SET firstname = 'Renamed' WHERE username = 'admin';
         UPDATE metadataversion SET version = version + 1",
    );
    let after = name().await;
    assert_ne!(before, after);
    assert_eq!(
        after,
        json!({ "me": { "firstName": "Renamed" }, "orgUnit": { "name": "Renamed" } })
    );
}
