//! The temporary tables that a delivery is copied into. `create.sql` makes them.

diesel::table! {
    staged_resources (seq) {
        seq -> BigInt,
        resource_type -> Text,
        fhir_id -> Text,
        updated_at -> Nullable<Timestamptz>,
        version -> Nullable<BigInt>,
        body -> BigInt,
        is_deleted -> Bool,
        left_out -> Nullable<Text>,
    }
}
diesel::table! {
    staged_identifiers (seq) {
        seq -> BigInt,
        resource_type -> Text,
        system -> Text,
        value -> Text,
        fhir_id -> Text,
        nested -> Bool,
    }
}
diesel::table! {
    staged_places (seq) {
        seq -> BigInt,
        resource_type -> Text,
        fhir_id -> Text,
        identifier_system -> Nullable<Text>,
        identifier_value -> Nullable<Text>,
        name -> Nullable<Text>,
        physical_type -> Nullable<Text>,
        updated_at -> Nullable<Timestamptz>,
        version -> Nullable<BigInt>,
        body -> BigInt,
    }
}
diesel::table! {
    staged_patients (seq) {
        seq -> BigInt,
        fhir_id -> Text,
        sex -> Text,
        birth_year -> Nullable<SmallInt>,
        birth_month -> Nullable<SmallInt>,
        deceased_on -> Nullable<Date>,
        updated_at -> Nullable<Timestamptz>,
        version -> Nullable<BigInt>,
        body -> BigInt,
    }
}
diesel::table! {
    staged_encounters (seq) {
        seq -> BigInt,
        fhir_id -> Text,
        part_of_id -> Nullable<Text>,
        part_of_identifier -> Nullable<Text>,
        patient_id -> Nullable<Text>,
        patient_identifier -> Nullable<Text>,
        provider_id -> Nullable<Text>,
        provider_identifier -> Nullable<Text>,
        level -> Nullable<Text>,
        setting -> Text,
        status -> Text,
        case_kind -> Text,
        admission_number -> Nullable<Text>,
        admission_date -> Nullable<Date>,
        discharge_date -> Nullable<Date>,
        admitted_at -> Nullable<Timestamptz>,
        discharged_at -> Nullable<Timestamptz>,
        admission_type -> Text,
        admission_source_code -> Nullable<Text>,
        admission_reason_code -> Nullable<Text>,
        discharge_type -> Text,
        discharge_reason_code -> Nullable<Text>,
        updated_at -> Nullable<Timestamptz>,
        version -> Nullable<BigInt>,
        body -> BigInt,
    }
}
diesel::table! {
    staged_diagnoses (seq) {
        seq -> BigInt,
        encounter_fhir_id -> Text,
        condition_id -> Nullable<Text>,
        condition_identifier -> Nullable<Text>,
        roles -> Array<Text>,
        is_main -> Bool,
    }
}
diesel::table! {
    staged_contacts (seq) {
        seq -> BigInt,
        encounter_fhir_id -> Text,
        position -> Integer,
        source -> Text,
        place_type -> Nullable<Text>,
        place_id -> Nullable<Text>,
        identifier_system -> Nullable<Text>,
        identifier_value -> Nullable<Text>,
        display -> Nullable<Text>,
        department_key -> Nullable<Text>,
        physical_type -> Nullable<Text>,
        started_at -> Nullable<Timestamptz>,
        ended_at -> Nullable<Timestamptz>,
    }
}
diesel::table! {
    staged_conditions (seq) {
        seq -> BigInt,
        resource_id -> Text,
        fhir_id -> Text,
        patient_id -> Nullable<Text>,
        patient_identifier -> Nullable<Text>,
        encounter_fhir_id -> Nullable<Text>,
        encounter_identifier -> Nullable<Text>,
        icd10_code -> Nullable<Text>,
        excluded_icd10_code -> Nullable<Text>,
        icd10_chapter -> Nullable<Text>,
        marker -> Nullable<Text>,
        certainty -> Nullable<Text>,
        code_version -> Nullable<Text>,
        display -> Nullable<Text>,
        recorded_on -> Nullable<Date>,
        updated_at -> Nullable<Timestamptz>,
        version -> Nullable<BigInt>,
        body -> BigInt,
    }
}
diesel::table! {
    staged_observations (seq) {
        seq -> BigInt,
        resource_id -> Text,
        fhir_id -> Text,
        status -> Text,
        observed_on -> Nullable<Date>,
        observed_at -> Nullable<Timestamptz>,
        patient_id -> Nullable<Text>,
        patient_identifier -> Nullable<Text>,
        encounter_fhir_id -> Nullable<Text>,
        encounter_identifier -> Nullable<Text>,
        code_system -> Text,
        code -> Text,
        value_number -> Nullable<Double>,
        value_text -> Nullable<Text>,
        unit -> Nullable<Text>,
        updated_at -> Nullable<Timestamptz>,
        version -> Nullable<BigInt>,
        body -> BigInt,
    }
}
