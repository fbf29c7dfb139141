//! Rows into tables by `COPY`, in its text format.

use std::{
    fmt::Display,
    io::{Error as IoError, Write},
};

use chrono::{DateTime, Utc};
use diesel::{
    QueryResult, RunQueryDsl, Table,
    pg::CopyTarget,
    result::Error as DieselError,
    sql_types::{BigInt, Nullable},
};
use indicatif::ProgressBar;

use crate::{Connection, Result, import::Report};

/// Bytes collected before they are handed to the connection.
const BUFFER_BYTES: usize = 1 << 16;

/// Fills tables one after the other and counts their rows.
pub(super) struct Loader<'a> {
    pub(super) conn: &'a mut Connection,
    pub(super) progress: &'a ProgressBar,
    /// Whether the large tables were truncated in this transaction, so that their rows may be written frozen.
    pub(super) is_bulk: bool,
    pub(super) report: Report,
}

impl Loader<'_> {
    /// Copies the rows that `write` writes into the given columns; `kind` names them in the report.
    pub(super) fn copy<T, C>(
        &mut self,
        kind: &'static str,
        table: T,
        columns: C,
        write: impl Fn(&mut Rows<'_>) -> QueryResult<()>,
    ) -> Result<()>
    where
        T: Table,
        C: CopyTarget<Table = T>,
    {
        self.run(kind, table, columns, false, write)
    }

    /// The same for a table of [`super::bulk::TABLES`] without partitions: no later vacuum has to freeze its rows.
    pub(super) fn copy_large<T, C>(
        &mut self,
        kind: &'static str,
        table: T,
        columns: C,
        write: impl Fn(&mut Rows<'_>) -> QueryResult<()>,
    ) -> Result<()>
    where
        T: Table,
        C: CopyTarget<Table = T>,
    {
        self.run(kind, table, columns, self.is_bulk, write)
    }

    fn run<T, C>(
        &mut self,
        kind: &'static str,
        table: T,
        columns: C,
        freeze: bool,
        write: impl Fn(&mut Rows<'_>) -> QueryResult<()>,
    ) -> Result<()>
    where
        T: Table,
        C: CopyTarget<Table = T>,
    {
        use diesel::prelude::ExecuteCopyFromDsl;
        self.progress.set_message(kind);
        let progress = self.progress;
        let rows = diesel::copy_from(table)
            .from_raw_data(columns, |out: &mut dyn Write| -> QueryResult<()> {
                let mut rows = Rows::new(out, progress);
                write(&mut rows)?;
                rows.flush()
            })
            .with_freeze(freeze)
            .execute(self.conn)?;
        self.report.add(kind, rows as u64, 0, 0);
        Ok(())
    }

    /// The first key that is free in a table.
    pub(super) fn first_key(&mut self, table: &str, key: &str) -> Result<i64> {
        let query = format!("SELECT max({key}) AS key FROM {table}");
        let last: Key = diesel::sql_query(query).get_result(self.conn)?;
        Ok(last.key.unwrap_or(0) + 1)
    }
}

#[derive(diesel::QueryableByName)]
struct Key {
    #[diesel(sql_type = Nullable<BigInt>)]
    key: Option<i64>,
}

/// Writes rows: one field after the other, then the end of the row.
pub(super) struct Rows<'a> {
    out: &'a mut dyn Write,
    progress: &'a ProgressBar,
    buffer: Vec<u8>,
    pending: u64,
}

impl<'a> Rows<'a> {
    fn new(out: &'a mut dyn Write, progress: &'a ProgressBar) -> Self {
        Rows {
            out,
            progress,
            buffer: Vec::with_capacity(BUFFER_BYTES + 4_096),
            pending: 0,
        }
    }

    /// A field without any character that the format reserves: numbers, dates, identifiers, flags.
    pub(super) fn field(&mut self, value: impl Display) -> &mut Self {
        // Writing into a vector cannot fail.
        let _ = write!(self.buffer, "{value}\t");
        self
    }

    /// An instant.
    pub(super) fn instant(&mut self, value: DateTime<Utc>) -> &mut Self {
        self.field(format_args!("{}+00", value.naive_utc()))
    }

    /// A field of any text.
    pub(super) fn text(&mut self, value: &str) -> &mut Self {
        for &byte in value.as_bytes() {
            match byte {
                b'\\' => self.buffer.extend_from_slice(b"\\\\"),
                b'\t' => self.buffer.extend_from_slice(b"\\t"),
                b'\n' => self.buffer.extend_from_slice(b"\\n"),
                b'\r' => self.buffer.extend_from_slice(b"\\r"),
                _ => self.buffer.push(byte),
            }
        }
        self.buffer.push(b'\t');
        self
    }

    /// A null.
    pub(super) fn null(&mut self) -> &mut Self {
        self.buffer.extend_from_slice(b"\\N\t");
        self
    }

    /// A field that may be null.
    pub(super) fn optional(&mut self, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.field(value),
            None => self.null(),
        }
    }

    /// Ends the row.
    pub(super) fn end(&mut self) -> QueryResult<()> {
        if let Some(last) = self.buffer.last_mut() {
            *last = b'\n';
        }
        self.pending += 1;
        if self.buffer.len() < BUFFER_BYTES {
            return Ok(());
        }
        self.flush()
    }

    fn flush(&mut self) -> QueryResult<()> {
        self.out.write_all(&self.buffer).map_err(unwritten)?;
        self.buffer.clear();
        self.progress.inc(self.pending);
        self.pending = 0;
        Ok(())
    }
}

fn unwritten(error: IoError) -> DieselError {
    DieselError::SerializationError(Box::new(error))
}
