-- Faults of observations, of every clinic: only what an index or a single partition finds, since the table is the largest.
INSERT INTO analytics.row_faults
SELECT clinic_id, fault, coalesce(rows, 0), coalesce(patients, 0), 0
  FROM clinics
 CROSS JOIN unnest(ARRAY['OBSERVATION_WITHOUT_STAY', 'OBSERVATION_WITHOUT_DAY', 'OBSERVATION_IN_THE_FUTURE']) AS faults (fault)
  LEFT JOIN (SELECT clinic_id, fault, count(*) AS rows, count(DISTINCT patient_pseudo_id) AS patients
               FROM (SELECT clinic_id, 'OBSERVATION_WITHOUT_STAY' AS fault, patient_pseudo_id FROM observations WHERE encounter_id IS NULL
                     UNION ALL
                     SELECT clinic_id, 'OBSERVATION_WITHOUT_DAY', patient_pseudo_id FROM observations WHERE observed_on = '-infinity'
                     UNION ALL
                     SELECT clinic_id, 'OBSERVATION_IN_THE_FUTURE', patient_pseudo_id FROM observations WHERE observed_on > current_date + 1) faulty
              GROUP BY clinic_id, fault) found USING (clinic_id, fault)
