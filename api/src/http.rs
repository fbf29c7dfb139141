//! GraphQL over HTTP: one handler instead of the stock integration, which answers 200 to everything and takes JSON under
//! any content type.
//!
//! POST takes JSON, GET takes queries only. A request error (syntax, validation, variables) is 400 for clients that
//! accept `application/graphql-response+json` and 200 for those that only know `application/json`; an answer with data
//! is always 200. The document must be JSON under its own content type, which no web page can send across sites
//! without asking first.

pub mod cors;
pub mod cross_site;
pub mod edge;
mod media;
mod request;
pub mod throttle;

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{Method, StatusCode, header},
    web,
};
use async_graphql::Response;

use crate::{
    caller::Shared,
    engine::Engine,
    graphql::{error::Code, is_request_error},
    guard::Door,
    metrics::Metrics,
    observe::timing_of,
    parameters::Parameters,
    sign_in::{Failure, Presented, token_of},
};
use media::Media;
use throttle::Person;

/// Longest request body, bytes.
#[derive(Debug, Clone, Copy)]
pub struct LongestBody(pub usize);

/// What is told while the keys of the OIDC provider are not known.
pub(crate) const PROVIDER_AWAY: &str =
    "tokens of the sign-in provider cannot be checked at the moment; try again";

/// What a request came to.
enum Outcome {
    /// It was answered: the body, and what is said of it outside.
    Answered(Answer, Person),
    /// Nobody is signed in.
    NotSignedIn(Failure),
    /// The method takes queries only, and this is none.
    NotAQuery,
    /// Views were refreshed again and again while it ran.
    Refreshing,
}

struct Answer {
    body: Vec<u8>,
    is_ok: bool,
    is_request_error: bool,
}

/// `GET` and `POST /graphql`.
pub async fn graphql(
    request: HttpRequest,
    body: actix_web::Result<web::Bytes>,
    engine: web::Data<Engine>,
    shared: web::Data<Shared>,
    metrics: web::Data<Metrics>,
    longest: web::Data<LongestBody>,
) -> HttpResponse {
    let Some(media) = media::accepted(&request) else {
        return transport_error(
            StatusCode::NOT_ACCEPTABLE,
            "accept application/graphql-response+json or application/json",
        );
    };
    let body = match body {
        Ok(body) => body,
        Err(error) => return unreadable(&error, **longest),
    };
    let parameters = match request::read(&request, &body) {
        Ok(parameters) => parameters,
        Err(response) => return response,
    };
    let Some(token) = token(&request) else {
        return unauthenticated("send an API token: `Authorization: Bearer …`");
    };
    let timer = metrics.start();
    let asked = shared.asked_by(&request, Door::GraphQl);
    let presented = match asked.present(&token).await {
        Ok(presented) => presented,
        Err(failure) => return not_signed_in(&asked, &failure),
    };
    let (engine, state) = (engine.into_inner(), asked.clone());
    let queries_only = request.method() == Method::GET;
    let db = match state.db.has_replica() && !engine.changes_something(&parameters) {
        true => state.db.reading(presented.key()),
        false => state.db.writing(presented.key()),
    };
    let db = db.timed(timing_of(&request));
    let outcome = db.attend(move |db| async move {
        answer(
            &engine,
            &state.through(db),
            &presented,
            &parameters,
            queries_only,
        )
        .await
    });
    match outcome.await {
        Ok(Outcome::Answered(answer, person)) => {
            request.extensions_mut().insert(person);
            timer.finish(if answer.is_ok { "ok" } else { "error" });
            respond(media, answer)
        }
        Ok(Outcome::NotSignedIn(failure)) => not_signed_in(&asked, &failure),
        Ok(Outcome::NotAQuery) => request::not_a_query(),
        Ok(Outcome::Refreshing) => unavailable("the data are being refreshed; try again"),
        Err(error) => failed(&error),
    }
}

/// Authenticates and executes. When a refresh is published between two fields, the whole document is answered anew.
async fn answer(
    engine: &Engine,
    shared: &Shared,
    presented: &Presented,
    parameters: &Parameters,
    queries_only: bool,
) -> storage::Result<Outcome> {
    for _ in 0..3 {
        let context = match shared.authenticate(presented).await {
            Ok(context) => context,
            Err(failure) => return Ok(Outcome::NotSignedIn(failure)),
        };
        if queries_only && engine.changes_something(parameters) {
            return Ok(Outcome::NotAQuery);
        }
        let person = Person(context.caller.id);
        let context = Arc::new(context);
        let mut response = engine.execute(parameters, Arc::clone(&context)).await;
        if !context.saw_two_data_versions() {
            give_codes(&mut response);
            return Ok(Outcome::Answered(write(&response), person));
        }
    }
    Ok(Outcome::Refreshing)
}

/// The token of a request; `None` when it carries none.
fn token(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(header::AUTHORIZATION)?;
    token_of(header.to_str().ok()?)
}

/// The answer to a request whose caller is not known. Why a token is not valid is not told.
fn not_signed_in(asked: &Shared, failure: &Failure) -> HttpResponse {
    match failure {
        Failure::Refused(refusal) => match asked.refused(refusal) {
            None => unauthenticated("the token is unknown, expired or revoked"),
            Some(wait) => too_many_failures(wait),
        },
        Failure::Away => unavailable(PROVIDER_AWAY),
        Failure::Failed(error) => failed(error),
    }
}

/// The answer to a request that the database did not serve.
fn failed(error: &storage::Error) -> HttpResponse {
    if Code::of(error) == Code::Timeout {
        return error_response(
            StatusCode::GATEWAY_TIMEOUT,
            Code::Timeout.name(),
            "the request took longer than it may (--request-timeout); ask for less at once",
        );
    }
    let cause = std::error::Error::source(error).map(ToString::to_string);
    if Code::of(error) == Code::Unavailable {
        tracing::error!(%error, ?cause, "database unavailable");
        return unavailable("the database is not available at the moment; try again");
    }
    tracing::error!(%error, ?cause, "authentication failed");
    error_response(
        StatusCode::INTERNAL_SERVER_ERROR,
        "INTERNAL",
        "something went wrong inside the server",
    )
}

/// Writes a response. A request error has no data at all, not even null.
fn write(response: &Response) -> Answer {
    let is_request_error = is_request_error(response);
    let body = match is_request_error {
        true => serde_json::to_vec(&serde_json::json!({ "errors": response.errors })),
        false => serde_json::to_vec(response),
    };
    Answer {
        // Names and values are texts and numbers, which can always be written.
        body: body.unwrap_or_default(),
        is_ok: response.is_ok(),
        is_request_error,
    }
}

fn respond(media: Media, answer: Answer) -> HttpResponse {
    let status = match media {
        Media::ResponseJson if answer.is_request_error => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    HttpResponse::build(status)
        .content_type(media.content_type())
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(answer.body)
}

/// Errors that async-graphql makes itself have no code: syntax, validation, limits, values of the wrong form. All of them
/// are the client's to mend.
pub(crate) fn give_codes(response: &mut Response) {
    for error in &mut response.errors {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", Code::BadUserInput.name());
        }
    }
}

/// A body that could not be received: longer than it may be, or cut off.
fn unreadable(error: &actix_web::Error, LongestBody(longest): LongestBody) -> HttpResponse {
    match error.as_response_error().status_code() {
        StatusCode::PAYLOAD_TOO_LARGE => transport_error(
            StatusCode::PAYLOAD_TOO_LARGE,
            &format!("the body is longer than {longest} bytes (--max-body)"),
        ),
        _ => bad_request("the body could not be read"),
    }
}

fn bad_request(message: &str) -> HttpResponse {
    transport_error(StatusCode::BAD_REQUEST, message)
}

fn transport_error(status: StatusCode, message: &str) -> HttpResponse {
    error_response(status, "BAD_REQUEST", message)
}

fn unauthenticated(message: &str) -> HttpResponse {
    let mut response = error_response(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message);
    let scheme = header::HeaderValue::from_static("Bearer realm=\"clinigraph\"");
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, scheme);
    response
}

/// The answer 429 to somebody whose tokens were not valid too often.
fn too_many_failures(wait: Duration) -> HttpResponse {
    let message = "too many tokens from here were not valid; wait before the next one";
    let mut response = error_response(StatusCode::TOO_MANY_REQUESTS, "UNAUTHENTICATED", message);
    let seconds = header::HeaderValue::from(wait.as_secs().max(1));
    response.headers_mut().insert(header::RETRY_AFTER, seconds);
    response
}

/// The answer 503 with the time to wait.
pub(crate) fn unavailable(message: &str) -> HttpResponse {
    let mut response = error_response(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, header::HeaderValue::from_static("2"));
    response
}

/// An answer without data.
pub(crate) fn error_response(status: StatusCode, code: &str, message: &str) -> HttpResponse {
    let body =
        serde_json::json!({ "errors": [{ "message": message, "extensions": { "code": code } }] });
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(body)
}
