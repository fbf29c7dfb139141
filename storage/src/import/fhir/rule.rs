//! The rules that a resource can break, each with its stable code and its words.

/// Why a line is put aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The line cannot be read as JSON.
    JsonSyntax,
    /// The line is longer than a resource can be.
    LineTooLong,
    /// JSON, but no FHIR resource.
    NotAResource,
    /// The resource has no id, or one that cannot be one.
    MissingId,
    /// An inpatient contact does not say when it begins.
    EncounterWithoutStart,
    /// A period ends before it starts.
    PeriodReversed,
    /// An inpatient contact names no patient.
    PatientReferenceMissing,
    /// A date cannot be read, or is less exact than it must be.
    InvalidDate,
    /// An observation does not say what was observed.
    MissingCode,
}

impl Rule {
    /// The stable code kept in the quarantine.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Rule::JsonSyntax => "JSON_SYNTAX",
            Rule::LineTooLong => "LINE_TOO_LONG",
            Rule::NotAResource => "NOT_A_RESOURCE",
            Rule::MissingId => "MISSING_ID",
            Rule::EncounterWithoutStart => "ENCOUNTER_WITHOUT_START",
            Rule::PeriodReversed => "PERIOD_REVERSED",
            Rule::PatientReferenceMissing => "PATIENT_REFERENCE_MISSING",
            Rule::InvalidDate => "INVALID_DATE",
            Rule::MissingCode => "MISSING_CODE",
        }
    }

    /// What is wrong, without values.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Rule::JsonSyntax => "The line is not JSON.",
            Rule::LineTooLong => "The line is longer than 256 MiB.",
            Rule::NotAResource => "The object has no resourceType of FHIR.",
            Rule::MissingId => {
                "The resource has no usable id: none, or one with a #, which FHIR does not allow."
            }
            Rule::EncounterWithoutStart => "The contact has no period.start.",
            Rule::PeriodReversed => "The period ends before it starts.",
            Rule::PatientReferenceMissing => "The contact has no reference to a patient.",
            Rule::InvalidDate => "A date is not one, or is less exact than it must be.",
            Rule::MissingCode => "The observation has no code.",
        }
    }
}
