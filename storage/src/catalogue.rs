//! Rules that the whole database keeps, asked from PostgreSQL's catalogue.

use diesel_migrations::MigrationHarness as _;

use crate::{
    Connection,
    pool::connect,
    testing::{connection, execute, fresh_database, rows, texts},
};

/// Relations of ours, with what the rules leave out: diesel's own table, and partitions, which repeat their table.
const OURS: &str = "SELECT c.oid, c.relname, c.relkind, n.nspname || '.' || c.relname AS name
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('public', 'analytics') AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
       AND c.relname <> '__diesel_schema_migrations'";

/// Texts that break a rule; none is right.
fn broken(rule: &str) -> Vec<String> {
    texts(&mut connection(), rule)
}

#[test]
fn every_table_view_and_column_is_commented() {
    let missing = broken(&format!(
        "SELECT ours.name || coalesce('.' || a.attname, '') FROM ({OURS}) ours
           LEFT JOIN LATERAL (SELECT 0 AS attnum, NULL AS attname UNION ALL
                SELECT attnum, attname FROM pg_attribute WHERE attrelid = ours.oid AND attnum > 0 AND NOT attisdropped) a ON true
          WHERE coalesce(col_description(ours.oid, nullif(a.attnum, 0)), CASE WHEN a.attnum = 0 THEN obj_description(ours.oid, 'pg_class') END, '') = ''"
    ));
    assert_eq!(missing, [""; 0], "these have no comment");
}

#[test]
fn every_foreign_key_has_an_index_that_starts_with_its_columns() {
    let missing = broken(
        "SELECT k.conrelid::regclass || ' ' || pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
          WHERE k.contype = 'f' AND NOT c.relispartition AND k.connamespace = 'public'::regnamespace
            AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = k.conrelid
                 AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
                 AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) ~ '^\\(\\w+ IS NOT NULL\\)$'))",
    );
    assert_eq!(
        missing, [""; 0],
        "a deletion in the other table reads these whole"
    );
}

/// "table column type" of each column, as `schema.rs` should say.
fn declared() -> Vec<String> {
    let mut columns = Vec::new();
    let mut table = String::new();
    for line in include_str!("schema.rs").lines().map(str::trim) {
        if line.starts_with("//") || line.starts_with("diesel::joinable") {
            continue;
        }
        if let Some((name, kind)) = line.split_once(" -> ") {
            let kind = kind.trim_end_matches(',');
            columns.push(format!("{table} {} {kind}", name.trim_end_matches('_')));
        } else if let Some((name, _)) = line
            .strip_suffix(") {")
            .and_then(|line| line.split_once(" ("))
        {
            table = name.to_owned();
        }
    }
    columns.sort();
    columns
}

#[test]
fn schema_rs_names_the_tables_and_columns_of_the_database() {
    let mut stored = broken(&format!(
        "SELECT ours.relname || ' ' || rtrim(a.attname, '_') || ' ' || CASE WHEN a.attnotnull THEN t.name ELSE 'Nullable<' || t.name || '>' END
           FROM ({OURS}) ours JOIN pg_attribute a ON a.attrelid = ours.oid AND a.attnum > 0 AND NOT a.attisdropped
           JOIN pg_type p ON p.oid = a.atttypid
           CROSS JOIN LATERAL (SELECT CASE WHEN p.typelem <> 0 AND p.typcategory = 'A'
                THEN 'Array<Nullable<' || initcap((SELECT typname FROM pg_type WHERE oid = p.typelem)) || '>>' ELSE initcap(p.typname) END AS name) t
          WHERE ours.relkind IN ('r', 'p') AND ours.name LIKE 'public.%'"
    ));
    stored.sort();
    let declared = declared();
    let only = |these: &[String], others: &[String]| -> Vec<String> {
        these
            .iter()
            .filter(|line| !others.contains(line))
            .cloned()
            .collect()
    };
    assert!(stored.len() > 300, "{}", stored.len());
    assert_eq!(
        (only(&declared, &stored), only(&stored, &declared)),
        (vec![], vec![]),
        "only in schema.rs, only in the database; print it anew with diesel"
    );
}

#[test]
fn every_migration_reverts_and_applies_again() {
    let url = fresh_database("clinigraph_migrations");
    let mut conn = connect(&url).expect("the new database answers");
    execute(
        &mut conn,
        "DROP SCHEMA analytics CASCADE; DELETE FROM analytics_definitions",
    );
    let built = shape(&mut conn);
    assert!(built.len() > 500, "{}", built.len());
    conn.revert_all_migrations(crate::migrate::MIGRATIONS)
        .expect("all are reverted");
    let left = shape(&mut conn);
    assert_eq!(
        left,
        Vec::<serde_json::Value>::new(),
        "left behind by a down.sql"
    );
    conn.run_pending_migrations(crate::migrate::MIGRATIONS)
        .expect("all are applied");
    assert_eq!(shape(&mut conn), built);
}

/// Every column, constraint, index, function, trigger and type of the base tables.
fn shape(conn: &mut Connection) -> Vec<serde_json::Value> {
    rows(
        conn,
        "SELECT * FROM (
            SELECT c.relname AS owner, a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull AS part
              FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE c.relnamespace = 'public'::regnamespace
            UNION ALL SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            UNION ALL SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
            UNION ALL SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace) parts
          WHERE owner NOT LIKE '%diesel_schema_migrations%' ORDER BY owner, part",
    )
}
