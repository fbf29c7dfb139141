//! The command line. Other programs rely on its words.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{ServerSettings, Settings};

/// GraphQL over a split DHIS2 event store and exact clinic analytics.
#[derive(Debug, Parser)]
#[command(name = "clinigraph", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Settings of all commands.
    #[command(flatten)]
    pub settings: Settings,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve demo data from a local database; prints the links and a token
    Demo(ServerSettings),
    /// Serve /graphql, /graphiql, /api, /health/live, /health/ready and /metrics
    Serve(ServerSettings),
    /// Bring the database up to date
    Migrate,
    /// Bring the analytics tables up to the base tables and publish a new data version
    Refresh {
        /// Build every stay anew, after rows were written past the triggers
        #[arg(long)]
        all: bool,
    },
    /// Detach the observations of whole months before a day, to archive and drop their tables
    DetachObservations {
        /// First day that stays, e.g. 2020-01-01
        #[arg(long)]
        before: chrono::NaiveDate,
    },
    /// Remove files that were sent and that no value names
    RemoveFiles {
        /// Hours since they were sent or last named by a value
        #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(2..=87_600))]
        older_than: u32,
    },
    /// Recount what is stored twice and say where it differs
    Verify,
    /// Print the GraphQL schema
    Schema,
    /// Import metadata, tracker data or a FHIR delivery
    #[command(subcommand)]
    Import(Import),
    /// Fill an empty database with generated data
    Generate {
        /// How much
        #[arg(long)]
        preset: Preset,
        /// Other seeds give other data
        #[arg(long, default_value_t = 1)]
        random_seed: u64,
    },
    /// API tokens
    #[command(subcommand)]
    Token(Token),
    /// Print the audit log, oldest entries first
    Audit(AuditQuery),
    /// Run a command with `DATABASE_URL` set, starting the local database for it when needed
    Postgres {
        /// The command and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
}

/// What can be imported.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// DHIS2 metadata, as `POST /api/metadata` takes it
    Metadata {
        /// The JSON file
        file: PathBuf,
    },
    /// DHIS2 tracker data, as `POST /api/tracker` takes it
    Tracker {
        /// The JSON file
        file: PathBuf,
        /// Username recorded as the importer
        #[arg(long, default_value = "admin")]
        user: String,
        /// What is stored when an object is refused: nothing, or the good ones
        #[arg(long, default_value = "object")]
        atomic: Atomic,
    },
    /// FHIR R4: NDJSON or bundles, also as .gz or in a .zip
    ///
    /// All or nothing: a delivery that is refused changes nothing. Bad lines are listed in the table quarantine.
    Fhir(Delivery),
    /// Titles of chapters, blocks and codes of an ICD-10-GM edition; shown after the next refresh
    Icd10 {
        /// Folder with the unpacked metadata of one edition, as `icd10gm2026syst_kodes.txt`
        folder: PathBuf,
        /// Who publishes them, named beside the titles
        #[arg(long, default_value = "BfArM")]
        source: String,
    },
}

/// A FHIR delivery and how it is taken.
#[derive(Debug, Args)]
pub struct Delivery {
    /// A file, or a folder that is read with all below it
    pub path: PathBuf,
    /// Identifier of the org unit that delivers; a new root is made of an unknown one
    #[arg(long, value_name = "UID")]
    pub clinic: String,
    /// The delivery stands for all data of the clinic: what it lacks of the resource types it holds is removed
    #[arg(long)]
    pub full: bool,
    /// Read files again that were imported before
    #[arg(long)]
    pub force: bool,
    /// Refuse the delivery when more than this percentage of its resources break a rule, or of its stays name the
    /// provider of another clinic, and at least 20 do
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0)]
    pub max_bad: f64,
    /// Refuse the delivery when a month, or all together, loses more than this percentage of its stays, and at least 20
    #[arg(long, value_name = "PERCENT", default_value_t = 10.0)]
    pub max_lost: f64,
    /// Time zone in which the clinic's days are counted from now on [default: as it is, Europe/Berlin at first]
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// Threads that parse [default: one for each core, at least two]
    #[arg(long, value_name = "NUMBER")]
    pub threads: Option<usize>,
}

/// What an import stores when it refuses an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Atomic {
    /// Nothing
    All,
    /// The good objects
    Object,
}

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Print a new API token; only its hash is kept
    Create {
        /// Username of the person who acts with it
        #[arg(long)]
        user: String,
        /// What it is for
        #[arg(long, default_value = "")]
        name: String,
        /// Days after which it stops working [default: never]
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=3650))]
        expires_in: Option<u16>,
    },
    /// Print the tokens of a person or of everybody, without the tokens themselves
    List {
        /// Username
        #[arg(long)]
        user: Option<String>,
    },
    /// Withdraw a token for good
    Revoke {
        /// Its number, as `list` prints it
        id: i64,
    },
}

/// Which entries of the audit log are printed, and how.
#[derive(Debug, Args)]
pub struct AuditQuery {
    /// First day, e.g. 2026-01-31 [default: the last 24 hours]
    #[arg(long, value_name = "DAY")]
    pub since: Option<chrono::NaiveDate>,
    /// Username
    #[arg(long)]
    pub user: Option<String>,
    /// How they are printed
    #[arg(long, default_value = "ndjson")]
    pub format: AuditFormat,
}

/// How the audit log is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuditFormat {
    /// One JSON object a line
    Ndjson,
    /// Comma-separated, with a line of names first
    Csv,
}

/// Amounts of generated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// A minute's worth, for looking around
    Demo,
    /// 12.6 million single events, 1 million stays
    Seed,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_valid() {
        super::Cli::command().debug_assert();
    }
}
