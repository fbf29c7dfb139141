//! Stages that are not repeatable.

use super::*;
use crate::testing::execute;

/// Enrolment of the fixture, in the program of [`tracked`], without events.
const FREE: &str = "AbctCDhqH3s";
/// One with an event.
const USED: &str = "nxP7UnKhomJ";

fn visit(id: &str, enrollment: &str) -> Value {
    with(tracked(id), json!({ "enrollment": enrollment }))
}

/// Fixture whose stage is not repeatable.
fn with_one_visit() -> Option<Connection> {
    let (mut conn, _) = with_data()?;
    execute(
        &mut conn,
        "UPDATE programstage SET repeatable = false WHERE uid = 'NpsdDv6kKSO'",
    );
    Some(conn)
}

/// Imports events; returns code and event of each refusal.
fn told(conn: &mut Connection, parameters: &Parameters, events: &[Value]) -> Vec<String> {
    let report = import_as(conn, USER, &json!({ "events": events }), parameters);
    let errors = report.validation_report.error_reports.iter();
    let line = |error: &ErrorReport| format!("{} {}", error.error_code.name(), error.uid);
    errors.map(line).collect()
}

fn each() -> Parameters {
    Parameters {
        atomic: AtomicMode::Object,
        ..Parameters::default()
    }
}

#[test]
fn both_of_two_new_events_are_refused_and_one_is_stored() {
    let Some(mut conn) = with_one_visit() else {
        return;
    };
    let two = [visit("once0000001", FREE), visit("once0000002", FREE)];
    let both = ["E1039 once0000001", "E1039 once0000002"];
    assert_eq!(told(&mut conn, &each(), &two), both);
    let fast = Parameters {
        validation: ValidationMode::FailFast,
        ..each()
    };
    assert_eq!(told(&mut conn, &fast, &two), both[..1]);
    // What is refused for another reason stands in nobody's way.
    let bad = with(two[0].clone(), json!({"occurredAt": null}));
    let found = told(&mut conn, &each(), &[bad, two[1].clone()]);
    assert_eq!(found, ["E1031 once0000001"]);
    let stored = "SELECT uid FROM trackerevent WHERE uid LIKE 'once%'";
    assert_eq!(texts(&mut conn, stored), ["once0000002"]);
    assert_eq!(told(&mut conn, &each(), &two[..1]), both[..1]);
    assert_eq!(told(&mut conn, &each(), &two[1..]), [""; 0]);
    assert_eq!(told(&mut conn, &each(), &two), both);
    let elsewhere = with(
        visit("once0000003", FREE),
        json!({"programStage": "NpsdDv6kKS2"}),
    );
    assert_eq!(told(&mut conn, &each(), &[elsewhere]), [""; 0]);
}

#[test]
fn what_is_skipped_or_deleted_does_not_count_and_stored_ones_may_be_changed() {
    let Some(mut conn) = with_one_visit() else {
        return;
    };
    let two = [visit("once0000001", USED), visit("once0000002", USED)];
    let (first, second) = (&two[..1], &two[1..]);
    assert_eq!(told(&mut conn, &each(), first), ["E1039 once0000001"]);
    execute(
        &mut conn,
        "UPDATE trackerevent SET status = 'SKIPPED' WHERE uid = 'pTzf9KYMk72'",
    );
    assert_eq!(told(&mut conn, &each(), first), [""; 0]);
    execute(
        &mut conn,
        "UPDATE trackerevent SET deleted = true WHERE uid = 'once0000001'",
    );
    assert_eq!(told(&mut conn, &each(), second), [""; 0]);
    // Two that are stored already may be changed one at a time.
    execute(
        &mut conn,
        "UPDATE trackerevent SET deleted = false WHERE uid = 'once0000001'",
    );
    assert_eq!(told(&mut conn, &each(), first), [""; 0]);
    let both = ["E1039 once0000001", "E1039 once0000002"];
    assert_eq!(told(&mut conn, &each(), &two), both);
}

#[test]
fn the_two_are_found_however_far_apart_they_stand() {
    let Some(mut conn) = with_one_visit() else {
        return;
    };
    let mut events: Vec<Value> = (0..4_500)
        .map(|n| single(&domain::uid::from_number(n)))
        .collect();
    events.insert(0, visit("once0000001", FREE));
    events.push(visit("once0000002", FREE));
    let mut found = told(&mut conn, &each(), &events);
    found.sort_unstable();
    assert_eq!(found, ["E1039 once0000001", "E1039 once0000002"]);
    let count = "SELECT count(*) FROM singleevent WHERE occurreddate = '2024-01-01'";
    assert_eq!(texts(&mut conn, count), ["4500"]);
}
