CREATE VIEW analytics.stay_nodes AS
SELECT 0::smallint AS level, '' COLLATE "C" AS node, encounter_id, clinic_id, person, is_shared, length_of_stay,
       admission_month AS month
  FROM analytics.stay_facts
UNION ALL
SELECT n.level, n.node, s.encounter_id, s.clinic_id, s.person, s.is_shared, s.length_of_stay, s.admission_month
  FROM analytics.diagnosis_facts d
  JOIN analytics.stay_facts s USING (encounter_id)
 CROSS JOIN LATERAL (VALUES (1::smallint, d.chapter COLLATE "C"), (2::smallint, d.block), (3::smallint, d.three),
                            (4::smallint, d.four), (5::smallint, d.five)) AS n (level, node)
 WHERE n.level >= d.new_from_level AND n.node IS NOT NULL;

COMMENT ON VIEW analytics.stay_nodes IS 'One row per stay and node of the ICD-10 tree; level 0 with an empty node is the stay itself, coded or not.';
COMMENT ON COLUMN analytics.stay_nodes.level IS '0 the stay, 1 chapter, 2 block, 3 to 5 characters of the code.';
COMMENT ON COLUMN analytics.stay_nodes.node IS 'Chapter number, block or code.';
COMMENT ON COLUMN analytics.stay_nodes.encounter_id IS 'Stay.';
COMMENT ON COLUMN analytics.stay_nodes.clinic_id IS 'Clinic.';
COMMENT ON COLUMN analytics.stay_nodes.person IS 'Person.';
COMMENT ON COLUMN analytics.stay_nodes.is_shared IS 'Whether the person has stays in more than one clinic.';
COMMENT ON COLUMN analytics.stay_nodes.length_of_stay IS 'Bed days; null while open.';
COMMENT ON COLUMN analytics.stay_nodes.month IS 'First day of the month of admission.';
