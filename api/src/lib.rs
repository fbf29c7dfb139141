//! The server: command line, HTTP, GraphQL. Knows no SQL and no rule.

pub mod cache;
pub mod caller;
pub mod db;
pub mod graphql;
pub mod loaders;
