//! What stands around a request: where it comes from, what is written of it, and how often it may be wrong.

pub mod attempts;
pub mod audit;
pub mod origin;
pub mod refusals;
pub mod settings;

pub use attempts::Attempts;
pub use audit::{Audit, What, Who};
pub use origin::{Door, Origin};
pub use settings::{AuditLevel, CallerSettings};
