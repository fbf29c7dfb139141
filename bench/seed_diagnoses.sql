-- The same from the view of months: fast, and wrong as soon as a patient comes in two months or two clinics.
SELECT :node AS node, sum(patients)::bigint AS patients, sum(stays)::bigint AS stays
  FROM seed.icd10_aggregation
 WHERE month BETWEEN $1 AND $2
   AND clinic_id = ANY ($3)
   AND is_chapter = :chapters
   AND :node IS NOT NULL
 GROUP BY 1
