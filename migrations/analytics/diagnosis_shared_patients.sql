-- Patients of several clinics: few, so they are counted distinct when asked, exactly for every set of clinics.
CREATE MATERIALIZED VIEW analytics.diagnosis_shared_patients AS
SELECT DISTINCT level, node, clinic_id, month, person
  FROM analytics.stay_nodes
 WHERE is_shared
WITH NO DATA;

CREATE UNIQUE INDEX diagnosis_shared_patients_key
    ON analytics.diagnosis_shared_patients (level, month, node, clinic_id, person);
CREATE INDEX diagnosis_shared_patients_node ON analytics.diagnosis_shared_patients (level, node, month);

COMMENT ON MATERIALIZED VIEW analytics.diagnosis_shared_patients IS 'Patients with stays in more than one clinic, by node, clinic and month of admission.';
COMMENT ON COLUMN analytics.diagnosis_shared_patients.level IS '0 all stays, 1 chapter, 2 block, 3 to 5 characters of the code.';
COMMENT ON COLUMN analytics.diagnosis_shared_patients.node IS 'Chapter number, block or code; empty at level 0.';
COMMENT ON COLUMN analytics.diagnosis_shared_patients.clinic_id IS 'Clinic of the stay.';
COMMENT ON COLUMN analytics.diagnosis_shared_patients.month IS 'First day of the month of admission.';
COMMENT ON COLUMN analytics.diagnosis_shared_patients.person IS 'Person.';
