//! Every limit refuses what is too much, names itself, and leaves the rest alone.

use actix_web::{
    http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
    test::TestRequest,
};
use clinigraph::limits::{Audience, LimitSettings};
use serde_json::{Value, json};

use crate::support::{Answer, Server};

fn server(change: impl FnOnce(&mut LimitSettings)) -> Server {
    Server::with(|settings| change(&mut settings.limits))
}

fn message(answer: &Answer) -> String {
    let body = answer.json();
    let text = body["errors"][0]["message"].as_str();
    text.unwrap_or_else(|| panic!("{body:#}")).to_owned()
}

#[actix_web::test]
async fn a_document_over_a_limit_is_refused_by_its_name() {
    let server = server(|limits| {
        limits.max_tokens = 100;
        limits.max_depth = 4;
        limits.max_fields = 12;
        limits.max_aliases = 3;
        limits.max_directives = 2;
    });
    let admin = server.user("admin");
    for (document, words) in [
        (
            format!("{{ me {{ {} }} }}", "id ".repeat(100)),
            "--max-tokens",
        ),
        (
            "{ me { captureOrgUnits { parent { parent { id } } } } }".to_owned(),
            "--max-depth",
        ),
        (
            format!(
                "{{ {} }}",
                (0..5)
                    .map(|n| format!("...on Query {{ me {{ id name uid{n}: id }} }} "))
                    .collect::<String>()
            ),
            "--max-fields",
        ),
        (
            "{ a: __typename b: __typename c: __typename d: __typename }".to_owned(),
            "--max-aliases",
        ),
        (
            "{ me { id @skip(if: false) username @skip(if: false) name @include(if: true) } }"
                .to_owned(),
            "--max-directives",
        ),
    ] {
        let answer = admin.send(&document, json!({})).await;
        assert_eq!(answer.status.as_u16(), 400);
        assert!(
            message(&answer).contains(words),
            "{}\n{document}",
            message(&answer)
        );
        assert!(answer.json().get("data").is_none());
    }
    let document = "{ a: me { id @skip(if: false) captureOrgUnits { parent { id } } } b: __typename c: __typename }";
    admin.data(document, json!({})).await;
}

#[actix_web::test]
async fn the_cost_of_a_list_is_that_of_its_page() {
    let server = server(|limits| limits.max_complexity = 1_000);
    let admin = server.user("admin");
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    // Three fields for each row: nodes, id, status.
    let with = |rows: &str| {
        format!(
            "query ($p: ID!, $n: Int) {{ events(program: $p {rows}) {{ nodes {{ id status }} }} }}"
        )
    };
    for (rows, n, is_answered) in [
        ("", json!(null), true),
        (", first: 300", json!(null), true),
        (", first: 350", json!(null), false),
        (", last: 350", json!(null), false),
        (", first: $n", json!(300), true),
        (", first: $n", json!(350), false),
        (", last: $n", json!(350), false),
        (", first: $n", json!(1000), false),
    ] {
        for _ in 0..2 {
            let document = match rows.contains("$n") {
                true => with(rows),
                false => with(rows).replace(", $n: Int", ""),
            };
            let answer = admin.send(&document, json!({ "p": program, "n": n })).await;
            assert_eq!(
                answer.status.as_u16() == 200,
                is_answered,
                "{rows} {n} {}",
                answer.text()
            );
            if !is_answered {
                assert!(
                    message(&answer).contains("--max-complexity"),
                    "{}",
                    message(&answer)
                );
            }
        }
    }
}

#[actix_web::test]
async fn a_page_is_no_longer_than_the_setting() {
    let server = server(|limits| limits.max_page = 10);
    let admin = server.user("admin");
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let events = "query ($p: ID!, $first: Int, $last: Int) { events(program: $p, first: $first, last: $last) { nodes { id } } }";
    for (variables, argument) in [
        (json!({ "p": program, "first": 11 }), "first"),
        (json!({ "p": program, "last": 11 }), "last"),
    ] {
        let (code, message) = admin.refusal(events, variables).await;
        assert_eq!(code, "BAD_USER_INPUT");
        assert!(
            message.starts_with(argument) && message.contains("--max-page"),
            "{message}"
        );
    }
    let found = admin
        .data(events, json!({ "p": program, "first": 10 }))
        .await;
    assert_eq!(found["events"]["nodes"].as_array().map(Vec::len), Some(10));
    let (_, message) = admin
        .refusal("{ orgUnits(first: 11) { nodes { id } } }", json!({}))
        .await;
    assert!(message.contains("--max-page"), "{message}");
}

#[actix_web::test]
async fn a_body_is_no_longer_than_the_setting() {
    let server = server(|limits| limits.max_body = 1);
    let admin = server.user("admin");
    let answer = admin
        .send(
            &format!("{{ me {{ id }} }} #{}", "x".repeat(1_000)),
            json!({}),
        )
        .await;
    assert_eq!(answer.status.as_u16(), 413);
    assert!(
        message(&answer).contains("--max-body"),
        "{}",
        message(&answer)
    );
    admin.data("{ me { id } }", json!({})).await;
}

#[actix_web::test]
async fn a_caller_may_ask_so_often_and_no_oftener() {
    let server = server(|limits| limits.rate_limit = 4);
    let (admin, again, clerk) = (
        server.user("admin"),
        server.user("admin"),
        server.user("clerk"),
    );
    let ask = "{ me { username } }";
    // The first request of a token counts for the token, the others for the person.
    for client in [&admin, &again, &admin, &again, &admin] {
        client.data(ask, json!({})).await;
    }
    for client in [&admin, &again] {
        let mut answer = client.send(ask, json!({})).await;
        if answer.status.as_u16() == 200 {
            answer = client.send(ask, json!({})).await;
        }
        assert_eq!(answer.status.as_u16(), 429);
        assert!(
            message(&answer).contains("--rate-limit"),
            "{}",
            message(&answer)
        );
        assert_eq!(
            answer.json()["errors"][0]["extensions"]["code"],
            "TOO_MANY_REQUESTS"
        );
        let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
        assert!((1..=16).contains(&seconds), "{seconds}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    // In DHIS2's form at DHIS2's door; others are not touched.
    let request = admin.sign(TestRequest::get().uri("/api/tracker/events"));
    let answer = server.send(request).await;
    assert_eq!(
        (
            answer.status.as_u16(),
            answer.json()["httpStatusCode"].clone()
        ),
        (429, json!(429))
    );
    assert_ne!(answer.header("retry-after"), "");
    clerk.data(ask, json!({})).await;
    assert_eq!(
        server
            .send(TestRequest::get().uri("/healthz"))
            .await
            .status
            .as_u16(),
        200
    );
}

#[actix_web::test]
async fn a_caller_may_ask_so_much_at_a_time() {
    let server = server(|limits| limits.max_concurrent = 2);
    let admin = server.user("admin");
    let ask = || admin.send("{ me { username } }", json!({}));
    let (first, second, third) = tokio::join!(ask(), ask(), ask());
    let mut statuses = [&first, &second, &third].map(|answer| answer.status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 429]);
    let refused = [first, second, third]
        .into_iter()
        .find(|answer| answer.status.as_u16() == 429);
    let refused = refused.expect("one of three");
    assert!(
        message(&refused).contains("--max-concurrent"),
        "{}",
        message(&refused)
    );
    assert_eq!(refused.header("retry-after"), "1");
    // Those that ended made room.
    let (first, second) = tokio::join!(ask(), ask());
    assert_eq!([first.status.as_u16(), second.status.as_u16()], [200, 200]);
}

fn grant(server: &Server) {
    server.execute(
        "INSERT INTO userroleauthorities (userroleid, authority)
         SELECT userroleid, 'CLINIGRAPH_INTROSPECTION' FROM userrolemembers
          WHERE userinfoid = (SELECT userinfoid FROM userinfo WHERE username = 'clerk')",
    );
    server.execute("UPDATE metadataversion SET version = version + 1");
}

const SCHEMA: &str = "{ __schema { queryType { name } } }";

#[actix_web::test]
async fn the_schema_is_shown_to_those_who_may_see_it() {
    for (audience, is_granted, clerk_sees, admin_sees) in [
        (Some(Audience::Everybody), false, true, true),
        (None, false, false, true),
        (Some(Audience::Authorised), false, false, true),
        (Some(Audience::Authorised), true, true, true),
        (Some(Audience::Nobody), true, false, false),
    ] {
        let server = server(|limits| limits.introspection = audience);
        if is_granted {
            grant(&server);
        }
        for (name, sees) in [("clerk", clerk_sees), ("admin", admin_sees)] {
            let case = format!("{audience:?} {name} granted: {is_granted}");
            let client = server.user(name);
            for document in [
                SCHEMA,
                "{ x: __type(name: \"Query\") { name } }",
                "{ ...F } fragment F on Query { __schema { types { name } } }",
            ] {
                let answer = client.send(document, json!({})).await;
                assert_eq!(
                    answer.status.as_u16() == 200,
                    sees,
                    "{case} {}",
                    answer.text()
                );
                if !sees {
                    assert_eq!(
                        answer.json()["errors"][0]["extensions"]["code"],
                        "FORBIDDEN",
                        "{case}"
                    );
                }
            }
            let (_, suggestion) = client.refusal("{ me { usernam } }", json!({})).await;
            assert!(
                suggestion.contains("Unknown field \"usernam\""),
                "{suggestion}"
            );
            assert_eq!(
                suggestion.contains("Did you mean"),
                sees,
                "{case} {suggestion}"
            );
            // The name of a type is no secret: it comes with any answer.
            client
                .data("{ __typename me { __typename } }", json!({}))
                .await;
        }
    }
}

#[actix_web::test]
async fn the_page_opens_for_those_who_may_see_the_schema() {
    let page = || TestRequest::get().uri("/graphiql/");
    let found = |answer: Answer| answer.text().contains("<title>Clinigraph</title>");
    let server = server(|limits| limits.introspection = Some(Audience::Authorised));
    let answer = server.send(page()).await;
    assert_eq!(answer.status.as_u16(), 401);
    assert!(answer.header("www-authenticate").contains("Basic"));
    let (clerk, admin) = (server.user("clerk"), server.user("admin"));
    assert_eq!(server.send(clerk.sign(page())).await.status.as_u16(), 403);
    assert!(found(server.send(admin.sign(page())).await));
    let nobody = self::server(|limits| limits.introspection = Some(Audience::Nobody));
    let admin = nobody.user("admin");
    assert!(!found(nobody.send(admin.sign(page())).await));
    let everybody = self::server(|limits| limits.introspection = Some(Audience::Everybody));
    assert!(found(everybody.send(page()).await));
}

#[actix_web::test]
async fn no_document_is_read_before_its_caller_is_known() {
    let server = Server::start();
    let body: Value = json!({ "query": "{ ".repeat(100_000) });
    let request = TestRequest::post()
        .uri("/graphql")
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((ACCEPT, "application/json"))
        .insert_header((AUTHORIZATION, "Bearer clg_0"))
        .set_payload(body.to_string());
    assert_eq!(server.send(request).await.status.as_u16(), 401);
}
