//! Where stays are read from: columns in memory, or the database part by part. Both are counted by the same pass, so both
//! give the same figures.

use diesel::connection::SimpleConnection;
use domain::{
    columns::{
        Columns, Selection,
        pass::{self, Count},
    },
    stay::StayFilter,
};

use super::{stays, version};
use crate::{Connection, Result, sql::Statement};

/// Stays held at a time when they are read from the database.
const PART: usize = 200_000;

/// Stays of one data version.
pub enum Source<'a> {
    /// All of them, in memory.
    Memory {
        /// The stays.
        columns: &'a Columns,
        /// Most threads that a pass may take.
        threads: usize,
    },
    /// The view in the database, for data that outgrow memory and while the columns are being read.
    Database(&'a mut Connection),
}

impl<'a> Source<'a> {
    /// Columns for as many threads as there are processors.
    #[must_use]
    pub fn memory(columns: &'a Columns) -> Self {
        Source::Memory {
            columns,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }

    /// Runs a pass over the stays. The condition says which of them the pass needs at least; from memory it gets all, on
    /// several threads. `finish` sees the columns with the numbers of every part.
    pub(super) fn scan<C: Count, T>(
        &mut self,
        filter: &StayFilter,
        condition: impl FnOnce() -> Statement,
        mut count: C,
        finish: impl FnOnce(C, &Columns) -> T,
    ) -> Result<T> {
        match self {
            Source::Memory { columns, threads } => {
                let selection = Selection::new(filter, columns);
                let count = pass::run(count, columns, &selection, *threads);
                Ok(finish(count, columns))
            }
            Source::Database(conn) => {
                let mut columns = stays::empty_columns(conn)?;
                let mut add = |columns: &Columns| {
                    let selection = Selection::new(filter, columns);
                    count.add(columns, &selection, 0..columns.len());
                };
                stays::read(conn, &mut columns, &condition(), |columns| {
                    if columns.len() >= PART {
                        add(columns);
                        columns.next_part();
                    }
                    Ok(())
                })?;
                add(&columns);
                Ok(finish(count, &columns))
            }
        }
    }
}

/// Number and columns of the newest version; `None` before the first refresh, no columns when they would take more bytes
/// than that. Reading takes as long as it takes.
///
/// # Errors
/// When the query fails or a row holds what the program does not know.
pub fn load_version(
    conn: &mut Connection,
    most_bytes: usize,
) -> Result<Option<(i64, Option<Columns>)>> {
    version::snapshot(conn, |conn| {
        // Putting all stays into the order of persons would spill to disk in the usual work_mem.
        conn.batch_execute("SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '256MB'")?;
        let Some(version) = version::current(conn)? else {
            return Ok(None);
        };
        Ok(Some((version.data_version_id, load(conn, most_bytes)?)))
    })
}

/// Reads all stays into columns; `None` when they would take more bytes than that.
///
/// # Errors
/// When the query fails or a row holds what the program does not know.
pub fn load(conn: &mut Connection, most_bytes: usize) -> Result<Option<Columns>> {
    /// Ends the reading early; never seen outside.
    const TOO_MANY: &str = "the columns outgrow their memory";
    let mut columns = stays::empty_columns(conn)?;
    let outcome = stays::read(
        conn,
        &mut columns,
        &Statement::new("true"),
        |columns| match columns.bytes() > most_bytes {
            true => Err(crate::Error::Input(TOO_MANY.to_owned())),
            false => Ok(()),
        },
    );
    match outcome {
        Err(crate::Error::Input(reason)) if reason == TOO_MANY => return Ok(None),
        outcome => outcome?,
    }
    columns.shrink();
    Ok(Some(columns))
}
