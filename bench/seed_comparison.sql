-- The same from the view of months: stays of admission months only, patients summed over months and clinics.
SELECT coalesce(clinic_id, 0) AS clinic_id, coalesce(sum(patients) FILTER (WHERE is_all), 0)::bigint AS patients,
       coalesce(sum(stays) FILTER (WHERE is_all), 0)::bigint AS stays,
       0::bigint AS discharges, 0::bigint AS days,
       coalesce(sum(stays) FILTER (WHERE discharge_type = 'DEATH'), 0)::bigint AS deaths
  FROM (SELECT *, admission_type IS NULL AND discharge_type IS NULL AS is_all FROM seed.clinic_comparison) v
 WHERE month BETWEEN $1 AND $2
   AND clinic_id = ANY ($3)
 GROUP BY GROUPING SETS ((clinic_id), ())
