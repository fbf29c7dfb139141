CREATE MATERIALIZED VIEW analytics.diagnosis_months AS
SELECT level, node, clinic_id, month,
       count(*) AS stays,
       count(length_of_stay) AS finished,
       coalesce(sum(length_of_stay), 0) AS bed_days
  FROM analytics.stay_nodes
 GROUP BY level, node, clinic_id, month
WITH NO DATA;

CREATE UNIQUE INDEX diagnosis_months_key ON analytics.diagnosis_months (level, month, clinic_id, node);
CREATE INDEX diagnosis_months_node ON analytics.diagnosis_months (level, node, month);

COMMENT ON MATERIALIZED VIEW analytics.diagnosis_months IS 'Stays by node, clinic and month of admission. Stays have one month and one clinic, so they add up over both, but not over nodes.';
COMMENT ON COLUMN analytics.diagnosis_months.level IS '0 all stays, 1 chapter, 2 block, 3 to 5 characters of the code.';
COMMENT ON COLUMN analytics.diagnosis_months.node IS 'Chapter number, block or code; empty at level 0.';
COMMENT ON COLUMN analytics.diagnosis_months.clinic_id IS 'Clinic.';
COMMENT ON COLUMN analytics.diagnosis_months.month IS 'First day of the month of admission.';
COMMENT ON COLUMN analytics.diagnosis_months.stays IS 'Stays.';
COMMENT ON COLUMN analytics.diagnosis_months.finished IS 'Stays with a discharge.';
COMMENT ON COLUMN analytics.diagnosis_months.bed_days IS 'Bed days of the finished stays.';
