//! What a working list holds, for every mode, program and caller: the same rows in the same order as plain SQL finds.

use serde_json::{Value, json};

use crate::support::{Client, Server, texts};

const LIST: &str = "query ($program: ID!, $stage: ID, $scope: OrgUnitScope, $filter: EventFilter, $order: [EventOrder!]) {
  events(program: $program, programStage: $stage, scope: $scope, filter: $filter, order: $order, first: 1000) {
    nodes { id }
    total { value relation }
  }
}";

/// A list as plain SQL sees it. The rules are written down a second time here, on purpose in another way: by paths.
struct Twin<'a> {
    server: &'a Server,
    program: &'a str,
    username: &'a str,
}

impl Twin<'_> {
    fn is_tracker(&self) -> bool {
        matches!(self.program, "ANC" | "TB" | "HTS")
    }

    fn table(&self) -> (&'static str, &'static str) {
        match self.is_tracker() {
            true => ("trackerevent", "ownerorganisationunitid"),
            false => ("singleevent", "organisationunitid"),
        }
    }

    /// Units below those of a scope table of the user, the capture units where it has none.
    fn below(&self, scope: &str) -> String {
        let user = format!(
            "(SELECT userinfoid FROM userinfo WHERE username = '{}')",
            self.username
        );
        format!(
            "EXISTS (SELECT FROM organisationunit r WHERE (u.path || '/') LIKE (r.path || '/%') AND r.organisationunitid IN
              (SELECT organisationunitid FROM {scope} WHERE userinfoid = {user}
               UNION SELECT organisationunitid FROM usermembership
                WHERE userinfoid = {user} AND NOT EXISTS (SELECT FROM {scope} WHERE userinfoid = {user})))"
        )
    }

    /// Units that the caller sees in this program.
    fn visible(&self) -> String {
        match (self.username, self.program) {
            ("admin", _) => "true".to_owned(),
            (_, "TB" | "HTS") => self.below("usermembership"),
            _ => self.below("userteisearchorgunits"),
        }
    }

    fn asked(&self, mode: &str, unit: &str) -> String {
        match mode {
            "SELECTED" => format!("u.uid = '{unit}'"),
            "CHILDREN" => format!(
                "(u.uid = '{unit}' OR u.parentid = (SELECT organisationunitid FROM organisationunit WHERE uid = '{unit}'))"
            ),
            "DESCENDANTS" => format!("(u.path || '/') LIKE '%/{unit}/%'"),
            "CAPTURE" => self.below("usermembership"),
            _ => "true".to_owned(),
        }
    }

    /// Identifiers in the order of the list, newest first. `and` are more conditions on `e`.
    fn ids(&self, mode: &str, unit: &str, and: &str) -> Vec<String> {
        let (table, scope_unit) = self.table();
        // The donor's events are for the team, which the officer is in.
        let hidden_option = match self.username {
            "admin" | "district" => "",
            _ => {
                "AND e.attributeoptioncomboid NOT IN (SELECT categoryoptioncomboid FROM categoryoptioncombo WHERE name = 'Donor programme')"
            }
        };
        self.server.ids(&format!(
            "SELECT e.uid AS id FROM {table} e JOIN organisationunit u ON u.organisationunitid = e.{scope_unit}
               JOIN programstage s USING (programstageid) JOIN program p USING (programid)
              WHERE p.code = '{}' AND NOT e.deleted {hidden_option} AND {} AND {} {and}
              ORDER BY e.occurreddate DESC NULLS FIRST, e.eventid DESC LIMIT 1000",
            self.program,
            self.asked(mode, unit),
            self.visible(),
        ))
    }
}

fn program(server: &Server, code: &str) -> String {
    server.id(&format!(
        "SELECT uid AS id FROM program WHERE code = '{code}'"
    ))
}

fn unit(server: &Server, code: &str) -> String {
    server.id(&format!(
        "SELECT uid AS id FROM organisationunit WHERE code = '{code}'"
    ))
}

async fn listed(client: &Client<'_>, program: &str, more: Value) -> (Vec<String>, Value) {
    let mut variables = json!({ "program": program });
    for (name, value) in more.as_object().into_iter().flatten() {
        variables[name] = value.clone();
    }
    let mut data = client.data(LIST, variables).await;
    let list = data["events"].take();
    (texts(&list["nodes"], "id"), list)
}

/// Each program, each mode, each of a country, a district and a facility.
async fn every_mode_matches(username: &str, programs: &[&str], units: &[&str]) -> usize {
    let server = Server::start();
    let client = server.user(username);
    let mut compared = 0;
    for code in programs {
        let twin = Twin {
            server: &server,
            program: code,
            username,
        };
        let program = program(&server, code);
        let mut scopes: Vec<(&str, String)> = Vec::new();
        for mode in ["SELECTED", "CHILDREN", "DESCENDANTS"] {
            scopes.extend(units.iter().map(|code| (mode, unit(&server, code))));
        }
        scopes.extend(["ACCESSIBLE", "CAPTURE"].map(|mode| (mode, String::new())));
        if username == "admin" {
            scopes.push(("ALL", String::new()));
        }
        for (mode, unit) in scopes {
            let asked = Some(&unit).filter(|unit| !unit.is_empty());
            let scope = json!({ "scope": { "mode": mode, "orgUnit": asked } });
            let (found, list) = listed(&client, &program, scope).await;
            let expected = twin.ids(mode, &unit, "");
            assert_eq!(found, expected, "{username} {code} {mode} {unit}");
            if expected.len() < 1000 {
                assert_eq!(
                    list["total"],
                    json!({ "value": expected.len(), "relation": "EXACT" })
                );
            }
            compared += expected.len();
        }
    }
    compared
}

#[actix_web::test]
async fn admin_sees_every_mode_as_plain_sql_does() {
    let programs = ["OPD", "MALARIA_CASE", "WATER", "ANC", "TB", "HTS"];
    let units = ["NY", "NY_D001", "NY_F0001", "NY_F0002"];
    assert!(every_mode_matches("admin", &programs, &units).await > 5_000);
}

#[actix_web::test]
async fn an_officer_sees_open_programs_in_the_search_scope_and_closed_ones_in_the_capture_scope() {
    let programs = ["OPD", "WATER", "ANC", "TB", "HTS"];
    let units = ["NY_P01", "NY_D001", "NY_F0001"];
    assert!(every_mode_matches("district", &programs, &units).await > 1_000);
}

#[actix_web::test]
async fn a_clerk_sees_the_own_facility() {
    assert!(every_mode_matches("clerk", &["OPD", "WATER", "ANC", "TB"], &["NY_F0001"]).await > 500);
}

#[actix_web::test]
async fn a_list_without_scope_holds_what_the_caller_may_see() {
    let server = Server::start();
    let twin = Twin {
        server: &server,
        program: "MALARIA_CASE",
        username: "district",
    };
    let (found, _) = listed(
        &server.user("district"),
        &program(&server, "MALARIA_CASE"),
        json!({}),
    )
    .await;
    assert_eq!(found, twin.ids("ACCESSIBLE", "", ""));
}

#[actix_web::test]
async fn days_states_stages_and_order_select_as_plain_sql_does() {
    let server = Server::start();
    let admin = server.user("admin");
    for code in ["OPD", "ANC"] {
        let twin = Twin {
            server: &server,
            program: code,
            username: "admin",
        };
        let program = program(&server, code);
        let stage = server.id(&format!(
            "SELECT s.uid AS id FROM programstage s JOIN program p USING (programid) WHERE p.code = '{code}' ORDER BY s.sort_order DESC"
        ));
        let day = server.id(&format!(
            "SELECT occurreddate::date::text AS id FROM {} JOIN programstage USING (programstageid) JOIN program USING (programid)
              WHERE program.code = '{code}' AND occurreddate IS NOT NULL AND NOT deleted
              GROUP BY occurreddate::date ORDER BY count(*) DESC, 1", twin.table().0
        ));
        let filters = [
            (
                json!({ "filter": { "occurredAt": { "from": "2025-03-10" } } }),
                "AND e.occurreddate >= '2025-03-10'".to_owned(),
            ),
            (
                json!({ "filter": { "occurredAt": { "to": "2022-12-31" } } }),
                "AND e.occurreddate < '2023-01-01'".to_owned(),
            ),
            (
                json!({ "filter": { "occurredAt": { "from": "2024-02-01", "to": "2024-02-29" } } }),
                "AND e.occurreddate >= '2024-02-01' AND e.occurreddate < '2024-03-01'".to_owned(),
            ),
            (
                json!({ "filter": { "occurredAt": { "from": day, "to": day } } }),
                format!("AND e.occurreddate::date = '{day}'"),
            ),
            (
                json!({ "filter": { "status": ["ACTIVE"] } }),
                "AND e.status = 'ACTIVE'".to_owned(),
            ),
            (
                json!({ "filter": { "status": ["SCHEDULE", "SKIPPED", "ACTIVE"] } }),
                "AND e.status IN ('SCHEDULE', 'SKIPPED', 'ACTIVE')".to_owned(),
            ),
            (json!({ "stage": stage }), format!("AND s.uid = '{stage}'")),
            (
                json!({ "stage": stage, "filter": { "status": ["COMPLETED"], "occurredAt": { "from": "2023-01-01" } } }),
                format!(
                    "AND s.uid = '{stage}' AND e.status = 'COMPLETED' AND e.occurreddate >= '2023-01-01'"
                ),
            ),
        ];
        for scope in ["NY", "NY_D001", "NY_F0001"] {
            let unit = unit(&server, scope);
            for (filter, condition) in &filters {
                let mut asked = filter.clone();
                asked["scope"] = json!({ "mode": "DESCENDANTS", "orgUnit": unit });
                let mut expected = twin.ids("DESCENDANTS", &unit, condition);
                let (found, _) = listed(&admin, &program, asked.clone()).await;
                assert_eq!(found, expected, "{code} {asked}");

                if expected.len() < 1000 {
                    asked["order"] = json!([{ "direction": "ASC" }]);
                    expected.reverse();
                    let (found, _) = listed(&admin, &program, asked.clone()).await;
                    assert_eq!(found, expected, "{code} {asked}");
                }
            }
        }
    }
}

#[actix_web::test]
async fn a_tracker_list_selects_by_owner_and_shows_the_own_unit() {
    let server = Server::start();
    let admin = server.user("admin");
    let moved = server.rows(
        "SELECT e.uid AS id, own.uid AS own, owner.uid AS owner, p.uid AS program
           FROM trackerevent e JOIN programstage USING (programstageid) JOIN program p USING (programid)
           JOIN organisationunit own ON own.organisationunitid = e.organisationunitid
           JOIN organisationunit owner ON owner.organisationunitid = e.ownerorganisationunitid
          WHERE own.uid <> owner.uid AND NOT e.deleted ORDER BY e.eventid LIMIT 5",
    );
    assert!(!moved.is_empty());
    let document = "query ($program: ID!, $unit: ID!) {
      events(program: $program, scope: { mode: SELECTED, orgUnit: $unit }, first: 1000) {
        nodes { id orgUnit { id } ... on TrackerEvent { ownerOrgUnit { id } } }
      }
    }";
    for event in moved {
        let variables = |unit: &Value| json!({ "program": event["program"], "unit": unit });
        let list = admin.data(document, variables(&event["owner"])).await["events"].take();
        let nodes = list["nodes"].as_array().expect("nodes");
        let shown = nodes
            .iter()
            .find(|node| node["id"] == event["id"])
            .expect("listed at its owner");
        assert_eq!(shown["orgUnit"]["id"], event["own"]);
        assert_eq!(shown["ownerOrgUnit"]["id"], event["owner"]);
        let list = admin.data(document, variables(&event["own"])).await["events"].take();
        assert!(
            !texts(&list["nodes"], "id")
                .iter()
                .any(|id| *id == event["id"])
        );
    }
}
