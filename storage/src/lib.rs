//! crate

pub mod cluster;
