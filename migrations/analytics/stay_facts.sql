-- All that analytics ask of a stay, in one row: the state of the data that readers see until the next refresh.
CREATE TABLE analytics.stay_facts (
    encounter_id bigint primary key,
    clinic_id bigint not null,
    person bigint not null,
    admission_date date not null,
    discharge_date date,
    admission_type text not null,
    discharge_type text not null,
    case_kind text not null,
    age_at_admission smallint,
    sex text not null,
    codes text[] not null,
    main_codes text[] not null,
    stations bigint[] not null
);

COMMENT ON TABLE analytics.stay_facts IS 'One row per stay with all that analytics filter by and count.';
COMMENT ON COLUMN analytics.stay_facts.encounter_id IS 'Stay.';
COMMENT ON COLUMN analytics.stay_facts.clinic_id IS 'Clinic.';
COMMENT ON COLUMN analytics.stay_facts.person IS 'Person: equal for all stays under one pseudonym, in every clinic of the group.';
COMMENT ON COLUMN analytics.stay_facts.admission_date IS 'Local day of admission.';
COMMENT ON COLUMN analytics.stay_facts.discharge_date IS 'Local day of discharge; null while open.';
COMMENT ON COLUMN analytics.stay_facts.admission_type IS 'Group of the admission source.';
COMMENT ON COLUMN analytics.stay_facts.discharge_type IS 'Group of the discharge reason.';
COMMENT ON COLUMN analytics.stay_facts.case_kind IS 'FULL, DAY or HOME.';
COMMENT ON COLUMN analytics.stay_facts.age_at_admission IS 'Completed years; null when the birth is not known.';
COMMENT ON COLUMN analytics.stay_facts.sex IS 'Administrative sex.';
COMMENT ON COLUMN analytics.stay_facts.codes IS 'ICD-10 codes of the diagnoses that count, each once, in byte order.';
COMMENT ON COLUMN analytics.stay_facts.main_codes IS 'Those of them that a main diagnosis has.';
COMMENT ON COLUMN analytics.stay_facts.stations IS 'Stations in the order in which the patient was there.';
