//! Statements whose text depends on what is asked, with bound parameters.
//!
//! diesel's own `sql_query` is never kept as a prepared statement. [`Statement`] is: PostgreSQL parses and plans it once
//! for each connection. Its text holds only literals from this source; whatever comes from outside is bound.

use std::marker::PhantomData;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::{
    data_types::PgTimestamp,
    pg::{Pg, PgConnection},
    prelude::*,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    query_dsl::LoadQuery,
    sql_types::{Array, BigInt, Date, Text, Timestamp, Untyped},
};
use serde::de::DeserializeOwned;

use crate::{Connection, Error, Result, watch};

/// A value bound to a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A key or a number.
    Int(i64),
    /// A set of keys.
    Ints(Vec<i64>),
    /// A text.
    Text(String),
    /// A set of texts.
    Texts(Vec<String>),
    /// A calendar day.
    Day(NaiveDate),
    /// A timestamp without zone.
    Time(NaiveDateTime),
    /// The timestamp after every other.
    EndOfTime,
}

/// A statement under construction: pieces of text with values between them.
#[derive(Debug, Clone, Default)]
pub struct Statement {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    Text(&'static str),
    Value(Value),
}

impl Statement {
    /// A statement that begins with `text`.
    #[must_use]
    pub fn new(text: &'static str) -> Self {
        Statement {
            pieces: vec![Piece::Text(text)],
        }
    }

    /// Appends text.
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.pieces.push(Piece::Text(text));
        self
    }

    /// Appends a parameter.
    pub fn bind(&mut self, value: Value) -> &mut Self {
        self.pieces.push(Piece::Value(value));
        self
    }

    /// Appends another statement, as a part of this one.
    pub fn append(&mut self, other: &Statement) -> &mut Self {
        self.pieces.extend(other.pieces.iter().cloned());
        self
    }

    /// The text that PostgreSQL sees, with `$1`, `$2` … for the parameters.
    #[must_use]
    pub fn text(&self) -> String {
        let mut parameter = 0;
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Value(_) => {
                    parameter += 1;
                    text.push_str(&format!("${parameter}"));
                }
            }
        }
        text
    }

    /// The text with the values in it: for people and for `EXPLAIN`, never for a query.
    #[must_use]
    pub fn literal_text(&self) -> String {
        self.pieces.iter().map(Piece::literal).collect()
    }
}

impl Piece {
    /// A value as a literal with its type, a text as it is.
    fn literal(&self) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        match self {
            Piece::Text(text) => (*text).to_owned(),
            Piece::Value(Value::Int(value)) => format!("'{value}'::bigint"),
            Piece::Value(Value::Ints(values)) => format!("ARRAY{values:?}::bigint[]"),
            Piece::Value(Value::Text(value)) => quoted(value),
            Piece::Value(Value::Texts(values)) => {
                let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
                format!("ARRAY[{}]::text[]", values.join(", "))
            }
            Piece::Value(Value::Day(value)) => format!("'{value}'::date"),
            Piece::Value(Value::Time(value)) => format!("'{value}'::timestamp"),
            Piece::Value(Value::EndOfTime) => "'infinity'::timestamp".to_owned(),
        }
    }
}

#[cfg(test)]
impl Statement {
    /// The parameters as SQL literals with their types.
    pub(crate) fn literals(&self) -> Vec<String> {
        let values = self
            .pieces
            .iter()
            .filter(|piece| matches!(piece, Piece::Value(_)));
        values.map(Piece::literal).collect()
    }
}

/// Microseconds that PostgreSQL keeps for the timestamp `infinity`.
const INFINITY: PgTimestamp = PgTimestamp(i64::MAX);

impl QueryFragment<Pg> for Statement {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_sql(text),
                Piece::Value(value) => push_value(&mut out, value)?,
            }
        }
        Ok(())
    }
}

fn push_value<'b>(out: &mut AstPass<'_, 'b, Pg>, value: &'b Value) -> QueryResult<()> {
    match value {
        Value::Int(value) => out.push_bind_param::<BigInt, _>(value),
        Value::Ints(value) => out.push_bind_param::<Array<BigInt>, _>(value),
        Value::Text(value) => out.push_bind_param::<Text, _>(value),
        Value::Texts(value) => out.push_bind_param::<Array<Text>, _>(value),
        Value::Day(value) => out.push_bind_param::<Date, _>(value),
        Value::Time(value) => out.push_bind_param::<Timestamp, _>(value),
        Value::EndOfTime => out.push_bind_param::<Timestamp, _>(&INFINITY),
    }
}

impl QueryId for Statement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement {
    type SqlType = Untyped;
}

impl RunQueryDsl<PgConnection> for Statement {}

impl RunQueryDsl<PgConnection> for &Statement {}

/// A statement with columns of these types.
pub(crate) struct InColumns<C>(Statement, PhantomData<C>);

impl<C> QueryFragment<Pg> for InColumns<C> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

impl<C> QueryId for InColumns<C> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C> Query for InColumns<C> {
    type SqlType = C;
}

impl<C> RunQueryDsl<PgConnection> for &InColumns<C> {}

/// The methods of diesel's [`RunQueryDsl`] that return rows. These count them, for the log of slow statements.
impl Statement {
    /// All rows.
    ///
    /// # Errors
    /// When the query fails.
    pub fn load<U>(self, conn: &mut PgConnection) -> QueryResult<Vec<U>>
    where
        for<'query> &'query Self: LoadQuery<'query, PgConnection, U>,
    {
        let rows = RunQueryDsl::load(&self, conn);
        watch::counted(rows.as_ref().ok().map(Vec::len), || self.types());
        rows
    }

    /// All rows, whose columns are of the types `C` in this order: read by their places, not by their names.
    ///
    /// # Errors
    /// When the query fails.
    pub(crate) fn load_columns<C, U>(self, conn: &mut PgConnection) -> QueryResult<Vec<U>>
    where
        for<'query> &'query InColumns<C>: LoadQuery<'query, PgConnection, U>,
    {
        let query = InColumns(self, PhantomData);
        let rows = RunQueryDsl::load(&query, conn);
        watch::counted(rows.as_ref().ok().map(Vec::len), || query.0.types());
        rows
    }

    /// The first row.
    ///
    /// # Errors
    /// `NotFound` when there is none, else when the query fails.
    pub fn get_result<U>(self, conn: &mut PgConnection) -> QueryResult<U>
    where
        for<'query> &'query Self: LoadQuery<'query, PgConnection, U>,
    {
        let row = RunQueryDsl::get_result(&self, conn);
        watch::counted(Some(usize::from(row.is_ok())), || self.types());
        row
    }

    /// PostgreSQL's types of the parameters.
    fn types(&self) -> Vec<&'static str> {
        let kinds = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Value(value) => Some(value.kind()),
        });
        kinds.collect()
    }
}

impl Value {
    /// PostgreSQL's name of the type.
    fn kind(&self) -> &'static str {
        match self {
            Value::Int(_) => "bigint",
            Value::Ints(_) => "bigint[]",
            Value::Text(_) => "text",
            Value::Texts(_) => "text[]",
            Value::Day(_) => "date",
            Value::Time(_) | Value::EndOfTime => "timestamp",
        }
    }
}

/// What PostgreSQL put together as JSON, as text in a column `json`.
#[derive(QueryableByName)]
pub(crate) struct JsonRow {
    #[diesel(sql_type = Text)]
    json: String,
}

impl JsonRow {
    /// The one row of a statement. `table` says in errors where most of it comes from.
    pub(crate) fn read_one<T: DeserializeOwned>(
        conn: &mut Connection,
        query: Statement,
        table: &'static str,
    ) -> Result<T> {
        let row: JsonRow = query.get_result(conn)?;
        read_json(&row.json, table)
    }

    /// The rows of a statement.
    pub(crate) fn read_all<T: DeserializeOwned>(
        conn: &mut Connection,
        query: Statement,
        table: &'static str,
    ) -> Result<Vec<T>> {
        let rows: Vec<JsonRow> = query.load(conn)?;
        rows.iter().map(|row| read_json(&row.json, table)).collect()
    }
}

/// Reads JSON that a statement put together.
pub(crate) fn read_json<T: DeserializeOwned>(json: &str, table: &'static str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| Error::Corrupt {
        table,
        detail: error.to_string(),
    })
}
