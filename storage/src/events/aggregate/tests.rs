//! Counts, live aggregates and plain SQL over all events agree, whatever was written before.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use domain::{
    event::{
        EventFilter, EventKind, EventOrder, EventStatus,
        filter::{Assignee, TimeBounds},
    },
    page::Direction,
};
use indicatif::ProgressBar;
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::Value as Json;

use super::*;
use crate::{
    generate::{self, Volume},
    testing::{connection, execute, rows},
};

fn generated() -> Connection {
    let mut conn = connection();
    let today = NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
    generate::run(&mut conn, &Volume::tiny(), 1, today, &ProgressBar::hidden())
        .expect("the tiny volume loads");
    conn
}

fn keys(conn: &mut Connection, sql: &str) -> Vec<i64> {
    rows(conn, sql)
        .iter()
        .map(|row| row["key"].as_i64().expect("a key"))
        .collect()
}

/// A random listing of a kind; half of them such that the counts answer.
fn listing(conn: &mut Connection, random: &mut ChaCha8Rng, kind: EventKind) -> Listing {
    let (table, kind_of_program) = match kind {
        EventKind::Single => ("singleevent", "WITHOUT_REGISTRATION"),
        EventKind::Tracker => ("trackerevent", "WITH_REGISTRATION"),
    };
    let mut stages = keys(
        conn,
        &format!("SELECT DISTINCT programstageid AS key FROM {table} ORDER BY 1"),
    );
    assert!(!stages.is_empty(), "{kind_of_program}");
    stages.retain(|_| random.random_bool(0.7));
    let mut units = keys(
        conn,
        "SELECT organisationunitid AS key FROM organisationunit ORDER BY 1",
    );
    units.retain(|_| random.random_bool(0.6));
    let mut combos = keys(
        conn,
        "SELECT categoryoptioncomboid AS key FROM categoryoptioncombo ORDER BY 1",
    );
    combos.retain(|_| random.random_bool(0.8));
    let mut filter = EventFilter::default();
    if random.random_bool(0.3) {
        filter.statuses = vec![
            *[EventStatus::Active, EventStatus::Completed]
                .choose(random)
                .expect("one"),
        ];
    }
    let mut day = |latest: u32| {
        let (year, month) = (random.random_range(2021..2027), random.random_range(1..13));
        NaiveDate::from_ymd_opt(year, month, random.random_range(1..=latest)).expect("a day")
    };
    match day(6).day() {
        1 => filter.occurred = TimeBounds::days(Some(day(1)), None),
        2 => filter.occurred = TimeBounds::days(None, day(1).pred_opt()),
        3 => filter.occurred = TimeBounds::days(Some(day(28)), None),
        _ => {}
    }
    if random.random_bool(0.1) {
        filter.assignee = Some(Assignee::Nobody);
    }
    Listing {
        kind,
        units: random.random_bool(0.5).then_some(units),
        lent: None,
        stages,
        option_combos: random.random_bool(0.3).then_some(combos),
        hidden_elements: Vec::new(),
        today: NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day"),
        filter,
        order: EventOrder::by_occurred_date(Direction::Descending),
    }
}

fn dimensions(random: &mut ChaCha8Rng, column: &str) -> Vec<Dimension> {
    let all = [
        Dimension::OrgUnit(None),
        Dimension::OrgUnit(Some(2)),
        Dimension::OrgUnit(Some(4)),
        Dimension::Period(Period::Month),
        Dimension::Period(Period::Quarter),
        Dimension::Period(Period::Year),
        Dimension::Period(Period::Week),
        Dimension::Status,
        Dimension::Stage,
        Dimension::OptionCombo,
        Dimension::Value(column.to_owned()),
    ];
    let count = random.random_range(0..=3);
    all.choose_multiple(random, count).cloned().collect()
}

/// Every event with what the twin needs.
fn events(conn: &mut Connection, kind: EventKind) -> Vec<Json> {
    let (table, unit) = match kind {
        EventKind::Single => ("singleevent", "organisationunitid"),
        EventKind::Tracker => ("trackerevent", "ownerorganisationunitid"),
    };
    rows(
        conn,
        &format!(
            "SELECT e.programstageid AS stage_id, e.{unit} AS unit_id, e.attributeoptioncomboid AS combo_id, e.status, e.assigneduserid,
                    to_char(e.occurreddate, 'YYYY-MM-DD') AS day, to_char(e.occurreddate, 'IYYY-\"W\"IW') AS week,
                    u.uid AS unit, u.path, s.uid AS stage, c.uid AS combo, e.eventdatavalues AS values
               FROM {table} e JOIN organisationunit u ON u.organisationunitid = e.{unit}
               JOIN programstage s ON s.programstageid = e.programstageid
               JOIN categoryoptioncombo c ON c.categoryoptioncomboid = e.attributeoptioncomboid
              WHERE NOT e.deleted"
        ),
    )
}

fn keeps(listing: &Listing, event: &Json) -> bool {
    let id = |name: &str| event[name].as_i64().expect("a key");
    let has =
        |set: &Option<Vec<i64>>, name: &str| set.as_ref().is_none_or(|set| set.contains(&id(name)));
    let day = event["day"]
        .as_str()
        .map(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").expect("a day"));
    let bounds = listing.filter.occurred;
    let is_inside = bounds.is_open()
        || day.is_some_and(|day| {
            bounds.from.is_none_or(|from| day >= from.date())
                && bounds.to.is_none_or(|to| day <= to.date())
        });
    let statuses = &listing.filter.statuses;
    listing.stages.contains(&id("stage_id"))
        && has(&listing.units, "unit_id")
        && has(&listing.option_combos, "combo_id")
        && is_inside
        && (statuses.is_empty()
            || statuses
                .iter()
                .any(|status| event["status"] == status.name()))
        && (listing.filter.assignee.is_none() || event["assigneduserid"].is_null())
}

fn key(dimension: &Dimension, event: &Json) -> Option<String> {
    let text = |name: &str| event[name].as_str().map(str::to_owned);
    let day = event["day"].as_str();
    match dimension {
        Dimension::OrgUnit(None) => text("unit"),
        Dimension::OrgUnit(Some(level)) => {
            let path = event["path"].as_str().expect("a path");
            path.split('/').nth(usize::from(*level)).map(str::to_owned)
        }
        Dimension::Period(Period::Day) => text("day"),
        Dimension::Period(Period::Week) => text("week"),
        Dimension::Period(Period::Month) => day.map(|day| day[..7].to_owned()),
        Dimension::Period(Period::Quarter) => day.map(|day| {
            let month: u32 = day[5..7].parse().expect("a month");
            format!("{}-Q{}", &day[..4], month.div_ceil(3))
        }),
        Dimension::Period(Period::Year) => day.map(|day| day[..4].to_owned()),
        Dimension::Status => text("status"),
        Dimension::Stage => text("stage"),
        Dimension::Value(uid) => event["values"][uid]["value"].as_str().map(str::to_owned),
        Dimension::OptionCombo => text("combo"),
    }
}

type Expected = BTreeMap<Vec<Option<String>>, (i64, Vec<f64>)>;

fn expected(
    events: &[Json],
    listing: &Listing,
    dimensions: &[Dimension],
    column: &str,
) -> Expected {
    let mut groups = Expected::new();
    for event in events.iter().filter(|event| keeps(listing, event)) {
        let keys = dimensions
            .iter()
            .map(|dimension| key(dimension, event))
            .collect();
        let group = groups.entry(keys).or_default();
        group.0 += 1;
        group.1.extend(
            event["values"][column]["value"]
                .as_str()
                .and_then(|value| value.parse::<f64>().ok())
                .filter(|number| number.is_finite()),
        );
    }
    groups
}

/// Answers in every way and compares.
fn compare(conn: &mut Connection, random: &mut ChaCha8Rng, counted: &mut usize) {
    let number = "SELECT d.uid AS uid FROM dataelement d WHERE valuetype IN ('NUMBER', 'INTEGER', 'INTEGER_POSITIVE', 'INTEGER_ZERO_OR_POSITIVE') ORDER BY d.uid";
    let columns = rows(conn, number);
    for kind in [EventKind::Single, EventKind::Tracker] {
        let events = events(conn, kind);
        for _ in 0..15 {
            let column = columns.choose(random).expect("one")["uid"]
                .as_str()
                .expect("a text");
            let listing = listing(conn, random, kind);
            let dimensions = dimensions(random, column);
            let wanted = expected(&events, &listing, &dimensions, column);
            let plain: Vec<(Vec<Option<String>>, i64)> = wanted
                .iter()
                .map(|(keys, group)| (keys.clone(), group.0))
                .collect();
            let mut found: Vec<(Vec<Option<String>>, i64)> =
                aggregate(conn, &listing, &dimensions, &[])
                    .expect("a query")
                    .into_iter()
                    .map(|group| (group.keys, group.events))
                    .collect();
            found.sort();
            *counted += usize::from(is_counted(&listing, &dimensions, &[]));
            assert_eq!(found, plain, "{dimensions:?} {listing:?}");

            let functions = [
                Function::Count,
                Function::Sum,
                Function::Mean,
                Function::Min,
                Function::Max,
            ];
            let measures = functions.map(|function| Measure {
                column: column.to_owned(),
                function,
            });
            for group in aggregate(conn, &listing, &dimensions, &measures).expect("a query") {
                let (events, numbers) = &wanted[&group.keys];
                assert_eq!(group.events, *events);
                let sum: f64 = numbers.iter().sum();
                let figures = [
                    Some(numbers.len() as f64),
                    (!numbers.is_empty()).then_some(sum),
                    (!numbers.is_empty()).then(|| sum / numbers.len() as f64),
                    numbers.iter().copied().reduce(f64::min),
                    numbers.iter().copied().reduce(f64::max),
                ];
                for (found, wanted) in group.measures.iter().zip(figures) {
                    let is_near = |(a, b): (f64, f64)| (a - b).abs() <= 1e-6 * (1.0 + b.abs());
                    assert!(
                        found.zip(wanted).map_or(*found == wanted, is_near),
                        "{found:?} {wanted:?}"
                    );
                }
            }
        }
    }
}

const CHANGES: &str = "
    UPDATE singleevent SET status = 'COMPLETED', organisationunitid = (SELECT min(organisationunitid) FROM singleevent) WHERE eventid % 7 = 1;
    UPDATE singleevent SET deleted = true WHERE eventid % 11 = 2;
    UPDATE singleevent SET occurreddate = occurreddate + interval '40 days' WHERE eventid % 5 = 3;
    UPDATE singleevent SET deleted = false WHERE eventid % 22 = 2;
    UPDATE trackerevent SET occurreddate = NULL WHERE eventid % 5 = 1;
    UPDATE trackerevent SET ownerorganisationunitid = (SELECT max(organisationunitid) FROM singleevent) WHERE eventid % 6 = 1;
    DELETE FROM singleevent WHERE eventid % 13 = 4 AND NOT EXISTS (SELECT FROM relationshipitem WHERE singleeventid = eventid);
    UPDATE singleevent SET eventdatavalues = jsonb_set(eventdatavalues, ARRAY[(SELECT min(k) FROM jsonb_object_keys(eventdatavalues) k), 'value'], '\"1e999\"')
     WHERE eventid % 17 = 5 AND eventdatavalues <> '{}';
    INSERT INTO singleevent (uid, programstageid, attributeoptioncomboid, occurreddate, organisationunitid)
    SELECT 'new' || lpad(eventid::text, 8, '0'), programstageid, attributeoptioncomboid, occurreddate, organisationunitid
      FROM singleevent WHERE eventid % 19 = 6";

#[test]
fn counts_events_and_plain_sql_agree() {
    let mut conn = generated();
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut counted = 0;
    let differing = |conn: &mut Connection| -> i64 {
        let checks = crate::verify::run(conn).expect("the checks");
        let counts = checks
            .iter()
            .find(|check| check.name.starts_with("counts of events"));
        counts.expect("the check of the counts").differences
    };
    assert_eq!(differing(&mut conn), 0, "after the load");
    compare(&mut conn, &mut random, &mut counted);
    execute(&mut conn, CHANGES);
    assert_eq!(differing(&mut conn), 0, "with changes that are not folded");
    compare(&mut conn, &mut random, &mut counted);
    counts::fold(&mut conn).expect("it folds");
    assert!(rows(&mut conn, "SELECT FROM eventcountchange").is_empty());
    assert_eq!(differing(&mut conn), 0, "folded");
    compare(&mut conn, &mut random, &mut counted);
    execute(&mut conn, "UPDATE singleevent SET status = 'ACTIVE'");
    counts::fold(&mut conn).expect("it folds");
    assert_eq!(differing(&mut conn), 0, "folded twice");
    assert!(counted > 15, "only {counted} were answered from the counts");
    execute(
        &mut conn,
        "UPDATE eventcount SET events = events + 1 WHERE ctid = (SELECT min(ctid) FROM eventcount)",
    );
    assert_eq!(differing(&mut conn), 1, "the check finds a wrong count");
}
