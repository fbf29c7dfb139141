//! The month partitions of `observations`.

use chrono::{Datelike, Months, NaiveDate};
use diesel::{connection::SimpleConnection, prelude::*, sql_types::Date};

use crate::{Connection, Result};

/// Months after the current one that get their partition ahead.
const AHEAD: i32 = 3;

/// Creates the partitions that are missing for the months from `from_month` to `to_month`, both included.
///
/// # Errors
/// When a statement fails.
pub(crate) fn create_month_partitions(
    conn: &mut Connection,
    from_month: NaiveDate,
    to_month: NaiveDate,
) -> Result<()> {
    let mut month = from_month - chrono::Days::new(u64::from(from_month.day0()));
    while month <= to_month {
        let next = month + Months::new(1);
        let name = month.format("observations_%Y_%m");
        conn.batch_execute(&format!(
            "CREATE TABLE IF NOT EXISTS {name} PARTITION OF observations FOR VALUES FROM ('{month}') TO ('{next}')"
        ))?;
        month = next;
    }
    Ok(())
}

/// Makes the partition of a month that has none beside readers: filled from the default partition first, because the
/// database refuses one whose rows lie there.
///
/// # Errors
/// When a statement fails.
pub(crate) fn attach_month(conn: &mut Connection, first: NaiveDate) -> Result<()> {
    let next = first + Months::new(1);
    let name = format!("observations_{}", first.format("%Y_%m"));
    conn.batch_execute(&format!(
        "CREATE TABLE {name} (LIKE observations INCLUDING ALL);
         COMMENT ON TABLE {name} IS 'Observations of {month}.';
         WITH moved AS (
             DELETE FROM observations_default WHERE observed_on >= '{first}' AND observed_on < '{next}' RETURNING *
         )
         INSERT INTO {name} SELECT * FROM moved;
         ALTER TABLE observations ATTACH PARTITION {name} FOR VALUES FROM ('{first}') TO ('{next}')",
        month = first.format("%Y-%m"),
    ))?;
    Ok(())
}

#[derive(QueryableByName)]
struct Missing {
    #[diesel(sql_type = Date)]
    month: NaiveDate,
}

/// Makes the partitions of the current month and of some after it, where they are missing.
///
/// # Errors
/// When a statement fails.
pub(crate) fn make_ahead(conn: &mut Connection) -> Result<()> {
    let missing: Vec<Missing> = diesel::sql_query(format!(
        "SELECT (date_trunc('month', current_date) + n * interval '1 month')::date AS month
         FROM generate_series(0, {AHEAD}) n
         WHERE to_regclass('observations_' || to_char(date_trunc('month', current_date) + n * interval '1 month', 'YYYY_MM')) IS NULL"
    ))
    .load(conn)?;
    for month in missing {
        attach_month(conn, month.month)?;
    }
    Ok(())
}
