//! Tests over HTTP: a real schema, a real database, requests as clients send them. `./dev test` runs them.

mod conformance;
mod diagnoses;
mod documents;
mod errors;
mod examples;
mod http;
mod live;
mod outage;
mod paging;
mod protocol;
mod refresh;
mod rest;
mod rest_files;
mod saved_views;
mod schema;
mod sockets;
mod statements;
mod support;
mod suppression;
mod visibility;
mod working_list;
mod writes;
