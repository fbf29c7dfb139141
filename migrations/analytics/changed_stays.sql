-- The stays to build anew: those noted since they were published, gone ones too, and all others of their persons, as they are
-- now and as they were published: who a person is depends on the first stay that is stored.
WITH changes AS (
         DELETE FROM stay_changes RETURNING encounter_id, patient_pseudo_id
     ), patients AS (
         SELECT patient_pseudo_id FROM changes WHERE patient_pseudo_id IS NOT NULL
         UNION
         SELECT e.patient_pseudo_id FROM changes JOIN encounters e USING (encounter_id)
     ), persons AS (
         SELECT DISTINCT f.person FROM changes JOIN analytics.stay_facts f USING (encounter_id)
     )
INSERT INTO changed_stays
SELECT encounter_id FROM changes WHERE encounter_id IS NOT NULL
UNION
SELECT e.encounter_id FROM patients JOIN encounters e USING (patient_pseudo_id)
UNION
SELECT f.encounter_id FROM persons JOIN analytics.stay_facts f USING (person)
