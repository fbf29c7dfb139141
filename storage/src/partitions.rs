//! The month partitions of `observations`.

use chrono::{Datelike, Months, NaiveDate};
use diesel::{
    Connection as _,
    connection::SimpleConnection,
    prelude::*,
    sql_types::{Date, Integer, Text},
};

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
    let mut month = first_of(from_month);
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

/// Makes the partitions that are missing of this month and of the next three.
///
/// # Errors
/// When a statement fails.
pub(crate) fn make_ahead(conn: &mut Connection) -> Result<()> {
    #[derive(QueryableByName)]
    struct Missing {
        #[diesel(sql_type = Date)]
        month: NaiveDate,
    }
    let missing: Vec<Missing> = diesel::sql_query(
        "SELECT (date_trunc('month', current_date) + n * interval '1 month')::date AS month
           FROM generate_series(0, $1) n
          WHERE to_regclass('observations_' || to_char(date_trunc('month', current_date) + n * interval '1 month', 'YYYY_MM')) IS NULL",
    )
    .bind::<Integer, _>(AHEAD)
    .load(conn)?;
    for month in missing {
        attach_month(conn, month.month)?;
    }
    Ok(())
}

/// Detaches the partitions of whole months before a day, so that they can be archived and dropped. Returns the names of the
/// tables, which keep their rows.
///
/// # Errors
/// When a statement fails; nothing is detached then.
pub fn detach_before(conn: &mut Connection, day: NaiveDate) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Partition {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let last = first_of(day).format("observations_%Y_%m").to_string();
    conn.transaction(|conn| {
        let old: Vec<Partition> = diesel::sql_query(
            "SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
              WHERE i.inhparent = 'observations'::regclass AND c.relname ~ '^observations_[0-9]{4}_[0-9]{2}$' AND c.relname < $1
              ORDER BY 1",
        )
        .bind::<Text, _>(last)
        .load(conn)?;
        let names: Vec<String> = old.into_iter().map(|partition| partition.name).collect();
        for name in &names {
            conn.batch_execute(&format!("ALTER TABLE observations DETACH PARTITION {name}"))?;
        }
        Ok(names)
    })
}

fn first_of(day: NaiveDate) -> NaiveDate {
    day - chrono::Days::new(u64::from(day.day0()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{connection, execute, texts};

    #[test]
    fn months_are_made_ahead_and_old_ones_leave_with_their_rows() {
        let mut conn = connection();
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).expect("a day");
        make_ahead(&mut conn).expect("partitions are made");
        let ahead = "SELECT count(*) FROM generate_series(date_trunc('month', current_date), current_date + interval '3 months', '1 month') m
                      WHERE to_regclass('observations_' || to_char(m, 'YYYY_MM')) IS NOT NULL";
        assert_eq!(texts(&mut conn, ahead), ["4"]);
        create_month_partitions(&mut conn, day(1999, 11, 5), day(2000, 1, 1))
            .expect("they are made");
        let detached = detach_before(&mut conn, day(2000, 1, 31)).expect("they leave");
        assert_eq!(detached, ["observations_1999_11", "observations_1999_12"]);
        execute(&mut conn, "SELECT FROM observations_1999_11");
        let left = "SELECT relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE relname LIKE 'observations\\_1999%' OR relname = 'observations_2000_01'";
        assert_eq!(texts(&mut conn, left), ["observations_2000_01"]);
    }
}
