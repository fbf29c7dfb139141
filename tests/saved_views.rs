//! Saved views as the Capture app makes, reads, changes and deletes them.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::support::{Client, Server};

async fn ask(server: &Server, client: &Client<'_>, request: TestRequest) -> (u16, Value) {
    let answer = server.send(client.sign(request)).await;
    (answer.status.as_u16(), answer.json())
}

#[actix_web::test]
async fn a_view_lives_from_post_to_delete() {
    let server = Server::start();
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let (clerk, district) = (server.user("clerk"), server.user("district"));
    let criteria = json!({
        "dataFilters": [], "order": "occurredAt:desc", "displayColumnOrder": ["occurredAt", "status"], "status": "ACTIVE",
        "eventDate": { "type": "RELATIVE", "period": "THIS_MONTH" },
    });
    let body =
        json!({ "name": "Open this month", "program": program, "eventQueryCriteria": criteria });
    let post = TestRequest::post()
        .uri("/api/43/eventFilters")
        .set_json(&body);
    let (status, answer) = ask(&server, &clerk, post).await;
    assert_eq!(
        (status, &answer["httpStatusCode"], &answer["status"]),
        (201, &json!(201), &json!("OK")),
        "{answer}"
    );
    let uid = answer["response"]["uid"]
        .as_str()
        .expect("an identifier")
        .to_owned();

    let list = format!(
        "/api/43/eventFilters?filter=program%3Aeq%3A{program}&fields=id%2CdisplayName%2CeventQueryCriteria%2Caccess%2Csharing"
    );
    let get = || TestRequest::get().uri(&list);
    let (status, answer) = ask(&server, &clerk, get()).await;
    assert_eq!(
        (status, answer["eventFilters"].as_array().map(Vec::len)),
        (200, Some(1)),
        "{answer}"
    );
    let view = &answer["eventFilters"][0];
    assert_eq!(
        (
            &view["id"],
            &view["displayName"],
            &view["eventQueryCriteria"]
        ),
        (&json!(uid), &json!("Open this month"), &criteria)
    );
    assert_eq!(
        (&view["access"]["update"], &view["sharing"]["public"]),
        (&json!(true), &json!("--------"))
    );
    assert!(view.get("created").is_none(), "fields cut: {view}");
    assert_eq!(
        ask(&server, &district, get()).await.1["eventFilters"],
        json!([])
    );

    // Shared for reading: others see it, in GraphQL too, and may not change it.
    let one = format!("/api/eventFilters/{uid}");
    let mut shared = body.clone();
    shared["sharing"] = json!({ "public": "r-------" });
    assert_eq!(
        ask(
            &server,
            &district,
            TestRequest::put().uri(&one).set_json(&shared)
        )
        .await
        .0,
        404
    );
    assert_eq!(
        ask(
            &server,
            &clerk,
            TestRequest::put().uri(&one).set_json(&shared)
        )
        .await
        .0,
        200
    );
    let (status, view) = ask(&server, &district, TestRequest::get().uri(&one)).await;
    assert_eq!(
        (status, &view["program"], &view["access"]["delete"]),
        (200, &json!(program), &json!(false))
    );
    assert_eq!(
        ask(
            &server,
            &district,
            TestRequest::put().uri(&one).set_json(&shared)
        )
        .await
        .0,
        403
    );
    assert_eq!(
        ask(&server, &district, TestRequest::delete().uri(&one))
            .await
            .0,
        403
    );
    let document =
        "query ($id: ID!) { program(id: $id) { savedViews { id name isWritable criteria } } }";
    let data = district.data(document, json!({ "id": program })).await;
    assert_eq!(
        data["program"]["savedViews"],
        json!([{ "id": uid, "name": "Open this month", "isWritable": false, "criteria": criteria }])
    );

    assert_eq!(
        ask(&server, &clerk, TestRequest::delete().uri(&one))
            .await
            .0,
        200
    );
    let (status, answer) = ask(&server, &clerk, TestRequest::get().uri(&one)).await;
    assert_eq!(
        (status, &answer["errorCode"], &answer["httpStatus"]),
        (404, &json!("E1005"), &json!("Not Found"))
    );
}

#[actix_web::test]
async fn requests_that_break_a_rule_say_which() {
    let server = Server::start();
    let admin = server.user("admin");
    let stage = server.id("SELECT s.uid AS id FROM programstage s JOIN program p USING (programid) WHERE p.code = 'ANC' ORDER BY s.uid LIMIT 1");
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'ANC'");
    let path = "/api/programStageWorkingLists";
    let post = |body: &Value| TestRequest::post().uri(path).set_json(body);
    let (status, answer) = ask(
        &server,
        &admin,
        post(&json!({ "name": "x", "program": { "id": program } })),
    )
    .await;
    assert_eq!(
        (status, &answer["message"]),
        (409, &json!("Program stage should be specified."))
    );
    assert_eq!(ask(&server, &admin, post(&json!([]))).await.0, 400);
    assert_eq!(
        ask(
            &server,
            &admin,
            TestRequest::post().uri(path).set_payload("{")
        )
        .await
        .0,
        400
    );
    let whole =
        json!({ "name": "x", "program": { "id": program }, "programStage": { "id": stage } });
    for _ in 0..3 {
        assert_eq!(ask(&server, &admin, post(&whole)).await.0, 201);
    }
    let of_program =
        format!("{path}?filter=program.id:eq:{program}&pageSize=2&page=2&fields=id,programStage");
    let (_, answer) = ask(&server, &admin, TestRequest::get().uri(&of_program)).await;
    assert_eq!(
        (&answer["pager"]["total"], &answer["pager"]["pageCount"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(
        answer["programStageWorkingLists"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(
        answer["programStageWorkingLists"][0]["programStage"]["id"],
        json!(stage)
    );
    for filter in ["program", "program:eq", "program:gt:x", "shoeSize:eq:1"] {
        let uri = format!("{path}?filter={filter}");
        assert_eq!(
            ask(&server, &admin, TestRequest::get().uri(&uri)).await.0,
            400,
            "{filter}"
        );
    }
    let nobody = server.send(TestRequest::get().uri(path)).await;
    assert_eq!(
        (nobody.status.as_u16(), &nobody.json()["httpStatusCode"]),
        (401, &json!(401))
    );
}
