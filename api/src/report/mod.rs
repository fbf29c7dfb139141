//! The monthly report: assembled once, shown as GraphQL, PDF, CSV and XLSX. All of them read
//! [`MonthlyReport`](crate::graphql::report::MonthlyReport), so that they cannot disagree.

pub mod assemble;
mod csv;
mod definitions;
mod document;
mod endpoint;
mod format;
mod pdf;
mod tables;
pub mod words;
mod xlsx;

pub use endpoint::configure;
