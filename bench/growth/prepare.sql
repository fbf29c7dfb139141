-- What the rows are drawn from: units once for each part of their weight, two stages, two questions.
CREATE TABLE bench.sparse AS
SELECT organisationunitid FROM organisationunit WHERE hierarchylevel = 4 ORDER BY code DESC LIMIT 1;
CREATE TABLE bench.choice AS
SELECT organisationunitid
  FROM (SELECT organisationunitid, row_number() OVER (ORDER BY md5(uid)) AS place
          FROM organisationunit
         WHERE hierarchylevel = 4 AND organisationunitid <> (SELECT organisationunitid FROM bench.sparse)) ranked
 CROSS JOIN LATERAL generate_series(1, ceil(4000 * (place + 0.5) ^ -0.85)::integer) slot;
CREATE TABLE bench.stages AS
SELECT programstageid FROM programstage JOIN program USING (programid)
 WHERE type = 'WITHOUT_REGISTRATION' ORDER BY programstageid LIMIT 2;
CREATE TABLE bench.number AS
SELECT d.uid FROM programstagedataelement JOIN dataelement d USING (dataelementid)
 WHERE programstageid = (SELECT min(programstageid) FROM bench.stages) AND d.valuetype LIKE 'INTEGER%' ORDER BY 1 LIMIT 1;
CREATE TABLE bench.unit AS
SELECT d.uid FROM programstagedataelement JOIN dataelement d USING (dataelementid)
 WHERE programstageid = (SELECT min(programstageid) FROM bench.stages) AND d.valuetype = 'ORGANISATION_UNIT' ORDER BY 1 LIMIT 1;
ANALYZE bench.choice;
