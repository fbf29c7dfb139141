//! Rows of the temporary tables.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;

use super::tables::{
    staged_conditions, staged_contacts, staged_diagnoses, staged_encounters, staged_identifiers,
    staged_observations, staged_patients, staged_places, staged_resources,
};

/// One resource of the delivery, whatever its type: which version of it wins is decided here.
#[derive(Debug, Clone, PartialEq, Insertable)]
#[diesel(table_name = staged_resources, treat_none_as_default_value = false)]
pub struct Resource {
    /// Position of its resource in the delivery.
    pub seq: i64,
    /// Type of the resource.
    pub resource_type: &'static str,
    /// Id of the resource.
    pub fhir_id: String,
    /// meta.lastUpdated.
    pub updated_at: Option<DateTime<Utc>>,
    /// meta.versionId, when numeric.
    pub version: Option<i64>,
    /// Hash of the whole resource.
    pub body: i64,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// Status that keeps it out.
    pub left_out: Option<String>,
}

/// An identifier of a resource, for references that name no id.
#[derive(Debug, Clone, PartialEq, Insertable)]
#[diesel(table_name = staged_identifiers, treat_none_as_default_value = false)]
pub struct Identifier {
    /// Position of its resource in the delivery.
    pub seq: i64,
    /// Type of the resource.
    pub resource_type: &'static str,
    /// Namespace; empty when none was sent.
    pub system: String,
    /// Value.
    pub value: String,
    /// Id of the resource.
    pub fhir_id: String,
    /// Whether the resource is a part of another one.
    pub nested: bool,
}

/// A Location or an Organization.
#[derive(Debug, Clone, PartialEq, Insertable)]
#[diesel(table_name = staged_places, treat_none_as_default_value = false)]
pub struct Place {
    /// Position of its resource in the delivery.
    pub seq: i64,
    /// Type of the resource.
    pub resource_type: &'static str,
    /// Id of the resource.
    pub fhir_id: String,
    /// Namespace of the place's identifier.
    pub identifier_system: Option<String>,
    /// Identifier of the place.
    pub identifier_value: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Kind of place: wa, ro, bd ...
    pub physical_type: Option<String>,
    /// meta.lastUpdated.
    pub updated_at: Option<DateTime<Utc>>,
    /// meta.versionId, when numeric.
    pub version: Option<i64>,
    /// Hash of the whole resource.
    pub body: i64,
}

/// A patient.
#[derive(Debug, Clone, PartialEq, Insertable)]
#[diesel(table_name = staged_patients, treat_none_as_default_value = false)]
pub struct Patient {
    /// Position of its resource in the delivery.
    pub seq: i64,
    /// Id of the resource.
    pub fhir_id: String,
    /// FEMALE, MALE, OTHER or UNKNOWN.
    pub sex: &'static str,
    /// Year of birth.
    pub birth_year: Option<i16>,
    /// Month of birth.
    pub birth_month: Option<i16>,
    /// Day of death.
    pub deceased_on: Option<NaiveDate>,
    /// meta.lastUpdated.
    pub updated_at: Option<DateTime<Utc>>,
    /// meta.versionId, when numeric.
    pub version: Option<i64>,
    /// Hash of the whole resource.
    pub body: i64,
}

/// A contact of any level and setting: the tree is needed to lift diagnoses to their stay.
#[derive(Debug, Clone, PartialEq, Insertable)]
#[diesel(table_name = staged_encounters, treat_none_as_default_value = false)]
pub struct Encounter {
    /// Position of its resource in the delivery.
    pub seq: i64,
    /// Id of the resource.
    pub fhir_id: String,
    /// Contact above, by id.
    pub part_of_id: Option<String>,
    /// Contact above, by identifier.
    pub part_of_identifier: Option<String>,
    /// Patient, by id.
    pub patient_id: Option<String>,
    /// Patient, by identifier.
    pub patient_identifier: Option<String>,
    /// Organization in charge, by id.
    pub provider_id: Option<String>,
    /// Organization in charge, by identifier.
    pub provider_identifier: Option<String>,
    /// FACILITY, DEPARTMENT or CARE; `None` without a code.
    pub level: Option<&'static str>,
    /// INPATIENT, OUTPATIENT, COMPANION or SECONDARY.
    pub setting: &'static str,
    /// FHIR status.
    pub status: String,
    /// FULL, DAY or HOME.
    pub case_kind: &'static str,
    /// Identifier of type VN.
    pub admission_number: Option<String>,
    /// Local day it starts.
    pub admission_date: Option<NaiveDate>,
    /// Local day it ends.
    pub discharge_date: Option<NaiveDate>,
    /// Instant it starts.
    pub admitted_at: Option<DateTime<Utc>>,
    /// Instant it ends.
    pub discharged_at: Option<DateTime<Utc>>,
    /// Kind of admission.
    pub admission_type: &'static str,
    /// Aufnahmeanlass.
    pub admission_source_code: Option<String>,
    /// First two digits of the Aufnahmegrund.
    pub admission_reason_code: Option<String>,
    /// Kind of discharge.
    pub discharge_type: &'static str,
    /// Entlassungsgrund.
    pub discharge_reason_code: Option<String>,
    /// meta.lastUpdated.
    pub updated_at: Option<DateTime<Utc>>,
    /// meta.versionId, when numeric.
    pub version: Option<i64>,
    /// Hash of the whole resource.
    pub body: i64,
}

/// A diagnosis that a contact names.
#[derive(Debug, Clone, PartialEq, Insertable)]
#[diesel(table_name = staged_diagnoses, treat_none_as_default_value = false)]
pub struct Diagnosis {
    /// Position of its resource in the delivery.
    pub seq: i64,
    /// Contact, by id.
    pub encounter_fhir_id: String,
    /// Condition, by id.
    pub condition_id: Option<String>,
    /// Condition, by identifier.
    pub condition_identifier: Option<String>,
    /// Role codes.
    pub roles: Vec<String>,
    /// Whether it is called the main diagnosis.
    pub is_main: bool,
}

/// A place that a contact names, one of which may become a station contact.
#[derive(Debug, Clone, PartialEq, Insertable)]
#[diesel(table_name = staged_contacts, treat_none_as_default_value = false)]
pub struct Contact {
    /// Position of its resource in the delivery.
    pub seq: i64,
    /// Contact, by id.
    pub encounter_fhir_id: String,
    /// Order within the contact.
    pub position: i32,
    /// LOCATION, PROVIDER or DEPARTMENT.
    pub source: &'static str,
    /// Location or Organization.
    pub place_type: Option<&'static str>,
    /// Place, by id.
    pub place_id: Option<String>,
    /// Namespace of the place's identifier.
    pub identifier_system: Option<String>,
    /// Identifier of the place.
    pub identifier_value: Option<String>,
    /// Title as delivered.
    pub display: Option<String>,
    /// Four-digit department key.
    pub department_key: Option<String>,
    /// Kind of place: wa, ro, bd ...
    pub physical_type: Option<String>,
    /// Arrival.
    pub started_at: Option<DateTime<Utc>>,
    /// Departure.
    pub ended_at: Option<DateTime<Utc>>,
}

/// A diagnosis: one code of a Condition.
#[derive(Debug, Clone, PartialEq, Insertable)]
#[diesel(table_name = staged_conditions, treat_none_as_default_value = false)]
pub struct Condition {
    /// Position of its resource in the delivery.
    pub seq: i64,
    /// Id of the resource; several rows can share it.
    pub resource_id: String,
    /// Id of the row: the resource's, with a suffix for further codes or components.
    pub fhir_id: String,
    /// Patient, by id.
    pub patient_id: Option<String>,
    /// Patient, by identifier.
    pub patient_identifier: Option<String>,
    /// Contact, by id.
    pub encounter_fhir_id: Option<String>,
    /// Contact, by identifier.
    pub encounter_identifier: Option<String>,
    /// Clean ICD-10 code.
    pub icd10_code: Option<String>,
    /// Clean ICD-10 code of a diagnosis that was ruled out; such a row has no `icd10_code`.
    pub excluded_icd10_code: Option<String>,
    /// Chapter of the code.
    pub icd10_chapter: Option<&'static str>,
    /// DAGGER, ASTERISK or EXCLAMATION.
    pub marker: Option<&'static str>,
    /// How sure the diagnosis is: `CONFIRMED`, `SUSPECTED`, `STATUS_POST` or `EXCLUDED`.
    pub certainty: Option<&'static str>,
    /// Catalogue year.
    pub code_version: Option<String>,
    /// Title as delivered.
    pub display: Option<String>,
    /// Day it was recorded.
    pub recorded_on: Option<NaiveDate>,
    /// meta.lastUpdated.
    pub updated_at: Option<DateTime<Utc>>,
    /// meta.versionId, when numeric.
    pub version: Option<i64>,
    /// Hash of the whole resource.
    pub body: i64,
}

/// An observation, or one component of it.
#[derive(Debug, Clone, PartialEq, Insertable)]
#[diesel(table_name = staged_observations, treat_none_as_default_value = false)]
pub struct Observation {
    /// Position of its resource in the delivery.
    pub seq: i64,
    /// Id of the resource; several rows can share it.
    pub resource_id: String,
    /// Id of the row: the resource's, with a suffix for further codes or components.
    pub fhir_id: String,
    /// FHIR status.
    pub status: String,
    /// Local day.
    pub observed_on: Option<NaiveDate>,
    /// Instant.
    pub observed_at: Option<DateTime<Utc>>,
    /// Patient, by id.
    pub patient_id: Option<String>,
    /// Patient, by identifier.
    pub patient_identifier: Option<String>,
    /// Contact, by id.
    pub encounter_fhir_id: Option<String>,
    /// Contact, by identifier.
    pub encounter_identifier: Option<String>,
    /// Code system; empty when none was sent.
    pub code_system: String,
    /// Code.
    pub code: String,
    /// Number.
    pub value_number: Option<f64>,
    /// Code or text.
    pub value_text: Option<String>,
    /// Unit.
    pub unit: Option<String>,
    /// meta.lastUpdated.
    pub updated_at: Option<DateTime<Utc>>,
    /// meta.versionId, when numeric.
    pub version: Option<i64>,
    /// Hash of the whole resource.
    pub body: i64,
}
