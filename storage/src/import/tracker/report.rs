//! What an import did and what it refused, in DHIS2's shape.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    code::Code,
    parameters::{AtomicMode, ImportMode, Parameters, ReportMode},
};

/// A kind of tracker object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TrackerType {
    /// A person or thing followed over time.
    TrackedEntity,
    /// Its taking part in a program.
    Enrollment,
    /// An event of either store.
    Event,
    /// A relationship between two of these.
    Relationship,
}

impl TrackerType {
    /// All of them, in the order in which they are stored.
    pub const ALL: [TrackerType; 4] = [
        TrackerType::TrackedEntity,
        TrackerType::Enrollment,
        TrackerType::Event,
        TrackerType::Relationship,
    ];

    /// Member of a payload that names an object of the kind.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TrackerType::TrackedEntity => "trackedEntity",
            TrackerType::Enrollment => "enrollment",
            TrackerType::Event => "event",
            TrackerType::Relationship => "relationship",
        }
    }
}

/// The worst thing that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Nothing.
    Ok,
    /// A warning.
    Warning,
    /// An object that was refused.
    Error,
}

/// Counts of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Stats {
    /// Objects added.
    pub created: u64,
    /// Objects sent anew, those among them that changed nothing included.
    pub updated: u64,
    /// Objects marked deleted by name; what went with them is not counted.
    pub deleted: u64,
    /// Objects not stored.
    pub ignored: u64,
    /// All of these.
    pub total: u64,
    /// Those of `updated` that were equal to what was stored.
    #[serde(skip)]
    pub unchanged: u64,
    /// Those of `created` that no payload holds: program rules planned them.
    #[serde(skip)]
    pub scheduled: u64,
}

/// Why an object was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorReport {
    /// What is wrong, in words that name the member.
    pub message: String,
    /// The rule.
    pub error_code: Code,
    /// Kind of the object.
    pub tracker_type: TrackerType,
    /// Its identifier; what stood in its place when that is the fault.
    pub uid: String,
}

/// What is odd about an object that was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WarningReport {
    /// What is odd, in words that name the member.
    pub message: String,
    /// The rule.
    pub warning_code: Code,
    /// Kind of the object.
    pub tracker_type: TrackerType,
    /// Its identifier.
    pub uid: String,
}

/// What was found in a payload.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidationReport {
    /// Errors, in the order in which objects are stored.
    pub error_reports: Vec<ErrorReport>,
    /// Warnings; empty unless asked for.
    pub warning_reports: Vec<WarningReport>,
}

/// An object that was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectReport {
    /// Its kind.
    pub tracker_type: TrackerType,
    /// Its identifier, one that was made for it included.
    pub uid: String,
    /// Always empty: what is refused stands in the validation report.
    pub error_reports: [(); 0],
}

/// What happened to the objects of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeReport {
    /// The kind.
    pub tracker_type: TrackerType,
    /// Their counts.
    pub stats: Stats,
    /// Those that were stored, in the order of the payload, then the events that program rules planned. Where a payload has
    /// more than 2,000 events, those of an enrolment follow each other.
    pub object_reports: Vec<ObjectReport>,
}

/// What happened to the objects, by kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleReport {
    /// One report for each kind.
    pub type_report_map: BTreeMap<TrackerType, TypeReport>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// The worst thing that was found. ERROR also when the good objects were stored.
    pub status: Status,
    /// What was found.
    pub validation_report: ValidationReport,
    /// Counts over all kinds.
    pub stats: Stats,
    /// What happened to the objects.
    pub bundle_report: BundleReport,
}

impl Default for ImportReport {
    fn default() -> Self {
        let of_type = |tracker_type| TypeReport {
            tracker_type,
            stats: Stats::default(),
            object_reports: Vec::new(),
        };
        ImportReport {
            status: Status::Ok,
            validation_report: ValidationReport::default(),
            stats: Stats::default(),
            bundle_report: BundleReport {
                type_report_map: TrackerType::ALL.map(|kind| (kind, of_type(kind))).into(),
            },
        }
    }
}

impl ImportReport {
    /// Whether an object was refused.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        !self.validation_report.error_reports.is_empty()
    }

    /// Whether nothing is stored because an object was refused.
    #[must_use]
    pub fn is_refused(&self, parameters: &Parameters) -> bool {
        parameters.atomic == AtomicMode::All && self.has_errors()
    }

    /// What the report of a mode holds.
    #[must_use]
    pub fn shown(mut self, mode: ReportMode) -> Self {
        if mode == ReportMode::Errors {
            self.validation_report.warning_reports.clear();
        }
        self
    }

    /// Counts of a kind.
    pub(super) fn stats_of(&mut self, kind: TrackerType) -> Option<&mut TypeReport> {
        self.bundle_report.type_report_map.get_mut(&kind)
    }

    /// Sets status and totals once every object was looked at. What was not stored counts as ignored.
    pub(super) fn conclude(mut self, parameters: &Parameters) -> Self {
        let undone = self.is_refused(parameters) || parameters.mode == ImportMode::Validate;
        for of_type in self.bundle_report.type_report_map.values_mut() {
            let stats = &mut of_type.stats;
            if undone {
                *stats = Stats {
                    ignored: stats.created - stats.scheduled
                        + stats.updated
                        + stats.deleted
                        + stats.ignored,
                    ..Stats::default()
                };
                of_type.object_reports.clear();
            }
            stats.total = stats.created + stats.updated + stats.deleted + stats.ignored;
            self.stats.created += stats.created;
            self.stats.updated += stats.updated;
            self.stats.deleted += stats.deleted;
            self.stats.ignored += stats.ignored;
            self.stats.total += stats.total;
            self.stats.unchanged += stats.unchanged;
            self.stats.scheduled += stats.scheduled;
        }
        self.status = match &self.validation_report {
            found if !found.error_reports.is_empty() => Status::Error,
            found if !found.warning_reports.is_empty() => Status::Warning,
            _ => Status::Ok,
        };
        self
    }
}
