-- Faults of diagnoses, of the clinics that have any. What is faulty is found before it is told apart: few rows are.
INSERT INTO analytics.row_faults
SELECT clinic_id, fault, coalesce(rows, 0), coalesce(patients, 0), of_rows
  FROM (SELECT clinic_id, count(*) AS of_rows FROM conditions GROUP BY clinic_id) diagnoses
 CROSS JOIN unnest(ARRAY['DIAGNOSIS_WITHOUT_STAY', 'DIAGNOSIS_WITHOUT_CODE', 'DIAGNOSIS_RULED_OUT', 'CODE_OUTSIDE_EVERY_CHAPTER']) AS faults (fault)
  LEFT JOIN (SELECT clinic_id, fault, count(*) AS rows, count(DISTINCT patient_pseudo_id) AS patients
               FROM conditions
              CROSS JOIN LATERAL (VALUES
                    ('DIAGNOSIS_WITHOUT_STAY', encounter_id IS NULL),
                    ('DIAGNOSIS_WITHOUT_CODE', icd10_code IS NULL AND excluded_icd10_code IS NULL),
                    ('DIAGNOSIS_RULED_OUT', excluded_icd10_code IS NOT NULL),
                    ('CODE_OUTSIDE_EVERY_CHAPTER', icd10_code IS NOT NULL AND icd10_chapter IS NULL)) AS faults (fault, has)
              WHERE has AND (encounter_id IS NULL OR icd10_code IS NULL OR excluded_icd10_code IS NOT NULL OR icd10_chapter IS NULL)
              GROUP BY clinic_id, fault) found USING (clinic_id, fault)
