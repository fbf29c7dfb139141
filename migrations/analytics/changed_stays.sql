-- The stays whose rows changed since they were published, new and removed ones too, and all other stays of their persons:
-- who a person is depends on the first stay that is stored.
CREATE TEMPORARY TABLE changed_stays ON COMMIT DROP AS
WITH changed AS MATERIALIZED (
    SELECT coalesce(w.encounter_id, f.encounter_id) AS encounter_id, f.person
      FROM stay_writers w FULL JOIN analytics.stay_facts f USING (encounter_id)
     WHERE w.writers IS DISTINCT FROM f.writers
), companions AS (
    SELECT encounter_id FROM changed
    UNION SELECT encounter_id FROM analytics.stay_facts WHERE person IN (SELECT person FROM changed)
    UNION SELECT encounter_id FROM encounters WHERE patient_pseudo_id IN (SELECT patient_pseudo_id FROM encounters JOIN changed USING (encounter_id))
)
SELECT encounter_id, w.writers FROM companions LEFT JOIN stay_writers w USING (encounter_id)
