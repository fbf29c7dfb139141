//! Who may write what: capture scope, sharing, category options, ownership, authorities.

use super::*;
use crate::{ownership, testing::execute};

fn refused(conn: &mut Connection, user: &str, event: &Value) -> Vec<&'static str> {
    let parameters = Parameters {
        mode: ImportMode::Validate,
        ..Parameters::default()
    };
    codes(&import_as(
        conn,
        user,
        &json!({"events": [event]}),
        &parameters,
    ))
}

fn share(conn: &mut Connection, table: &str, uid: &str, public: &str) {
    execute(
        conn,
        &format!(
            "UPDATE {table} SET sharing = jsonb_build_object('public', '{public}') WHERE uid = '{uid}'"
        ),
    );
}

#[test]
fn single_events_need_the_unit_the_program_and_the_options() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    let event = single("right000001");
    assert_eq!(refused(&mut conn, "basicuser", &event), [""; 0]);
    assert_eq!(refused(&mut conn, "foofi", &event), ["E1000"]);
    share(&mut conn, "program", "BFcipDERJng", "rwr-----");
    assert_eq!(refused(&mut conn, "basicuser", &event), ["E1091"]);
    assert_eq!(refused(&mut conn, "foofi", &event), ["E1091", "E1000"]);
    assert_eq!(refused(&mut conn, USER, &event), [""; 0]);
    let mut event = json!({"event": "right000002", "program": "iS7eutanDry", "orgUnit": "DiszpKrYNg8",
                           "occurredAt": "2024-01-01", "attributeOptionCombo": "cr89ebDZrac"});
    assert_eq!(refused(&mut conn, "foofi", &event), ["E1099"]);
    share(&mut conn, "categoryoption", "xwZ2u3WyQR0", "rwrw----");
    assert_eq!(refused(&mut conn, "foofi", &event), [""; 0]);
    // An update asks for the old option combination too; each option is told, and only once.
    event["event"] = json!("lumVtWwwy0O");
    assert_eq!(refused(&mut conn, "foofi", &event), ["E1099"; 2]);
    event["attributeOptionCombo"] = json!("UcWQppzD1it");
    assert_eq!(refused(&mut conn, "foofi", &event), ["E1099"; 3]);
    event["event"] = json!("right000002");
    assert_eq!(refused(&mut conn, "foofi", &event), ["E1099"; 2]);
}

#[test]
fn tracker_events_need_the_stage_the_type_and_the_owner() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    let event = tracked("right000001");
    assert_eq!(refused(&mut conn, "basicuser", &event), [""; 0]);
    assert_eq!(refused(&mut conn, "foofi", &event), ["E1102", "E1000"]);
    share(&mut conn, "programstage", "NpsdDv6kKSO", "rwr-----");
    assert_eq!(refused(&mut conn, "basicuser", &event), ["E1095"]);
    share(&mut conn, "programstage", "NpsdDv6kKSO", "rwrw----");
    share(&mut conn, "program", "BFcipDERJnf", "rw------");
    assert_eq!(refused(&mut conn, "basicuser", &event), ["E1096"]);
    share(&mut conn, "program", "BFcipDERJnf", "rwr-----");
    share(&mut conn, "trackedentitytype", "ja8NY4PW7Xm", "rw------");
    assert_eq!(refused(&mut conn, "basicuser", &event), ["E1104"]);
    assert_eq!(refused(&mut conn, USER, &event), [""; 0]);
    let mut plan = tracked("right000002");
    plan["status"] = json!("SCHEDULE");
    plan["scheduledAt"] = json!("2030-01-01");
    share(&mut conn, "trackedentitytype", "ja8NY4PW7Xm", "rwrw----");
    assert_eq!(refused(&mut conn, "childlevel2", &plan), [""; 0]);
    assert_eq!(refused(&mut conn, "foofi", &plan), ["E1102", "E1105"]);
    plan["status"] = json!("ACTIVE");
    assert_eq!(refused(&mut conn, "childlevel2", &plan), ["E1000"]);
}

#[test]
fn ownership_follows_the_access_level_and_temporary_access() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    let event = json!({"event": "D9PbzJY8bJM", "program": "BFcipDERJnf", "programStage": "NpsdDv6kKSO",
        "orgUnit": "h4w96yEMlzO", "enrollment": "TvctPPhpD8z", "status": "COMPLETED", "occurredAt": "2020-01-28"});
    assert_eq!(refused(&mut conn, "childlevel2", &event), [""; 0]);
    let level = |conn: &mut Connection, level: &str| {
        execute(
            conn,
            &format!("UPDATE program SET accesslevel = '{level}' WHERE uid = 'BFcipDERJnf'"),
        );
    };
    level(&mut conn, "CLOSED");
    assert_eq!(refused(&mut conn, "childlevel2", &event), ["E1102"]);
    let grant = |conn: &mut Connection, user: &str, reason: &str| {
        with_request(conn, user, &Parameters::default(), |conn, request| {
            let tree = crate::org_units::tree(conn).expect("the tree");
            let named = ("dUE514NMOlo", "BFcipDERJnf", reason);
            ownership::grant_temporarily(conn, request.caller, &tree, named)
        })
    };
    assert!(matches!(
        grant(&mut conn, "childlevel2", "why"),
        Err(Error::Forbidden(_))
    ));
    level(&mut conn, "PROTECTED");
    assert_eq!(refused(&mut conn, "childlevel2", &event), ["E1102"]);
    assert!(matches!(
        grant(&mut conn, "childlevel2", " "),
        Err(Error::Input(_))
    ));
    assert!(matches!(
        grant(&mut conn, USER, "why"),
        Err(Error::Forbidden(_))
    ));
    assert!(matches!(
        grant(&mut conn, "foofi", "why"),
        Err(Error::Input(_))
    ));
    grant(&mut conn, "childlevel2", "an emergency").expect("access");
    assert_eq!(refused(&mut conn, "childlevel2", &event), [""; 0]);
    let audit = "SELECT accessedby || ': ' || a.reason || ' ' || (o.validtill - a.created) FROM programtempownershipaudit a, programtempowner o";
    assert_eq!(
        texts(&mut conn, audit),
        ["childlevel2: an emergency 03:00:00"]
    );
    execute(
        &mut conn,
        "UPDATE programtempowner SET validtill = now() - interval '1 minute'",
    );
    assert_eq!(refused(&mut conn, "childlevel2", &event), ["E1102"]);
}

#[test]
fn taking_back_a_completion_needs_an_authority() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    let event = json!({"event": "G9PbzJY8bJG", "program": "BFcipDERJng", "orgUnit": "uoNW0E3xXUy", "occurredAt": "2019-01-28"});
    assert_eq!(refused(&mut conn, "basicuser", &event), ["E1083"]);
    execute(
        &mut conn,
        "INSERT INTO userroleauthorities SELECT userroleid, 'F_UNCOMPLETE_EVENT' FROM userrole WHERE uid = 'UbhT3bXWUyb'",
    );
    assert_eq!(refused(&mut conn, "basicuser", &event), [""; 0]);
}

#[test]
fn a_transfer_moves_the_events_at_once_and_keeps_history() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    let transfer = |conn: &mut Connection, user: &str, unit: &str| {
        with_request(conn, user, &Parameters::default(), |conn, request| {
            let tree = crate::org_units::tree(conn).expect("the tree");
            let named = ("dUE514NMOlo", "UWRnoyBjvqi", unit);
            ownership::transfer(conn, request.caller, &tree, named)
        })
    };
    let owner = "SELECT u.uid FROM trackerevent e JOIN organisationunit u ON u.organisationunitid = e.ownerorganisationunitid WHERE e.uid = 'gvULMgNiAfN'";
    assert_eq!(texts(&mut conn, owner), ["tSsGrtfRzjY"]);
    assert!(matches!(
        transfer(&mut conn, "foofi", "h4w96yEMlzO"),
        Err(Error::Forbidden(_))
    ));
    assert!(matches!(
        transfer(&mut conn, "basicuser", "lbDXJBlvtZe"),
        Err(Error::Forbidden(_))
    ));
    assert!(matches!(
        transfer(&mut conn, "basicuser", "tSsGrtfRzjY"),
        Err(Error::Input(_))
    ));
    let moved = transfer(&mut conn, "basicuser", "h4w96yEMlzO").expect("a transfer");
    assert_eq!(moved.events, 1);
    assert_eq!(texts(&mut conn, owner), ["h4w96yEMlzO"]);
    let history = "SELECT u.uid || ' ' || h.createdby FROM programownershiphistory h JOIN organisationunit u USING (organisationunitid)";
    assert_eq!(texts(&mut conn, history), ["tSsGrtfRzjY trackeradmin"]);
    let untrue = crate::verify::run(&mut conn).expect("the checks");
    assert_eq!(untrue[0].differences, 0, "{}", untrue[0].name);
}

#[test]
fn nobody_links_what_they_may_not_see_nor_learns_that_it_is_there() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    share(&mut conn, "relationshiptype", "m1575931405", "rwrw----");
    let mut linked = |user: &str, name: &str, kind: &str, (from, to): (&str, &str)| {
        let end = |uid: &str| json!({ name: { name: uid } });
        let relationship = json!({"relationship": "rightsRel01", "relationshipType": kind, "from": end(from), "to": end(to)});
        let parameters = Parameters {
            mode: ImportMode::Validate,
            ..Parameters::default()
        };
        let payload = json!({ "relationships": [relationship] });
        codes(&import_as(&mut conn, user, &payload, &parameters))
    };
    for (name, kind, seen, own) in [
        (
            "event",
            "EvE2Ev2Type",
            ("pTzf9KYMk72", "D9PbzJY8bJM"),
            "QRYjLTiJTrA",
        ),
        (
            "enrollment",
            "WTTYiPQDqh1",
            ("nxP7UnKhomJ", "TvctPPhpD8z"),
            "HDWTYSYkICe",
        ),
        (
            "trackedEntity",
            "m1575931405",
            ("QS6w44flWAf", "dUE514NMOlo"),
            "woitxQbWYNq",
        ),
    ] {
        assert_eq!(linked("basicuser", name, kind, seen), [""; 0], "{name}");
        for pair in [seen, (own, seen.1), (own, "nowhere0000")] {
            assert_eq!(
                linked("foofi", name, kind, pair),
                ["E4012"],
                "{name} {pair:?}"
            );
        }
        assert_eq!(
            linked("foofi", name, kind, (own, own)),
            ["E4000"],
            "{name}: it is theirs"
        );
    }
}
