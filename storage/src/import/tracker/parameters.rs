//! How a payload is imported, by DHIS2's parameters.

use std::collections::HashMap;

use chrono::NaiveDateTime;

use super::id_schemes::IdSchemes;

/// What happens to objects that are stored, and to those that are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// New objects only.
    Create,
    /// Stored objects only.
    Update,
    /// Both, by identifier.
    #[default]
    CreateAndUpdate,
    /// Stored objects are marked deleted; the payload needs their identifiers only.
    Delete,
}

/// What happens to the good objects when one is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AtomicMode {
    /// Nothing is stored.
    #[default]
    All,
    /// The good objects are stored.
    Object,
}

/// Whether anything is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImportMode {
    /// Good objects are stored.
    #[default]
    Commit,
    /// The payload is checked only.
    Validate,
}

/// How thoroughly objects are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ValidationMode {
    /// Every rule, every object.
    #[default]
    Full,
    /// The import ends with the first refused object.
    FailFast,
    /// Only what storing needs; for superusers, others are checked in full.
    Skip,
}

/// Which part of a report is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReportMode {
    /// Errors.
    #[default]
    Errors,
    /// Errors and warnings.
    Warnings,
    /// Everything.
    Full,
}

/// How one payload is imported. The default is DHIS2's.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    /// What happens to stored and new objects.
    pub strategy: Strategy,
    /// What happens when one is refused.
    pub atomic: AtomicMode,
    /// Whether anything is stored.
    pub mode: ImportMode,
    /// How thoroughly objects are checked.
    pub validation: ValidationMode,
    /// Whether program rules are not run.
    pub skip_rule_engine: bool,
    /// By what the payload names metadata.
    pub id_schemes: IdSchemes,
    /// When events were last changed as the client knows it, by identifier: one that was changed since is refused.
    pub last_seen: HashMap<String, NaiveDateTime>,
}
