//! Settings of running the server: how long what may take, and what is around it.

use std::time::Duration;

use clap::Args;

/// Settings of running the server.
#[derive(Debug, Clone, Args)]
pub struct OperatingSettings {
    /// A replica that lists and figures are read from, as a libpq URL; what somebody wrote they read from the primary until the replica has it
    #[arg(long, env = "DATABASE_READ_URL", hide_env_values = true)]
    pub database_read_url: Option<String>,

    /// Whether the server brings the database up to date when it starts; else it waits until `clinigraph migrate` did
    #[arg(long, env = "CLINIGRAPH_MIGRATE", default_value_t = true, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub migrate: bool,

    /// Statements that take at least so long are logged with their plan, milliseconds; 0 logs none
    #[arg(long, env = "CLINIGRAPH_SLOW_STATEMENT", default_value_t = 500, value_parser = clap::value_parser!(u64).range(0..=3_600_000))]
    pub slow_statement: u64,

    /// How long the server still takes requests after SIGTERM, while it already says that it is not ready, seconds
    #[arg(long, env = "CLINIGRAPH_DRAIN_DELAY", default_value_t = 5, value_parser = clap::value_parser!(u64).range(0..=300))]
    pub drain_delay: u64,

    /// How long requests under way may go on after that, seconds
    #[arg(long, env = "CLINIGRAPH_DRAIN_LIMIT", default_value_t = 30, value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub drain_limit: u64,
}

impl Default for OperatingSettings {
    fn default() -> Self {
        OperatingSettings {
            database_read_url: None,
            migrate: true,
            slow_statement: 500,
            drain_delay: 5,
            drain_limit: 30,
        }
    }
}

impl OperatingSettings {
    /// From when on a statement is slow; `None` when none is.
    #[must_use]
    pub fn slow_statement(&self) -> Option<Duration> {
        (self.slow_statement > 0).then(|| Duration::from_millis(self.slow_statement))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::OperatingSettings;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        settings: OperatingSettings,
    }

    #[test]
    fn the_defaults_are_those_of_the_command_line() {
        let parsed = Words::parse_from(["serve"]).settings;
        let default = OperatingSettings::default();
        assert_eq!(format!("{parsed:?}"), format!("{default:?}"));
    }
}
