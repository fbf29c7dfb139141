//! Logs and traces. Neither holds values of a request: no names, no identifiers of patients, no variables.

use std::io::IsTerminal;

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::LogFormat;

/// Sends what is left when dropped.
#[derive(Default)]
pub struct Telemetry(Option<SdkTracerProvider>);

/// Starts logging to standard error, and traces to `OTEL_EXPORTER_OTLP_ENDPOINT` when it is set.
#[must_use]
pub fn start(filter: &str, format: LogFormat, otlp_endpoint: Option<&str>) -> Telemetry {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let base = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let log = match format {
        LogFormat::Text => base.with_target(false).with_filter(filter).boxed(),
        LogFormat::Json => base.json().with_filter(filter).boxed(),
    };
    let provider = otlp_endpoint.and_then(exporter);
    let traces = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("clinigraph"))
            .with_filter(EnvFilter::new("info"))
    });
    // A second call, as tests make, keeps the first subscriber.
    let _ = tracing_subscriber::registry()
        .with(log)
        .with(traces)
        .try_init();
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
