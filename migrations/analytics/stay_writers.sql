-- For each stay as it is now, the number of rows that it is made of (in units of 2^40) and the sum of the transactions that
-- wrote them. Where the number stays, a row that was replaced has a later transaction, so the sum grows: whoever wrote a
-- row, by whatever way, is seen. A transaction is the newest one less the row's age, which is faster than reading its text.
CREATE TEMPORARY TABLE stay_writers ON COMMIT DROP AS
SELECT encounter_id,
       count(*) * (SELECT (1::bigint << 40) + (age('3'::xid)::bigint + 3 + (1::bigint << 32)) % (1::bigint << 32)) - sum(age) AS writers
  FROM (SELECT encounter_id, age(xmin) AS age FROM encounters
        UNION ALL
        SELECT e.encounter_id, age(p.xmin) FROM encounters e JOIN patients p USING (clinic_id, patient_pseudo_id)
        UNION ALL
        SELECT encounter_id, age(xmin) FROM conditions WHERE encounter_id IS NOT NULL
        UNION ALL
        SELECT encounter_id, age(xmin) FROM station_transfers) made_of
 GROUP BY encounter_id
