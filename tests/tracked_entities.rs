//! What tracker events tell of the people they are about.

use serde_json::{Value, json};

use crate::support::Server;

const PAGE: &str = "query ($program: ID!) {
  events(program: $program, first: 50) {
    nodes {
      id
      ... on TrackerEvent { trackedEntity { id attributes { attribute name valueType raw display } } }
    }
  }
}";

/// Values of the attributes of each event's tracked entity by event, in plain SQL. `readable` says of an attribute `a`
/// whether the caller may read it.
fn expected(server: &Server, program: &str, readable: &str) -> Vec<Value> {
    server.rows(&format!(
        "SELECT e.uid AS id, coalesce((SELECT jsonb_agg(jsonb_build_object('attribute', a.uid,
                    'name', coalesce(a.formname, a.name), 'valueType', a.valuetype, 'raw', v.value,
                    'display', coalesce(o.name, u.name, v.value))
                    ORDER BY l.sort_order NULLS LAST, k.sort_order)
                  FROM trackedentityattributevalue v JOIN trackedentityattribute a USING (trackedentityattributeid)
                  LEFT JOIN program_attributes l ON l.programid = p.programid
                        AND l.trackedentityattributeid = a.trackedentityattributeid
                  LEFT JOIN trackedentitytypeattribute k ON k.trackedentitytypeid = p.trackedentitytypeid
                        AND k.trackedentityattributeid = a.trackedentityattributeid
                  LEFT JOIN optionvalue o ON o.optionsetid = a.optionsetid AND o.code = v.value
                  LEFT JOIN organisationunit u ON a.valuetype = 'ORGANISATION_UNIT' AND u.uid = v.value
                 WHERE v.trackedentityid = n.trackedentityid AND ({readable})
                   AND (l.programid IS NOT NULL OR k.trackedentitytypeid IS NOT NULL)), '[]') AS attributes
           FROM trackerevent e JOIN enrollment n USING (enrollmentid) JOIN program p USING (programid)
          WHERE p.uid = '{program}' ORDER BY e.uid"
    ))
}

/// The same as the list shows it, checked against plain SQL.
async fn check(server: &Server, username: &str, program: &str, readable: &str) -> Vec<Value> {
    let expected = expected(server, program, readable);
    let client = server.user(username);
    let page = client.data(PAGE, json!({ "program": program })).await;
    let nodes = page["events"]["nodes"].as_array().expect("nodes");
    assert_eq!(nodes.len(), 50);
    let shown = nodes
        .iter()
        .map(|node| json!({ "id": node["id"], "attributes": node["trackedEntity"]["attributes"] }));
    let shown: Vec<Value> = shown.collect();
    for event in &shown {
        assert!(expected.contains(event), "{username}: {event:#}");
    }
    shown
}

#[actix_web::test]
async fn attributes_are_named_ordered_and_only_those_that_the_caller_may_read() {
    let server = Server::start();
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'ANC'");
    // Another order in the program, two attributes that only the kind has, one of them a unit; one of no kind at all; and
    // some values missing.
    server.execute(
        "UPDATE program_attributes SET sort_order = 10 - sort_order;
         UPDATE trackedentityattribute SET formname = 'Given name' WHERE name = 'First name';
         DELETE FROM program_attributes USING trackedentityattribute a
          WHERE a.trackedentityattributeid = program_attributes.trackedentityattributeid AND a.name = 'Date of birth';
         INSERT INTO trackedentityattribute (uid, name, shortname, valuetype)
         VALUES ('attrUnitAAA', 'Home', 'Home', 'ORGANISATION_UNIT'), ('attrNoneAAA', 'Foreign', 'Foreign', 'TEXT');
         INSERT INTO trackedentitytypeattribute (trackedentitytypeid, trackedentityattributeid, sort_order)
         SELECT trackedentitytypeid, trackedentityattributeid, 0 FROM trackedentitytype, trackedentityattribute a
          WHERE a.uid = 'attrUnitAAA';
         INSERT INTO trackedentityattributevalue (trackedentityid, trackedentityattributeid, value)
         SELECT t.trackedentityid, a.trackedentityattributeid, u.uid FROM trackedentity t, trackedentityattribute a,
                organisationunit u WHERE a.uid IN ('attrUnitAAA', 'attrNoneAAA') AND u.code = 'NY_F0001';
         DELETE FROM trackedentityattributevalue v USING trackedentityattribute a
          WHERE a.trackedentityattributeid = v.trackedentityattributeid AND a.name = 'Last name' AND trackedentityid % 2 = 0",
    );
    let shown = check(&server, "admin", &program, "true").await;
    let fullest = shown
        .iter()
        .filter_map(|event| event["attributes"].as_array())
        .max_by_key(|values| values.len())
        .expect("attributes");
    let names: Vec<&str> = fullest
        .iter()
        .filter_map(|value| value["name"].as_str())
        .collect();
    assert_eq!(
        names,
        ["Sex", "Last name", "Given name", "Home", "Date of birth"]
    );
    assert_eq!(fullest[0]["display"], "Female");

    server.execute(
        r#"UPDATE trackedentityattribute SET sharing = '{"owner": "nobodyAAAAA", "public": "--------"}'
            WHERE name IN ('First name', 'Home');
           UPDATE metadataversion SET version = version + 1"#,
    );
    check(&server, "admin", &program, "true").await;
    let readable = "a.name NOT IN ('First name', 'Home')";
    let shown = check(&server, "district", &program, readable).await;
    assert!(
        shown
            .iter()
            .all(|event| event["attributes"][0]["name"] == "Sex")
    );
}
