//! What a caller may ask for: every limit with its default, its unit and its environment variable.

use std::{path::PathBuf, time::Duration};

use clap::{Args, FromArgMatches, ValueEnum};
use domain::authority::INTROSPECTION;

/// Limits of documents and requests.
#[derive(Debug, Clone, Args)]
pub struct LimitSettings {
    /// Longest body of a GraphQL request and of a socket's message, KiB
    #[arg(long, env = "CLINIGRAPH_MAX_BODY", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub max_body: u32,

    /// Largest file that a value may name, MiB
    #[arg(long, env = "CLINIGRAPH_MAX_FILE_SIZE", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub max_file_size: u32,

    /// Most tokens of a document: names, numbers, texts, brackets
    #[arg(long, env = "CLINIGRAPH_MAX_TOKENS", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub max_tokens: u32,

    /// Deepest nesting of fields in a document. `GraphiQL`'s own question needs 14
    #[arg(long, env = "CLINIGRAPH_MAX_DEPTH", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=30))]
    pub max_depth: u32,

    /// Highest cost of a document: one for each field, lists weighted by their rows
    #[arg(long, env = "CLINIGRAPH_MAX_COMPLEXITY", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..))]
    pub max_complexity: u32,

    /// Most fields of an operation, those of fragments counted at every use
    #[arg(long, env = "CLINIGRAPH_MAX_FIELDS", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_fields: u32,

    /// Most aliases of an operation, a repeated field counted as one
    #[arg(long, env = "CLINIGRAPH_MAX_ALIASES", default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub max_aliases: u32,

    /// Most directives of an operation
    #[arg(long, env = "CLINIGRAPH_MAX_DIRECTIVES", default_value_t = 50, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub max_directives: u32,

    /// Most rows of a page
    #[arg(long, env = "CLINIGRAPH_MAX_PAGE", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub max_page: u32,

    /// Longest time a request or an operation of a socket may take, seconds; its statement is cancelled then
    #[arg(long, env = "CLINIGRAPH_REQUEST_TIMEOUT", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub request_timeout: u64,

    /// Requests of one caller under way at a time; 0 for no limit
    #[arg(long, env = "CLINIGRAPH_MAX_CONCURRENT", default_value_t = 64, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub max_concurrent: u32,

    /// Requests of one caller a minute, which may come all at once; 0 for no limit
    #[arg(long, env = "CLINIGRAPH_RATE_LIMIT", default_value_t = 12_000, value_parser = clap::value_parser!(u32).range(0..=100_000_000))]
    pub rate_limit: u32,

    /// Operations that one socket may run at a time
    #[arg(long, env = "CLINIGRAPH_SOCKET_OPERATIONS", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub socket_operations: u32,

    /// Known documents: a folder of `.graphql` files, or a JSON object of texts by SHA-256
    #[arg(long, env = "CLINIGRAPH_TRUSTED_DOCUMENTS")]
    pub trusted_documents: Option<PathBuf>,

    /// What is made of known documents
    #[arg(
        long,
        env = "CLINIGRAPH_TRUSTED",
        default_value = "off",
        requires_if("prefer", "trusted_documents"),
        requires_if("only", "trusted_documents")
    )]
    pub trusted: Trust,

    /// Who may ask for the schema, is given suggestions and may open `GraphiQL` [default: authorised; everybody in the demo]
    #[arg(long, env = "CLINIGRAPH_INTROSPECTION")]
    pub introspection: Option<Audience>,
}

/// Largest file, bytes.
#[derive(Debug, Clone, Copy)]
pub struct FileLimit(pub usize);

/// What known documents are good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Trust {
    /// Nothing: all documents are limited alike.
    Off,
    /// Known ones are answered without limits, others with.
    Prefer,
    /// Nothing else is answered.
    Only,
}

/// Who may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Audience {
    /// Everybody with an account.
    Everybody,
    /// Holders of the authority `CLINIGRAPH_INTROSPECTION` or ALL.
    Authorised,
    /// Nobody.
    Nobody,
}

impl Audience {
    /// Whether somebody belongs to it who holds the authorities that `holds` tells.
    #[must_use]
    pub fn includes(self, holds: impl FnOnce(&str) -> bool) -> bool {
        match self {
            Audience::Everybody => true,
            Audience::Authorised => holds(INTROSPECTION),
            Audience::Nobody => false,
        }
    }
}

impl LimitSettings {
    /// The limits of a server to which nothing was said.
    #[must_use]
    pub fn usual() -> Self {
        let command = LimitSettings::augment_args(clap::Command::new("clinigraph"));
        let command = command.mut_args(|argument| argument.env(None::<&str>));
        let matches = command.get_matches_from(["clinigraph"]);
        match LimitSettings::from_arg_matches(&matches) {
            Ok(settings) => settings,
            Err(error) => error.exit(),
        }
    }

    /// Longest body, bytes.
    #[must_use]
    pub fn body_bytes(&self) -> usize {
        self.max_body as usize * 1024
    }

    /// Largest file.
    #[must_use]
    pub fn file_limit(&self) -> FileLimit {
        FileLimit(self.max_file_size as usize * 1024 * 1024)
    }

    /// Longest time of a request.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout)
    }

    /// Who may ask for the schema.
    #[must_use]
    pub fn introspection(&self) -> Audience {
        self.introspection.unwrap_or(Audience::Authorised)
    }
}
