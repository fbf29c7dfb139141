//! Changes reach the subscribers whose scope holds them, and nobody else.

use std::time::Duration;

use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::sockets::{LiveServer, Socket};

/// No change comes for so long when none is to come.
const QUIET: Duration = Duration::from_millis(400);

/// A server, the outpatients' program, the clerk's unit and one that the clerk does not see.
struct Place {
    server: LiveServer,
    program: String,
    stage: String,
    own: String,
    other: String,
}

impl Place {
    async fn new() -> Self {
        let server = LiveServer::start().await;
        // Completed events come without the values that the stage makes compulsory.
        server.execute("UPDATE programstagedataelement SET compulsory = false");
        let own = server.id(
            "SELECT u.uid AS id FROM usermembership JOIN userinfo USING (userinfoid) JOIN organisationunit u USING (organisationunitid)
              WHERE username = 'clerk' ORDER BY u.uid LIMIT 1",
        );
        Place {
            program: server.id("SELECT uid AS id FROM program WHERE code = 'OPD'"),
            stage: server.id("SELECT s.uid AS id FROM programstage s JOIN program p USING (programid) WHERE p.code = 'OPD' LIMIT 1"),
            other: server.id(&format!(
                "SELECT u.uid AS id FROM organisationunit u JOIN singleevent e USING (organisationunitid) JOIN programstage s USING (programstageid)
                   JOIN program p USING (programid) WHERE p.code = 'OPD' AND path NOT LIKE '%{own}%' AND u.uid <> '{own}' ORDER BY u.uid LIMIT 1"
            )),
            own,
            server,
        }
    }

    /// A person who follows a scope.
    async fn follower(&self, username: &str, scope: Value) -> Socket {
        let token = self.server.token(username);
        self.follower_with(&token, scope).await
    }

    async fn follower_with(&self, token: &str, scope: Value) -> Socket {
        self.import("evtouchAAAA", &self.own, "ACTIVE");
        let mut socket = self.server.with_token(token).await;
        let touch = "UPDATE singleevent SET lastupdated = lastupdated WHERE uid = 'evtouchAAAA'";
        let variables = json!({ "program": self.program, "scope": scope });
        socket.follow(&self.server, variables, touch).await;
        socket
    }

    /// Imports one event by payload.
    fn import(&self, uid: &str, unit: &str, status: &str) {
        let event = json!({
            "event": uid, "program": self.program, "programStage": self.stage, "orgUnit": unit,
            "occurredAt": "2026-01-01", "status": status,
        });
        let file =
            std::env::temp_dir().join(format!("clinigraph-live-{}-{uid}.json", std::process::id()));
        std::fs::write(&file, json!({ "events": [event] }).to_string()).expect("a file");
        let report = storage::import::tracker::run(
            &mut self.server.database(),
            &file,
            "admin",
            storage::import::tracker::AtomicMode::Object,
            &ProgressBar::hidden(),
        );
        let _ = std::fs::remove_file(&file);
        assert_eq!(report.expect("an import").quarantined, 0);
    }
}

fn change(kind: &str, id: &str, has_event: bool) -> (String, Value, bool) {
    (kind.to_owned(), json!(id), has_event)
}

#[actix_web::test]
async fn changes_of_the_scope_arrive_and_others_do_not() {
    let place = Place::new().await;
    let mut clerk = place
        .follower("clerk", json!({ "mode": "ACCESSIBLE" }))
        .await;
    let mut admin = place.follower("admin", json!({ "mode": "ALL" })).await;

    clerk.drain().await;
    place.import("evchangAAAA", &place.own, "ACTIVE");
    for socket in [&mut clerk, &mut admin] {
        assert_eq!(
            socket.change().await,
            change("CREATED", "evchangAAAA", true)
        );
    }
    place.import("evchangAAAA", &place.own, "COMPLETED");
    let message = clerk.receive().await;
    let told = &message["payload"]["data"]["eventsChanged"];
    assert_eq!(
        (&told["kind"], &told["event"]["status"]),
        (&json!("UPDATED"), &json!("COMPLETED"))
    );
    assert_eq!(told["event"]["orgUnit"]["id"], json!(place.own));
    assert_eq!(admin.change().await, change("UPDATED", "evchangAAAA", true));

    // An import that changes nothing, and an event of another place.
    place.import("evchangAAAA", &place.own, "COMPLETED");
    place.import("evchangBBBB", &place.other, "ACTIVE");
    assert_eq!(admin.change().await, change("CREATED", "evchangBBBB", true));
    assert_eq!(clerk.receive_within(QUIET).await, None);

    // An event that moves out of a scope is gone there, one that moves in is new.
    let move_to = |unit: &str| {
        place.server.execute(&format!(
            "UPDATE singleevent SET organisationunitid = (SELECT organisationunitid FROM organisationunit WHERE uid = '{unit}')
              WHERE uid = 'evchangAAAA'"
        ));
    };
    move_to(&place.other);
    assert_eq!(
        clerk.change().await,
        change("DELETED", "evchangAAAA", false)
    );
    assert_eq!(admin.change().await, change("UPDATED", "evchangAAAA", true));
    move_to(&place.own);
    assert_eq!(clerk.change().await, change("CREATED", "evchangAAAA", true));

    place
        .server
        .execute("UPDATE singleevent SET deleted = true WHERE uid = 'evchangAAAA'");
    assert_eq!(
        clerk.change().await,
        change("DELETED", "evchangAAAA", false)
    );
    place
        .server
        .execute("DELETE FROM singleevent WHERE uid = 'evchangAAAA'");
    assert_eq!(
        clerk.receive_within(QUIET).await,
        None,
        "it was gone before"
    );

    // Several changes at once, then more than are told one by one.
    place.server.execute(
        "UPDATE singleevent SET lastupdated = lastupdated WHERE eventid IN (
           SELECT eventid FROM singleevent JOIN programstage USING (programstageid) JOIN program p USING (programid)
            WHERE p.code = 'OPD' AND NOT deleted ORDER BY eventid LIMIT 1001)",
    );
    assert_eq!(
        clerk.change().await,
        ("MANY".to_owned(), Value::Null, false)
    );
}

#[actix_web::test]
async fn a_revoked_token_ends_the_socket() {
    let place = Place::new().await;
    let token = place.server.token("clerk");
    let mut clerk = place
        .follower_with(&token, json!({ "mode": "CAPTURE" }))
        .await;
    place.server.execute(
        "UPDATE apitoken SET revoked_at = now() WHERE userinfoid = (SELECT userinfoid FROM userinfo WHERE username = 'clerk')",
    );
    assert_eq!(clerk.closed().await, 4403);

    // One that expires is noticed before anything is delivered.
    let mut admin = place.follower("admin", json!({ "mode": "ALL" })).await;
    place.server.execute(
        "ALTER TABLE apitoken DISABLE TRIGGER announce_access;
         UPDATE apitoken SET expires_at = now() WHERE userinfoid = (SELECT userinfoid FROM userinfo WHERE username = 'admin');
         ALTER TABLE apitoken ENABLE TRIGGER announce_access",
    );
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    place
        .server
        .execute("UPDATE singleevent SET lastupdated = lastupdated");
    assert_eq!(admin.closed().await, 4403);
}

#[actix_web::test]
async fn other_rights_are_another_scope() {
    let place = Place::new().await;
    let mut clerk = place.follower("clerk", json!({ "mode": "CAPTURE" })).await;
    place.server.execute(&format!(
        "UPDATE usermembership SET organisationunitid = (SELECT organisationunitid FROM organisationunit WHERE uid = '{}')
          WHERE userinfoid = (SELECT userinfoid FROM userinfo WHERE username = 'clerk');
         UPDATE metadataversion SET version = version + 1",
        place.other
    ));
    assert_eq!(
        clerk.change().await.0,
        "MANY",
        "the list is another one now"
    );
    place.import("evrightAAAA", &place.own, "ACTIVE");
    place.import("evrightBBBB", &place.other, "ACTIVE");
    assert_eq!(clerk.change().await, change("CREATED", "evrightBBBB", true));

    // Without units there is no scope any more: the subscription ends, the socket stays.
    place.server.execute(
        "DELETE FROM usermembership WHERE userinfoid = (SELECT userinfoid FROM userinfo WHERE username = 'clerk');
         UPDATE metadataversion SET version = version + 1",
    );
    let refused = clerk.receive().await;
    assert_eq!(
        (
            &refused["type"],
            &refused["payload"][0]["extensions"]["code"]
        ),
        (&json!("error"), &json!("FORBIDDEN"))
    );
    clerk.send(json!({ "type": "ping" })).await;
    assert_eq!(clerk.receive().await["type"], "pong");
}

#[actix_web::test]
async fn a_lost_connection_to_the_database_is_told() {
    let place = Place::new().await;
    let mut clerk = place.follower("clerk", json!({ "mode": "CAPTURE" })).await;
    place.server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND datname = current_database()",
    );
    assert_eq!(clerk.change().await.0, "MANY");
    place.import("evoutagAAAA", &place.own, "ACTIVE");
    assert_eq!(clerk.change().await, change("CREATED", "evoutagAAAA", true));
}
