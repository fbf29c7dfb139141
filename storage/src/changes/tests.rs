use super::*;
use crate::testing::{connection, execute, fresh_database};

#[test]
fn a_notice_names_each_event_or_the_stages() {
    let changes =
        read("T 1700000000000000 C,aaaaaaaaaaa,1,2,3,4 U,bbbbbbbbbbb,5,2,3,4,9").expect("a notice");
    assert_eq!(changes.store, EventKind::Tracker);
    assert_eq!(changes.at.timestamp(), 1_700_000_000);
    let Extent::Each(each) = changes.extent else {
        panic!("each event is named");
    };
    assert_eq!(
        (each[0].kind, each[0].eventid, each[0].previous_unit),
        (ChangeKind::Created, 1, None)
    );
    assert_eq!(
        (each[1].kind, each[1].unit, each[1].previous_unit),
        (ChangeKind::Updated, 3, Some(9))
    );
    let many = read("S 1700000000000000 M,7,8").expect("a notice");
    assert_eq!(many.extent, Extent::Many(vec![7, 8]));
    for strange in [
        "",
        "S",
        "S 1",
        "X 1 M,7",
        "S 1 M,x",
        "S 1 C,uid,1,2",
        "S x M,1",
    ] {
        assert_eq!(read(strange), None, "{strange}");
    }
}

/// Units A and B, a program with one stage, and `count` events in A.
fn setup(conn: &mut Connection, count: i64) {
    execute(
        conn,
        &format!(
            "INSERT INTO organisationunit (organisationunitid, uid, name, shortname, path, hierarchylevel, openingdate)
             OVERRIDING SYSTEM VALUE VALUES (901, 'ouAAAAAAAAA', 'A', 'A', '/ouAAAAAAAAA', 1, '2000-01-01'),
                                            (902, 'ouBBBBBBBBB', 'B', 'B', '/ouBBBBBBBBB', 1, '2000-01-01');
             INSERT INTO programstage (programstageid, uid, name) OVERRIDING SYSTEM VALUE VALUES (903, 'psAAAAAAAAA', 'S');
             INSERT INTO categoryoptioncombo (categoryoptioncomboid, uid, name)
             OVERRIDING SYSTEM VALUE VALUES (904, 'cocAAAAAAAA', 'C');
             INSERT INTO singleevent (eventid, uid, programstageid, attributeoptioncomboid, occurreddate, organisationunitid)
             OVERRIDING SYSTEM VALUE
             SELECT n, 'event' || lpad(n::text, 6, '0'), 903, 904, '2026-01-01', 901 FROM generate_series(1, {count}) n"
        ),
    );
}

#[test]
fn statements_announce_what_they_changed_when_they_commit() {
    let url = fresh_database("clinigraph_changes");
    let mut listener = Listener::connect(&url).expect("it listens");
    let mut conn = pool::connect(&url).expect("it answers");
    let heard = |listener: &mut Listener| {
        listener.check().expect("it lives");
        listener.heard().expect("it listens")
    };
    setup(&mut conn, 130);
    let mut all = Vec::new();
    for notice in heard(&mut listener) {
        let Notice::Events(Changes {
            store: EventKind::Single,
            extent: Extent::Each(each),
            ..
        }) = notice
        else {
            panic!("{notice:?}");
        };
        assert!(each.len() <= 64);
        all.extend(each);
    }
    assert_eq!(all.len(), 130);
    assert!(
        all.iter()
            .all(|c| c.kind == ChangeKind::Created && c.unit == 901 && c.stage == 903)
    );

    let mut one = |sql: &str| {
        execute(&mut conn, sql);
        let notices = heard(&mut listener);
        let [
            Notice::Events(Changes {
                extent: Extent::Each(each),
                ..
            }),
        ] = notices.as_slice()
        else {
            panic!("{notices:?}");
        };
        (each[0].kind, each[0].unit, each[0].previous_unit)
    };
    assert_eq!(
        one("UPDATE singleevent SET organisationunitid = 902 WHERE eventid = 1"),
        (ChangeKind::Updated, 902, Some(901))
    );
    assert_eq!(
        one("UPDATE singleevent SET deleted = true WHERE eventid = 1"),
        (ChangeKind::Deleted, 902, None)
    );
    assert_eq!(
        one("UPDATE singleevent SET deleted = false WHERE eventid = 1"),
        (ChangeKind::Created, 902, None)
    );
    assert_eq!(
        one("DELETE FROM singleevent WHERE eventid = 1"),
        (ChangeKind::Deleted, 902, None)
    );

    execute(
        &mut conn,
        "BEGIN; UPDATE singleevent SET status = 'COMPLETED' WHERE eventid = 2; ROLLBACK;
         UPDATE singleevent SET status = 'COMPLETED' WHERE eventid = -1",
    );
    assert_eq!(heard(&mut listener), [], "nothing was changed");
    execute(
        &mut conn,
        "UPDATE metadataversion SET version = version + 1",
    );
    assert_eq!(heard(&mut listener), [Notice::Access]);
}

#[test]
fn a_large_statement_names_its_stages_only() {
    let url = fresh_database("clinigraph_changes_many");
    let mut listener = Listener::connect(&url).expect("it listens");
    let mut conn = pool::connect(&url).expect("it answers");
    setup(&mut conn, 1_001);
    listener.check().expect("it lives");
    let notices = listener.heard().expect("it listens");
    let [Notice::Events(changes)] = notices.as_slice() else {
        panic!("{notices:?}");
    };
    assert_eq!(changes.extent, Extent::Many(vec![903]));
}

#[test]
fn a_lost_connection_is_an_error() {
    let mut listener = Listener::connect(&crate::testing::server_url()).expect("it listens");
    let _conn = connection();
    let pid =
        diesel::sql_query("SELECT pg_terminate_backend(pg_backend_pid())").execute(&mut listener.0);
    assert!(pid.is_err());
    assert!(matches!(listener.check(), Err(Error::Unavailable(_))));
}
