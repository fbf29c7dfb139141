//! Tests over HTTP: a real schema, a real database, requests as clients send them. `./dev test` runs them.

mod cases;
mod comparison;
mod conformance;
mod diagnoses;
mod diagnosis_rows;
mod errors;
mod examples;
mod flow;
mod http;
mod live;
mod observations;
mod outage;
mod paging;
mod protocol;
mod refresh;
mod rest;
mod saved_views;
mod schema;
mod sockets;
mod statements;
mod support;
mod suppression;
mod visibility;
mod working_list;
mod writes;
