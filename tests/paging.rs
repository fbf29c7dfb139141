//! Paging: every walk over a list, both ways, meets each row exactly once.

use serde_json::{Value, json};

use crate::support::{Client, Server, texts};

const PAGE: &str = "query ($program: ID!, $scope: OrgUnitScope, $order: [EventOrder!], $first: Int, $after: String, $last: Int, $before: String) {
  events(program: $program, scope: $scope, order: $order, first: $first, after: $after, last: $last, before: $before) {
    nodes { id }
    edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}";

/// A list that is walked.
struct Walk<'a> {
    client: &'a Client<'a>,
    asked: Value,
}

impl Walk<'_> {
    async fn page(&self, more: Value) -> Value {
        let mut variables = self.asked.clone();
        for (name, value) in more.as_object().into_iter().flatten() {
            variables[name] = value.clone();
        }
        let page = self.client.data(PAGE, variables).await["events"].take();
        let edges = page["edges"].as_array().expect("edges");
        let cursor = |edge: Option<&Value>| edge.map_or(Value::Null, |edge| edge["cursor"].clone());
        assert_eq!(page["pageInfo"]["startCursor"], cursor(edges.first()));
        assert_eq!(page["pageInfo"]["endCursor"], cursor(edges.last()));
        page
    }

    /// All identifiers by pages of `size` from the start.
    async fn forward(&self, size: usize) -> Vec<String> {
        let (mut ids, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = self.page(json!({ "first": size, "after": after })).await;
            assert_eq!(page["pageInfo"]["hasPreviousPage"], json!(!after.is_null()));
            ids.extend(texts(&page["nodes"], "id"));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                return ids;
            }
            assert_eq!(page["nodes"].as_array().map(Vec::len), Some(size));
        }
    }

    /// All identifiers by pages of `size` from the end, put into list order.
    async fn backward(&self, size: usize) -> Vec<String> {
        let (mut pages, mut before) = (Vec::new(), Value::Null);
        loop {
            let page = self.page(json!({ "last": size, "before": before })).await;
            assert_eq!(page["pageInfo"]["hasNextPage"], json!(!before.is_null()));
            pages.push(texts(&page["nodes"], "id"));
            before = page["pageInfo"]["startCursor"].clone();
            if page["pageInfo"]["hasPreviousPage"] == json!(false) {
                return pages.into_iter().rev().flatten().collect();
            }
        }
    }
}

/// Walks the events of a program below a unit and compares with plain SQL.
async fn every_walk_meets_every_row(
    program: &str,
    unit: &str,
    table: &str,
    scope_unit: &str,
    sizes: &[usize],
) {
    let server = Server::start();
    let admin = server.user("admin");
    // Equal dates are the rule in real life: everything happens at midnight.
    server.execute(&format!(
        "UPDATE {table} SET occurreddate = date_trunc('month', occurreddate)"
    ));
    let expected = server.ids(&format!(
        "SELECT e.uid AS id FROM {table} e JOIN programstage USING (programstageid) JOIN program p USING (programid)
           JOIN organisationunit u ON u.organisationunitid = e.{scope_unit}
          WHERE p.code = '{program}' AND NOT e.deleted
            AND (u.path || '/') LIKE (SELECT path || '/%' FROM organisationunit WHERE code = '{unit}')
          ORDER BY e.occurreddate DESC NULLS FIRST, e.eventid DESC"
    ));
    assert!((100..1000).contains(&expected.len()), "{}", expected.len());
    let program = server.id(&format!(
        "SELECT uid AS id FROM program WHERE code = '{program}'"
    ));
    let scope = match unit {
        "NY" => json!({ "mode": "ALL" }),
        code => {
            let unit = server.id(&format!(
                "SELECT uid AS id FROM organisationunit WHERE code = '{code}'"
            ));
            json!({ "mode": "DESCENDANTS", "orgUnit": unit })
        }
    };
    for direction in ["DESC", "ASC"] {
        let mut expected = expected.clone();
        if direction == "ASC" {
            expected.reverse();
        }
        let asked =
            json!({ "program": program, "scope": scope, "order": [{ "direction": direction }] });
        let walk = Walk {
            client: &admin,
            asked,
        };
        for &size in sizes {
            assert_eq!(
                walk.forward(size).await,
                expected,
                "forward by {size} {direction}"
            );
            assert_eq!(
                walk.backward(size).await,
                expected,
                "backward by {size} {direction}"
            );
        }
    }
}

#[actix_web::test]
async fn single_events_of_one_unit() {
    every_walk_meets_every_row(
        "OPD",
        "NY_F0017",
        "singleevent",
        "organisationunitid",
        &[7, 100],
    )
    .await;
}

#[actix_web::test]
async fn tracker_events_of_a_province_without_dates_too() {
    every_walk_meets_every_row(
        "ANC",
        "NY_P01",
        "trackerevent",
        "ownerorganisationunitid",
        &[7, 100],
    )
    .await;
}

#[actix_web::test]
async fn tracker_events_of_every_unit() {
    every_walk_meets_every_row(
        "TB",
        "NY",
        "trackerevent",
        "ownerorganisationunitid",
        &[1, 100],
    )
    .await;
}

#[actix_web::test]
async fn a_page_may_be_empty_and_a_list_may_end_with_a_full_page() {
    let server = Server::start();
    let admin = server.user("admin");
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let unit = server.id("SELECT uid AS id FROM organisationunit WHERE code LIKE 'NY\\_F%' ORDER BY code DESC LIMIT 1");
    let walk = Walk {
        client: &admin,
        asked: json!({ "program": program, "scope": { "mode": "SELECTED", "orgUnit": unit } }),
    };
    let none = walk.page(json!({ "first": 0 })).await;
    assert_eq!(none["nodes"], json!([]));
    assert_eq!(none["pageInfo"]["hasNextPage"], json!(true));
    let three = walk.page(json!({ "first": 3 })).await;
    assert_eq!(three["nodes"].as_array().map(Vec::len), Some(3));
    assert_eq!(three["pageInfo"]["hasNextPage"], json!(false));
    let beyond = walk
        .page(json!({ "first": 3, "after": three["pageInfo"]["endCursor"] }))
        .await;
    assert_eq!(beyond["nodes"], json!([]));
    assert_eq!(beyond["pageInfo"]["hasPreviousPage"], json!(true));
}

#[actix_web::test]
async fn rows_that_arrive_between_two_pages_move_nothing() {
    let server = Server::start();
    let admin = server.user("admin");
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let walk = Walk {
        client: &admin,
        asked: json!({ "program": program }),
    };
    let whole = walk.page(json!({ "first": 20 })).await;
    let first = walk.page(json!({ "first": 10 })).await;
    server.execute(
        "INSERT INTO singleevent (uid, programstageid, attributeoptioncomboid, occurreddate, organisationunitid)
         SELECT 'brandNewEvt', programstageid, attributeoptioncomboid, now(), organisationunitid FROM singleevent
          WHERE programstageid = (SELECT programstageid FROM programstage JOIN program USING (programid) WHERE program.code = 'OPD') LIMIT 1",
    );
    let second = walk
        .page(json!({ "first": 10, "after": first["pageInfo"]["endCursor"] }))
        .await;
    let met = [texts(&first["nodes"], "id"), texts(&second["nodes"], "id")].concat();
    assert_eq!(met, texts(&whole["nodes"], "id"));
}

#[actix_web::test]
async fn a_total_is_exact_up_to_its_bound() {
    let server = Server::start();
    let admin = server.user("admin");
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'MALARIA_CASE'");
    let rows = server.rows(
        "SELECT count(*) FROM singleevent JOIN programstage USING (programstageid) JOIN program USING (programid)
          WHERE program.code = 'MALARIA_CASE' AND NOT deleted",
    );
    let count = rows[0]["count"].as_i64().expect("a count");
    let document = "query ($program: ID!, $bound: Int!) {
      events(program: $program, first: 1) { total(atMost: $bound) { value relation } }
    }";
    for (bound, value, relation) in [
        (count + 1, count, "EXACT"),
        (count, count, "EXACT"),
        (count - 1, count - 1, "AT_LEAST"),
        (0, 0, "AT_LEAST"),
    ] {
        let data = admin
            .data(document, json!({ "program": program, "bound": bound }))
            .await;
        assert_eq!(
            data["events"]["total"],
            json!({ "value": value, "relation": relation })
        );
    }
}
