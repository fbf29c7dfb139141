-- The same from the view of months: stays of admission months only, patients summed over months and clinics.
SELECT coalesce(clinic_id, 0) AS clinic_id, sum(patients)::bigint AS patients, sum(stays)::bigint AS stays,
       0::bigint AS discharges, 0::bigint AS days,
       coalesce(sum(stays) FILTER (WHERE discharge_type = 'DEATH'), 0)::bigint AS deaths
  FROM seed.clinic_comparison
 WHERE month BETWEEN $1 AND $2
   AND clinic_id = ANY ($3)
 GROUP BY GROUPING SETS ((clinic_id), ())
