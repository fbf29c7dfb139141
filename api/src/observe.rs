//! What is seen of every HTTP request from outside: its time, its trace, its part in the figures.

use std::{sync::Arc, time::Instant};

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
    middleware::Next,
    web,
};
use tracing::Instrument;

use crate::{metrics::Metrics, timing::Timing, trace};

/// The header that tells where the time went.
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// The middleware around everything else.
///
/// # Errors
/// Those of the handlers.
pub async fn observe<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let started = Instant::now();
    let method = request.method().clone();
    let metrics = request.app_data::<web::Data<Metrics>>().cloned();
    let _in_flight = metrics.as_ref().map(|metrics| metrics.enter());
    let timing = Arc::new(Timing::default());
    request.extensions_mut().insert(Arc::clone(&timing));
    let span = trace::request_span(method.as_str(), request.headers());
    let outcome = next.call(request).instrument(span.clone()).await;
    let time = started.elapsed();
    match outcome {
        Ok(mut response) => {
            let status = response.status().as_u16();
            // The pattern of the route, never the path, which holds identifiers.
            let pattern = response.request().match_pattern();
            let route = pattern.as_deref().unwrap_or("unmatched");
            if let Some(metrics) = &metrics {
                metrics.http(method.as_str(), route, status, time);
            }
            trace::finish(
                &span,
                method.as_str(),
                route,
                status,
                response.headers_mut(),
            );
            let header = timing.header(time);
            if let Some(value) = header.and_then(|text| HeaderValue::from_str(&text).ok()) {
                response.headers_mut().insert(SERVER_TIMING, value);
            }
            Ok(response)
        }
        Err(error) => {
            let status = error.as_response_error().status_code().as_u16();
            if let Some(metrics) = &metrics {
                metrics.http(method.as_str(), "unmatched", status, time);
            }
            Err(error)
        }
    }
}

/// The timing of a request that passed [`observe`].
#[must_use]
pub fn timing_of(request: &impl HttpMessage) -> Option<Arc<Timing>> {
    request.extensions().get::<Arc<Timing>>().cloned()
}
