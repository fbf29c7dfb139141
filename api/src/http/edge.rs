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
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox"),
    ),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// Two years, as the lists of browsers ask.
const TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

/// Adds the headers of an answer over plain HTTP.
///
/// # Errors
/// What the handler returned.
pub async fn over_http(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    finish(request, next, false).await
}

/// Adds the headers of an answer over TLS of this server.
///
/// # Errors
/// What the handler returned.
pub async fn over_tls(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    finish(request, next, true).await
}

async fn finish<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
    is_tls: bool,
) -> Result<ServiceResponse<B>, Error> {
    let is_old = request.version() < Version::HTTP_11;
    let mut response = next.call(request).await?;
    let head = response.response_mut().head_mut();
    // HTTP/1.0 knows no pieces: an answer of unknown length ends with the connection.
    if is_old {
        head.no_chunking(true);
        head.set_connection_type(ConnectionType::Close);
    }
    add_headers(response.headers_mut(), is_tls);
    Ok(response)
}

fn add_headers(headers: &mut HeaderMap, is_tls: bool) {
    for (name, value) in USUAL {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
    if is_tls {
        headers.insert(STRICT_TRANSPORT_SECURITY, TRANSPORT);
    }
}
