//! The month partitions of `observations`.

use chrono::{Datelike, Months, NaiveDate};
use diesel::connection::SimpleConnection;

use crate::{Connection, Result};

/// Creates the partitions that are missing for the months from `from_month` to `to_month`, both included.
///
/// # Errors
/// When a statement fails, e.g. because the default partition already holds rows of such a month.
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
