//! Figures for Prometheus. No label holds anything that a client may choose freely.

mod operations;
mod process;
mod scrape;

use std::time::{Duration, Instant};

use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

pub use self::{operations::Operations, scrape::Scrape};

/// Bounds of the latency histograms, seconds. The alert is at half a second.
const BOUNDS: [f64; 12] = [
    0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// The figures that are counted while requests are answered, and where they are kept.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: HistogramVec,
    http: HistogramVec,
    in_flight: IntGauge,
    slow_statements: IntCounterVec,
    operations: Operations,
}

impl Metrics {
    /// Figures that start at zero.
    ///
    /// # Errors
    /// When two figures have one name.
    pub fn new() -> prometheus::Result<Self> {
        let histogram = |name: &str, help: &str, labels: &[&str]| {
            let options = HistogramOpts::new(name, help).buckets(BOUNDS.to_vec());
            HistogramVec::new(options, labels)
        };
        let metrics = Metrics {
            registry: Registry::new(),
            requests: histogram(
                "clinigraph_graphql_request_duration_seconds",
                "Time to answer a GraphQL request.",
                &["outcome"],
            )?,
            http: histogram(
                "clinigraph_http_request_duration_seconds",
                "Time to the first byte of an answer.",
                &["method", "route", "status"],
            )?,
            in_flight: IntGauge::new(
                "clinigraph_http_requests_in_flight",
                "Requests that are being answered.",
            )?,
            slow_statements: IntCounterVec::new(
                Opts::new(
                    "clinigraph_slow_statements_total",
                    "Statements over the limit of CLINIGRAPH_SLOW_STATEMENT.",
                ),
                &["statement"],
            )?,
            operations: Operations::new(histogram(
                "clinigraph_operation_duration_seconds",
                "Time to run a GraphQL operation.",
                &["operation", "outcome"],
            )?),
        };
        let registry = &metrics.registry;
        registry.register(Box::new(metrics.requests.clone()))?;
        registry.register(Box::new(metrics.http.clone()))?;
        registry.register(Box::new(metrics.in_flight.clone()))?;
        registry.register(Box::new(metrics.slow_statements.clone()))?;
        registry.register(Box::new(metrics.operations.histogram()))?;
        Ok(metrics)
    }

    /// Begins to time a request.
    #[must_use]
    pub fn start(&self) -> Timer {
        Timer {
            requests: self.requests.clone(),
            started: Instant::now(),
        }
    }

    /// Figures of operations by name.
    #[must_use]
    pub fn operations(&self) -> Operations {
        self.operations.clone()
    }

    /// Slow statements by name.
    #[must_use]
    pub fn slow_statements(&self) -> IntCounterVec {
        self.slow_statements.clone()
    }

    /// Counts an HTTP request as being answered until the guard is dropped.
    #[must_use]
    pub fn enter(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// Requests that are being answered.
    #[must_use]
    pub fn in_flight(&self) -> i64 {
        self.in_flight.get()
    }

    /// Records an HTTP request. `route` is a pattern of the server's own.
    pub fn http(&self, method: &str, route: &str, status: u16, time: Duration) {
        let (method, class) = (known_method(method), status.to_string());
        self.http
            .with_label_values(&[method, route, &class])
            .observe(time.as_secs_f64());
    }

    /// All figures in Prometheus' text format: those that were counted, and those of this moment.
    ///
    /// # Errors
    /// When a figure cannot be written.
    pub fn text(&self, now: &Scrape) -> prometheus::Result<String> {
        let mut families = self.registry.gather();
        families.extend(now.gather()?);
        TextEncoder::new().encode_to_string(&families)
    }
}

/// A method by its name; clients may send any word.
fn known_method(method: &str) -> &str {
    match method {
        "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "HEAD" => method,
        _ => "other",
    }
}

/// A request that is being answered.
pub struct InFlight(IntGauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The time of one request.
pub struct Timer {
    requests: HistogramVec,
    started: Instant,
}

impl Timer {
    /// Records how long the request took and how it ended.
    pub fn finish(self, outcome: &str) {
        self.requests
            .with_label_values(&[outcome])
            .observe(self.started.elapsed().as_secs_f64());
    }
}
