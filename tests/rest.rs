//! The DHIS2-shaped adapter: forms of an answer, pages, fields, names, refusals.

use actix_web::{http::header::AUTHORIZATION, test::TestRequest};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;

use crate::support::{Answer, Client, Server, texts};

pub async fn get(server: &Server, client: &Client<'_>, path: &str) -> Answer {
    server.send(client.sign(TestRequest::get().uri(path))).await
}

pub fn program(server: &Server, code: &str) -> String {
    server.id(&format!(
        "SELECT uid AS id FROM program WHERE code = '{code}'"
    ))
}

/// Identifiers of the newest events of a program as plain SQL finds them.
pub fn newest(server: &Server, code: &str, table: &str) -> Vec<String> {
    server.ids(&format!(
        "SELECT e.uid AS id FROM {table} e JOIN programstage s USING (programstageid) JOIN program p USING (programid)
          WHERE p.code = '{code}' AND NOT e.deleted ORDER BY e.occurreddate DESC NULLS FIRST, e.eventid DESC"
    ))
}

#[actix_web::test]
async fn pages_follow_each_other_to_the_end() {
    let server = Server::start();
    let admin = server.user("admin");
    let all = newest(&server, "OPD", "singleevent");
    let mut path = format!(
        "/api/43/tracker/events?program={}&order=occurredAt:desc&pageSize=400&fields=event&totalPages=true",
        program(&server, "OPD")
    );
    let mut found = Vec::new();
    let mut page = 1;
    loop {
        let body = get(&server, &admin, &path).await.json();
        let pager = &body["pager"];
        assert_eq!(
            (&pager["page"], &pager["pageSize"]),
            (&json!(page), &json!(400))
        );
        assert_eq!(pager["total"], json!(all.len()));
        assert_eq!(pager["pageCount"], json!(all.len().div_ceil(400)));
        assert_eq!(pager["prevPage"].is_string(), page > 1);
        found.extend(texts(&body["events"], "event"));
        let Some(next) = pager["nextPage"].as_str() else {
            break;
        };
        assert!(
            next.starts_with("http://") && next.contains("order=occurredAt:desc"),
            "{next}"
        );
        path = next[next.find("/api").expect("a path")..].to_owned();
        page += 1;
    }
    assert_eq!(found, all);
    let beyond = format!(
        "/api/tracker/events?program={}&page=9999",
        program(&server, "OPD")
    );
    let body = get(&server, &admin, &beyond).await.json();
    assert_eq!(body["events"], json!([]));
    assert!(body["pager"].get("nextPage").is_none() && body["pager"]["prevPage"].is_string());
}

#[actix_web::test]
async fn an_event_shows_everything_it_has() {
    let server = Server::start();
    let admin = server.user("admin");
    let opd = program(&server, "OPD");
    server.execute(
        "UPDATE singleevent SET geometry = '{\"type\": \"Point\", \"coordinates\": [12.5, 41.9]}', assigneduserid = 1,
                createdatclient = '2026-01-02 03:04:05.006', completedby = 'admin', createdbyuserinfo =
                '{\"id\": 5, \"uid\": \"abcdefghijk\", \"username\": \"somebody\", \"firstName\": \"Some\", \"surname\": \"Body\"}'",
    );
    let list = get(
        &server,
        &admin,
        &format!("/api/tracker/events?program={opd}&pageSize=1"),
    )
    .await;
    let event = &list.json()["events"][0];
    assert_eq!(event["createdAtClient"], "2026-01-02T03:04:05.006");
    assert_eq!(
        event["geometry"],
        json!({ "type": "Point", "coordinates": [12.5, 41.9] })
    );
    assert_eq!(
        event["createdBy"],
        json!({ "uid": "abcdefghijk", "username": "somebody", "firstName": "Some", "surname": "Body" })
    );
    let assigned = &event["assignedUser"];
    let name = format!(
        "{} {}",
        assigned["firstName"].as_str().unwrap_or_default(),
        assigned["surname"].as_str().unwrap_or_default()
    );
    assert_eq!(assigned["displayName"], json!(name));
    assert_eq!(event["program"], json!(opd));
    for name in [
        "programStage",
        "orgUnit",
        "attributeOptionCombo",
        "attributeCategoryOptions",
        "status",
        "updatedAt",
    ] {
        assert!(
            event[name].as_str().is_some_and(|text| !text.is_empty()),
            "{name} {event:#}"
        );
    }
    assert_eq!(
        (&event["deleted"], &event["followUp"]),
        (&json!(false), &json!(false))
    );
    assert!(event["notes"].is_array() && event["dataValues"].is_array());
    for absent in [
        "relationships",
        "enrollment",
        "trackedEntity",
        "scheduledAt",
    ] {
        assert!(event.get(absent).is_none(), "{absent}");
    }
    let uid = event["event"].as_str().expect("an identifier");
    let one = get(&server, &admin, &format!("/api/tracker/events/{uid}"))
        .await
        .json();
    assert_eq!(one, *event);
    let beta = get(&server, &admin, &format!("/api/tracker/singleEvents/{uid}"))
        .await
        .json();
    assert!(beta.get("programStage").is_none() && beta["event"] == *uid);
    let other = get(
        &server,
        &admin,
        &format!("/api/tracker/trackerEvents/{uid}"),
    )
    .await;
    assert_eq!(other.status.as_u16(), 404);
}

#[actix_web::test]
async fn a_tracker_event_names_its_enrolment() {
    let server = Server::start();
    let admin = server.user("admin");
    let path = format!(
        "/api/tracker/trackerEvents?program={}&pageSize=1&fields=:all,!relationships",
        program(&server, "ANC")
    );
    let event = get(&server, &admin, &path).await.json()["trackerEvents"][0].take();
    let uid = event["event"].as_str().expect("an identifier");
    let known = server.rows(&format!(
        "SELECT n.uid AS enrollment, t.uid AS entity FROM trackerevent e JOIN enrollment n USING (enrollmentid)
           JOIN trackedentity t USING (trackedentityid) WHERE e.uid = '{uid}'"
    ));
    assert_eq!(
        (&event["enrollment"], &event["trackedEntity"]),
        (&known[0]["enrollment"], &known[0]["entity"])
    );
}

#[actix_web::test]
async fn other_schemes_name_metadata_or_say_which_have_no_name() {
    let server = Server::start();
    let admin = server.user("admin");
    let path = |more: &str| {
        format!(
            "/api/tracker/events?program={}&pageSize=1{more}",
            program(&server, "OPD")
        )
    };
    let event = get(
        &server,
        &admin,
        &path("&idScheme=NAME&orgUnitIdScheme=code&fields=program,orgUnit,dataValues"),
    )
    .await
    .json()["events"][0]
        .take();
    let names = server.rows("SELECT name FROM program WHERE code = 'OPD'");
    assert_eq!(event["program"], names[0]["name"]);
    let unit = event["orgUnit"].as_str().expect("a code");
    assert_eq!(
        server
            .ids(&format!(
                "SELECT code AS id FROM organisationunit WHERE code = '{unit}'"
            ))
            .len(),
        1
    );
    let element = event["dataValues"][0]["dataElement"]
        .as_str()
        .expect("a name");
    assert_eq!(
        server
            .ids(&format!(
                "SELECT name AS id FROM dataelement WHERE name = '{element}'"
            ))
            .len(),
        1
    );
    let refused = get(
        &server,
        &admin,
        &path("&programIdScheme=ATTRIBUTE:abcdefghijk"),
    )
    .await;
    let body = refused.json();
    assert_eq!(
        (refused.status.as_u16(), &body["httpStatusCode"]),
        (422, &json!(422))
    );
    let details = body["devMessage"].as_str().unwrap_or_default();
    let line = format!("Program[ATTRIBUTE:abcdefghijk]={}", program(&server, "OPD"));
    assert!(details.contains(&line), "{body}");
}

#[actix_web::test]
async fn refusals_have_the_form_of_dhis2() {
    let server = Server::start();
    let admin = server.user("admin");
    let opd = program(&server, "OPD");
    for (path, status) in [
        ("/api/tracker/events".to_owned(), 400),
        (format!("/api/tracker/events?program={opd}&page=0"), 400),
        (
            format!("/api/tracker/events?program={opd}&paging=false&page=1"),
            400,
        ),
        (format!("/api/tracker/events?program={opd}&filter=x"), 400),
        (format!("/api/tracker/trackerEvents?program={opd}"), 400),
        (
            format!("/api/tracker/events?program={opd}&assignedUserMode=PROVIDED"),
            409,
        ),
        (
            format!("/api/tracker/events?program={opd}&attributeCategoryCombo=bjDvmb4bfuf"),
            409,
        ),
        ("/api/tracker/events/abcdefghijk".to_owned(), 404),
        ("/api/tracker/events/x".to_owned(), 400),
        (
            "/api/tracker/events/abcdefghijk/dataValues/abcdefghijk/file".to_owned(),
            404,
        ),
        (
            "/api/tracker/events/abcdefghijk/dataValues/abcdefghijk/file?dimension=small"
                .to_owned(),
            400,
        ),
        ("/api/nothing".to_owned(), 404),
        ("/api/43/nothing".to_owned(), 404),
    ] {
        let answer = get(&server, &admin, &path).await;
        let body = answer.json();
        assert_eq!(answer.status.as_u16(), status, "{path} {body}");
        assert_eq!(
            (&body["status"], &body["httpStatusCode"]),
            (&json!("ERROR"), &json!(status))
        );
        assert!(
            body["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{path}"
        );
        let reason = answer.status.canonical_reason().unwrap_or_default();
        assert_eq!(body["httpStatus"], reason, "{path}");
    }
}

#[actix_web::test]
async fn every_scheme_of_a_token_is_taken_and_none_is_needed_less() {
    let server = Server::start();
    let token = server
        .storage(|conn| storage::tokens::create(conn, "admin"))
        .expect("a token");
    let path = format!(
        "/api/tracker/events?program={}&pageSize=1",
        program(&server, "OPD")
    );
    let basic = BASE64_STANDARD.encode(format!("admin:{token}"));
    for (header, status) in [
        (format!("ApiToken {token}"), 200),
        (format!("Bearer {token}"), 200),
        (format!("Basic {basic}"), 200),
        ("ApiToken clg_wrong".to_owned(), 401),
        ("Negotiate x".to_owned(), 401),
    ] {
        let request = TestRequest::get()
            .uri(&path)
            .insert_header((AUTHORIZATION, header.as_str()));
        let answer = server.send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{header}");
    }
    let nobody = server.send(TestRequest::get().uri(&path)).await;
    assert_eq!(nobody.json()["httpStatusCode"], 401);
    assert!(!nobody.header("www-authenticate").is_empty());
}

#[actix_web::test]
async fn a_page_takes_few_statements_whatever_its_rows() {
    let server = Server::start();
    let admin = server.user("admin");
    let path = |code: &str, size: u32| {
        format!(
            "/api/tracker/events?program={}&pageSize={size}&fields=*",
            program(&server, code)
        )
    };
    for code in ["OPD", "ANC"] {
        let statements = server.record();
        get(&server, &admin, &path(code, 5)).await;
        let _ = statements.take();
        get(&server, &admin, &path(code, 5)).await;
        let few = statements.take();
        let answer = get(&server, &admin, &path(code, 100)).await;
        let many = statements.take();
        assert_eq!(
            answer.json()["events"].as_array().map(Vec::len),
            Some(100),
            "{code}"
        );
        assert_eq!(few.len(), many.len(), "{few:#?}\n{many:#?}");
        // The token, the page, details, notes, relationships; and one more while the scope is sparse.
        assert!(many.len() <= 6, "{many:#?}");
    }
}

#[actix_web::test]
async fn long_addresses_are_read() {
    let server = Server::start();
    let admin = server.user("admin");
    let newest = newest(&server, "OPD", "singleevent").swap_remove(0);
    let unknown = vec!["ZZZZZZZZZZ1"; 2_600].join(",");
    let path = format!(
        "/api/tracker/events?program={}&events={unknown},{newest}&fields=event",
        program(&server, "OPD")
    );
    assert!(path.len() > 30_000);
    let answer = get(&server, &admin, &path).await;
    assert_eq!(texts(&answer.json()["events"], "event"), [newest]);
}
