-- The views that the analytics came from: patients counted distinct for each month, to be summed over months.
DROP SCHEMA IF EXISTS seed CASCADE;
CREATE SCHEMA seed;

CREATE MATERIALIZED VIEW seed.icd10_aggregation AS
SELECT e.clinic_id, date_trunc('month', e.admission_date)::date AS month, c.icd10_chapter AS chapter, c.icd10_code AS code,
       grouping(c.icd10_code) = 1 AS is_chapter,
       count(DISTINCT e.patient_pseudo_id) AS patients,
       count(DISTINCT e.encounter_id) AS stays,
       avg(e.length_of_stay) AS average_length_of_stay
  FROM encounters e
  JOIN conditions c ON c.encounter_id = e.encounter_id
 WHERE c.icd10_code IS NOT NULL
 GROUP BY GROUPING SETS ((1, 2, 3), (1, 2, 3, 4))
WITH NO DATA;
CREATE INDEX ON seed.icd10_aggregation (month, clinic_id, is_chapter);

CREATE MATERIALIZED VIEW seed.clinic_comparison AS
SELECT clinic_id, date_trunc('month', admission_date)::date AS month, admission_type, discharge_type,
       count(DISTINCT patient_pseudo_id) AS patients,
       count(*) AS stays,
       avg(length_of_stay) AS average_length_of_stay
  FROM encounters
 GROUP BY GROUPING SETS ((1, 2), (1, 2, 3), (1, 2, 4))
WITH NO DATA;
CREATE INDEX ON seed.clinic_comparison (month, clinic_id);
