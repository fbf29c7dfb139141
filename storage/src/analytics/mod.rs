//! Clinic analytics: the views, their refresh, and what is asked of them.

pub mod definitions;
pub mod diagnoses;
pub mod flow;
pub mod kpis;
pub mod observations;
pub mod quality;
pub mod report;
pub mod source;
mod stays;
pub mod version;

pub use source::Source;
