-- Patients and stays by diagnosis, as anyone would ask the base tables.
SELECT :node AS node,
       count(DISTINCT e.patient_pseudo_id) AS patients,
       count(DISTINCT e.encounter_id) AS stays
  FROM encounters e
  JOIN conditions c ON c.encounter_id = e.encounter_id
 WHERE e.admission_date BETWEEN $1 AND $2
   AND e.clinic_id = ANY ($3)
   AND :node IS NOT NULL
   AND :under
   AND :stays
 GROUP BY 1
