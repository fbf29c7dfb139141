//! The plan of a slow statement, without the values that it ran with: PostgreSQL's generic plan, which is the one for any
//! values. Nothing is executed.

use diesel::{
    connection::{Connection as _, SimpleConnection},
    prelude::*,
    sql_types::{Bool, Text},
};

use crate::{Connection, Result, watch::SlowStatement};

/// Longest plan that is told, lines.
const MOST_LINES: usize = 120;

/// The plan of a statement, a line each; `None` for what has no plan, such as a commit.
///
/// # Errors
/// When the server cannot plan it, for one because it cannot tell the types of the values.
pub fn plan(conn: &mut Connection, statement: &SlowStatement) -> Result<Option<Vec<String>>> {
    if !has_plan(&statement.text) {
        return Ok(None);
    }
    let lines = conn.transaction(|conn| {
        // Read only, and always rolled back by whoever reads no further: EXPLAIN alone executes nothing.
        conn.batch_execute("SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = '5s'")?;
        if knows_generic_plans(conn)? && statement.types.is_none() {
            return explain(conn, &format!("EXPLAIN (GENERIC_PLAN) {}", statement.text));
        }
        conn.batch_execute("SET LOCAL plan_cache_mode = force_generic_plan")?;
        let types = match &statement.types {
            Some(types) if !types.is_empty() => format!("({})", types.join(", ")),
            _ => String::new(),
        };
        conn.batch_execute(&format!(
            "PREPARE slow_statement{types} AS {}",
            statement.text
        ))?;
        let lines = explain(
            conn,
            &format!("EXPLAIN EXECUTE slow_statement{}", nulls(&statement.text)),
        );
        if lines.is_ok() {
            conn.batch_execute("DEALLOCATE slow_statement")?;
        }
        lines
    })?;
    Ok(Some(lines))
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    #[diesel(column_name = "QUERY PLAN")]
    line: String,
}

fn explain(conn: &mut Connection, text: &str) -> Result<Vec<String>> {
    let lines: Vec<Line> = diesel::sql_query(text).load(conn)?;
    Ok(lines
        .into_iter()
        .take(MOST_LINES)
        .map(|line| line.line)
        .collect())
}

/// PostgreSQL 16 and newer explain a statement with open parameters.
fn knows_generic_plans(conn: &mut Connection) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        knows: bool,
    }
    let row: Row =
        diesel::sql_query("SELECT current_setting('server_version_num')::int >= 160000 AS knows")
            .get_result(conn)?;
    Ok(row.knows)
}

/// Whether a text is one statement that is planned.
fn has_plan(text: &str) -> bool {
    const PLANNED: [&str; 7] = [
        "SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES",
    ];
    let text = text.trim();
    let first = text.split(|c: char| !c.is_alphabetic()).next();
    let first = first.unwrap_or_default().to_ascii_uppercase();
    PLANNED.contains(&first.as_str()) && !text.trim_end_matches(';').contains(';')
}

/// A null for each parameter of a text: a generic plan does not look at them.
fn nulls(text: &str) -> String {
    let numbers = text.split('$').skip(1).filter_map(|rest| {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse::<usize>().ok()
    });
    match numbers.max() {
        None | Some(0) => String::new(),
        Some(count) => format!("({})", vec!["NULL"; count].join(", ")),
    }
}

#[cfg(test)]
mod tests;
