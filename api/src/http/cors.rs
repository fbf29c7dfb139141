//! Pages of other sites: only those of the list may read answers, and none may send cookies or passwords along.

use actix_cors::Cors;
use actix_web::http::{
    Method,
    header::{
        ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, HeaderName, IF_MATCH, IF_NONE_MATCH,
        RETRY_AFTER,
    },
};

/// Seconds that a browser may remember what it was allowed.
const REMEMBERED: usize = 600;

/// Headers of tracing that browsers may send.
const TRACE: HeaderName = HeaderName::from_static("traceparent");

/// What browsers are told. Without origins nothing is allowed, and requests are answered as if they said nothing.
pub fn allow(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::DELETE,
            Method::PATCH,
        ])
        .allowed_headers([
            ACCEPT,
            ACCEPT_LANGUAGE,
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_MATCH,
            IF_NONE_MATCH,
            TRACE,
        ])
        .expose_headers([RETRY_AFTER])
        .max_age(REMEMBERED);
    origins
        .iter()
        .fold(cors, |cors, origin| cors.allowed_origin(origin))
}
