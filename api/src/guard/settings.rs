//! Settings of callers and of what is remembered of them.

use clap::{Args, ValueEnum};

use crate::oidc::OidcSettings;

/// What the audit log holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum AuditLevel {
    /// Nothing.
    Off,
    /// Administrative acts and refused sign-ins.
    Acts,
    /// The same, and reads of data of persons.
    Reads,
}

/// Settings of callers.
#[derive(Debug, Clone, Args)]
pub struct CallerSettings {
    /// What is written to the audit log: reads of data of persons, administrative acts and refused sign-ins; without reads; or nothing
    #[arg(long, env = "CLINIGRAPH_AUDIT", default_value = "reads")]
    pub audit: AuditLevel,

    /// Failed sign-ins that an address, or the beginning of a token, has in a minute before it is told to wait; 0 for any number
    #[arg(long, env = "CLINIGRAPH_FAILED_SIGN_INS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub failed_sign_ins: u32,

    /// A proxy of ours stands in front: the last address of X-Forwarded-For is the client's
    #[arg(long, env = "CLINIGRAPH_TRUST_PROXY")]
    pub trust_proxy: bool,

    /// The OIDC provider.
    #[command(flatten)]
    pub oidc: OidcSettings,
}

impl Default for CallerSettings {
    fn default() -> Self {
        CallerSettings {
            audit: AuditLevel::Reads,
            failed_sign_ins: 20,
            trust_proxy: false,
            oidc: OidcSettings::default(),
        }
    }
}
