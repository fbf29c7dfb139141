-- The stays to build where none is published.
WITH changes AS (DELETE FROM stay_changes)
INSERT INTO changed_stays SELECT encounter_id FROM encounters
