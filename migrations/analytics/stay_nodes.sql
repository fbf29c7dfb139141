CREATE VIEW analytics.stay_nodes AS
SELECT n.level, n.node, s.encounter_id, s.clinic_id, s.person, s.is_shared, s.length_of_stay,
       date_trunc('month', s.admission_date)::date AS month
  FROM (SELECT encounter_id, 0::smallint AS level, '' COLLATE "C" AS node FROM analytics.stay_facts
        UNION ALL
        SELECT DISTINCT encounter_id, 1::smallint, chapter COLLATE "C" FROM analytics.diagnosis_facts WHERE chapter IS NOT NULL
        UNION ALL
        SELECT DISTINCT encounter_id, 2::smallint, block FROM analytics.diagnosis_facts WHERE block IS NOT NULL
        UNION ALL
        SELECT DISTINCT encounter_id, 3::smallint, three FROM analytics.diagnosis_facts
        UNION ALL
        SELECT DISTINCT encounter_id, 4::smallint, four FROM analytics.diagnosis_facts WHERE four IS NOT NULL
        UNION ALL
        SELECT DISTINCT encounter_id, 5::smallint, five FROM analytics.diagnosis_facts WHERE five IS NOT NULL) n
  JOIN analytics.stay_facts s USING (encounter_id);

COMMENT ON VIEW analytics.stay_nodes IS 'One row per stay and node of the ICD-10 tree; level 0 with an empty node is the stay itself, coded or not.';
COMMENT ON COLUMN analytics.stay_nodes.level IS '0 the stay, 1 chapter, 2 block, 3 to 5 characters of the code.';
COMMENT ON COLUMN analytics.stay_nodes.node IS 'Chapter number, block or code.';
COMMENT ON COLUMN analytics.stay_nodes.encounter_id IS 'Stay.';
COMMENT ON COLUMN analytics.stay_nodes.clinic_id IS 'Clinic.';
COMMENT ON COLUMN analytics.stay_nodes.person IS 'Person.';
COMMENT ON COLUMN analytics.stay_nodes.is_shared IS 'Whether the person has stays in more than one clinic.';
COMMENT ON COLUMN analytics.stay_nodes.length_of_stay IS 'Bed days; null while open.';
COMMENT ON COLUMN analytics.stay_nodes.month IS 'First day of the month of admission.';
