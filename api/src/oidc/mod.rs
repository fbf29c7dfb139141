//! Callers by the tokens of an OIDC provider: what is configured, which keys it signs with, and what a token proves.
//!
//! Nothing here knows the database: a proven token names a person, whom `sessions` looks up.

mod claims;
mod fetch;
mod keys;
mod provider;
mod settings;
mod signature;
mod token;

pub use claims::Reason;
pub use provider::{Failure, Provider};
pub use settings::{MapsTo, OidcSettings};
pub use token::Proven;
