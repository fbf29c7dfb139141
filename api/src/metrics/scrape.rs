//! The figures of one moment: what somebody else counts, asked when Prometheus asks.

use chrono::{DateTime, Utc};
use prometheus::{CounterVec, GaugeVec, Opts, Registry, proto::MetricFamily};
use storage::figures::Figures;

use super::process;
use crate::{analytics::Held, db::Use};

/// What is known at one moment.
pub struct Scrape {
    /// Now, by the server's clock.
    pub now: DateTime<Utc>,
    /// Connections to the database.
    pub connections: Use,
    /// Requests read from the replica, and those that went to the primary instead; `None` without a replica.
    pub replica: Option<(u64, u64)>,
    /// What analytics hold.
    pub held: Held,
    /// Hits and misses of each cache.
    pub caches: Vec<(&'static str, u64, u64)>,
    /// Sockets open, and how many there may be.
    pub sockets: (usize, usize),
    /// What the database says; `None` while it does not answer.
    pub figures: Option<Figures>,
    /// Whether requests are taken.
    pub is_ready: bool,
}

/// A value with the values of its labels.
type Row<'a> = (Vec<&'a str>, f64);

/// Families under construction.
struct Families(Registry);

impl Families {
    fn gauge(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        rows: &[Row<'_>],
    ) -> prometheus::Result<()> {
        let gauge = GaugeVec::new(Opts::new(name, help), labels)?;
        for (values, value) in rows {
            gauge.with_label_values(values).set(*value);
        }
        self.0.register(Box::new(gauge))
    }

    fn counter(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        rows: &[Row<'_>],
    ) -> prometheus::Result<()> {
        let counter = CounterVec::new(Opts::new(name, help), labels)?;
        for (values, value) in rows {
            counter.with_label_values(values).inc_by(*value);
        }
        self.0.register(Box::new(counter))
    }
}

fn one(value: impl Into<f64>) -> [Row<'static>; 1] {
    [(vec![], value.into())]
}

impl Scrape {
    /// The figures as families.
    pub(super) fn gather(&self) -> prometheus::Result<Vec<MetricFamily>> {
        let families = Families(Registry::new());
        self.server(&families)?;
        self.database(&families)?;
        self.analytics(&families)?;
        if let Some(figures) = &self.figures {
            refreshes(&families, figures, self.now)?;
            imports(&families, figures)?;
        }
        Ok(families.0.gather())
    }

    fn server(&self, families: &Families) -> prometheus::Result<()> {
        let version = [(vec![env!("CARGO_PKG_VERSION")], 1.0)];
        families.gauge(
            "clinigraph_build_info",
            "Version of the program.",
            &["version"],
            &version,
        )?;
        let ready = one(u8::from(self.is_ready));
        families.gauge(
            "clinigraph_ready",
            "Whether requests are taken.",
            &[],
            &ready,
        )?;
        let (open, limit) = self.sockets;
        families.gauge(
            "clinigraph_sockets_open",
            "WebSockets open.",
            &[],
            &one(open as f64),
        )?;
        families.gauge(
            "clinigraph_sockets_limit",
            "WebSockets that there may be.",
            &[],
            &one(limit as f64),
        )?;
        if let Some(bytes) = process::resident_bytes() {
            let bytes = one(bytes as f64);
            families.gauge(
                "process_resident_memory_bytes",
                "Memory of the process.",
                &[],
                &bytes,
            )?;
        }
        if let Some(files) = process::open_files() {
            let files = one(files as f64);
            families.gauge("process_open_fds", "Open files and sockets.", &[], &files)?;
        }
        let caches = || self.caches.iter();
        let hits: Vec<Row<'_>> = caches()
            .flat_map(|(name, hits, misses)| {
                [
                    (vec![*name, "hit"], *hits as f64),
                    (vec![*name, "miss"], *misses as f64),
                ]
            })
            .collect();
        families.counter(
            "clinigraph_cache_lookups_total",
            "Look-ups in what is kept between requests.",
            &["cache", "result"],
            &hits,
        )
    }

    fn database(&self, families: &Families) -> prometheus::Result<()> {
        let used = &self.connections;
        let up = one(u8::from(self.figures.is_some()));
        families.gauge(
            "clinigraph_database_up",
            "Whether the database answered this scrape.",
            &[],
            &up,
        )?;
        let states = [
            (vec!["open"], f64::from(used.open)),
            (vec!["idle"], f64::from(used.idle)),
            (vec!["in_use"], used.in_use as f64),
            (vec!["limit"], used.limit as f64),
        ];
        families.gauge(
            "clinigraph_database_connections",
            "Database connections of the pool.",
            &["state"],
            &states,
        )?;
        let waiting = one(used.waiting as f64);
        families.gauge(
            "clinigraph_database_waiting",
            "Requests that wait for a database connection.",
            &[],
            &waiting,
        )?;
        let refused = one(used.refused as f64);
        families.counter(
            "clinigraph_database_refused_total",
            "Requests that got no database connection in time.",
            &[],
            &refused,
        )?;
        if let Some((replica, primary)) = self.replica {
            let reads = [
                (vec!["replica"], replica as f64),
                (vec!["primary"], primary as f64),
            ];
            families.counter(
                "clinigraph_replica_reads_total",
                "Reading requests by the server that answered.",
                &["server"],
                &reads,
            )?;
        }
        Ok(())
    }

    fn analytics(&self, families: &Families) -> prometheus::Result<()> {
        let held = &self.held;
        let figures = [
            (vec!["version"], held.version as f64),
            (vec!["stays"], held.stays as f64),
            (vec!["bytes"], held.bytes as f64),
            (
                vec!["load_milliseconds"],
                (held.load_seconds * 1000.0).trunc(),
            ),
            (vec!["hits"], held.hits as f64),
        ];
        families.gauge(
            "clinigraph_analytics_columns",
            "What analytics hold in memory: data version, stays, bytes, milliseconds to read them, answers given again.",
            &["figure"],
            &figures,
        )
    }
}

fn refreshes(families: &Families, figures: &Figures, now: DateTime<Utc>) -> prometheus::Result<()> {
    let gauge = |name: &str, help: &str, value: f64| families.gauge(name, help, &[], &one(value));
    let age = |moment: DateTime<Utc>| (now - moment).as_seconds_f64().max(0.0);
    gauge(
        "clinigraph_data_version",
        "The newest data version.",
        figures.version as f64,
    )?;
    if let Some(moment) = figures.refreshed_at {
        gauge(
            "clinigraph_data_version_age_seconds",
            "Time since the newest data version was published.",
            age(moment),
        )?;
        gauge(
            "clinigraph_refresh_last_timestamp_seconds",
            "When the newest data version was published.",
            moment.timestamp() as f64,
        )?;
    }
    if let Some(moment) = figures.imported_through {
        gauge(
            "clinigraph_data_age_seconds",
            "Time since the newest delivery in the newest data version ended.",
            age(moment),
        )?;
    }
    gauge(
        "clinigraph_refresh_last_duration_seconds",
        "How long the last refresh took that worked.",
        figures.refresh_milliseconds as f64 / 1000.0,
    )?;
    gauge(
        "clinigraph_refresh_failed",
        "Whether the last refresh failed.",
        f64::from(u8::from(figures.is_refresh_failed)),
    )?;
    families.counter(
        "clinigraph_refresh_failures_total",
        "Refreshes that failed.",
        &[],
        &one(figures.refresh_failures as f64),
    )
}

fn imports(families: &Families, figures: &Figures) -> prometheus::Result<()> {
    let imports = || figures.imports.iter();
    let rows: Vec<Row<'_>> = imports()
        .flat_map(|import| {
            let kind = import.kind.as_str();
            [
                (vec![kind, "created"], import.created as f64),
                (vec![kind, "updated"], import.updated as f64),
                (vec![kind, "unchanged"], import.unchanged as f64),
                (vec![kind, "quarantined"], import.quarantined as f64),
            ]
        })
        .collect();
    families.counter(
        "clinigraph_import_rows_total",
        "Rows of imports by the command line.",
        &["kind", "result"],
        &rows,
    )?;
    let runs: Vec<Row<'_>> = imports()
        .flat_map(|import| {
            let kind = import.kind.as_str();
            [
                (vec![kind, "done"], import.done as f64),
                (vec![kind, "failed"], import.failed as f64),
            ]
        })
        .collect();
    families.counter(
        "clinigraph_imports_total",
        "Imports by the command line.",
        &["kind", "outcome"],
        &runs,
    )?;
    let last: Vec<Row<'_>> = imports()
        .filter_map(|import| {
            Some((
                vec![import.kind.as_str()],
                import.finished_at?.timestamp() as f64,
            ))
        })
        .collect();
    families.gauge(
        "clinigraph_import_last_timestamp_seconds",
        "When the last import ended that worked.",
        &["kind"],
        &last,
    )
}
