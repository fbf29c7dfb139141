-- The stays whose rows changed since they were published, new and removed ones too.
CREATE TEMPORARY TABLE changed_stays ON COMMIT DROP AS
SELECT coalesce(w.encounter_id, f.encounter_id) AS encounter_id, f.person, w.writers
  FROM stay_writers w FULL JOIN analytics.stay_facts f USING (encounter_id)
 WHERE w.writers IS DISTINCT FROM f.writers
