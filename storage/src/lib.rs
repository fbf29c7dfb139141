//! Everything that knows SQL: the pool, the migrations, the queries, the imports.
//!
//! Modules are plural nouns and functions are verbs, called qualified: `events::page`, `tokens::create`.
//! Lookups are batch-first: keys in, rows out, no order promised, missing keys absent.
//! Nothing here knows GraphQL, HTTP or async.

pub mod error;
pub mod import;
pub mod migrate;
pub mod pool;
pub mod schema;
#[cfg(test)]
mod testing;

pub use diesel::pg::PgConnection as Connection;
pub use error::{Error, Result};
