//! From an HTTP request to a GraphQL request: GET with a query string, POST with a JSON object.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode, header},
    web,
};
use serde_json::{Map, Value};

use super::{bad_request, transport_error};
use crate::parameters::Parameters;

/// Reads a request.
///
/// # Errors
/// The answer to a request that is none: 400, 405 or 415.
pub fn read(request: &HttpRequest, body: &[u8]) -> Result<Parameters, HttpResponse> {
    if request.method() == Method::GET {
        return read_get(request);
    }
    if !is_json(request) {
        return Err(transport_error(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send the request as application/json, in UTF-8",
        ));
    }
    Parameters::from_json(body).map_err(|message| bad_request(&message))
}

/// Whether the body is JSON under its own name, which no page can send across sites without asking first.
fn is_json(request: &HttpRequest) -> bool {
    let header = request.headers().get(header::CONTENT_TYPE);
    let Some(header) = header.and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let mut parts = header.split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    let mut charsets = parts
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim().trim_matches('"'));
    is_json
        && charsets.all(|charset| {
            charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
        })
}

/// A GET request: variables and extensions are JSON in a text.
fn read_get(request: &HttpRequest) -> Result<Parameters, HttpResponse> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
        .map_err(|error| bad_request(&format!("the query string cannot be read: {error}")))?
        .into_inner();
    let mut members = Map::new();
    for (name, text) in pairs {
        let value = match name.as_str() {
            "query" | "operationName" | "documentId" => Value::String(text),
            "variables" | "extensions" if text.is_empty() => Value::Null,
            "variables" | "extensions" => serde_json::from_str(&text)
                .map_err(|error| bad_request(&format!("{name} are not JSON: {error}")))?,
            _ => continue,
        };
        if members.insert(name.clone(), value).is_some() {
            return Err(bad_request(&format!("{name} is given twice")));
        }
    }
    Value::Object(members)
        .try_into()
        .map_err(|message: String| bad_request(&message))
}

/// The answer to a GET request that asks for more than a query.
pub fn not_a_query() -> HttpResponse {
    let mut response = transport_error(
        StatusCode::METHOD_NOT_ALLOWED,
        "GET takes queries only; send this with POST",
    );
    response
        .headers_mut()
        .insert(header::ALLOW, header::HeaderValue::from_static("POST"));
    response
}
