-- What a FHIR load must remember, so that a later delivery can correct what an earlier one said. The base tables get
-- columns for it; analytics needs none of them.
ALTER TABLE patients ADD COLUMN is_stub boolean not null default false;
ALTER TABLE patients ADD COLUMN fhir_body bigint;
COMMENT ON COLUMN patients.is_stub IS 'Whether only stays name the patient: the delivery held no Patient of this pseudonym.';
COMMENT ON COLUMN patients.fhir_body IS 'Hash of the resource as it was mapped; null when it was not delivered.';

ALTER TABLE conditions ADD COLUMN contact_reference text collate "C";
ALTER TABLE conditions ADD COLUMN patient_reference text collate "C";
ALTER TABLE conditions ADD COLUMN fhir_body bigint;
CREATE INDEX in_conditions_contact_reference ON conditions (clinic_id, contact_reference) WHERE contact_reference IS NOT NULL;
COMMENT ON COLUMN conditions.contact_reference IS 'Contact that the condition names, resolved or not: Encounter/id or Encounter?identifier=system|value; null for none.';
COMMENT ON COLUMN conditions.patient_reference IS 'Patient as system|value when no id was sent; null otherwise.';
COMMENT ON COLUMN conditions.fhir_body IS 'Hash of the resource as it was mapped; null when it was not delivered.';

ALTER TABLE observations ADD COLUMN encounter_reference text collate "C";
ALTER TABLE observations ADD COLUMN patient_reference text collate "C";
ALTER TABLE observations ADD COLUMN fhir_body bigint;
CREATE INDEX in_observations_encounter_reference ON observations (encounter_reference) WHERE encounter_reference IS NOT NULL;
CREATE INDEX in_observations_patient_reference ON observations (patient_reference) WHERE patient_reference IS NOT NULL;
COMMENT ON COLUMN observations.encounter_reference IS 'Contact that the observation names, unless it is the stay itself: Encounter/id or Encounter?identifier=system|value. Unresolved when the stay is null.';
COMMENT ON COLUMN observations.patient_reference IS 'Patient as system|value when no id was sent; null otherwise.';
COMMENT ON COLUMN observations.fhir_body IS 'Hash of the resource as it was mapped; null when it was not delivered.';

ALTER TABLE stations ADD COLUMN delivered_name text;
COMMENT ON COLUMN stations.delivered_name IS 'Name as the delivery gave it; a unit with another name was renamed since. Null when it was not delivered.';

ALTER TABLE import_runs ADD COLUMN is_full boolean not null default false;
ALTER TABLE import_runs ADD COLUMN refused_because text;
COMMENT ON COLUMN import_runs.is_full IS 'Whether the delivery stood for all data of its clinic, so that what it did not hold was removed.';
COMMENT ON COLUMN import_runs.refused_because IS 'Why the delivery was refused, without patient data; null when it was not.';

CREATE TABLE import_files (
    import_run_id bigint not null references import_runs on delete cascade,
    file text not null,
    sha256 text not null,
    bytes bigint not null,
    primary key (import_run_id, file)
);
COMMENT ON TABLE import_files IS 'Files of a FHIR delivery, to know one that comes again.';
COMMENT ON COLUMN import_files.import_run_id IS 'Import.';
COMMENT ON COLUMN import_files.file IS 'File within the delivery.';
COMMENT ON COLUMN import_files.sha256 IS 'SHA-256 of its bytes and of how they are mapped, hexadecimal.';
COMMENT ON COLUMN import_files.bytes IS 'Its size.';

CREATE TABLE import_findings (
    import_run_id bigint not null references import_runs on delete cascade,
    rule text not null,
    count bigint not null,
    primary key (import_run_id, rule)
);
COMMENT ON TABLE import_findings IS 'What an import met, counted by rule: lines put aside and what the data left open.';
COMMENT ON COLUMN import_findings.import_run_id IS 'Import.';
COMMENT ON COLUMN import_findings.rule IS 'Rule, a stable code: those of the quarantine, and CONTACT_UNKNOWN, STATION_GAP ...';
COMMENT ON COLUMN import_findings.count IS 'How often.';

-- The winning versions of what the base tables do not hold whole. No foreign keys: their rows come by the million, from
-- one place, and a row of a clinic that is no more is harmless.
CREATE SCHEMA fhir;
COMMENT ON SCHEMA fhir IS 'Winning versions of the FHIR resources that stays are derived from.';

CREATE TABLE fhir.contacts (
    clinic_id bigint not null,
    fhir_id text collate "C" not null,
    part_of_id text collate "C",
    part_of_identifier text collate "C",
    patient_id text collate "C",
    patient_identifier text collate "C",
    provider_id text collate "C",
    provider_identifier text collate "C",
    level text,
    setting text not null,
    status text not null,
    case_kind text not null,
    admission_number text collate "C",
    admission_date date,
    discharge_date date,
    admitted_at timestamptz,
    discharged_at timestamptz,
    admission_type text not null,
    admission_source_code text,
    admission_reason_code text,
    discharge_type text not null,
    discharge_reason_code text,
    updated_at timestamptz,
    version bigint,
    body bigint not null,
    parent_id text collate "C",
    root_id text collate "C",
    depth integer,
    is_stay boolean not null,
    primary key (clinic_id, fhir_id)
);
CREATE INDEX in_contacts_parent_id ON fhir.contacts (clinic_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX in_contacts_root_id ON fhir.contacts (clinic_id, root_id);
CREATE INDEX in_contacts_admission_number ON fhir.contacts (clinic_id, admission_number) WHERE admission_number IS NOT NULL;
CREATE INDEX in_contacts_open_reference ON fhir.contacts (clinic_id) WHERE part_of_identifier IS NOT NULL OR patient_identifier IS NOT NULL;
COMMENT ON TABLE fhir.contacts IS 'Contacts (Encounters) of all levels and settings. Dates only of inpatient contacts of an accepted status.';
COMMENT ON COLUMN fhir.contacts.patient_id IS 'Patient by id, resolved when it was sent by identifier.';
COMMENT ON COLUMN fhir.contacts.parent_id IS 'Contact above, known or not; null at the top.';
COMMENT ON COLUMN fhir.contacts.root_id IS 'Topmost contact; null in a circle.';
COMMENT ON COLUMN fhir.contacts.depth IS 'Steps from the top, from 1; null in a circle.';
COMMENT ON COLUMN fhir.contacts.is_stay IS 'Whether it is a stay: a row of encounters.';

CREATE TABLE fhir.contact_diagnoses (
    clinic_id bigint not null,
    contact_id text collate "C" not null,
    condition_id text collate "C",
    condition_identifier text collate "C",
    roles text[] not null,
    is_main boolean not null
);
CREATE INDEX in_contact_diagnoses_contact_id ON fhir.contact_diagnoses (clinic_id, contact_id);
CREATE INDEX in_contact_diagnoses_condition_id ON fhir.contact_diagnoses (clinic_id, condition_id);
CREATE INDEX in_contact_diagnoses_open_reference ON fhir.contact_diagnoses (clinic_id) WHERE condition_identifier IS NOT NULL;
COMMENT ON TABLE fhir.contact_diagnoses IS 'Conditions that contacts name.';
COMMENT ON COLUMN fhir.contact_diagnoses.is_main IS 'Whether the contact calls it the main diagnosis.';

CREATE TABLE fhir.contact_places (
    clinic_id bigint not null,
    contact_id text collate "C" not null,
    position integer not null,
    source text not null,
    place_type text,
    place_id text collate "C",
    identifier_system text collate "C",
    identifier_value text collate "C",
    display text,
    department_key text,
    physical_type text,
    started_at timestamptz,
    ended_at timestamptz
);
CREATE INDEX in_contact_places_contact_id ON fhir.contact_places (clinic_id, contact_id);
CREATE INDEX in_contact_places_place_id ON fhir.contact_places (clinic_id, place_id) WHERE place_id IS NOT NULL;
CREATE INDEX in_contact_places_identifier ON fhir.contact_places (clinic_id, identifier_value) WHERE identifier_value IS NOT NULL;
COMMENT ON TABLE fhir.contact_places IS 'Places that inpatient contacts name: candidates for their station.';

CREATE TABLE fhir.places (
    clinic_id bigint not null,
    resource_type text not null,
    fhir_id text collate "C" not null,
    identifier_system text collate "C",
    identifier_value text collate "C",
    name text,
    physical_type text,
    updated_at timestamptz,
    version bigint,
    body bigint not null,
    primary key (clinic_id, resource_type, fhir_id)
);
COMMENT ON TABLE fhir.places IS 'Locations and Organizations.';

CREATE TABLE fhir.identifiers (
    clinic_id bigint not null,
    resource_type text not null,
    fhir_id text collate "C" not null,
    system text collate "C" not null,
    value text collate "C" not null,
    nested boolean not null
);
CREATE INDEX in_identifiers_value ON fhir.identifiers (clinic_id, value);
CREATE INDEX in_identifiers_fhir_id ON fhir.identifiers (clinic_id, fhir_id);
COMMENT ON TABLE fhir.identifiers IS 'Identifiers of resources, for references that name no id.';
COMMENT ON COLUMN fhir.identifiers.nested IS 'Whether the resource is a part of another one, which comes second.';

CREATE TABLE fhir.tombstones (
    clinic_id bigint not null,
    resource_type text not null,
    fhir_id text collate "C" not null,
    updated_at timestamptz,
    version bigint,
    body bigint not null,
    is_deleted boolean not null,
    primary key (clinic_id, resource_type, fhir_id)
);
COMMENT ON TABLE fhir.tombstones IS 'Resources that were deleted, or whose status keeps them out: an older version does not bring them back.';
COMMENT ON COLUMN fhir.tombstones.updated_at IS 'Until then nothing brings it back; null when the delivery stated no time.';
COMMENT ON COLUMN fhir.tombstones.is_deleted IS 'Whether it was deleted; false when its status keeps it out.';
