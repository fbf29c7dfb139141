//! Every setting, with its default, its unit and its environment variable. Nothing else reads the environment.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

use crate::{
    guard::CallerSettings, limits::LimitSettings, operating::OperatingSettings,
    rest::body::BodyLimit, tls::TlsSettings,
};

/// Settings that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// PostgreSQL 15 or newer to use, as a libpq URL. Without it the program runs its own
    #[arg(long, env = "DATABASE_URL", global = true, hide_env_values = true)]
    pub database_url: Option<String>,

    /// Folder of the program's own PostgreSQL [default: the platform's data folder; /var/lib/clinigraph for root]
    #[arg(long, env = "CLINIGRAPH_DATA_DIR", global = true)]
    pub data_dir: Option<PathBuf>,

    /// What is logged: a level, or `target=level` pairs
    #[arg(
        long,
        env = "CLINIGRAPH_LOG",
        global = true,
        default_value = "info,async_graphql=warn,actix_server=warn"
    )]
    pub log: String,

    /// How it is logged
    #[arg(
        long,
        env = "CLINIGRAPH_LOG_FORMAT",
        global = true,
        default_value = "text"
    )]
    pub log_format: LogFormat,

    /// Where traces are sent over OTLP/HTTP, e.g. <http://localhost:4318>; none when absent
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", global = true)]
    pub otlp_endpoint: Option<String>,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Settings of the server.
#[derive(Debug, Clone, Args)]
pub struct ServerSettings {
    /// Address and port to listen on
    #[arg(long, env = "CLINIGRAPH_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: String,

    /// Database connections held at most
    #[arg(long, env = "CLINIGRAPH_POOL_SIZE", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub pool_size: u32,

    /// Longest time a statement may run, seconds
    #[arg(long, env = "CLINIGRAPH_STATEMENT_TIMEOUT", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub statement_timeout: u64,

    /// Longest time a request waits for a database connection, seconds
    #[arg(long, env = "CLINIGRAPH_CHECKOUT_TIMEOUT", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=300))]
    pub checkout_timeout: u64,

    /// Fewest patients behind a figure that analytics show; 0 shows all
    #[arg(long, env = "CLINIGRAPH_MINIMUM_CELL", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub minimum_cell: u32,

    /// Memory for the columns that analytics are answered from, MiB; 0 answers from the database, as do data that outgrow it
    #[arg(long, env = "CLINIGRAPH_ANALYTICS_MEMORY", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(0..=1_048_576))]
    pub analytics_memory: u32,
    /// Fewest events behind a figure that aggregates of events show; 0 shows all
    #[arg(long, env = "CLINIGRAPH_MINIMUM_EVENT_CELL", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub minimum_event_cell: u32,
    /// Largest body of an import over HTTP, megabytes
    #[arg(long, env = "CLINIGRAPH_IMPORT_LIMIT", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub import_limit: u32,

    /// Open sockets for subscriptions at a time
    #[arg(long, env = "CLINIGRAPH_SOCKETS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub sockets: u32,

    /// Origins of other sites whose pages may ask and open sockets here, e.g. <https://app.example.org>, separated by commas
    #[arg(long, env = "CLINIGRAPH_ALLOWED_ORIGINS", value_delimiter = ',')]
    pub allowed_origins: Vec<String>,

    /// Limits of documents and requests.
    #[command(flatten)]
    pub limits: LimitSettings,

    /// TLS of the server itself.
    #[command(flatten)]
    pub tls: TlsSettings,
    /// How the server is run.
    #[command(flatten)]
    pub operating: OperatingSettings,
    /// Settings of callers.
    #[command(flatten)]
    pub callers: CallerSettings,
}

impl Settings {
    /// Folder of the program's own PostgreSQL.
    ///
    /// # Errors
    /// When the platform names no home folder and none was given.
    pub fn data_dir(&self) -> Result<PathBuf, String> {
        if let Some(folder) = &self.data_dir {
            return Ok(folder.clone());
        }
        if storage::cluster::runs_as_root() {
            return Ok(PathBuf::from("/var/lib/clinigraph"));
        }
        let variable = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let home = || variable("HOME");
        let folder = match cfg!(target_os = "macos") {
            true => home().map(|home| home.join("Library/Application Support/clinigraph")),
            false => variable("XDG_DATA_HOME")
                .or_else(|| home().map(|home| home.join(".local/share")))
                .map(|data| data.join("clinigraph")),
        };
        folder.ok_or_else(|| {
            "no home folder is known; give --data-dir or CLINIGRAPH_DATA_DIR".to_owned()
        })
    }
}

impl ServerSettings {
    /// Largest body of an import.
    #[must_use]
    pub fn body_limit(&self) -> BodyLimit {
        BodyLimit(self.import_limit as usize * 1024 * 1024)
    }

    /// Longest time a statement may run.
    #[must_use]
    pub fn statement_timeout(&self) -> Duration {
        Duration::from_secs(self.statement_timeout)
    }

    /// Memory for columns, bytes.
    #[must_use]
    pub fn analytics_bytes(&self) -> usize {
        self.analytics_memory as usize * 1024 * 1024
    }

    /// Longest time a request waits for a connection.
    #[must_use]
    pub fn checkout_timeout(&self) -> Duration {
        Duration::from_secs(self.checkout_timeout)
    }
}
