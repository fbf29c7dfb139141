//! The protocol graphql-transport-ws as its specification says, over real sockets.

use serde_json::json;

use crate::sockets::LiveServer;

#[actix_web::test]
async fn sockets_speak_graphql_transport_ws() {
    let server = LiveServer::start().await;

    // Another protocol, a foreign page.
    let protocol = |name| server.open(name);
    let mut socket = protocol(&[]).await.expect("a socket, to say why");
    assert_eq!(socket.closed().await, 4406);
    let foreign = [
        ("sec-websocket-protocol", "graphql-transport-ws"),
        ("origin", "https://evil.example.org"),
    ];
    assert_eq!(protocol(&foreign).await.expect_err("refused"), 403);

    // Nothing comes before connection_init, and it comes soon.
    let mut socket = server.socket().await;
    socket
        .subscribe("1", "{ me { username } }", json!({}))
        .await;
    assert_eq!(socket.closed().await, 4401);
    assert_eq!(server.socket().await.closed().await, 4408);

    // It names a valid token.
    for payload in [
        json!(null),
        json!({}),
        json!({ "token": "clg_0" }),
        json!({ "authorization": "Digest x" }),
    ] {
        let mut socket = server.socket().await;
        socket
            .send(json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert_eq!(socket.closed().await, 4403, "{payload}");
    }
    let token = server.token("clerk");
    let mut socket = server.socket().await;
    socket
        .send(json!({ "type": "connection_init", "payload": { "token": token } }))
        .await;
    assert_eq!(socket.receive().await["type"], "connection_ack");
    let mut socket = server
        .open(&[
            ("sec-websocket-protocol", "other, graphql-transport-ws"),
            ("authorization", &format!("ApiToken {token}")),
        ])
        .await
        .expect("a socket");
    socket.send(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.receive().await["type"], "connection_ack");
    socket.send(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.closed().await, 4429);

    // Messages outside the protocol.
    for text in [
        "hello",
        "{}",
        r#"{"type":"start","id":"1","payload":{"query":"{ me { id } }"}}"#,
    ] {
        let mut socket = server.user("clerk").await;
        socket.send_text(text).await;
        assert_eq!(socket.closed().await, 4400, "{text}");
    }
    let mut socket = server.user("clerk").await;
    socket.send_bytes(b"{}").await;
    assert_eq!(socket.closed().await, 4400);

    let mut socket = server.user("clerk").await;
    socket
        .send(json!({ "type": "ping", "payload": { "a": 1 } }))
        .await;
    assert_eq!(
        socket.receive().await,
        json!({ "type": "pong", "payload": { "a": 1 } })
    );
    socket.send(json!({ "type": "pong" })).await;
    socket
        .send(json!({ "type": "complete", "id": "never begun" }))
        .await;

    // Queries answer once, with the caller's eyes.
    socket
        .subscribe("q", "{ me { username } }", json!({}))
        .await;
    assert_eq!(
        socket.receive().await,
        json!({ "type": "next", "id": "q", "payload": { "data": { "me": { "username": "clerk" } } } })
    );
    assert_eq!(
        socket.receive().await,
        json!({ "type": "complete", "id": "q" })
    );

    // A refused document has no result, and its id is free again.
    for _ in 0..2 {
        socket
            .subscribe("q", "{ me { shoeSize } }", json!({}))
            .await;
        let refused = socket.receive().await;
        assert_eq!(
            (&refused["type"], &refused["id"]),
            (&json!("error"), &json!("q"))
        );
        assert_eq!(
            refused["payload"][0]["extensions"]["code"],
            "BAD_USER_INPUT"
        );
    }

    // So has a subscription to what there is not.
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let document = "subscription ($program: ID!, $unit: ID) {
      eventsChanged(program: $program, scope: { mode: SELECTED, orgUnit: $unit }) { id }
    }";
    for variables in [
        json!({ "program": "absent" }),
        json!({ "program": program }),
        json!({ "program": program, "unit": "absent" }),
    ] {
        socket.subscribe("s", document, variables).await;
        let refused = socket.receive().await;
        assert_eq!(refused["type"], "error", "{refused}");
        assert_eq!(
            refused["payload"][0]["extensions"]["code"],
            "BAD_USER_INPUT"
        );
    }

    // One name, one operation at a time.
    let all = "subscription ($program: ID!) { eventsChanged(program: $program, scope: { mode: ACCESSIBLE }) { id } }";
    socket
        .subscribe("s", all, json!({ "program": program }))
        .await;
    socket
        .subscribe("s", all, json!({ "program": program }))
        .await;
    assert_eq!(socket.closed().await, 4409);
}

#[actix_web::test]
async fn operations_and_sockets_are_bounded() {
    let server = LiveServer::with(|settings| settings.sockets = 2).await;
    let mut socket = server.user("clerk").await;
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let all = "subscription ($program: ID!) { eventsChanged(program: $program, scope: { mode: ACCESSIBLE }) { id } }";
    for number in 0..33 {
        socket
            .subscribe(&number.to_string(), all, json!({ "program": program }))
            .await;
    }
    let refused = socket.receive().await;
    assert_eq!(
        (&refused["type"], &refused["id"]),
        (&json!("error"), &json!("32"))
    );
    // An ended operation makes room.
    socket.send(json!({ "type": "complete", "id": "0" })).await;
    socket
        .subscribe("q", "{ me { username } }", json!({}))
        .await;
    assert_eq!(socket.receive().await["type"], "next");

    let _second = server.socket().await;
    let protocol = [("sec-websocket-protocol", "graphql-transport-ws")];
    assert_eq!(server.open(&protocol).await.expect_err("refused"), 503);
    drop(socket);
    for _ in 0..200 {
        if server.open(&protocol).await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("a closed socket keeps its place");
}

#[actix_web::test]
async fn messages_and_operations_have_limits_of_their_own() {
    let server = LiveServer::with(|settings| {
        settings.limits.max_body = 1;
        settings.limits.socket_operations = 1;
        settings.limits.rate_limit = 3;
    })
    .await;
    let program = server.id("SELECT uid AS id FROM program WHERE code = 'OPD'");
    let all = "subscription ($program: ID!) { eventsChanged(program: $program, scope: { mode: ACCESSIBLE }) { id } }";
    let mut socket = server.user("clerk").await;
    socket
        .subscribe("a", all, json!({ "program": program }))
        .await;
    socket
        .subscribe("b", all, json!({ "program": program }))
        .await;
    let refused = socket.receive().await;
    assert_eq!(refused["id"], "b");
    let message = refused["payload"][0]["message"].as_str();
    assert!(message.expect("a message").contains("--socket-operations"));

    // Operations count as requests do.
    socket.send(json!({ "type": "complete", "id": "a" })).await;
    for id in ["c", "d"] {
        socket.subscribe(id, "{ me { id } }", json!({})).await;
        assert_eq!(socket.receive().await["type"], "next");
        assert_eq!(socket.receive().await["type"], "complete");
    }
    socket.subscribe("e", "{ me { id } }", json!({})).await;
    let refused = socket.receive().await;
    let extensions = &refused["payload"][0]["extensions"];
    assert_eq!(extensions["code"], "TOO_MANY_REQUESTS", "{refused}");

    let long = format!("{{ me {{ id }} }} # {}", "x".repeat(2_000));
    socket.subscribe("f", &long, json!({})).await;
    assert_eq!(socket.closed().await, 1009);
}

#[actix_web::test]
async fn sockets_answer_under_the_limits_of_requests() {
    let server = LiveServer::start().await;
    let mut socket = server.user("clerk").await;
    for (document, words) in [
        (
            "{ __schema { types { name } } }",
            "CLINIGRAPH_INTROSPECTION",
        ),
        ("{ me { usernam } }", "Unknown field"),
        ("query ($id: ID!) { node(id: $id) { id } }", "$id"),
        (
            "subscription ($p: ID!) { eventsChanged(program: $p, scope: { mode: ACCESSIBLE }) { id } }",
            "$p",
        ),
        ("{ ...F } fragment F on Query { ...F }", "spreads itself"),
    ] {
        socket.subscribe("x", document, json!({})).await;
        let refused = socket.receive().await;
        assert_eq!(refused["type"], "error", "{refused}");
        let message = refused["payload"][0]["message"].as_str();
        let message = message.expect("a message");
        assert!(message.contains(words), "{message}");
        assert!(!message.contains("Did you mean"), "{message}");
    }
}
