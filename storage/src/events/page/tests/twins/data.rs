//! Some hundred events with values that are hard to compare: malformed, empty, absent, in other cases, with wildcards.

use indicatif::ProgressBar;

use super::World;
use crate::{
    events::page::tests::day,
    generate::{self, Volume},
    testing::{connection, execute, rows, texts},
};
use domain::event::EventKind;

pub const TEXT: &str = "TextElemen1";
pub const NUMBER: &str = "NumberElem1";
pub const DATE: &str = "DateElement";
pub const BOOLEAN: &str = "BoolElement";
pub const MULTI: &str = "MultiElemen";

/// Data elements and the values that events have of them in turn; `None`: no value.
const VALUES: [(&str, &[Option<&str>]); 5] = [
    (
        TEXT,
        &[
            Some("Apple"),
            Some("apple pie"),
            None,
            Some("100%"),
            Some("a_b"),
            Some("axb"),
            Some("ÄPFEL"),
            Some("null"),
            Some(""),
        ],
    ),
    (
        NUMBER,
        &[
            Some("170"),
            Some("170.0"),
            Some("-3"),
            None,
            Some("1e2"),
            Some("abc"),
            Some("."),
            Some("99.5"),
            Some("0"),
            Some(""),
        ],
    ),
    (
        DATE,
        &[
            Some("2020-05-31"),
            Some("2020-05-31T10:00"),
            None,
            Some("2021-02-30"),
            Some("2021-02-28"),
            Some("soon"),
            Some("0000-01-01"),
        ],
    ),
    (BOOLEAN, &[Some("true"), Some("false"), None, Some("maybe")]),
    (
        MULTI,
        &[
            Some("red,blue,Green"),
            Some("red,white"),
            Some(""),
            None,
            Some("blue"),
            Some("dark_red"),
        ],
    ),
];

fn keys(conn: &mut crate::Connection, sql: &str) -> Vec<i64> {
    let key = |row: &serde_json::Value| row["id"].as_i64().expect("a number called id");
    rows(conn, sql).iter().map(key).collect()
}

/// The JSON of an event's values, chosen by its key.
fn values_sql() -> String {
    let value = |(place, (uid, values)): (usize, &(&str, &[Option<&str>]))| {
        let cases: String = values
            .iter()
            .enumerate()
            .map(|(number, value)| match value {
                Some(value) => format!("WHEN {number} THEN jsonb_build_object('{uid}', jsonb_build_object('value', '{value}'))\n"),
                None => format!("WHEN {number} THEN '{{}}'::jsonb\n"),
            })
            .collect();
        format!(
            "(CASE (e.eventid * {} + {place}) % {} {cases} END)",
            place * 2 + 1,
            values.len()
        )
    };
    let parts: Vec<String> = VALUES.iter().enumerate().map(value).collect();
    parts.join(" || ")
}

/// The tiny volume, cut down and made odd, inside a transaction.
pub fn world(kind: EventKind) -> World {
    let mut conn = connection();
    generate::run(
        &mut conn,
        &Volume::tiny(),
        7,
        day(2026, 11, 21),
        &ProgressBar::hidden(),
    )
    .expect("the tiny volume");
    let (table, unit) = match kind {
        EventKind::Single => ("singleevent", "organisationunitid"),
        EventKind::Tracker => ("trackerevent", "ownerorganisationunitid"),
    };
    let stages = keys(
        &mut conn,
        &format!(
            "SELECT programstageid AS id FROM {table} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 2"
        ),
    );
    cut(&mut conn, table, &stages);
    spoil(&mut conn, kind, table);
    let units = format!("SELECT {unit} AS id FROM {table} GROUP BY 1 ORDER BY count(*) DESC, 1");
    let enrollments = match kind {
        EventKind::Single => Vec::new(),
        EventKind::Tracker => keys(
            &mut conn,
            "SELECT enrollmentid AS id FROM trackerevent GROUP BY 1 ORDER BY md5(enrollmentid::text) LIMIT 9",
        ),
    };
    World {
        units: keys(&mut conn, &units),
        people: keys(
            &mut conn,
            "SELECT userinfoid AS id FROM userinfo ORDER BY 1 LIMIT 3",
        ),
        combos: keys(
            &mut conn,
            &format!("SELECT DISTINCT attributeoptioncomboid AS id FROM {table} ORDER BY 1"),
        ),
        uids: texts(
            &mut conn,
            &format!("SELECT uid FROM {table} ORDER BY md5(uid) LIMIT 20"),
        ),
        attribute: keys(
            &mut conn,
            "SELECT trackedentityattributeid AS id FROM trackedentityattributevalue GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
        )[0],
        enrollments,
        stages,
        kind,
        conn,
    }
}

/// Leaves some hundred events of the stages.
fn cut(conn: &mut crate::Connection, table: &str, stages: &[i64]) {
    execute(
        conn,
        &format!(
            "CREATE TEMP TABLE kept ON COMMIT DROP AS
               SELECT eventid FROM {table} WHERE programstageid = ANY(ARRAY{stages:?}::bigint[]) ORDER BY md5(uid) LIMIT 260;
             DELETE FROM {table}_notes WHERE eventid NOT IN (SELECT eventid FROM kept);
             DELETE FROM {table} WHERE eventid NOT IN (SELECT eventid FROM kept)"
        ),
    );
}

/// Gives the events odd values, people, dates and states, in patterns that do not fall together.
fn spoil(conn: &mut crate::Connection, kind: EventKind, table: &str) {
    let values = values_sql();
    execute(
        conn,
        &format!(
            "WITH e AS (SELECT eventid AS key, row_number() OVER (ORDER BY md5(uid)) AS eventid FROM {table}),
                  p AS (SELECT array_agg(userinfoid ORDER BY userinfoid) AS people FROM (SELECT userinfoid FROM userinfo ORDER BY 1 LIMIT 4) u)
             UPDATE {table} t SET eventdatavalues = {values},
                    deleted = e.eventid % 13 = 0,
                    assigneduserid = CASE WHEN e.eventid % 3 = 0 THEN p.people[1 + e.eventid % 4] END,
                    status = CASE WHEN e.eventid % 5 = 0 THEN 'ACTIVE' ELSE 'COMPLETED' END,
                    occurreddate = '2024-01-01'::timestamp + (e.eventid % 40) * interval '7 hours',
                    created = '2023-01-01'::timestamp + (e.eventid % 50) * interval '1 hour 1 microsecond',
                    lastupdated = '2025-01-01'::timestamp + (e.eventid % 60) * interval '1 hour',
                    createdatclient = CASE WHEN e.eventid % 4 > 0 THEN '2022-01-01'::timestamp + e.eventid % 9 * interval '1 day' END,
                    completeddate = CASE WHEN e.eventid % 5 > 0 THEN '2024-06-01'::timestamp + e.eventid % 30 * interval '1 day' END,
                    completedby = CASE WHEN e.eventid % 6 > 0 THEN 'user' || e.eventid % 4 END,
                    createdbyuserinfo = jsonb_build_object('username', 'Maker' || e.eventid % 3)
               FROM e, p WHERE t.eventid = e.key"
        ),
    );
    if kind == EventKind::Tracker {
        execute(
            conn,
            "UPDATE trackerevent SET occurreddate = CASE WHEN eventid % 6 = 0 THEN NULL ELSE occurreddate END,
                    status = (ARRAY['ACTIVE', 'COMPLETED', 'SCHEDULE', 'SKIPPED', 'OVERDUE', 'VISITED'])[1 + eventid % 6],
                    scheduleddate = CASE WHEN eventid % 7 > 0 THEN '2026-11-18'::timestamp + eventid % 7 * interval '1 day' END;
             UPDATE enrollment SET followup = enrollmentid % 3 = 0,
                    status = (ARRAY['ACTIVE', 'COMPLETED', 'CANCELLED'])[1 + enrollmentid % 3];
             UPDATE trackedentityattributevalue SET value = (ARRAY['170', '170.0', 'abc', '20% \\winter''s day', 'Rainy Day'])[1 + trackedentityid % 5];
             DELETE FROM trackedentityattributevalue WHERE trackedentityid % 4 = 0",
        );
    }
}
