-- Figures of clinics and of the group, as anyone would ask the base tables. The group has key 0.
SELECT coalesce(e.clinic_id, 0) AS clinic_id,
       count(DISTINCT e.patient_pseudo_id) FILTER (WHERE e.admission_date BETWEEN $1 AND $2) AS patients,
       count(*) FILTER (WHERE e.admission_date BETWEEN $1 AND $2) AS stays,
       count(*) FILTER (WHERE e.discharge_date BETWEEN $1 AND $2) AS discharges,
       coalesce(sum(e.length_of_stay) FILTER (WHERE e.discharge_date BETWEEN $1 AND $2), 0)::bigint AS days,
       count(*) FILTER (WHERE e.discharge_date BETWEEN $1 AND $2 AND e.discharge_type = 'DEATH') AS deaths
  FROM encounters e
 WHERE (e.admission_date BETWEEN $1 AND $2 OR e.discharge_date BETWEEN $1 AND $2)
   AND e.clinic_id = ANY ($3)
   AND :stays
 GROUP BY GROUPING SETS ((e.clinic_id), ())
