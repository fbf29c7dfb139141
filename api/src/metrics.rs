//! Figures for Prometheus.

use std::time::Instant;

use prometheus::{HistogramOpts, HistogramVec, IntGaugeVec, Opts, Registry, TextEncoder};

use crate::{analytics::Held, db::Db};

/// Bounds of the latency histogram, seconds. The alert is at half a second.
const BOUNDS: [f64; 10] = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 2.5];

/// The figures and where they are kept.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: HistogramVec,
    connections: IntGaugeVec,
    analytics: IntGaugeVec,
}

impl Metrics {
    /// Figures that start at zero.
    ///
    /// # Errors
    /// When two figures have one name.
    pub fn new() -> prometheus::Result<Self> {
        let requests = HistogramOpts::new(
            "clinigraph_graphql_request_duration_seconds",
            "Time to answer a GraphQL request.",
        );
        let requests = HistogramVec::new(requests.buckets(BOUNDS.to_vec()), &["outcome"])?;
        let connections = Opts::new(
            "clinigraph_database_connections",
            "Database connections of the pool.",
        );
        let connections = IntGaugeVec::new(connections, &["state"])?;
        let analytics = Opts::new(
            "clinigraph_analytics_columns",
            "What analytics hold in memory: data version, stays, bytes, milliseconds to read them, answers given again.",
        );
        let analytics = IntGaugeVec::new(analytics, &["figure"])?;
        let registry = Registry::new();
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(connections.clone()))?;
        registry.register(Box::new(analytics.clone()))?;
        Ok(Metrics {
            registry,
            requests,
            connections,
            analytics,
        })
    }

    /// Begins to time a request.
    #[must_use]
    pub fn start(&self) -> Timer {
        Timer {
            requests: self.requests.clone(),
            started: Instant::now(),
        }
    }

    /// All figures in Prometheus' text format.
    ///
    /// # Errors
    /// When a figure cannot be written.
    pub fn text(&self, db: &Db, held: Held) -> prometheus::Result<String> {
        let (open, idle) = db.state();
        self.connections
            .with_label_values(&["open"])
            .set(open.into());
        self.connections
            .with_label_values(&["idle"])
            .set(idle.into());
        for (figure, value) in [
            ("version", held.version),
            ("stays", held.stays as i64),
            ("bytes", held.bytes as i64),
            ("load_milliseconds", (held.load_seconds * 1000.0) as i64),
            ("hits", held.hits as i64),
        ] {
            self.analytics.with_label_values(&[figure]).set(value);
        }
        TextEncoder::new().encode_to_string(&self.registry.gather())
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
