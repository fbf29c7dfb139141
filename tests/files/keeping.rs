//! How long files are kept, and what is written down of them.

use super::*;

#[actix_web::test]
async fn files_that_nothing_names_are_removed_after_a_while() {
    let server = server();
    let admin = server.user("admin");
    let unit = unit(&server, "OPD", "clerk", true);
    let mut files = Vec::new();
    for _ in 0..4 {
        files.push(sent(&server, &admin, ("a.txt", "text/plain"), b"text").await);
    }
    for file in &files[..2] {
        let place = (format!("file{}", &file[4..]), unit.clone());
        stored(&server, &admin, (&place.0, &place.1), ("documentAAA", file)).await;
    }
    let remove = |hours| {
        server
            .storage(|conn| storage::files::remove_unassigned(conn, hours))
            .expect("an answer")
    };
    let left = || server.ids("SELECT uid AS id FROM fileresource ORDER BY fileresourceid");
    assert_eq!((remove(2), left().len()), (0, 4));
    server.execute(&format!(
        "UPDATE fileresource SET lastupdated = lastupdated - interval '3 hours' WHERE uid <> '{}'",
        files[3]
    ));
    assert_eq!(remove(2), 1);
    assert_eq!(left(), [&files[0], &files[1], &files[3]].map(String::clone));
    // A value that is taken away frees its file, from then on.
    let event = format!("file{}", &files[0][4..]);
    stored(&server, &admin, (&event, &unit), ("documentAAA", "")).await;
    assert_eq!(remove(2), 0);
    server.execute("UPDATE fileresource SET lastupdated = lastupdated - interval '3 hours'");
    assert_eq!((remove(2), left()), (2, vec![files[1].clone()]));
    let contents = server.rows("SELECT count(*) AS n FROM fileresourcecontent");
    assert_eq!(contents[0]["n"], 1);
}

#[actix_web::test]
async fn reading_and_sending_files_is_in_the_audit_log() {
    let server = Server::with_own_data("clinigraph_audit_files");
    server.execute(SETUP);
    let admin = server.user("admin");
    let unit = unit(&server, "OPD", "clerk", true);
    let uid = sent(&server, &admin, ("Frau Muster.txt", "text/plain"), b"text").await;
    stored(
        &server,
        &admin,
        ("fileevent01", &unit),
        ("documentAAA", &uid),
    )
    .await;
    get(&server, &admin, &path("fileevent01", "documentAAA", "file")).await;
    get(&server, &admin, &format!("/api/fileResources/{uid}")).await;
    server.drain().await;
    let log = server.rows(
        "SELECT kind, operation, subject FROM audit WHERE username = 'admin' ORDER BY auditid",
    );
    let log: Vec<String> = log
        .iter()
        .map(|entry| {
            format!(
                "{} {} {}",
                entry["kind"], entry["operation"], entry["subject"]
            )
        })
        .collect();
    let line =
        |kind: &str, operation: &str, subject: &str| format!("{kind:?} {operation:?} {subject:?}");
    for expected in [
        line("ACT", "POST /api/fileResources", &uid),
        line(
            "READ",
            "GET /api/tracker/events/{uid}/dataValues/{dataElement}/{kind:file|image}",
            "fileevent01",
        ),
        line("READ", "GET /api/fileResources/{uid}", &uid),
    ] {
        assert!(log.contains(&expected), "{expected}\n{log:#?}");
    }
    assert!(!log.concat().contains("Muster"));
}
