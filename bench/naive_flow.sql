-- Links of patient flow with three stations between admission and discharge, as anyone would ask the base tables.
WITH stays AS (
    SELECT e.encounter_id, e.patient_pseudo_id, e.admission_type, e.discharge_type
      FROM encounters e
     WHERE e.admission_date BETWEEN $1 AND $2 AND e.clinic_id = ANY ($3) AND :where),
way AS (
    SELECT encounter_id, patient_pseudo_id, 0::bigint AS stage, admission_type AS node FROM stays
    UNION ALL
    SELECT s.encounter_id, s.patient_pseudo_id, t.place, CASE WHEN t.place = 3 AND t.places > 3 THEN 'FURTHER' ELSE t.station_id::text END
      FROM stays s
      JOIN (SELECT encounter_id, station_id, row_number() OVER (PARTITION BY encounter_id ORDER BY sequence) AS place,
                   count(*) OVER (PARTITION BY encounter_id) AS places
              FROM station_transfers WHERE encounter_id IN (SELECT encounter_id FROM stays)) t USING (encounter_id)
     WHERE t.place <= 3
    UNION ALL
    SELECT encounter_id, patient_pseudo_id, 4, discharge_type FROM stays),
step AS (
    SELECT stage, node, patient_pseudo_id, lead(stage) OVER stay AS next_stage, lead(node) OVER stay AS next_node
      FROM way WINDOW stay AS (PARTITION BY encounter_id ORDER BY stage)),
link AS (
    SELECT count(*) AS stays, count(DISTINCT patient_pseudo_id) AS patients
      FROM step WHERE next_node IS NOT NULL GROUP BY stage, node, next_stage, next_node)
SELECT count(*) AS links, coalesce(sum(stays), 0)::bigint AS stays, coalesce(sum(patients), 0)::bigint AS patients FROM link
