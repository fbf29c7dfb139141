//! What writing did, as GraphQL shows it.

use async_graphql::{Enum, ID, Json, SimpleObject};
use serde_json::Value;
use storage::import::tracker;

use super::events::Event;

/// What happens to stored and to new objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tracker::Strategy")]
pub enum ImportStrategy {
    /// New objects only.
    Create,
    /// Stored objects only.
    Update,
    /// Both, by identifier.
    CreateAndUpdate,
    /// Stored objects are marked deleted; the payload needs their identifiers only.
    Delete,
}

/// What happens to the good objects when one is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tracker::AtomicMode")]
pub enum AtomicMode {
    /// Nothing is stored.
    All,
    /// The good objects are stored.
    Object,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tracker::Outcome")]
pub enum WriteOutcome {
    /// It is new.
    Created,
    /// It differs from what was stored.
    Updated,
    /// It was stored like this before.
    Unchanged,
}

/// The worst thing that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "tracker::Status")]
pub enum ImportStatus {
    /// Nothing.
    Ok,
    /// A warning.
    Warning,
    /// An object that was refused.
    Error,
}

/// A rule that an object breaks.
#[derive(Debug, Clone, SimpleObject)]
pub struct WriteError {
    /// DHIS2's code, e.g. `E1029`; `CONFLICT` when the event was changed since it was read; `BAD_VALUE`, `BAD_TYPE` or
    /// `MISSING_MEMBER` when a member cannot be read.
    code: String,
    /// What is wrong, in words.
    message: String,
    /// Member of the object that the message names, as an import payload calls it, e.g. `orgUnit`; null when it names none.
    field: Option<String>,
    /// Kind of the object: `EVENT`, `ENROLLMENT`, `TRACKED_ENTITY` or `RELATIONSHIP`.
    object_type: String,
    /// Identifier of the object.
    object: ID,
}

impl WriteError {
    fn new(code: tracker::Code, message: String, kind: tracker::TrackerType, uid: String) -> Self {
        let field = message.split('`').nth(1).map(str::to_owned);
        let object_type = match kind {
            tracker::TrackerType::TrackedEntity => "TRACKED_ENTITY",
            tracker::TrackerType::Enrollment => "ENROLLMENT",
            tracker::TrackerType::Event => "EVENT",
            tracker::TrackerType::Relationship => "RELATIONSHIP",
        };
        WriteError {
            code: code.name().to_owned(),
            field,
            message,
            object_type: object_type.to_owned(),
            object: ID(uid),
        }
    }

    /// The errors of a report.
    #[must_use]
    pub fn errors(report: &tracker::ImportReport) -> Vec<Self> {
        let errors = report.validation_report.error_reports.iter().cloned();
        errors
            .map(|error| {
                WriteError::new(
                    error.error_code,
                    error.message,
                    error.tracker_type,
                    error.uid,
                )
            })
            .collect()
    }

    /// The warnings of a report.
    #[must_use]
    pub fn warnings(report: &tracker::ImportReport) -> Vec<Self> {
        let warnings = report.validation_report.warning_reports.iter().cloned();
        warnings
            .map(|found| {
                WriteError::new(
                    found.warning_code,
                    found.message,
                    found.tracker_type,
                    found.uid,
                )
            })
            .collect()
    }
}

/// An event after it was written.
#[derive(SimpleObject)]
pub struct EventPayload {
    /// The event as the caller may read it; null when it was refused, or when the caller may write but not read it.
    pub event: Option<Event>,
    /// What became of it; null when it was refused.
    pub outcome: Option<WriteOutcome>,
    /// Why it was refused; empty when it was not.
    pub errors: Vec<WriteError>,
    /// What is odd about it, though it was stored.
    pub warnings: Vec<WriteError>,
}

/// Several events after they were written.
#[derive(SimpleObject)]
pub struct BulkPayload {
    /// Events that were written, in the order asked for.
    pub ids: Vec<ID>,
    /// Why others were refused.
    pub errors: Vec<WriteError>,
}

/// Counts of objects.
#[derive(Debug, Clone, SimpleObject)]
pub struct ImportStats {
    /// Objects added.
    created: u64,
    /// Objects changed, or sent again as they are stored.
    updated: u64,
    /// Those of `updated` that were equal to what was stored.
    unchanged: u64,
    /// Objects marked deleted.
    deleted: u64,
    /// Objects not stored.
    ignored: u64,
    /// All of these.
    total: u64,
}

impl From<tracker::Stats> for ImportStats {
    fn from(stats: tracker::Stats) -> Self {
        ImportStats {
            created: stats.created,
            updated: stats.updated,
            unchanged: stats.unchanged,
            deleted: stats.deleted,
            ignored: stats.ignored,
            total: stats.total,
        }
    }
}

/// What an import did.
#[derive(SimpleObject)]
pub struct ImportReport {
    /// The worst thing that was found. ERROR also when the good objects were stored.
    status: ImportStatus,
    /// Counts.
    stats: ImportStats,
    /// Why objects were refused.
    errors: Vec<WriteError>,
    /// What is odd about objects that were stored.
    warnings: Vec<WriteError>,
    /// The same in DHIS2's shape.
    raw: Json<Value>,
}

impl From<tracker::ImportReport> for ImportReport {
    fn from(report: tracker::ImportReport) -> Self {
        ImportReport {
            status: report.status.into(),
            stats: report.stats.into(),
            errors: WriteError::errors(&report),
            warnings: WriteError::warnings(&report),
            raw: Json(serde_json::to_value(&report).unwrap_or_default()),
        }
    }
}
