//! The event store: single events and tracker events in two tables, listed by one page query.
//!
//! [`scope`] answers what a caller may list before any event is read; [`page`] builds and runs the page query; [`row`] is
//! what it returns.

pub mod details;
pub mod lookup;
pub mod notes;
pub mod page;
pub mod relationships;
pub mod row;
pub mod scope;
mod walk;

pub use page::{Listing, count, list};
pub use row::EventRow;
pub use scope::ProgramScope;
