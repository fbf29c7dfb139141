CREATE MATERIALIZED VIEW analytics.diagnosis_facts AS
SELECT encounter_id, code, is_main, chapter, block, three, four, five,
       -- In byte order the codes of a node stand side by side, so a node is new where it differs from the code before.
       CASE WHEN lag(chapter) OVER stay IS DISTINCT FROM chapter THEN 1
            WHEN lag(block) OVER stay IS DISTINCT FROM block THEN 2
            WHEN lag(three) OVER stay IS DISTINCT FROM three THEN 3
            WHEN lag(four) OVER stay IS DISTINCT FROM four THEN 4
            WHEN lag(five) OVER stay IS DISTINCT FROM five THEN 5
            ELSE 6
       END::smallint AS new_from_level
  FROM (SELECT c.encounter_id,
               c.icd10_code AS code,
               bool_or(c.is_main) AS is_main,
               min(c.icd10_chapter) AS chapter,
               min(b.block) AS block,
               left(c.icd10_code, 3) AS three,
               CASE WHEN length(c.icd10_code) >= 5 THEN left(c.icd10_code, 5) END AS four,
               CASE WHEN length(c.icd10_code) >= 6 THEN left(c.icd10_code, 6) END AS five
          FROM conditions c
          LEFT JOIN icd10_blocks b ON left(c.icd10_code, 3) BETWEEN b.first_category AND b.last_category
         WHERE c.icd10_code IS NOT NULL AND c.encounter_id IS NOT NULL
         GROUP BY c.encounter_id, c.icd10_code) codes
WINDOW stay AS (PARTITION BY encounter_id ORDER BY code)
WITH NO DATA;

CREATE UNIQUE INDEX diagnosis_facts_key ON analytics.diagnosis_facts (encounter_id, code);
CREATE INDEX diagnosis_facts_code ON analytics.diagnosis_facts (code, encounter_id);

COMMENT ON MATERIALIZED VIEW analytics.diagnosis_facts IS 'One row per stay and code, with the nodes of the ICD-10 tree above the code.';
COMMENT ON COLUMN analytics.diagnosis_facts.encounter_id IS 'Stay.';
COMMENT ON COLUMN analytics.diagnosis_facts.code IS 'Code with its dot.';
COMMENT ON COLUMN analytics.diagnosis_facts.is_main IS 'Whether it is the main diagnosis of the stay.';
COMMENT ON COLUMN analytics.diagnosis_facts.chapter IS 'Chapter; null outside every chapter.';
COMMENT ON COLUMN analytics.diagnosis_facts.block IS 'Block; null for codes of ranges that the catalogue leaves out.';
COMMENT ON COLUMN analytics.diagnosis_facts.three IS 'Three-character category.';
COMMENT ON COLUMN analytics.diagnosis_facts.four IS 'Four-character code; null for a code of three.';
COMMENT ON COLUMN analytics.diagnosis_facts.five IS 'Five-character code; null for a shorter code.';
COMMENT ON COLUMN analytics.diagnosis_facts.new_from_level IS 'Coarsest level at which the stay has no earlier code of the same node: the code opens a node there and at every finer level. 6 for none, which longer codes of one five-character node have.';
