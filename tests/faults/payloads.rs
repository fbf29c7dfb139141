//! Imports of DHIS2's payloads that are killed in every phase and run again, and who notices that they were.

use std::{fs, path::Path};

use serde_json::{Value, json};
use storage::{
    pool::connect,
    testing::{fresh_database, rows},
};

use super::{killed_at, runs, start, until_alone, verified};
use crate::program::{Folder, Held, Program, command, number};

/// Objects of each kind.
const MANY: usize = 300;

/// Identifier of an object.
fn uid(kind: &str, number: usize) -> String {
    format!("{kind}{number:0width$}", width = 11 - kind.len())
}

fn reference(kind: &str, number: usize) -> Value {
    json!({ "id": uid(kind, number) })
}

/// Units, data elements and a program of each kind.
fn metadata() -> Value {
    let named = |kind: &str, number: usize| {
        let id = uid(kind, number);
        json!({ "id": id, "name": id, "shortName": id, "code": id })
    };
    let with = |mut object: Value, members: Value| {
        let members = members.as_object().expect("members").clone();
        object.as_object_mut().expect("an object").extend(members);
        object
    };
    let units = |n: usize| {
        let parent = (n > 0).then(|| reference("unit", n / 8));
        with(
            named("unit", n),
            json!({ "openingDate": "2020-01-01", "parent": parent }),
        )
    };
    let program = |n: usize, members: Value| {
        let units: Vec<Value> = (0..MANY).map(|unit| reference("unit", unit)).collect();
        let common = json!({ "sharing": { "public": "rwrw----" }, "organisationUnits": units, "programStages": [reference("stage", n)] });
        with(with(named("program", n), common), members)
    };
    let stage = |n: usize| {
        let uses: Vec<Value> = (0..20)
            .map(|element| json!({ "dataElement": reference("element", element) }))
            .collect();
        with(
            named("stage", n),
            json!({ "program": reference("program", n), "repeatable": true, "programStageDataElements": uses }),
        )
    };
    let end = |entity: &str| json!({ "relationshipEntity": entity, "trackedEntityType": reference("type", 0) });
    json!({
        "organisationUnits": (0..MANY).map(units).collect::<Vec<_>>(),
        "dataElements": (0..MANY).map(|n| with(named("element", n), json!({ "valueType": "TEXT" }))).collect::<Vec<_>>(),
        "trackedEntityTypes": [named("type", 0)],
        "programs": [
            program(0, json!({ "programType": "WITHOUT_REGISTRATION" })),
            program(1, json!({ "programType": "WITH_REGISTRATION", "trackedEntityType": reference("type", 0) })),
        ],
        "programStages": [stage(0), stage(1)],
        "relationshipTypes": [with(named("kinship", 0), json!({
            "sharing": { "public": "rwrw----" }, "fromConstraint": end("TRACKED_ENTITY_INSTANCE"), "toConstraint": end("TRACKED_ENTITY_INSTANCE"),
        }))],
    })
}

/// Tracked entities with an enrolment, an event and a relationship each, and as many single events.
fn tracker() -> Value {
    let event = |kind: &str, program: usize, n: usize| {
        json!({
            "event": uid(kind, n), "program": uid("program", program), "programStage": uid("stage", program), "orgUnit": uid("unit", n),
            "occurredAt": "2026-01-01", "dataValues": [{ "dataElement": uid("element", n % 20), "value": "x" }], "notes": [{ "note": uid(&kind[..4], n), "value": "y" }],
        })
    };
    let entity = |n: usize| {
        let enrollment = json!({
            "enrollment": uid("enrol", n), "program": uid("program", 1), "orgUnit": uid("unit", n), "enrolledAt": "2026-01-01",
            "events": [event("tracked", 1, n)],
        });
        json!({
            "trackedEntity": uid("entity", n), "trackedEntityType": uid("type", 0), "orgUnit": uid("unit", n), "enrollments": [enrollment],
        })
    };
    let kinship = |n: usize| {
        let end = |n: usize| json!({ "trackedEntity": { "trackedEntity": uid("entity", n) } });
        json!({ "relationship": uid("kin", n), "relationshipType": uid("kinship", 0), "from": end(n), "to": end((n + 1) % MANY) })
    };
    json!({
        "trackedEntities": (0..MANY).map(entity).collect::<Vec<_>>(),
        "events": (0..MANY).map(|n| event("single", 0, n)).collect::<Vec<_>>(),
        "relationships": (0..MANY).map(kinship).collect::<Vec<_>>(),
    })
}

/// Rows of every table that an import may touch and a number for their content, but for the records that an import was begun.
fn stored(url: &str) -> Vec<Value> {
    let mut conn = connect(url).expect("it answers");
    let tables = rows(
        &mut conn,
        "SELECT relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
          WHERE relkind = 'r' AND nspname = 'public' AND relname NOT IN ('import_runs', 'audit') ORDER BY 1",
    );
    let queries: Vec<String> = tables
        .iter()
        .filter_map(|table| table["name"].as_str())
        .map(|name| {
            format!("SELECT '{name}' AS name, count(*) AS rows, coalesce(sum(hashtext(t::text)::bigint), 0) AS content FROM {name} t")
        })
        .collect();
    rows(&mut conn, &queries.join(" UNION ALL "))
}

/// Rows of the tables without their content: keys and times differ from one run to the next.
fn counts(tables: &[Value]) -> Vec<(&Value, &Value)> {
    tables
        .iter()
        .map(|table| (&table["name"], &table["rows"]))
        .collect()
}

fn total(tables: &[Value]) -> i64 {
    tables
        .iter()
        .filter_map(|table| table["rows"].as_i64())
        .sum()
}

/// Kills an import at each table, then runs it twice. Returns what is stored then.
fn killed_and_run_again(url: &str, kind: &str, file: &Path, tables: &[&str]) -> Vec<Value> {
    let arguments = ["import", kind, file.to_str().expect("a path")];
    let before = stored(url);
    for table in tables {
        assert!(
            killed_at(url, table, &arguments),
            "the import does not touch {table}"
        );
        until_alone(url);
        let after = stored(url);
        println!(
            "import of {kind} killed at {table}: {} rows before, {} after",
            total(&before),
            total(&after)
        );
        assert_eq!(after, before, "{table}");
    }
    assert_eq!(
        runs(url, "RUNNING"),
        1,
        "each was noticed by the next but the last"
    );
    let (code, said) = command(url, &arguments);
    assert_eq!(code, 0, "{said}");
    assert_eq!(runs(url, "RUNNING"), 0);
    let whole = stored(url);
    let (code, said) = command(url, &arguments);
    assert_eq!(code, 0, "{said}");
    for (now, before) in counts(&stored(url)).into_iter().zip(counts(&whole)) {
        assert_eq!(now, before, "a repeat adds nothing");
    }
    println!(
        "import of {kind} run again after {} kills: {} rows",
        tables.len(),
        total(&whole)
    );
    whole
}

#[test]
#[ignore = "takes long; ./dev faults runs it"]
fn imports_of_payloads_that_are_killed_can_be_run_again() {
    let folder = Folder::new("payloads");
    let files = [("metadata", metadata()), ("tracker", tracker())].map(|(kind, payload)| {
        let file = folder.0.join(kind);
        fs::write(&file, payload.to_string()).expect("a file");
        (kind, file)
    });
    let undisturbed = fresh_database("clinigraph_payloads_whole");
    let expected = files.each_ref().map(|(kind, file)| {
        let (code, said) = command(
            &undisturbed,
            &["import", kind, file.to_str().expect("a path")],
        );
        assert_eq!(code, 0, "{said}");
        assert_eq!(
            number(&undisturbed, "SELECT count(*) AS n FROM quarantine"),
            0,
            "{said}"
        );
        stored(&undisturbed)
    });
    assert!(total(&expected[1]) > total(&expected[0]) + 7 * MANY as i64);
    let url = fresh_database("clinigraph_payloads_killed");
    // Each is first touched in another phase, from before the record of the run to the last kind of object.
    let tables: [&[&str]; 2] = [
        &[
            "organisationunit",
            "dataelement",
            "program",
            "programstage",
            "relationshiptype",
            "metadataversion",
        ],
        &[
            "trackedentity",
            "enrollment",
            "trackerevent",
            "singleevent",
            "note",
            "relationship",
        ],
    ];
    for (((kind, file), tables), expected) in files.iter().zip(tables).zip(&expected) {
        let found = killed_and_run_again(&url, kind, file, tables);
        assert_eq!(
            counts(&found),
            counts(expected),
            "as in one undisturbed run"
        );
    }
    verified(&url);
}

#[test]
#[ignore = "takes long; ./dev faults runs it"]
fn whoever_comes_next_notices_that_an_import_was_killed() {
    let folder = Folder::new("payloads");
    let file = folder.0.join("metadata");
    fs::write(&file, metadata().to_string()).expect("a file");
    let arguments = ["import", "metadata", file.to_str().expect("a path")];
    let url = fresh_database("clinigraph_import_noticed");
    assert!(killed_at(&url, "program", &arguments));
    until_alone(&url);
    let states = || ["RUNNING", "FAILED", "DONE"].map(|status| runs(&url, status));
    assert_eq!(states(), [1, 0, 0]);
    let server = Program::serve(&url, &[]);
    server.until_ready();
    println!(
        "a server that starts: 1 import is recorded as running before, {} after",
        runs(&url, "RUNNING")
    );
    assert_eq!(states(), [0, 1, 0]);
    drop(server);
    // One that is only slow is left alone.
    let mut held = Held::table(&url, "program");
    let mut slow = start(&url, &arguments);
    assert!(held.until_awaited(1, || false));
    let server = Program::serve(&url, &[]);
    server.until_ready();
    assert_eq!(states(), [1, 1, 0]);
    let mut second = start(&url, &arguments);
    assert!(held.until_awaited(2, || second.try_wait().expect("its state").is_some()));
    assert_eq!(states(), [2, 1, 0]);
    drop(held);
    assert!(slow.wait().expect("its end").success() && second.wait().expect("its end").success());
    assert_eq!(states(), [0, 1, 2]);
}
