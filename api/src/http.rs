//! GraphQL over HTTP: one handler instead of the stock integration, which answers 200 to everything and takes JSON under
//! any content type.
//!
//! POST takes JSON, GET takes queries only. A request error (syntax, validation, variables) is 400 for clients that
//! accept `application/graphql-response+json` and 200 for those that only know `application/json`; an answer with data
//! is always 200. The document must be JSON under its own content type, which no web page can send across sites
//! without asking first.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode, header},
    web,
};
use async_graphql::{Response, parser::types::OperationType};
use serde::Deserialize;
use tracing::Instrument;

use crate::{
    caller::{Shared, token_of},
    engine::{Engine, Parameters},
    graphql::{error::Code, is_request_error},
    guard::Door,
    metrics::Metrics,
};

/// Longest request body, bytes.
pub const LONGEST_BODY: usize = 1024 * 1024;

const RESPONSE_JSON: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

/// A GET request: variables are JSON in a string.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GetParameters {
    query: String,
    operation_name: Option<String>,
    variables: Option<String>,
}

/// What a client wants the answer to be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Media {
    ResponseJson,
    Json,
}

/// What a request came to.
enum Outcome {
    /// It was answered: the body, and what is said of it outside.
    Answered(Answer),
    /// The token is unknown, expired or revoked.
    Unauthenticated,
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
) -> HttpResponse {
    let Some(media) = accepted(&request) else {
        return transport_error(
            StatusCode::NOT_ACCEPTABLE,
            "accept application/graphql-response+json or application/json",
        );
    };
    let body = match body {
        Ok(body) => body,
        Err(error) => return unreadable(&error),
    };
    let parameters = match read(&request, &body) {
        Ok(parameters) => parameters,
        Err(response) => return response,
    };
    let Some(token) = token(&request) else {
        return unauthenticated("send an API token: `Authorization: Bearer …`");
    };
    let timer = metrics.start();
    let asked = shared.asked_by(&request, Door::GraphQl);
    let (engine, state, sent) = (engine.into_inner(), asked.clone(), token.clone());
    let outcome = shared.db.attend(move |db| async move {
        answer(&engine, &state.through(db), &sent, &parameters).await
    });
    match outcome.instrument(tracing::info_span!("graphql")).await {
        Ok(Outcome::Answered(answer)) => {
            timer.finish(if answer.is_ok { "ok" } else { "error" });
            respond(media, answer)
        }
        Ok(Outcome::Unauthenticated) => match asked.failed(&token) {
            None => unauthenticated("the API token is unknown, expired or revoked"),
            Some(wait) => too_many_failures(wait),
        },
        Ok(Outcome::Refreshing) => unavailable("the data are being refreshed; try again"),
        Err(error) => failed(&error),
    }
}

/// Authenticates and executes. When a refresh is published between two fields, the whole document is answered anew.
async fn answer(
    engine: &Engine,
    shared: &Shared,
    token: &str,
    parameters: &Parameters,
) -> storage::Result<Outcome> {
    for _ in 0..3 {
        let Some(context) = shared.authenticate(token.to_owned()).await? else {
            return Ok(Outcome::Unauthenticated);
        };
        let context = Arc::new(context);
        let mut response = engine.execute(parameters, Arc::clone(&context)).await;
        if !context.saw_two_data_versions() {
            give_codes(&mut response);
            return Ok(Outcome::Answered(write(&response)));
        }
    }
    Ok(Outcome::Refreshing)
}

/// The token of a request; `None` when it carries none.
fn token(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(header::AUTHORIZATION)?;
    token_of(header.to_str().ok()?)
}

/// The answer to a request that the database did not serve.
fn failed(error: &storage::Error) -> HttpResponse {
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

fn read(request: &HttpRequest, body: &[u8]) -> Result<Parameters, HttpResponse> {
    if request.method() == Method::GET {
        return read_get(request);
    }
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = content_type
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    if !essence.eq_ignore_ascii_case(JSON) {
        return Err(transport_error(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send the request as application/json",
        ));
    }
    let parameters: Parameters = serde_json::from_slice(body)
        .map_err(|error| bad_request(&format!("the body is not a GraphQL request: {error}")))?;
    with_variables(parameters)
}

/// A request whose variables, if it has any, are an object.
fn with_variables(parameters: Parameters) -> Result<Parameters, HttpResponse> {
    match &parameters.variables {
        None | Some(serde_json::Value::Null | serde_json::Value::Object(_)) => Ok(parameters),
        Some(_) => Err(bad_request("variables must be an object")),
    }
}

fn read_get(request: &HttpRequest) -> Result<Parameters, HttpResponse> {
    let parameters = web::Query::<GetParameters>::from_query(request.query_string())
        .map_err(|error| {
            bad_request(&format!(
                "the query string is not a GraphQL request: {error}"
            ))
        })?
        .into_inner();
    let variables = parameters
        .variables
        .as_deref()
        .filter(|text| !text.is_empty())
        .map(serde_json::from_str);
    let variables = variables
        .transpose()
        .map_err(|error| bad_request(&format!("variables are not JSON: {error}")))?;
    let parameters = Parameters {
        query: parameters.query,
        operation_name: parameters.operation_name,
        variables,
    };
    if changes_something(&parameters) {
        let mut response = transport_error(
            StatusCode::METHOD_NOT_ALLOWED,
            "GET takes queries only; send this with POST",
        );
        response
            .headers_mut()
            .insert(header::ALLOW, header::HeaderValue::from_static("POST"));
        return Err(response);
    }
    with_variables(parameters)
}

/// Whether the operation that a document runs is not a query. A document that does not parse is left to the schema.
fn changes_something(parameters: &Parameters) -> bool {
    let Ok(document) = async_graphql::parser::parse_query(&parameters.query) else {
        return false;
    };
    let mut operations = document.operations.iter();
    operations.any(|(name, operation)| {
        let is_asked = match (name, &parameters.operation_name) {
            (Some(name), Some(asked)) => name.as_str() == asked,
            _ => true,
        };
        is_asked && operation.node.ty != OperationType::Query
    })
}

/// The media type of the answer; `None` when the client accepts neither. Without a wish it is JSON, as old clients expect.
fn accepted(request: &HttpRequest) -> Option<Media> {
    let wishes: Vec<&str> = request
        .headers()
        .get_all(header::ACCEPT)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    if wishes.is_empty() {
        return Some(Media::Json);
    }
    wishes.iter().find_map(
        |wish| match wish.split(';').next().unwrap_or_default().trim() {
            RESPONSE_JSON => Some(Media::ResponseJson),
            JSON | "application/*" | "*/*" => Some(Media::Json),
            _ => None,
        },
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
    let name = match media {
        Media::ResponseJson => "application/graphql-response+json; charset=utf-8",
        Media::Json => "application/json; charset=utf-8",
    };
    HttpResponse::build(status)
        .content_type(name)
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
fn unreadable(error: &actix_web::Error) -> HttpResponse {
    match error.as_response_error().status_code() {
        StatusCode::PAYLOAD_TOO_LARGE => transport_error(
            StatusCode::PAYLOAD_TOO_LARGE,
            &format!("the body is longer than {LONGEST_BODY} bytes"),
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
