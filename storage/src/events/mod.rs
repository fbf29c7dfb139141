//! The event store: single events and tracker events in two tables, listed by one page query.
//!
//! [`scope`] answers what a caller may list of a program, and is cached; [`request`] turns what a client asks into a
//! [`Listing`] in keys, before any event is read; [`page`] builds and runs the page query; [`row`] is
//! what it returns.

pub mod aggregate;
mod among;
pub mod change_log;
pub mod columns;
pub(crate) mod conditions;
pub mod counts;
pub mod data_values;
pub mod details;
mod few;
pub mod lookup;
pub mod notes;
mod order_keys;
pub mod page;
pub mod relationships;
pub mod request;
pub mod row;
pub mod scope;
mod values;
mod walk;
mod walk_key;
mod ways;
mod within;

pub use among::among;
pub use page::{Listing, count, cursor, each, list};
pub use request::resolve;
pub use row::EventRow;
pub use scope::ProgramScope;
