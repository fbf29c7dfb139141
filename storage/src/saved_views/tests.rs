use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::*;
use crate::{
    access::sharing,
    testing::{connection, execute},
};

fn setup(conn: &mut Connection) {
    execute(
        conn,
        "INSERT INTO program (uid, name, shortname, type) VALUES ('prAAAAAAAAA', 'P', 'P', 'WITHOUT_REGISTRATION');
         INSERT INTO programstage (uid, name, programid) SELECT 'psAAAAAAAAA', 'S', programid FROM program WHERE uid = 'prAAAAAAAAA';
         INSERT INTO dataelement (uid, name, shortname, valuetype) VALUES ('deAAAAAAAAA', 'D', 'D', 'TEXT')",
    );
}

fn person(uid: &str, groups: &[&str]) -> Caller {
    Caller {
        uid: uid.to_owned(),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        ..Caller::default()
    }
}

fn body() -> Json {
    json!({ "name": "Mine", "program": "prAAAAAAAAA", "programStage": { "id": "psAAAAAAAAA" },
            "eventQueryCriteria": { "order": "occurredAt:desc" } })
}

#[test]
fn sql_and_rule_agree_who_reads_and_who_writes() {
    let mut conn = connection();
    setup(&mut conn);
    let owner = person("usOWNERAAAA", &[]);
    let accesses = ["--------", "r-------", "rw------", "-w------"];
    let mut number = 0;
    for public in accesses
        .iter()
        .map(|access| json!(access))
        .chain([json!(null)])
    {
        for access in accesses {
            for to in ["users", "userGroups"] {
                let key = if to == "users" {
                    "usREADERAAA"
                } else {
                    "ugTEAMAAAAA"
                };
                number += 1;
                let mut view = body();
                view["name"] = json!(format!("{number}"));
                let uid = create(&mut conn, ViewKind::EventFilter, &owner, &view)
                    .expect("a query")
                    .expect("a view");
                let mut settings =
                    json!({ "owner": "usOWNERAAAA", to: { key: { "access": access } } });
                if public.is_string() {
                    settings["public"] = public.clone();
                }
                execute(
                    &mut conn,
                    &format!("UPDATE eventfilter SET sharing = '{settings}' WHERE uid = '{uid}'"),
                );
            }
        }
    }
    execute(
        &mut conn,
        "UPDATE eventfilter SET sharing = '{}' WHERE name = '1'",
    );
    let superuser = Caller {
        authorities: BTreeSet::from(["ALL".to_owned()]),
        ..person("usADMINAAAA", &[])
    };
    let all = list(
        &mut conn,
        ViewKind::EventFilter,
        &superuser,
        &Wanted::default(),
    )
    .expect("a query");
    assert_eq!(all.len(), number);
    for caller in [
        &owner,
        &person("usREADERAAA", &[]),
        &person("usOTHERAAAA", &["ugTEAMAAAAA"]),
        &person("usOTHERAAAA", &[]),
        &superuser,
    ] {
        let seen =
            list(&mut conn, ViewKind::EventFilter, caller, &Wanted::default()).expect("a query");
        let seen: Vec<&str> = seen.iter().map(|view| view.uid.as_str()).collect();
        let readable: Vec<&str> = all
            .iter()
            .filter(|view| sharing(&view.sharing).may_read(caller))
            .map(|view| view.uid.as_str())
            .collect();
        assert_eq!(seen, readable, "{}", caller.uid);
    }
    let reader = person("usREADERAAA", &[]);
    let by_name = |conn: &mut Connection, name: &str| {
        let wanted = Wanted {
            names: Some(vec![name.to_owned()]),
            ..Wanted::default()
        };
        list(conn, ViewKind::EventFilter, &reader, &wanted)
            .expect("a query")
            .into_iter()
            .map(|view| view.is_writable)
            .next()
    };
    // Public access nothing: read, read and write, write alone to the person.
    assert_eq!(by_name(&mut conn, "3"), Some(false));
    assert_eq!(by_name(&mut conn, "5"), Some(true));
    assert_eq!(by_name(&mut conn, "7"), None);
}

#[test]
fn a_view_is_made_changed_and_deleted_by_those_who_may() {
    let mut conn = connection();
    setup(&mut conn);
    let (owner, other) = (person("usOWNERAAAA", &[]), person("usOTHERAAAA", &[]));
    for kind in [ViewKind::EventFilter, ViewKind::WorkingList] {
        let mut view = body();
        view["programStageQueryCriteria"] = json!({ "status": "ACTIVE" });
        let uid = create(&mut conn, kind, &owner, &view)
            .expect("a query")
            .expect("a view");
        assert!(
            by_uid(&mut conn, kind, &other, &uid)
                .expect("a query")
                .is_none()
        );
        assert_eq!(
            update(&mut conn, kind, &other, &uid, &view).expect("a query"),
            Err(Refused::NotFound)
        );
        view["sharing"] = json!({ "owner": "usOTHERAAAA", "public": "r-------" });
        view["name"] = json!("Ours");
        assert_eq!(
            update(&mut conn, kind, &owner, &uid, &view).expect("a query"),
            Ok(uid.clone())
        );
        let seen = by_uid(&mut conn, kind, &other, &uid)
            .expect("a query")
            .expect("a view");
        assert_eq!(
            (seen.name.as_str(), seen.is_writable, &seen.sharing["owner"]),
            ("Ours", false, &json!("usOWNERAAAA"))
        );
        assert_eq!(
            (seen.program.as_str(), seen.program_stage.as_deref()),
            ("prAAAAAAAAA", Some("psAAAAAAAAA"))
        );
        assert_eq!(
            delete(&mut conn, kind, &other, &uid).expect("a query"),
            Err(Refused::Forbidden)
        );
        assert_eq!(
            delete(&mut conn, kind, &owner, &uid).expect("a query"),
            Ok(uid.clone())
        );
        assert_eq!(
            delete(&mut conn, kind, &owner, &uid).expect("a query"),
            Err(Refused::NotFound)
        );
    }
}

#[test]
fn each_broken_rule_is_named() {
    let mut conn = connection();
    setup(&mut conn);
    let owner = person("usOWNERAAAA", &[]);
    let mut refusals = |change: Json| {
        let mut view = body();
        for (name, value) in change.as_object().expect("an object") {
            view[name] = value.clone();
        }
        match create(&mut conn, ViewKind::EventFilter, &owner, &view).expect("a query") {
            Err(Refused::Rules(broken)) => broken.len(),
            other => panic!("{other:?} {change}"),
        }
    };
    let criteria = |criteria: Json| json!({ "eventQueryCriteria": criteria });
    for change in [
        json!({ "name": "" }),
        json!({ "id": "short" }),
        json!({ "program": "prBBBBBBBBB" }),
        json!({ "program": null }),
        json!({ "programStage": "psBBBBBBBBB" }),
        json!({ "sharing": { "public": "everybody" } }),
        json!({ "sharing": { "users": { "usOTHERAAAA": {} } } }),
        criteria(json!([])),
        criteria(json!({ "organisationUnit": "ouBBBBBBBBB" })),
        criteria(json!({ "ouMode": "SELECTED" })),
        criteria(json!({ "ouMode": "NEARBY" })),
        criteria(json!({ "assignedUserMode": "PROVIDED" })),
        criteria(json!({ "assignedUserMode": "ANY", "assignedUsers": ["usOTHERAAAA"] })),
        criteria(
            json!({ "events": ["evAAAAAAAAA"], "dataFilters": [{ "dataItem": "deAAAAAAAAA", "eq": "1" }] }),
        ),
        criteria(json!({ "dataFilters": [{ "eq": "1" }] })),
        criteria(json!({ "dataFilters": [{ "dataItem": "deBBBBBBBBB", "eq": "1" }] })),
        criteria(json!({ "eventDate": { "type": "ABSOLUTE" } })),
        criteria(
            json!({ "eventDate": { "type": "ABSOLUTE", "startDate": "2026-02-01", "endDate": "2026-01-01" } }),
        ),
        criteria(json!({ "eventDate": { "type": "RELATIVE", "startBuffer": 1, "endBuffer": -1 } })),
        criteria(json!({ "eventDate": { "type": "SOMETIME" } })),
    ] {
        assert_eq!(refusals(change.clone()), 1, "{change}");
    }
    let mut view = body();
    view["id"] = json!("vwAAAAAAAAA");
    assert_eq!(
        create(&mut conn, ViewKind::EventFilter, &owner, &view).expect("a query"),
        Ok("vwAAAAAAAAA".to_owned())
    );
    assert!(matches!(
        create(&mut conn, ViewKind::EventFilter, &owner, &view).expect("a query"),
        Err(Refused::Rules(_))
    ));
}
