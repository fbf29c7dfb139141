-- The tables of one delivery. Dropped first: a transaction may hold more than one import.
DROP TABLE IF EXISTS pg_temp.staged_resources;
CREATE TEMP TABLE staged_resources (
    seq bigint not null,
    resource_type text collate "C" not null,
    fhir_id text collate "C" not null,
    updated_at timestamptz,
    version bigint,
    body bigint not null,
    is_deleted boolean not null,
    left_out text collate "C"
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_identifiers;
CREATE TEMP TABLE staged_identifiers (
    seq bigint not null,
    resource_type text collate "C" not null,
    system text collate "C" not null,
    value text collate "C" not null,
    fhir_id text collate "C" not null,
    nested boolean not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_places;
CREATE TEMP TABLE staged_places (
    seq bigint not null,
    resource_type text collate "C" not null,
    fhir_id text collate "C" not null,
    identifier_system text collate "C",
    identifier_value text collate "C",
    name text collate "C",
    physical_type text collate "C",
    updated_at timestamptz,
    version bigint,
    body bigint not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_patients;
CREATE TEMP TABLE staged_patients (
    seq bigint not null,
    fhir_id text collate "C" not null,
    sex text collate "C" not null,
    birth_year smallint,
    birth_month smallint,
    deceased_on date,
    updated_at timestamptz,
    version bigint,
    body bigint not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_encounters;
CREATE TEMP TABLE staged_encounters (
    seq bigint not null,
    fhir_id text collate "C" not null,
    part_of_id text collate "C",
    part_of_identifier text collate "C",
    patient_id text collate "C",
    patient_identifier text collate "C",
    provider_id text collate "C",
    provider_identifier text collate "C",
    level text collate "C",
    setting text collate "C" not null,
    status text collate "C" not null,
    case_kind text collate "C" not null,
    admission_number text collate "C",
    admission_date date,
    discharge_date date,
    admitted_at timestamptz,
    discharged_at timestamptz,
    admission_type text collate "C" not null,
    admission_source_code text collate "C",
    admission_reason_code text collate "C",
    discharge_type text collate "C" not null,
    discharge_reason_code text collate "C",
    updated_at timestamptz,
    version bigint,
    body bigint not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_diagnoses;
CREATE TEMP TABLE staged_diagnoses (
    seq bigint not null,
    encounter_fhir_id text collate "C" not null,
    condition_id text collate "C",
    condition_identifier text collate "C",
    roles text[] not null,
    is_main boolean not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_contacts;
CREATE TEMP TABLE staged_contacts (
    seq bigint not null,
    encounter_fhir_id text collate "C" not null,
    position integer not null,
    source text collate "C" not null,
    place_type text collate "C",
    place_id text collate "C",
    identifier_system text collate "C",
    identifier_value text collate "C",
    display text collate "C",
    department_key text collate "C",
    physical_type text collate "C",
    started_at timestamptz,
    ended_at timestamptz
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_conditions;
CREATE TEMP TABLE staged_conditions (
    seq bigint not null,
    resource_id text collate "C" not null,
    fhir_id text collate "C" not null,
    patient_id text collate "C",
    patient_identifier text collate "C",
    encounter_fhir_id text collate "C",
    encounter_identifier text collate "C",
    icd10_code text collate "C",
    excluded_icd10_code text collate "C",
    icd10_chapter text collate "C",
    marker text collate "C",
    certainty text collate "C",
    code_version text collate "C",
    display text collate "C",
    recorded_on date,
    updated_at timestamptz,
    version bigint,
    body bigint not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_observations;
CREATE TEMP TABLE staged_observations (
    seq bigint not null,
    resource_id text collate "C" not null,
    fhir_id text collate "C" not null,
    status text collate "C" not null,
    observed_on date,
    observed_at timestamptz,
    patient_id text collate "C",
    patient_identifier text collate "C",
    encounter_fhir_id text collate "C",
    encounter_identifier text collate "C",
    code_system text collate "C" not null,
    code text collate "C" not null,
    value_number double precision,
    value_text text collate "C",
    unit text collate "C",
    updated_at timestamptz,
    version bigint,
    body bigint not null
) ON COMMIT DROP;

-- What the merge works out from them.
DROP TABLE IF EXISTS pg_temp.staged_stored;
CREATE TEMP TABLE staged_stored (
    seq bigint not null,
    updated_at timestamptz,
    version bigint,
    body bigint,
    is_deleted boolean not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_losers;
CREATE TEMP TABLE staged_losers (
    seq bigint not null,
    resource_type text collate "C" not null,
    fhir_id text collate "C" not null,
    reason text not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_bad;
CREATE TEMP TABLE staged_bad (
    resource_type text collate "C" not null,
    fhir_id text collate "C" not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_tokens;
CREATE TEMP TABLE staged_tokens (
    resource_type text collate "C" not null,
    token text collate "C" not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_numbers;
CREATE TEMP TABLE staged_numbers (
    admission_number text collate "C" not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_moved;
CREATE TEMP TABLE staged_moved (
    fhir_id text collate "C" not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_parents;
CREATE TEMP TABLE staged_parents (
    fhir_id text collate "C" not null,
    parent_id text collate "C",
    may_be_stay boolean not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_tree;
CREATE TEMP TABLE staged_tree (
    fhir_id text collate "C" not null,
    parent_id text collate "C",
    root_id text collate "C",
    depth integer,
    is_stay boolean not null default false
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_roots;
CREATE TEMP TABLE staged_roots (
    root_id text collate "C" not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_former_patients;
CREATE TEMP TABLE staged_former_patients (
    patient_id text collate "C" not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_cut;
CREATE TEMP TABLE staged_cut (
    encounter_id bigint not null,
    station_id bigint not null,
    name text not null,
    started_at timestamptz not null,
    ended_at timestamptz
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_moves;
CREATE TEMP TABLE staged_moves (
    encounter_id bigint not null,
    identifier_system text not null,
    identifier_value text not null,
    name text not null,
    department_key text,
    started_at timestamptz not null,
    ended_at timestamptz
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_chain;
CREATE TEMP TABLE staged_chain (
    encounter_id bigint not null,
    sequence smallint,
    station_id bigint,
    started_at timestamptz,
    ended_at timestamptz
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_touched;
CREATE TEMP TABLE staged_touched (
    resource_id text collate "C" not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_codes;
CREATE TEMP TABLE staged_codes (
    code text collate "C" not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_displays;
CREATE TEMP TABLE staged_displays (
    code text collate "C" not null,
    display text not null,
    change bigint not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_links;
CREATE TEMP TABLE staged_links (
    resource_id text collate "C" not null,
    encounter_id bigint not null,
    roles text[] not null,
    is_main boolean not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_condition_rows;
CREATE TEMP TABLE staged_condition_rows (
    seq bigint not null,
    fhir_id text collate "C" not null,
    encounter_id bigint,
    roles text[] not null,
    is_main boolean not null
) ON COMMIT DROP;

DROP TABLE IF EXISTS pg_temp.staged_former_observations;
CREATE TEMP TABLE staged_former_observations (
    seq bigint not null,
    fhir_id text collate "C" not null,
    observed_on date not null,
    updated_at timestamptz,
    version bigint,
    body bigint
) ON COMMIT DROP;
