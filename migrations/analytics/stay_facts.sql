CREATE MATERIALIZED VIEW analytics.stay_facts AS
SELECT e.encounter_id,
       e.clinic_id,
       -- A person is known by the first stay that was stored: an integer that stays the same from night to night.
       min(e.encounter_id) OVER person AS person,
       min(e.clinic_id) OVER person <> max(e.clinic_id) OVER person AS is_shared,
       e.admission_date,
       date_trunc('month', e.admission_date::timestamp)::date AS admission_month,
       e.discharge_date,
       e.length_of_stay,
       e.admission_type,
       e.discharge_type,
       e.case_kind,
       e.age_at_admission,
       p.sex
  FROM encounters e
  JOIN patients p USING (clinic_id, patient_pseudo_id)
WINDOW person AS (PARTITION BY e.patient_pseudo_id)
WITH NO DATA;

CREATE UNIQUE INDEX stay_facts_key ON analytics.stay_facts (encounter_id);
CREATE INDEX stay_facts_admission ON analytics.stay_facts (admission_date, clinic_id);
CREATE INDEX stay_facts_discharge ON analytics.stay_facts (discharge_date, clinic_id);

COMMENT ON MATERIALIZED VIEW analytics.stay_facts IS 'One row per stay with what analytics filter by.';
COMMENT ON COLUMN analytics.stay_facts.encounter_id IS 'Stay.';
COMMENT ON COLUMN analytics.stay_facts.clinic_id IS 'Clinic.';
COMMENT ON COLUMN analytics.stay_facts.person IS 'Person: equal for all stays under one pseudonym, in every clinic of the group.';
COMMENT ON COLUMN analytics.stay_facts.is_shared IS 'Whether the person has stays in more than one clinic.';
COMMENT ON COLUMN analytics.stay_facts.admission_date IS 'Local day of admission.';
COMMENT ON COLUMN analytics.stay_facts.admission_month IS 'First day of the month of admission.';
COMMENT ON COLUMN analytics.stay_facts.discharge_date IS 'Local day of discharge; null while open.';
COMMENT ON COLUMN analytics.stay_facts.length_of_stay IS 'Bed days, at least 1; null while open.';
COMMENT ON COLUMN analytics.stay_facts.admission_type IS 'Group of the admission source.';
COMMENT ON COLUMN analytics.stay_facts.discharge_type IS 'Group of the discharge reason.';
COMMENT ON COLUMN analytics.stay_facts.case_kind IS 'FULL, DAY or HOME.';
COMMENT ON COLUMN analytics.stay_facts.age_at_admission IS 'Completed years; null when the birth is not known.';
COMMENT ON COLUMN analytics.stay_facts.sex IS 'Administrative sex.';
