//! What every answer is given on its way out: the headers that browsers obey, and a framing that the client understands.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        ConnectionType, Version,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue,
            REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    middleware::Next,
};

/// What an answer says of itself unless it says otherwise. Data are for the one who asked: nothing keeps them, shows them
/// in a frame, runs them as a page or tells others from where they were asked.
const USUAL: [(HeaderName, HeaderValue); 5] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// Browsers keep to TLS for two years, as their lists ask.
pub const TRANSPORT: (HeaderName, HeaderValue) = (
    STRICT_TRANSPORT_SECURITY,
    HeaderValue::from_static("max-age=63072000; includeSubDomains"),
);

/// Adds what is missing to an answer.
///
/// # Errors
/// What the handler returned.
pub async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let is_old = request.version() < Version::HTTP_11;
    let mut response = next.call(request).await?;
    let head = response.response_mut().head_mut();
    // HTTP/1.0 knows no pieces: an answer of unknown length ends with the connection.
    if is_old {
        head.no_chunking(true);
        head.set_connection_type(ConnectionType::Close);
    }
    add_headers(response.headers_mut());
    Ok(response)
}

fn add_headers(headers: &mut HeaderMap) {
    for (name, value) in USUAL {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
}
