-- :events single events of the same six years, units and skew, one after the other in time, into an empty table. A row is
-- narrower than the generator's: one value or two, and no copies of people, so that 40 million fit a small disk. A page
-- reads 16 rows by key, so their width hardly matters to it.
--
-- Units are drawn like the generator draws them: the unit of rank r with the weight (r + 1.5) ^ -0.85. A quarter, a half and
-- three quarters through lie the three events of the facility that has no others.
SELECT setseed(0.5);

DROP TABLE IF EXISTS bench.choice;
CREATE TABLE bench.choice AS
SELECT programstageid, (array_agg(organisationunitid ORDER BY place, slot)) AS units
  FROM (SELECT s.programstageid, u.organisationunitid,
               row_number() OVER (PARTITION BY s.programstageid ORDER BY hashtext(u.uid || s.programstageid)) AS place
          FROM programstage s
          JOIN program p USING (programid)
          JOIN organisationunit u ON u.hierarchylevel = 4
         WHERE p.type = 'WITHOUT_REGISTRATION' AND u.code <> (SELECT max(code) FROM organisationunit WHERE hierarchylevel = 4)
       ) ranked
 CROSS JOIN LATERAL generate_series(1, ceil(4000 * (place + 0.5) ^ -0.85)::integer) slot
 GROUP BY programstageid;

INSERT INTO singleevent
       (eventid, uid, created, lastupdated, programstageid, attributeoptioncomboid, deleted, occurreddate,
        organisationunitid, status, completeddate, eventdatavalues, assigneduserid)
SELECT n,
       'G' || translate(substr(encode(int8send(n * 2862933555777941757 # 3037000493), 'base64'), 1, 10), '+/', 'xy'),
       at + interval '1 hour', at + interval '2 hours', stage, combo, chance[1] < 0.01, at,
       CASE WHEN n % (:events / 4) = 0 AND n / (:events / 4) <= 3 THEN sparse
            ELSE units[1 + floor(chance[2] * array_length(units, 1))::integer] END,
       CASE WHEN chance[3] < 0.85 THEN 'COMPLETED' ELSE 'ACTIVE' END,
       CASE WHEN chance[3] < 0.85 THEN at + interval '1 hour' END,
       CASE WHEN chance[4] < 0.1
            THEN jsonb_build_object(age, jsonb_build_object('value', floor(90 * chance[5] ^ 1.5)::integer::text),
                                    referred, jsonb_build_object('value', facilities[1 + floor(chance[6] * array_length(facilities, 1))::integer]))
            ELSE jsonb_build_object(age, jsonb_build_object('value', floor(90 * chance[5] ^ 1.5)::integer::text)) END,
       CASE WHEN chance[7] < 0.1 THEN people[1 + floor(chance[8] * array_length(people, 1))::integer] END
  FROM :source
