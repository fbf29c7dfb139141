//! The audit log: everything that is read of persons and everything that is administered is in it, once, without values.

use std::time::Duration;

use actix_web::test::TestRequest;
use clinigraph::guard::{Audit, AuditLevel, Origin, What, Who};
use serde_json::{Value, json};
use storage::{
    Error,
    pool::{Pool, Settings, connect},
    testing,
};

use crate::support::{Client, Server, texts};

const LIST: &str = "query Board($program: ID!, $unit: ID!) {
  events(program: $program, scope: { mode: DESCENDANTS, orgUnit: $unit }, first: 5) { nodes { id cells { raw } } } }";

fn named(username: &str) -> Who {
    Who {
        username: username.to_owned(),
        known_by: None,
    }
}

/// The newest entries of a person, oldest first.
fn entries(server: &Server, username: &str) -> Vec<Value> {
    server.rows(&format!(
        "SELECT * FROM audit WHERE username = '{username}' ORDER BY auditid"
    ))
}

#[actix_web::test]
async fn reads_are_logged_with_what_was_asked_and_without_what_was_answered() {
    let server = Server::with_own_data("clinigraph_audit");
    let admin = server.user("admin");
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let unit = server.id("SELECT uid AS id FROM organisationunit WHERE code = 'NY'");
    let data = admin
        .data(LIST, json!({ "program": program, "unit": unit }))
        .await;
    let event = texts(&data["events"]["nodes"], "id").remove(0);
    admin
        .data(
            "query ($id: ID!) { event(id: $id) { id } }",
            json!({ "id": event }),
        )
        .await;
    for path in [
        format!(
            "/api/tracker/events?program={program}&orgUnit={unit}&orgUnitMode=DESCENDANTS&pageSize=7"
        ),
        format!("/api/tracker/events/{event}"),
        format!("/api/tracker/events/{event}/changeLogs"),
        format!("/api/tracker/events.csv?program={program}&paging=false"),
    ] {
        let request = TestRequest::get()
            .uri(&path)
            .peer_addr(([192, 0, 2, 9], 4000).into())
            .insert_header((
                "traceparent",
                "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
            ));
        let answer = server.send(admin.sign(request)).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
    }
    // What has no data of persons is not in it.
    admin
        .data("{ me { id } programs { id } clinics { id } }", json!({}))
        .await;
    server.drain().await;
    let log = entries(&server, "admin");
    let shown = |entry: &Value| {
        [
            "kind",
            "door",
            "operation",
            "subject",
            "program",
            "orgunit",
            "orgunitmode",
        ]
        .map(|name| entry[name].as_str().unwrap_or("-").to_owned())
        .join(" | ")
    };
    let all = server.rows("SELECT count(*) FROM singleevent JOIN programstage USING (programstageid) JOIN program USING (programid) WHERE program.code = 'OPD' AND NOT deleted")[0]["count"].as_i64();
    let of_export: Vec<&Value> = log
        .iter()
        .filter(|entry| {
            entry["operation"]
                .as_str()
                .is_some_and(|text| text.contains("suffix"))
        })
        .collect();
    assert_eq!(
        of_export
            .iter()
            .map(|entry| entry["rows"].as_i64())
            .sum::<Option<i64>>(),
        all
    );
    let others: Vec<String> = log
        .iter()
        .filter(|entry| !of_export.contains(entry))
        .map(shown)
        .collect();
    assert_eq!(
        others,
        [
            format!("READ | graphql | events in Board | - | {program} | {unit} | DESCENDANTS"),
            format!("READ | graphql | event | {event} | {program} | - | -"),
            format!("READ | rest | GET /api/tracker/events | - | {program} | {unit} | DESCENDANTS"),
            format!("READ | rest | GET /api/tracker/events/{{uid}} | {event} | - | - | -"),
            format!(
                "READ | rest | GET /api/tracker/events/{{uid}}/changeLogs | {event} | - | - | -"
            ),
        ]
    );
    assert_eq!((&log[0]["rows"], &log[2]["rows"]), (&json!(5), &json!(7)));
    assert_eq!(
        (&log[2]["address"], &log[2]["trace"]),
        (
            &json!("192.0.2.9"),
            &json!("0123456789abcdef0123456789abcdef")
        )
    );
    let stored = Value::Array(log).to_string();
    for cell in data["events"]["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|node| node["cells"].as_array().into_iter().flatten())
    {
        let value = cell["raw"].as_str().unwrap_or_default();
        assert!(
            value.len() < 4 || !stored.contains(value),
            "{value} is in the log"
        );
    }
}

#[actix_web::test]
async fn acts_are_logged() {
    let server = Server::with_own_data("clinigraph_audit_acts");
    let admin = server.user("admin");
    let made = admin
        .data("mutation { createApiToken(username: \"clerk\", name: \"a phone\") { token apiToken { id } } }", json!({}))
        .await;
    let (token, id) = (
        &made["createApiToken"]["token"],
        &made["createApiToken"]["apiToken"]["id"],
    );
    admin
        .data(
            "mutation ($id: ID!) { revokeApiToken(id: $id) { id } }",
            json!({ "id": id }),
        )
        .await;
    admin
        .data(
            "mutation { importTracker(payload: {events: []}) { status } }",
            json!({}),
        )
        .await;
    let row = &server.rows(
        "SELECT t.uid AS entity, p.uid AS program, u.uid AS unit FROM trackedentityprogramowner o JOIN trackedentity t USING (trackedentityid)
           JOIN program p USING (programid) JOIN program_organisationunits l USING (programid) JOIN organisationunit u ON u.organisationunitid = l.organisationunitid
          WHERE u.organisationunitid <> o.organisationunitid AND p.code = 'ANC' LIMIT 1",
    )[0];
    let moved = "mutation ($e: ID!, $p: ID!, $u: ID!) { transferOwnership(trackedEntity: $e, program: $p, toOrgUnit: $u) { events } }";
    admin
        .data(
            moved,
            json!({ "e": row["entity"], "p": row["program"], "u": row["unit"] }),
        )
        .await;
    let view = json!({ "name": "Mine", "program": server.id("SELECT uid AS id FROM program WHERE code = 'OPD'") });
    let post = TestRequest::post().uri("/api/eventFilters").set_json(&view);
    assert_eq!(server.send(admin.sign(post)).await.status.as_u16(), 201);
    let post = TestRequest::post().uri("/api/metadata").set_json(json!({}));
    assert!(server.send(admin.sign(post)).await.status.is_success());
    server.drain().await;
    let operations: Vec<String> = entries(&server, "admin")
        .iter()
        .filter(|entry| entry["kind"] == "ACT")
        .map(|entry| entry["operation"].as_str().expect("a text").to_owned())
        .collect();
    assert_eq!(
        operations,
        [
            "createApiToken",
            "revokeApiToken",
            "importTracker",
            "transferOwnership",
            "POST /api/eventFilters",
            "POST /api/metadata"
        ]
    );
    let log = Value::Array(server.rows("SELECT * FROM audit")).to_string();
    assert!(
        !log.contains(token.as_str().expect("a token")),
        "the token is in the log"
    );
}

#[actix_web::test]
async fn nothing_in_the_log_is_changed() {
    let url = testing::fresh_database("clinigraph_audit_fixed");
    let mut conn = connect(&url).expect("the database answers");
    let entry = storage::audit::Entry::of_command("a test", None);
    storage::audit::write(&mut conn, &[entry]).expect("an entry");
    for change in [
        "UPDATE audit SET rows = 1",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "DELETE FROM audit WHERE false",
    ] {
        let refused = testing::try_execute(&mut conn, change).expect_err(change);
        assert!(refused.contains("append-only"), "{refused}");
    }
    assert_eq!(testing::rows(&mut conn, "SELECT 1 FROM audit").len(), 1);
}

#[actix_web::test]
async fn what_cannot_be_logged_is_not_answered_and_nothing_is_lost() {
    let url = testing::fresh_database("clinigraph_audit_away");
    let mut server = connect(&testing::server_url()).expect("the server answers");
    let mut allow = |yes: bool| {
        testing::execute(
            &mut server,
            &format!("ALTER DATABASE clinigraph_audit_away ALLOW_CONNECTIONS {yes}"),
        );
    };
    allow(false);
    let room = 10;
    let audit = Audit::with_room(Pool::new(&Settings::new(&url)), AuditLevel::Reads, room);
    let what = |number: usize| What {
        rows: Some(number),
        ..What::default()
    };
    let mut kept = Vec::new();
    let refused = loop {
        match audit
            .read(&named("somebody"), &Origin::default(), what(kept.len()))
            .await
        {
            Ok(()) => kept.push(kept.len()),
            Err(error) => break error,
        }
        assert!(kept.len() <= 2 * room + 1, "it has no bound");
    };
    assert!(matches!(refused, Error::Unavailable(_)), "{refused}");
    assert!(kept.len() >= room);
    allow(true);
    assert!(
        audit.drain(Duration::from_secs(30)).await,
        "it is stored when the database is back"
    );
    let rows = testing::rows(
        &mut connect(&url).expect("it answers"),
        "SELECT rows FROM audit ORDER BY auditid",
    );
    let stored: Vec<usize> = rows
        .iter()
        .map(|row| row["rows"].as_u64().expect("rows") as usize)
        .collect();
    assert_eq!(stored, kept);
}

#[actix_web::test]
async fn every_read_of_many_at_once_is_logged_once() {
    let url = testing::fresh_database("clinigraph_audit_many");
    let audit = Audit::with_room(Pool::new(&Settings::new(&url)), AuditLevel::Reads, 100);
    let readers = (0..50).map(|reader| {
        let audit = audit.clone();
        async move {
            for number in 0..100 {
                let what = What {
                    rows: Some(number),
                    ..What::default()
                };
                let name = named(&format!("reader{reader}"));
                audit
                    .read(&name, &Origin::default(), what)
                    .await
                    .expect("it is logged");
            }
        }
    });
    futures_util::future::join_all(readers).await;
    assert!(audit.drain(Duration::from_secs(30)).await);
    let mut conn = connect(&url).expect("it answers");
    let rows = testing::rows(
        &mut conn,
        "SELECT count(*) AS all, count(DISTINCT (username, rows)) AS different FROM audit",
    );
    assert_eq!(rows[0], json!({ "all": 5000, "different": 5000 }));
    // Less is written where less is wanted.
    let acts = Audit::new(Pool::new(&Settings::new(&url)), AuditLevel::Acts);
    let origin = Origin::default();
    acts.read(&named("reader"), &origin, What::default())
        .await
        .expect("nothing to do");
    acts.act(&named("actor"), &origin, What::default())
        .await
        .expect("it is logged");
    assert!(acts.drain(Duration::from_secs(30)).await);
    let last = testing::rows(
        &mut conn,
        "SELECT username FROM audit ORDER BY auditid DESC LIMIT 1",
    );
    assert_eq!(last[0]["username"], "actor");
}

#[actix_web::test]
async fn refused_sign_ins_are_logged_once_a_minute_with_whose_token_it_was() {
    let server = Server::with_own_data_and("clinigraph_audit_refused", |_| {});
    let from = |client: &Client<'_>, host: u8| {
        let rest = TestRequest::get()
            .uri("/api/tracker/events/abcdefghij1")
            .peer_addr(([192, 0, 2, host], 4000).into());
        client.sign(rest)
    };
    let newest = "WHERE apitokenid = (SELECT max(apitokenid) FROM apitoken)";
    for change in [
        "revoked_at = now()",
        "expires_at = now() - interval '1 second'",
    ] {
        let clerk = server.user("clerk");
        server.send(from(&clerk, 1)).await;
        server.execute(&format!("UPDATE apitoken SET {change} {newest}"));
        assert_eq!(server.send(from(&clerk, 1)).await.status.as_u16(), 401);
    }
    let clerk = server.user("clerk");
    server.execute("UPDATE userinfo SET disabled = true WHERE username = 'clerk'");
    for _ in 0..2 {
        server.send(from(&clerk, 1)).await;
    }
    for number in 0..30 {
        let guess = format!("clg_{number}_a_guess");
        let guess = server.with_token(&guess);
        server.send(from(&guess, 1)).await;
        server.send(from(&guess, 2)).await;
    }
    // Who sends no token at all does not try to sign in.
    let nobody = TestRequest::get().uri("/api/tracker/events/abcdefghij1");
    assert_eq!(server.send(nobody).await.status.as_u16(), 401);
    server.drain().await;
    let log = server.ids(
        "SELECT concat_ws(' | ', operation, username, door, address, rows) AS id FROM audit
          WHERE kind = 'REFUSED' ORDER BY 1",
    );
    assert_eq!(
        log,
        [
            "sign-in DISABLED | clerk | rest | 192.0.2.1 | 2",
            "sign-in EXPIRED | clerk | rest | 192.0.2.1 | 1",
            "sign-in REVOKED | clerk | rest | 192.0.2.1 | 1",
            "sign-in UNKNOWN |  | rest | 192.0.2.1 | 30",
            "sign-in UNKNOWN |  | rest | 192.0.2.2 | 30",
        ]
    );
}
