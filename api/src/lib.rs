//! crate
pub mod assets;
