-- All that analytics ask of a stay, in one row: the state of the data that readers see until the next refresh.
CREATE MATERIALIZED VIEW analytics.stay_facts AS
SELECT e.encounter_id,
       e.clinic_id,
       -- A person is known by the first stay that was stored: an integer that stays the same from night to night.
       min(e.encounter_id) OVER (PARTITION BY e.patient_pseudo_id) AS person,
       e.admission_date,
       e.discharge_date,
       e.admission_type,
       e.discharge_type,
       e.case_kind,
       e.age_at_admission,
       p.sex,
       coalesce(d.codes, '{}') AS codes,
       coalesce(d.main_codes, '{}') AS main_codes,
       coalesce(t.stations, '{}') AS stations
  FROM encounters e
  JOIN patients p USING (clinic_id, patient_pseudo_id)
  LEFT JOIN (SELECT encounter_id, array_agg(code ORDER BY code) AS codes, array_agg(code ORDER BY code) FILTER (WHERE is_main) AS main_codes
               FROM (SELECT encounter_id, icd10_code AS code, bool_or(is_main) AS is_main
                       FROM conditions
                      WHERE icd10_code IS NOT NULL AND encounter_id IS NOT NULL
                      GROUP BY encounter_id, icd10_code) codes
              GROUP BY encounter_id) d USING (encounter_id)
  LEFT JOIN (SELECT encounter_id, array_agg(station_id ORDER BY sequence) AS stations
               FROM station_transfers
              GROUP BY encounter_id) t USING (encounter_id)
WITH NO DATA;

CREATE UNIQUE INDEX stay_facts_key ON analytics.stay_facts (encounter_id);
CREATE INDEX stay_facts_person ON analytics.stay_facts (person);
CREATE INDEX stay_facts_admission ON analytics.stay_facts (admission_date, clinic_id);
CREATE INDEX stay_facts_discharge ON analytics.stay_facts (discharge_date, clinic_id);

COMMENT ON MATERIALIZED VIEW analytics.stay_facts IS 'One row per stay with all that analytics filter by and count.';
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
