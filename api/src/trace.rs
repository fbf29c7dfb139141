//! The span of a request: it belongs to the trace that the caller names by `traceparent`, and tells the caller which one it is.
//!
//! Where no trace is taken, nothing is read, made or kept.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    propagation::{Extractor, TextMapPropagator},
    trace::{SpanContext, Status, TraceContextExt},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use storage::watch::TRACE;
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The request header that names a trace, and its answer.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// What the W3C's draft calls the answer.
const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

/// The span of a request with these headers; disabled where no trace is taken.
#[must_use]
pub fn request_span(method: &str, headers: &HeaderMap) -> Span {
    let span = tracing::info_span!(
        target: TRACE,
        "request",
        otel.name = method,
        otel.kind = "server",
        http.request.method = method,
        http.route = Empty,
        http.response.status_code = Empty,
    );
    if !span.is_disabled() {
        let parent = TraceContextPropagator::new().extract(&Headers(headers));
        if parent.span().span_context().is_valid() {
            // Fails only for a span that has begun to be sent.
            let _ = span.set_parent(parent);
        }
    }
    span
}

/// Completes the span of a request and tells the caller about it.
pub fn finish(span: &Span, method: &str, route: &str, status: u16, headers: &mut HeaderMap) {
    if span.is_disabled() {
        return;
    }
    span.record("http.route", route);
    span.record("http.response.status_code", status);
    if status >= 500 {
        span.set_status(Status::error(""));
    }
    let context = span.context();
    context.span().update_name(format!("{method} {route}"));
    let context = context.span().span_context().clone();
    if let Ok(value) = HeaderValue::from_str(&header(&context))
        && context.is_valid()
    {
        headers.insert(TRACEPARENT, value.clone());
        headers.insert(TRACERESPONSE, value);
    }
}

/// `traceparent` in the form of version 00.
fn header(context: &SpanContext) -> String {
    format!(
        "00-{}-{}-{:02x}",
        context.trace_id(),
        context.span_id(),
        context.trace_flags()
    )
}
