//! The plans on skewed data: one stage with 97 % of the rows, one unit with a tenth of them. Every page must be a walk of
//! its index, whatever PostgreSQL believes of the parameters.

use diesel::sql_types::Text;
use indicatif::ProgressBar;

use super::*;
use crate::{
    events::ways::FEW_WALKS,
    generate::{self, Volume},
    testing::{connection, execute, rows},
};

/// The tiny volume with 60,000 more events of each kind, analysed.
fn skewed() -> Connection {
    let mut conn = connection();
    let progress = ProgressBar::hidden();
    generate::run(&mut conn, &Volume::tiny(), 1, day(2026, 11, 21), &progress)
        .expect("the tiny volume");
    for (table, columns, values) in [
        ("singleevent", "", ""),
        (
            "trackerevent",
            ", enrollmentid, ownerorganisationunitid",
            ", m.enrollmentid, u.id",
        ),
    ] {
        execute(
            &mut conn,
            &format!(
                "WITH u AS (SELECT row_number() OVER (ORDER BY code) AS place, organisationunitid AS id
                              FROM organisationunit WHERE code LIKE 'NY\\_F%'),
                      m AS (SELECT min(programstageid) AS common, max(programstageid) AS rare, min(attributeoptioncomboid) AS combo,
                                   (SELECT min(enrollmentid) FROM enrollment) AS enrollmentid FROM {table})
                 INSERT INTO {table} (uid, programstageid, attributeoptioncomboid, occurreddate, organisationunitid{columns})
                 SELECT 'x' || n, CASE WHEN n % 100 < 97 THEN m.common ELSE m.rare END, m.combo,
                        '2021-01-01'::timestamp + (n::bigint * 7919 % 2000) * interval '1 day', u.id{values}
                   FROM generate_series(1, 60000) n CROSS JOIN m
                   JOIN u ON u.place = CASE WHEN n % 10 = 0 THEN 1 ELSE 1 + n * 31 % 30 END;
                 ANALYZE {table}"
            ),
        );
    }
    conn
}

fn numbers(conn: &mut Connection, sql: &str) -> Vec<i64> {
    rows(conn, sql)
        .iter()
        .map(|row| row["id"].as_i64().expect("a number called id"))
        .collect()
}

/// Every way of reading, of the common and of a rare stage, with the index that must answer it.
fn cases(conn: &mut Connection) -> Vec<(Listing, &'static str)> {
    let mut cases = Vec::new();
    let facilities = numbers(
        conn,
        "SELECT organisationunitid AS id FROM organisationunit WHERE code LIKE 'NY\\_F%' ORDER BY code",
    );
    for (kind, page, wide) in [
        (
            EventKind::Single,
            "using in_singleevent_page on",
            "using in_singleevent_page_wide on",
        ),
        (
            EventKind::Tracker,
            "using in_trackerevent_page on",
            "using in_trackerevent_page_wide on",
        ),
    ] {
        let table = table(kind);
        let stages = format!(
            "SELECT unnest(ARRAY[min(programstageid), max(programstageid)]) AS id FROM {table}"
        );
        for stage in numbers(conn, &stages) {
            for (units, index) in [
                (Some(facilities[..1].to_vec()), page),
                (Some(facilities[..3].to_vec()), page),
                (Some(facilities.clone()), page),
                (None, wide),
            ] {
                for filter in [EventFilter::default(), every_filter()] {
                    let listing = Listing {
                        stages: vec![stage],
                        filter,
                        ..listing(kind, units.clone())
                    };
                    cases.push((listing, index));
                }
            }
        }
    }
    cases
}

/// The plan of a prepared statement at the last of some executions.
fn plan(conn: &mut Connection, statement: &Statement, executions: usize) -> String {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
        line: String,
    }
    let values = statement.literals();
    let types: Vec<&str> = values
        .iter()
        .filter_map(|value| value.rsplit("::").next())
        .collect();
    execute(
        conn,
        &format!(
            "PREPARE page ({}) AS {}",
            types.join(", "),
            statement.text()
        ),
    );
    let call = format!("EXECUTE page ({})", values.join(", "));
    for _ in 1..executions {
        execute(conn, &call);
    }
    let lines: Vec<Line> = diesel::sql_query(format!("EXPLAIN {call}"))
        .load(conn)
        .expect("a plan");
    execute(conn, "DEALLOCATE page");
    lines
        .iter()
        .map(|line| format!("{}\n", line.line))
        .collect()
}

/// Checks the plan of every way of reading a page.
fn check(conn: &mut Connection, listing: &Listing, index: &str, page: &Page, executions: usize) {
    let ways = statements(listing, page);
    for (place, way) in ways.iter().enumerate() {
        let plan = plan(conn, &way.query, executions);
        let table = table(listing.kind);
        assert!(
            !plan.contains(&format!("Seq Scan on {table}")),
            "{listing:?}\n{plan}"
        );
        // All but the last way walk the index of every unit.
        let index = match place + 1 == ways.len() {
            true => index.to_owned(),
            false => format!("using in_{table}_page_wide on"),
        };
        assert!(plan.contains(&index), "no {index}: {listing:?}\n{plan}");
    }
}

#[test]
fn each_way_of_reading_walks_its_index() {
    let mut conn = skewed();
    let date = Some(day(2024, 6, 1));
    let pages = [
        first_page(),
        page_from(Reading::Forward, date),
        page_from(Reading::Backward, date),
    ];
    for (listing, index) in cases(&mut conn) {
        for page in &pages {
            check(&mut conn, &listing, index, page, 1);
        }
    }
    // From the sixth execution on, PostgreSQL may plan once for all parameters: so does every pooled connection.
    for (listing, index) in cases(&mut conn) {
        check(&mut conn, &listing, index, &first_page(), 7);
    }
    execute(&mut conn, "SET LOCAL plan_cache_mode = force_generic_plan");
    for (listing, index) in cases(&mut conn) {
        for page in &pages {
            check(&mut conn, &listing, index, page, 1);
        }
    }
}

/// The lines of a plan that sort.
fn sorts(plan: &str) -> usize {
    plan.lines().filter(|line| line.contains("Sort")).count()
}

#[test]
fn many_units_of_one_stage_are_read_no_further_than_the_page() {
    let mut conn = skewed();
    let many: Vec<(Listing, &str)> = cases(&mut conn)
        .into_iter()
        .filter(|(listing, _)| {
            listing
                .units
                .as_ref()
                .is_some_and(|units| units.len() > FEW_WALKS)
        })
        .collect();
    assert!(!many.is_empty());
    execute(&mut conn, "SET LOCAL plan_cache_mode = force_generic_plan");
    for (listing, _) in many {
        let ways = statements(&listing, &first_page());
        assert_eq!(ways.len(), 3, "{listing:?}");
        for way in &ways[..2] {
            let plan = plan(&mut conn, &way.query, 1);
            assert_eq!(sorts(&plan), 0, "{listing:?}\n{plan}");
        }
    }
}

#[test]
fn a_scope_is_walked_by_date_when_it_holds_many_rows_and_by_unit_when_it_holds_few() {
    let mut conn = skewed();
    let facilities = numbers(
        &mut conn,
        "SELECT organisationunitid AS id FROM organisationunit WHERE code LIKE 'NY\\_F%' ORDER BY code",
    );
    let elsewhere = numbers(
        &mut conn,
        "SELECT organisationunitid AS id FROM organisationunit WHERE code NOT LIKE 'NY\\_F%' ORDER BY code",
    );
    let stage = numbers(
        &mut conn,
        "SELECT min(programstageid) AS id FROM singleevent",
    );
    for (units, ways) in [(facilities, vec![0, 1]), (elsewhere, vec![0, 2])] {
        assert!(units.len() > FEW_WALKS);
        let mut rare = Listing {
            stages: stage.clone(),
            ..listing(EventKind::Single, Some(units))
        };
        rare.filter.option_combo = Some(-1);
        let (rows, tried) = answer(&mut conn, &rare, &first_page()).expect("a page");
        assert!(rows.is_empty());
        assert_eq!(tried, ways);
    }
}

#[test]
fn a_walk_through_every_unit_finds_what_the_scope_holds_whether_others_have_events_or_not() {
    let mut conn = skewed();
    let facilities = numbers(
        &mut conn,
        "SELECT organisationunitid AS id FROM organisationunit WHERE code LIKE 'NY\\_F%' ORDER BY code",
    );
    let inside = numbers(
        &mut conn,
        "SELECT eventid AS id FROM singleevent JOIN organisationunit USING (organisationunitid)
          WHERE programstageid = (SELECT min(programstageid) FROM singleevent) AND code LIKE 'NY\\_F%' AND NOT singleevent.deleted
          ORDER BY occurreddate, eventid LIMIT 3",
    );
    let elsewhere =
        "(SELECT organisationunitid FROM organisationunit WHERE code NOT LIKE 'NY\\_F%')";
    execute(
        &mut conn,
        &format!(
            "UPDATE singleevent SET completeddate = '1999-12-31' WHERE eventid = ANY(ARRAY{inside:?}::bigint[]);
             UPDATE singleevent SET completeddate = '1999-12-31', organisationunitid = (SELECT min(u) FROM {elsewhere} AS u (u))
              WHERE eventid IN (SELECT eventid FROM singleevent
                  WHERE programstageid = (SELECT min(programstageid) FROM singleevent) AND NOT deleted
                    AND NOT eventid = ANY(ARRAY{inside:?}::bigint[]) LIMIT 5)"
        ),
    );
    let mut old = Listing {
        stages: numbers(
            &mut conn,
            "SELECT min(programstageid) AS id FROM singleevent",
        ),
        ..listing(EventKind::Single, Some(facilities))
    };
    old.filter.completed = TimeBounds::days(Some(day(1999, 12, 31)), Some(day(1999, 12, 31)));
    let found = |conn: &mut Connection| {
        let (rows, tried) = answer(conn, &old, &first_page()).expect("a page");
        assert_eq!(tried, [0, 1]);
        let ids: Vec<i64> = rows.iter().rev().map(|row| row.eventid).collect();
        assert_eq!(ids, inside);
    };
    let beyond = format!(
        "SELECT count(*) AS id FROM singleevent WHERE organisationunitid IN {elsewhere} AND NOT deleted
            AND programstageid = (SELECT min(programstageid) FROM singleevent)"
    );
    assert_eq!(numbers(&mut conn, &beyond), [5]);
    found(&mut conn);
    execute(
        &mut conn,
        &format!("UPDATE singleevent SET deleted = true WHERE organisationunitid IN {elsewhere}"),
    );
    assert_eq!(numbers(&mut conn, &beyond), [0]);
    found(&mut conn);
}

#[test]
fn planned_events_before_all_dates_are_passed_over_unless_one_without_a_date_counts_as_done() {
    let mut conn = skewed();
    execute(
        &mut conn,
        "UPDATE trackerevent SET occurreddate = NULL, status = 'SCHEDULE' WHERE eventid % 8 = 0;
         UPDATE trackerevent SET occurreddate = coalesce(occurreddate, '2020-01-01') WHERE status <> 'SCHEDULE'",
    );
    let units = numbers(
        &mut conn,
        "SELECT organisationunitid AS id FROM organisationunit",
    );
    let stages = numbers(
        &mut conn,
        "SELECT min(programstageid) AS id FROM trackerevent",
    );
    for units in [Some(units), None] {
        let mut listing = Listing {
            stages: stages.clone(),
            ..listing(EventKind::Tracker, units)
        };
        listing.filter.statuses = vec![EventStatus::Active];
        let newest = "SELECT eventid AS id FROM trackerevent
              WHERE programstageid = (SELECT min(programstageid) FROM trackerevent) AND status = 'ACTIVE' AND NOT deleted
              ORDER BY occurreddate DESC NULLS FIRST, eventid DESC LIMIT 51";
        let found = |conn: &mut Connection| {
            let (rows, tried) = answer(conn, &listing, &first_page()).expect("a page");
            let ids: Vec<i64> = rows.iter().map(|row| row.eventid).collect();
            (ids, tried)
        };
        assert_eq!(found(&mut conn), (numbers(&mut conn, newest), vec![0]));

        let undated = numbers(&mut conn, newest)[7];
        execute(
            &mut conn,
            &format!("UPDATE trackerevent SET occurreddate = NULL WHERE eventid = {undated}"),
        );
        let (ids, tried) = found(&mut conn);
        assert_eq!(ids, numbers(&mut conn, newest));
        assert_eq!(ids[0], undated);
        assert!(tried.len() > 1, "{tried:?}");
        execute(
            &mut conn,
            &format!(
                "UPDATE trackerevent SET occurreddate = '2023-01-01' WHERE eventid = {undated}"
            ),
        );
    }
}
