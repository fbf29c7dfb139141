//! Clinic analytics: the views, their refresh, and what is asked of them.

pub mod definitions;
pub mod diagnoses;
pub mod stays;
pub mod version;
