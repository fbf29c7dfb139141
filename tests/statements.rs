//! How many SQL statements a page takes does not depend on how many rows it has.

use serde_json::json;

use crate::support::Server;

/// All that a list page shows: the program with its columns and options, and the rows with every name.
const PAGE: &str = "query ($program: ID!, $first: Int!, $notes: Boolean!) {
  me { name }
  program(id: $program) {
    name stages { name columns { name valueType optionSet { name options { code name } } } }
  }
  events(program: $program, first: $first) {
    nodes {
      id status occurredAt
      programStage { name columns { name optionSet { options { name } } } }
      orgUnit { name parent { name } }
      assignedUser { name }
      notes @include(if: $notes) { text createdBy }
      cells { name raw display orgUnit { name } file { name contentType size } }
      ... on TrackerEvent {
        ownerOrgUnit { name } enrollment { status } trackedEntity { id attributes { attribute name valueType raw display } }
      }
    }
  }
}";

/// A server where every event has what only some have, so that every name must be found: somebody it is assigned to, a
/// unit and a picture among the values, a note.
pub fn server_with_everything() -> Server {
    let server = Server::start();
    server.execute(
        "INSERT INTO fileresource (uid, name, contenttype, contentlength, contentmd5, storagekey)
         VALUES ('fileAAAAAAA', 'x-ray.png', 'image/png', 12345, '', 'a');
         INSERT INTO dataelement (uid, name, shortname, valuetype) VALUES ('pictureAAAA', 'Picture', 'Picture', 'IMAGE');
         INSERT INTO programstagedataelement (uid, programstageid, dataelementid)
         SELECT left(d.uid, 3) || lpad(programstageid::text, 8, '0'), programstageid, dataelementid
           FROM programstage, dataelement d WHERE d.uid = 'pictureAAAA' OR d.name = 'Referred to'
         ON CONFLICT (programstageid, dataelementid) DO NOTHING",
    );
    for (table, letter) in [("singleevent", 's'), ("trackerevent", 't')] {
        server.execute(&format!(
            "UPDATE {table} SET assigneduserid = coalesce(assigneduserid, 1 + eventid % 20), eventdatavalues = eventdatavalues
             || '{{\"pictureAAAA\": {{\"value\": \"fileAAAAAAA\"}}}}'
             || (SELECT jsonb_build_object(d.uid, jsonb_build_object('value', u.uid)) FROM dataelement d, organisationunit u
                  WHERE d.name = 'Referred to' AND u.code = 'NY_F0001');
             INSERT INTO note (uid, notetext, creator)
             SELECT '{letter}' || lpad(eventid::text, 10, '0'), 'Seen again', 'admin' FROM {table};
             INSERT INTO {table}_notes (eventid, noteid, sort_order)
             SELECT eventid, noteid, 100 FROM {table} e JOIN note ON note.uid = '{letter}' || lpad(eventid::text, 10, '0')"
        ));
    }
    server
}

/// Statements of the page for somebody: nothing known before, and everything.
async fn statements(username: &str, program: &str, first: u32, notes: bool) -> [Vec<String>; 2] {
    let server = server_with_everything();
    let client = server.user(username);
    let program = server.id(&format!(
        "SELECT uid AS id FROM program WHERE code = '{program}'"
    ));
    let variables = json!({ "program": program, "first": first, "notes": notes });
    let recorded = server.record();
    let page = client.data(PAGE, variables.clone()).await;
    let cold = recorded.take();
    let nodes = page["events"]["nodes"].as_array().expect("nodes");
    assert_eq!(nodes.len(), first as usize);
    for node in nodes {
        assert!(node["assignedUser"].is_object());
        let cells = node["cells"].as_array().expect("cells");
        assert!(cells.iter().any(|cell| cell["orgUnit"].is_object()));
        assert!(cells.iter().any(|cell| cell["file"].is_object()));
        let attributes = node["trackedEntity"]["attributes"].as_array();
        assert!(attributes.is_none_or(|values| values.iter().any(|value| value["name"] == "Sex")));
    }
    assert_eq!(client.data(PAGE, variables).await, page);
    [cold, recorded.take()]
}

/// Statements of the page for an ordinary person and for one who may do everything, of 15 rows and of 100.
async fn bounds(program: &str, notes: bool, [cold, warm]: [usize; 2]) {
    for username in ["admin", "district"] {
        let few = statements(username, program, 15, notes).await;
        let many = statements(username, program, 100, notes).await;
        let counts = |both: &[Vec<String>; 2]| both.each_ref().map(Vec::len);
        let texts = format!("{username} {program}: {few:#?}\n{many:#?}");
        assert_eq!(counts(&few), counts(&many), "{texts}");
        let [first, again] = counts(&few);
        assert!(first <= cold && again <= warm, "{first} {again} {texts}");
    }
}

#[actix_web::test]
async fn a_page_of_single_events_takes_six_and_then_two() {
    bounds("OPD", false, [6, 2]).await;
    // Notes are asked each time.
    bounds("OPD", true, [7, 3]).await;
}

#[actix_web::test]
async fn a_page_of_tracker_events_takes_seven_and_then_three() {
    bounds("ANC", false, [7, 3]).await;
    bounds("ANC", true, [8, 4]).await;
}

#[actix_web::test]
async fn a_program_that_may_be_lent_takes_one_more() {
    let [cold, warm] = statements("district", "TB", 5, false).await;
    assert_eq!(cold.len(), 8, "{cold:#?}");
    assert_eq!(warm.len(), 4, "{warm:#?}");
    assert!(warm[1].contains("programtempowner"), "{warm:#?}");
}

#[actix_web::test]
async fn data_elements_of_no_stage_take_one_more() {
    let server = server_with_everything();
    let admin = server.user("admin");
    server.execute(
        "INSERT INTO dataelement (uid, name, shortname, valuetype, optionsetid)
         SELECT 'elsewhereAA', 'Elsewhere', 'Elsewhere', 'TEXT', optionsetid FROM dataelement WHERE name = 'Sex of the patient';
         UPDATE singleevent SET eventdatavalues = eventdatavalues || '{\"elsewhereAA\": {\"value\": \"F\"}}'",
    );
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let document = "query ($program: ID!) {
      events(program: $program, first: 15) { nodes { cells(columns: [\"elsewhereAA\"]) { name display } } }
    }";
    let recorded = server.record();
    let page = admin.data(document, json!({ "program": program })).await;
    let cold = recorded.take();
    assert_eq!(cold.len(), 5, "{cold:#?}");
    assert_eq!(
        page["events"]["nodes"][0]["cells"],
        json!([{ "name": "Elsewhere", "display": "Female" }])
    );
    admin.data(document, json!({ "program": program })).await;
    assert_eq!(recorded.take().len(), 2);
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
    let anew = recorded.take().len();
    assert_eq!(anew, cold.len() + 1, "a new version empties the caches");
    admin.data(document, json!({ "program": program })).await;
    assert_eq!(recorded.take().len(), 2);
}

#[actix_web::test]
async fn the_program_alone_is_read_once() {
    let server = Server::start();
    let clerk = server.user("clerk");
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let document =
        "query ($program: ID!) { program(id: $program) { stages { columns { name } } } }";
    let ask = || clerk.data(document, json!({ "program": program }));
    let first = ask().await;
    let recorded = server.record();
    assert_eq!(ask().await, first);
    assert_eq!(recorded.take().len(), 1, "the token");
    // Somebody else sees the same program: only who they are is asked.
    let admin = server.user("admin");
    let _ = recorded.take();
    assert_eq!(
        admin.data(document, json!({ "program": program })).await,
        first
    );
    assert_eq!(recorded.take().len(), 1, "the token");
}

#[actix_web::test]
async fn a_token_is_asked_each_time_although_its_person_is_known() {
    let who = "{ me { username } }";
    let server = Server::start();
    for change in [
        "UPDATE apitoken SET revoked_at = now() WHERE",
        "UPDATE apitoken SET expires_at = now() - interval '1 second' WHERE",
        "UPDATE userinfo SET disabled = true WHERE",
    ] {
        let (clerk, admin) = (server.user("clerk"), server.user("admin"));
        for _ in 0..2 {
            assert_eq!(clerk.data(who, json!({})).await["me"]["username"], "clerk");
        }
        server.execute(&format!(
            "{change} userinfoid = (SELECT userinfoid FROM userinfo WHERE username = 'clerk')"
        ));
        assert_eq!(clerk.send(who, json!({})).await.status, 401, "{change}");
        assert_eq!(admin.send(who, json!({})).await.status, 200, "{change}");
    }
}

#[actix_web::test]
async fn other_rights_are_seen_with_the_next_metadata_version() {
    let server = Server::start();
    let clerk = server.user("clerk");
    let document = "{ me { authorities captureOrgUnits { name } } }";
    let before = clerk.data(document, json!({})).await;
    server.execute(
        "DELETE FROM userrolemembers WHERE userinfoid = (SELECT userinfoid FROM userinfo WHERE username = 'clerk');
         DELETE FROM usermembership WHERE userinfoid = (SELECT userinfoid FROM userinfo WHERE username = 'clerk')",
    );
    assert_eq!(clerk.data(document, json!({})).await, before);
    server.execute("UPDATE metadataversion SET version = version + 1");
    let after = clerk.data(document, json!({})).await;
    assert_eq!(
        after,
        json!({ "me": { "authorities": [], "captureOrgUnits": [] } })
    );
    assert_ne!(before, after);
}

#[actix_web::test]
async fn a_changed_name_is_seen_with_the_next_metadata_version() {
    let server = Server::start();
    let admin = server.user("admin");
    let unit = server.id("SELECT uid AS id FROM organisationunit WHERE code = 'NY_F0001'");
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let name = async || {
        let document = "query ($unit: ID!, $program: ID!) {
          me { firstName } orgUnit(id: $unit) { name } program(id: $program) { name stages { name columns { name } } }
        }";
        let variables = json!({ "unit": unit, "program": program });
        admin.data(document, variables).await
    };
    let before = name().await;
    server.execute(
        "UPDATE organisationunit SET name = 'Renamed' WHERE code = 'NY_F0001';
         UPDATE userinfo SET firstname = 'Renamed' WHERE username = 'admin';
         UPDATE program SET name = 'Renamed'; UPDATE programstage SET name = 'Renamed';
         UPDATE dataelement SET formname = 'Renamed';
         UPDATE metadataversion SET version = version + 1",
    );
    let after = name().await;
    assert_ne!(before, after);
    let columns = vec![json!({ "name": "Renamed" }); 8];
    let stages = json!([{ "name": "Renamed", "columns": columns }]);
    assert_eq!(
        after,
        json!({
            "me": { "firstName": "Renamed" }, "orgUnit": { "name": "Renamed" },
            "program": { "name": "Renamed", "stages": stages },
        })
    );
}
