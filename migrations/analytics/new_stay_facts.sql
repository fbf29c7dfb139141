-- What a stay is, for those in changed_stays.
INSERT INTO analytics.stay_facts
SELECT encounter_id,
       e.clinic_id,
       e.person,
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
       -- A person is known by the first stay that was stored: an integer that stays the same from night to night. All stays
       -- of a person are here.
  FROM (SELECT e.*, min(e.encounter_id) OVER (PARTITION BY e.patient_pseudo_id) AS person
          FROM changed_stays c JOIN encounters e USING (encounter_id)) e
  JOIN patients p USING (clinic_id, patient_pseudo_id)
  LEFT JOIN (SELECT encounter_id, array_agg(code ORDER BY code) AS codes, array_agg(code ORDER BY code) FILTER (WHERE is_main) AS main_codes
               FROM (SELECT encounter_id, icd10_code AS code, bool_or(is_main) AS is_main
                       FROM conditions JOIN changed_stays USING (encounter_id)
                      WHERE icd10_code IS NOT NULL
                      GROUP BY encounter_id, icd10_code) codes
              GROUP BY encounter_id) d USING (encounter_id)
  LEFT JOIN (SELECT encounter_id, array_agg(station_id ORDER BY sequence) AS stations
               FROM station_transfers JOIN changed_stays USING (encounter_id)
              GROUP BY encounter_id) t USING (encounter_id)
