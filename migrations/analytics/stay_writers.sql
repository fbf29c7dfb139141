-- For each stay as it is now, the number of rows that it is made of (in units of 2^40) and the sum of the transactions that
-- wrote them. Where the number stays, a row that was replaced has a later transaction, so the sum grows: whoever wrote a
-- row, by whatever way, is seen.
CREATE TEMPORARY TABLE stay_writers ON COMMIT DROP AS
SELECT e.encounter_id,
       (1::bigint << 41) + e.xmin::text::bigint + p.xmin::text::bigint + coalesce(d.writers, 0) + coalesce(t.writers, 0) AS writers
  FROM encounters e
  JOIN patients p USING (clinic_id, patient_pseudo_id)
  LEFT JOIN (SELECT encounter_id, sum((1::bigint << 40) + xmin::text::bigint)::bigint AS writers FROM conditions GROUP BY encounter_id) d USING (encounter_id)
  LEFT JOIN (SELECT encounter_id, sum((1::bigint << 40) + xmin::text::bigint)::bigint AS writers FROM station_transfers GROUP BY encounter_id) t USING (encounter_id)
