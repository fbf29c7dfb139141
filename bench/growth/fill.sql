-- $events single events of the same six years, units and skew, one after the other in time, into the empty table. A row is
-- narrower than the generator's: one value or two, and no copies of people, so that 40 million fit a small disk. A page
-- reads 16 rows by key, so their width hardly matters to it.
--
-- Units are drawn like the generator draws them: the unit of rank r with the weight (r + 1.5) ^ -0.85. A quarter, a half and
-- three quarters through lie the three events of the facility that has no others.
SELECT setseed(0.5);

INSERT INTO singleevent
       (eventid, uid, created, lastupdated, programstageid, attributeoptioncomboid, deleted, occurreddate,
        organisationunitid, status, completeddate, eventdatavalues, assigneduserid)
SELECT n, 'G' || lpad(to_hex((n * 45678912345) & 1099511627775), 10, '0'), at + interval '1 hour',
       at + interval '2 hours',
       CASE WHEN in_main OR is_sparse THEN (SELECT min(programstageid) FROM bench.stages)
            ELSE (SELECT max(programstageid) FROM bench.stages) END,
       (SELECT categoryoptioncomboid FROM categoryoptioncombo WHERE code = 'default'),
       is_deleted AND NOT is_sparse, at,
       CASE WHEN is_sparse THEN (SELECT organisationunitid FROM bench.sparse)
            ELSE (SELECT array_agg(organisationunitid) FROM bench.choice)
                 [1 + floor(place * (SELECT count(*) FROM bench.choice))::integer] END,
       CASE WHEN is_completed THEN 'COMPLETED' ELSE 'ACTIVE' END,
       CASE WHEN is_completed THEN at + interval '1 hour' END,
       jsonb_build_object((SELECT uid FROM bench.number), jsonb_build_object('value', floor(90 * age ^ 1.5)::integer::text))
       || CASE WHEN referred < 0.1
               THEN jsonb_build_object((SELECT uid FROM bench.unit), jsonb_build_object('value',
                    (SELECT array_agg(uid) FROM organisationunit WHERE hierarchylevel = 4)
                    [1 + floor(referred * 10 * (SELECT count(*) FROM organisationunit WHERE hierarchylevel = 4))::integer]))
               ELSE '{}' END,
       CASE WHEN assigned < 0.1
            THEN (SELECT array_agg(userinfoid) FROM userinfo)
                 [1 + floor(assigned * 10 * (SELECT count(*) FROM userinfo))::integer] END
  FROM (SELECT n, random() < 0.97 AS in_main, random() < 0.01 AS is_deleted, random() AS place,
               random() < 0.85 AS is_completed, random() AS age, random() AS referred, random() AS assigned,
               n % ($events / 4) = 0 AND n / ($events / 4) <= 3 AS is_sparse,
               -- Three times as many on the last day as on the first.
               date_trunc('minute', date_trunc('day', localtimestamp) - interval '72 months'
                   + interval '2190 days' * ((sqrt(1 + 8 * n / $events.0) - 1) / 2)) AS at
          FROM generate_series(1::bigint, $events) n) drawn;
