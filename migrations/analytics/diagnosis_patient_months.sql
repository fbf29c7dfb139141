-- Distinct patients of any range of months, without counting distinct: a patient is counted in the first month of the
-- range in which the node occurs, which is the month whose previous occurrence lies before the range.
CREATE MATERIALIZED VIEW analytics.diagnosis_patient_months AS
SELECT level, node, clinic_id, month, previous_month, count(*) AS patients
  FROM (SELECT level, node, clinic_id, month,
               coalesce(lag(month) OVER (PARTITION BY person, level, node ORDER BY month), '-infinity') AS previous_month
          FROM analytics.stay_nodes
         WHERE NOT is_shared) occurrences
 -- Further stays in the same month count nothing.
 WHERE previous_month < month
 GROUP BY level, node, clinic_id, month, previous_month
WITH NO DATA;

CREATE UNIQUE INDEX diagnosis_patient_months_key
    ON analytics.diagnosis_patient_months (level, month, previous_month, clinic_id, node);
CREATE INDEX diagnosis_patient_months_node ON analytics.diagnosis_patient_months (level, node, month);

COMMENT ON MATERIALIZED VIEW analytics.diagnosis_patient_months IS 'Patients of one clinic by node, month of admission and month of the same patient''s previous stay with the node. In the range from a to b, the rows with month between a and b and previous_month before a add up to the distinct patients.';
COMMENT ON COLUMN analytics.diagnosis_patient_months.level IS '0 all stays, 1 chapter, 2 block, 3 to 5 characters of the code.';
COMMENT ON COLUMN analytics.diagnosis_patient_months.node IS 'Chapter number, block or code; empty at level 0.';
COMMENT ON COLUMN analytics.diagnosis_patient_months.clinic_id IS 'The only clinic in which these patients have stays.';
COMMENT ON COLUMN analytics.diagnosis_patient_months.month IS 'First day of the month of admission.';
COMMENT ON COLUMN analytics.diagnosis_patient_months.previous_month IS 'Month of the previous stay with the node; -infinity for the first.';
COMMENT ON COLUMN analytics.diagnosis_patient_months.patients IS 'Patients.';
