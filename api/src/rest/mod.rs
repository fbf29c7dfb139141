//! The DHIS2-shaped adapter under `/api` and `/api/{version}`: text to requests, rows to DHIS2's JSON and CSV. Knows no
//! rule of lists and no SQL.

pub mod body;
mod csv;
mod encoder;
pub mod error;
mod event_history;
mod event_json;
mod events;
mod export;
mod fields;
mod file_resources;
mod file_response;
mod files;
mod form;
mod format;
mod jobs;
mod load;
mod metadata_import;
mod names;
mod ownership;
mod pager;
mod parameters;
pub mod query_string;
mod saved_views;
mod tracker_import;
mod transform;
mod wkt;

use actix_web::{
    HttpMessage, HttpRequest,
    http::{StatusCode, header},
    web,
};

use crate::{
    caller::{RequestContext, Shared},
    guard::Door,
    http::{PROVIDER_AWAY, throttle::Person},
    observe::timing_of,
    sign_in::{Failure, token_of},
};
use error::{Answer, Refusal};

/// Registers the adapter. The version in a path says nothing: every client is answered alike.
pub fn configure(routes: &mut web::ServiceConfig) {
    for prefix in ["/api/{version:[0-9]{1,3}}", "/api"] {
        routes.service(
            web::scope(prefix)
                .configure(resources)
                .default_service(web::to(unknown_path)),
        );
    }
}

/// The resources of one prefix. Each topic registers its own.
fn resources(routes: &mut web::ServiceConfig) {
    routes
        .configure(files::configure)
        .configure(file_resources::configure)
        .configure(events::configure)
        .configure(saved_views::configure)
        .configure(event_history::configure)
        .configure(metadata_import::configure)
        .configure(ownership::configure)
        .configure(tracker_import::configure);
}

async fn unknown_path(request: HttpRequest) -> Answer {
    Err(Refusal::not_found(format!(
        "there is nothing at {}",
        request.path()
    )))
}

/// The caller of a request: `ApiToken …`, `Bearer …`, or Basic with a token as password.
///
/// # Errors
/// 401 without a valid token, 429 when that happened too often, 503 while the database is away.
pub async fn authenticate(request: &HttpRequest, shared: &Shared) -> Answer<RequestContext> {
    let refused = |message| Refusal::new(StatusCode::UNAUTHORIZED, message);
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(token_of)
        .ok_or_else(|| refused("send an API token: `Authorization: ApiToken …`"))?;
    let door = match request.path().starts_with("/reports/") {
        true => Door::Report,
        false => Door::Rest,
    };
    let asked = shared.asked_by(request, door);
    let not_signed_in = |failure| not_signed_in(&asked, failure);
    let presented = asked.present(&token).await.map_err(not_signed_in)?;
    let db = match request.method().is_safe() {
        true => shared.db.reading(presented.key()),
        false => shared.db.writing(presented.key()),
    };
    let through = asked.through(db.timed(timing_of(request)).within_time());
    let context = through.authenticate(&presented).await;
    let context = context.map_err(not_signed_in)?;
    request.extensions_mut().insert(Person(context.caller.id));
    Ok(context)
}

fn not_signed_in(asked: &Shared, failure: Failure) -> Refusal {
    match failure {
        Failure::Refused(refusal) => match asked.refused(&refusal) {
            None => Refusal::new(
                StatusCode::UNAUTHORIZED,
                "the token is unknown, expired or revoked",
            ),
            Some(wait) => Refusal {
                retry_after: Some(wait.as_secs().max(1)),
                ..Refusal::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too many tokens from here were not valid; wait before the next one",
                )
            },
        },
        Failure::Away => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, PROVIDER_AWAY),
        Failure::Failed(error) => error.into(),
    }
}
