-- All other stays of their persons: who a person is depends on the first stay that is stored.
INSERT INTO changed_stays
SELECT encounter_id, NULL, w.writers
  FROM (SELECT encounter_id FROM analytics.stay_facts WHERE person IN (SELECT person FROM changed_stays)
        UNION
        SELECT encounter_id FROM encounters
         WHERE patient_pseudo_id IN (SELECT patient_pseudo_id FROM encounters JOIN changed_stays USING (encounter_id))
        EXCEPT
        SELECT encounter_id FROM changed_stays) companions
  LEFT JOIN stay_writers w USING (encounter_id)
