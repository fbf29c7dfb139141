//! The event store: single events and tracker events in two tables, listed by one page query.
//!
//! [`scope`] answers what a caller may list of a program, and is cached; [`request`] turns what a client asks into a
//! [`Listing`] in keys, before any event is read; [`page`] builds and runs the page query; [`row`] is
//! what it returns.

mod among;
pub mod columns;
pub mod details;
pub mod lookup;
pub mod notes;
pub mod page;
pub mod relationships;
pub mod request;
pub mod row;
pub mod scope;
mod walk;

pub use among::among;
pub use page::{Listing, count, cursor, each, list};
pub use request::resolve;
pub use row::EventRow;
pub use scope::ProgramScope;
