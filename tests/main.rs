//! Tests over HTTP: a real schema, a real database, requests as clients send them. `./dev test` runs them.

mod cases;
mod comparison;
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
mod schema;
mod sockets;
mod statements;
mod support;
mod suppression;
mod visibility;
mod working_list;
