use std::time::Duration;

use diesel::{RunQueryDsl, sql_types::Text};

use super::*;
use crate::{
    pool::{Pool, Settings},
    sql::{Statement, Value},
    testing::server_url,
    watch::{Watch, Work},
};

/// A pool whose every statement is slow.
fn watched() -> (Pool, std::sync::mpsc::Receiver<SlowStatement>) {
    let (watch, slow) = Watch::new(Duration::ZERO);
    let pool = Pool::new(&Settings {
        size: 1,
        watch: Some(watch),
        ..Settings::new(server_url())
    });
    (pool, slow)
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    #[expect(dead_code, reason = "only the number of rows is asked for")]
    name: String,
}

fn found(slow: &std::sync::mpsc::Receiver<SlowStatement>, table: &str) -> SlowStatement {
    let statement = slow.try_iter().find(|slow| slow.name.contains(table));
    statement.expect("the statement was reported")
}

#[test]
fn a_statement_is_told_with_its_rows_and_its_plan_but_never_with_its_values() {
    let (pool, slow) = watched();
    let statement = pool.with(|conn| {
        let _work = Work::named("looking up");
        let mut query =
            Statement::new("SELECT relname::text AS name FROM pg_class WHERE relname = ANY(");
        query.bind(Value::Texts(vec![
            "pg_class".into(),
            "pg_type".into(),
            "Rosalind".into(),
        ]));
        query.push(") AND oid < ").bind(Value::Int(4711));
        let names: Vec<Name> = query.load(conn)?;
        assert_eq!(names.len(), 2);
        Ok(found(&slow, "pg_class"))
    });
    let statement = statement.expect("the database answers");
    assert_eq!(statement.name, "looking up: SELECT pg_class");
    assert_eq!(statement.rows, Some(2));
    assert_eq!(
        statement.types.as_deref(),
        Some(["text[]", "bigint"].as_slice())
    );
    let plan = pool
        .with(|conn| plan(conn, &statement))
        .expect("a plan")
        .expect("a plan")
        .join("\n");
    assert!(
        plan.contains("pg_class") && plan.contains("$1") && plan.contains("cost="),
        "{plan}"
    );
    let everything = format!("{statement:?} {plan}");
    assert!(
        !everything.contains("Rosalind") && !everything.contains("4711"),
        "{everything}"
    );
}

#[test]
fn types_that_are_not_told_are_found_by_the_server() {
    let (pool, slow) = watched();
    let statement = pool.with(|conn| {
        let _rows: Vec<Name> =
            diesel::sql_query("SELECT relname::text AS name FROM pg_class WHERE relname = $1")
                .bind::<Text, _>("Rosalind")
                .load(conn)?;
        diesel::sql_query("SELECT 1").execute(conn)?;
        Ok(found(&slow, "pg_class"))
    });
    let statement = statement.expect("the database answers");
    assert_eq!((statement.rows, &statement.types), (None, &None));
    assert!(!statement.text.contains("Rosalind"), "{}", statement.text);
    let plan = pool
        .with(|conn| plan(conn, &statement))
        .expect("a plan")
        .expect("a plan")
        .join("\n");
    assert!(plan.contains("$1"), "{plan}");
    // The connection is as before: the same plan can be taken again, and nothing is left prepared.
    assert!(pool.with(|conn| super::plan(conn, &statement)).is_ok());
}

#[test]
fn the_last_statement_of_a_connection_is_told_when_it_goes_back() {
    let (pool, slow) = watched();
    pool.with(|conn| Ok(diesel::sql_query("SELECT FROM pg_namespace").execute(conn)?))
        .expect("the database answers");
    found(&slow, "pg_namespace");
}

#[test]
fn nothing_is_planned_that_has_no_plan() {
    for text in [
        "COMMIT",
        "REFRESH MATERIALIZED VIEW a",
        "SET x = 1",
        "SELECT 1; SELECT 2",
        "",
    ] {
        assert!(!has_plan(text), "{text}");
    }
    for text in ["select 1", "WITH a AS (SELECT 1) SELECT 1;", "(SELECT 1)"] {
        assert_eq!(has_plan(text), !text.starts_with('('), "{text}");
    }
    assert_eq!(
        nulls("a = $1 AND b = $12 OR c = $2"),
        format!("({})", ["NULL"; 12].join(", "))
    );
    assert_eq!(nulls("SELECT 1"), "");
}
