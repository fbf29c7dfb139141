//! The server: command line, HTTP, GraphQL. Knows no SQL and no rule.

pub mod assets;
pub mod cache;
pub mod caller;
pub mod cli;
pub mod commands;
pub mod config;
pub mod db;
pub mod documents;
pub mod engine;
pub mod feed;
pub mod graphql;
pub mod http;
pub mod loaders;
pub mod metrics;
pub mod rest;
pub mod seat;
pub mod server;
pub mod socket;
pub mod telemetry;
mod visible_event;
mod writing;
