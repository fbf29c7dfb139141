//! Everything that knows SQL: the pool, the migrations, the queries, the imports.
//!
//! Modules are plural nouns and functions are verbs, called qualified: `events::page`, `tokens::create`.
//! Lookups are batch-first: keys in, rows out, no order promised, missing keys absent.
//! Nothing here knows GraphQL, HTTP or async.

pub mod access;
pub mod analytics;
pub mod attributes;
pub mod audit;
#[cfg(test)]
mod catalogue;
pub mod changes;
pub mod clinics;
pub mod cluster;
pub mod data_elements;
pub mod error;
pub mod events;
pub mod figures;
pub mod files;
pub mod generate;
pub mod identifiers;
pub mod import;
pub mod migrate;
pub mod option_sets;
pub mod org_units;
pub mod ownership;
pub mod partitions;
pub mod pool;
pub mod programs;
pub mod refresh;
pub mod replica;
pub mod saved_views;
#[expect(
    missing_docs,
    clippy::doc_markdown,
    reason = "printed from the commented catalogue"
)]
pub mod schema;
pub mod sessions;
pub mod slow;
pub mod sql;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod tokens;
pub mod tracker_jobs;
pub mod users;
pub mod verify;
pub mod watch;

pub use diesel::pg::PgConnection as Connection;
pub use error::{Error, Result};
