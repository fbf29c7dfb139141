//! Where stays are read from: columns in memory, or the database part by part. Both are counted by the same pass, so both
//! give the same figures.

use diesel::connection::SimpleConnection;
use domain::columns::Columns;

use super::{stays, version};
use crate::{Connection, Result, sql::Statement};

/// Stays held at a time when they are read from the database.
const PART: usize = 200_000;

/// Stays of one data version.
pub enum Source<'a> {
    /// All of them, in memory.
    Memory(&'a Columns),
    /// The view in the database, for data that outgrow memory and while the columns are being read.
    Database(&'a mut Connection),
}

impl Source<'_> {
    /// Runs a pass over the stays. The condition says which of them the pass needs at least; from memory it gets all.
    /// `finish` sees the columns with the numbers of every part.
    pub(super) fn scan<S, T>(
        &mut self,
        condition: impl FnOnce() -> Statement,
        mut state: S,
        mut part: impl FnMut(&mut S, &Columns),
        finish: impl FnOnce(S, &Columns) -> T,
    ) -> Result<T> {
        match self {
            Source::Memory(columns) => {
                part(&mut state, columns);
                Ok(finish(state, columns))
            }
            Source::Database(conn) => {
                let mut columns = stays::empty_columns(conn)?;
                stays::read(conn, &mut columns, &condition(), |columns| {
                    if columns.len() >= PART {
                        part(&mut state, columns);
                        columns.next_part();
                    }
                    Ok(())
                })?;
                part(&mut state, &columns);
                Ok(finish(state, &columns))
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
