//! Recounts what is stored twice for speed, and says where the copies differ.

use diesel::{prelude::*, sql_types::BigInt};

use crate::{Connection, Result};

/// A rule and how many rows break it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The rule, in words.
    pub name: &'static str,
    /// Rows that break it.
    pub differences: i64,
}

const CHECKS: [(&str, &str); 7] = [
    (
        "tracker events whose owner unit is not the one of trackedentityprogramowner",
        "SELECT count(*) AS differences
           FROM trackerevent e
           JOIN enrollment n USING (enrollmentid)
           LEFT JOIN trackedentityprogramowner o ON o.trackedentityid = n.trackedentityid AND o.programid = n.programid
          WHERE e.ownerorganisationunitid IS DISTINCT FROM o.organisationunitid",
    ),
    (
        "events in the table of the other kind of program",
        "SELECT (SELECT count(*) FROM singleevent JOIN programstage USING (programstageid) JOIN program USING (programid)
                  WHERE program.type <> 'WITHOUT_REGISTRATION')
              + (SELECT count(*) FROM trackerevent JOIN programstage USING (programstageid) JOIN program USING (programid)
                  WHERE program.type <> 'WITH_REGISTRATION') AS differences",
    ),
    (
        "identifiers used by a single event and a tracker event",
        "SELECT count(*) AS differences FROM singleevent JOIN trackerevent USING (uid)",
    ),
    (
        "org units whose path is not their parent's with their own identifier",
        "SELECT count(*) AS differences FROM organisationunit u LEFT JOIN organisationunit p ON p.organisationunitid = u.parentid
          WHERE u.path <> coalesce(p.path, '') || '/' || u.uid
             OR u.hierarchylevel <> coalesce(p.hierarchylevel, 0) + 1",
    ),
    (
        "counts of events that differ from the events",
        "SELECT count(*) AS differences FROM (
            SELECT store, programstageid, organisationunitid, month, status, attributeoptioncomboid FROM (
                SELECT store, programstageid, organisationunitid, month, status, attributeoptioncomboid, events FROM eventcount
                UNION ALL
                SELECT store, programstageid, organisationunitid, month, status, attributeoptioncomboid, events FROM eventcountchange
                UNION ALL
                SELECT 'S', programstageid, organisationunitid, event_month(occurreddate), status, attributeoptioncomboid, -count(*)
                  FROM singleevent WHERE NOT deleted GROUP BY 2, 3, 4, 5, 6
                UNION ALL
                SELECT 'T', programstageid, ownerorganisationunitid, event_month(occurreddate), status, attributeoptioncomboid, -count(*)
                  FROM trackerevent WHERE NOT deleted GROUP BY 2, 3, 4, 5, 6) counted
             GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(events) <> 0) differing",
    ),
    (
        "diagnoses whose chapter is not the one of their code",
        "SELECT count(*) AS differences FROM conditions c
           LEFT JOIN icd10_chapters h ON left(c.icd10_code, 3) BETWEEN h.first_category AND h.last_category
          WHERE c.icd10_chapter IS DISTINCT FROM h.chapter",
    ),
    (
        "published stays that differ from the base tables though no change is noted",
        "WITH published AS (
             SELECT encounter_id, clinic_id, person, admission_date, discharge_date, admission_type, discharge_type, case_kind,
                    age_at_admission, sex, codes, main_codes, stations
               FROM analytics.stay_facts
         ), stored AS (
             SELECT e.encounter_id, e.clinic_id, min(e.encounter_id) OVER (PARTITION BY e.patient_pseudo_id), e.admission_date,
                    e.discharge_date, e.admission_type, e.discharge_type, e.case_kind, e.age_at_admission, p.sex,
                    ARRAY(SELECT DISTINCT icd10_code FROM conditions c WHERE c.encounter_id = e.encounter_id AND icd10_code IS NOT NULL ORDER BY 1),
                    ARRAY(SELECT DISTINCT icd10_code FROM conditions c WHERE c.encounter_id = e.encounter_id AND icd10_code IS NOT NULL AND is_main ORDER BY 1),
                    ARRAY(SELECT station_id FROM station_transfers t WHERE t.encounter_id = e.encounter_id ORDER BY sequence)
               FROM encounters e JOIN patients p USING (clinic_id, patient_pseudo_id)
         ), differing AS (
             (TABLE stored EXCEPT TABLE published) UNION ALL (TABLE published EXCEPT TABLE stored)
         )
         SELECT count(DISTINCT encounter_id) AS differences FROM differing
          WHERE EXISTS (SELECT FROM analytics.stay_facts) AND NOT EXISTS (SELECT FROM stay_changes)",
    ),
];

/// Runs every check. Reads whole tables: seconds to minutes on large databases.
///
/// # Errors
/// When a query fails.
pub fn run(conn: &mut Connection) -> Result<Vec<Check>> {
    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = BigInt)]
        differences: i64,
    }
    let check = |(name, query)| {
        let counted: Counted = diesel::sql_query(query).get_result(conn)?;
        Ok(Check {
            name,
            differences: counted.differences,
        })
    };
    CHECKS.into_iter().map(check).collect()
}
