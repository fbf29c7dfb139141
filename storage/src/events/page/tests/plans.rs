//! The plans on skewed data: one stage with 97 % of the rows, one unit with a tenth of them. Every page must be a walk of
//! its index, whatever PostgreSQL believes of the parameters.

use diesel::sql_types::Text;
use indicatif::ProgressBar;

use super::*;
use crate::{
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
    for way in statements(listing, page) {
        let plan = plan(conn, &way.query, executions);
        let table = table(listing.kind);
        assert!(
            !plan.contains(&format!("Seq Scan on {table}")),
            "{listing:?}\n{plan}"
        );
        // The try among the newest rows walks the index of every unit.
        let index = match way.otherwise {
            Otherwise::Complete => index.to_owned(),
            _ => format!("using in_{table}_page_wide on"),
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
