//! Logs and traces. Neither holds values of a request: no names, no identifiers of patients, no variables.
//!
//! Spans have a target of their own, which logs leave out: without an exporter nobody wants them, and making one costs a
//! look at a number.

use std::io::IsTerminal;

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use storage::watch::TRACE;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, filter_fn},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::config::LogFormat;

/// Sends what is left when dropped.
#[derive(Default)]
pub struct Telemetry(Option<SdkTracerProvider>);

/// Starts logging to standard error, and traces to `OTEL_EXPORTER_OTLP_ENDPOINT` when it is set.
#[must_use]
pub fn start(filter: &str, format: LogFormat, otlp_endpoint: Option<&str>) -> Telemetry {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = filter.and(filter_fn(|metadata| metadata.target() != TRACE));
    let base = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let log = match format {
        LogFormat::Text => base.with_target(false).with_filter(filter).boxed(),
        LogFormat::Json => base.json().with_filter(filter).boxed(),
    };
    let mut layers = vec![log];
    let provider = otlp_endpoint.and_then(exporter);
    if let Some(provider) = &provider {
        let traces = tracing_opentelemetry::layer()
            .with_location(false)
            .with_threads(false)
            .with_tracer(provider.tracer("clinigraph"));
        let traces = traces.with_filter(filter_fn(|metadata| metadata.target() == TRACE));
        layers.push(traces.boxed());
    }
    // A second call, as tests make, keeps the first subscriber.
    let _ = tracing_subscriber::registry().with(layers).try_init();
    Telemetry(provider)
}

fn exporter(endpoint: &str) -> Option<SdkTracerProvider> {
    use opentelemetry_otlp::WithExportConfig;
    let endpoint = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(endpoint)
        .build()
        .ok()?;
    let resource = opentelemetry_sdk::Resource::builder()
        .with_service_name("clinigraph")
        .with_attribute(opentelemetry::KeyValue::new(
            "service.version",
            env!("CARGO_PKG_VERSION"),
        ))
        .build();
    Some(
        SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build(),
    )
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(provider) = self.0.take()
            && let Err(error) = provider.shutdown()
        {
            tracing::warn!(%error, "traces were lost at shutdown");
        }
    }
}
