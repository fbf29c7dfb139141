//! The generated data keep the rules of the tables, and come out the same each time.

use chrono::NaiveDate;
use diesel::{QueryableByName, RunQueryDsl, sql_types::BigInt};
use indicatif::ProgressBar;

use super::*;
use crate::testing;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn number(conn: &mut Connection, query: &str) -> i64 {
    let query = format!("SELECT ({query})::bigint AS number");
    let row: Number = diesel::sql_query(query)
        .get_result(conn)
        .expect("the query works");
    row.number
}

fn generate(conn: &mut Connection, volume: &Volume) -> Result<Report> {
    let today = NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
    run(conn, volume, 1, today, &ProgressBar::hidden())
}

fn tiny() -> Connection {
    let mut conn = testing::connection();
    generate(&mut conn, &Volume::tiny()).expect("the tiny volume loads");
    conn
}

/// A hash over all rows of all tables but those that tell when something ran.
fn fingerprint(conn: &mut Connection) -> i64 {
    let tables = "SELECT table_name FROM information_schema.tables
         WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name NOT LIKE 'observations_%'
           AND table_name NOT IN ('import_runs', 'metadataversion', 'eventcountchange', 'stay_changes', '__diesel_schema_migrations')";
    let sums = format!(
        "SELECT sum(hashtextextended(x.table_name || query_to_xml(format('SELECT sum(hashtextextended(t::text, 0)) AS s
         FROM %I t', x.table_name), true, false, '')::text, 0)) % 1000000007 FROM ({tables}) x"
    );
    number(conn, &sums)
}

#[test]
fn same_input_gives_same_rows() {
    let mut first = tiny();
    let expected = fingerprint(&mut first);
    drop(first);
    assert_eq!(fingerprint(&mut tiny()), expected);
}

#[test]
fn counts_are_exact() {
    let mut conn = tiny();
    let volume = Volume::tiny();
    let counts = [
        ("SELECT count(*) FROM singleevent", volume.single_events),
        ("SELECT count(*) FROM trackerevent", volume.tracker_events),
        (
            "SELECT count(DISTINCT patient_pseudo_id) FROM patients",
            volume.patients.into(),
        ),
        ("SELECT count(*) FROM encounters", volume.stays.into()),
        ("SELECT count(*) FROM conditions", volume.conditions.into()),
        ("SELECT count(*) FROM observations", volume.observations),
        (
            "SELECT count(*) FROM organisationunit WHERE code LIKE 'NY\\_F%'",
            volume.facilities.into(),
        ),
    ];
    for (query, expected) in counts {
        assert_eq!(number(&mut conn, query), expected.cast_signed(), "{query}");
    }
}

#[test]
fn rules_of_the_event_store_hold() {
    let mut conn = tiny();
    let broken = [
        // The owner of a tracker event is the owner of its entity in its program.
        "SELECT count(*) FROM trackerevent JOIN enrollment e USING (enrollmentid)
           LEFT JOIN trackedentityprogramowner o ON (o.trackedentityid, o.programid) = (e.trackedentityid, e.programid)
          WHERE o.organisationunitid IS DISTINCT FROM ownerorganisationunitid",
        // Stages belong to the program of the enrolment.
        "SELECT count(*) FROM trackerevent JOIN enrollment e USING (enrollmentid) JOIN programstage s USING (programstageid)
          WHERE s.programid <> e.programid",
        "SELECT count(*) FROM trackerevent WHERE (status IN ('SCHEDULE', 'SKIPPED')) <> (occurreddate IS NULL)
             OR num_nonnulls(occurreddate, scheduleddate) = 0",
        // Units use the program.
        "SELECT count(*) FROM singleevent e JOIN programstage s USING (programstageid) LEFT JOIN program_organisationunits u
             ON (u.programid, u.organisationunitid) = (s.programid, e.organisationunitid) WHERE u.programid IS NULL",
        "SELECT count(*) FROM singleevent WHERE greatest(occurreddate, created, lastupdated) >= '2026-11-21'
             OR created < occurreddate OR lastupdated < created",
        "SELECT count(*) FROM programownershiphistory WHERE enddate < startdate",
    ];
    for query in broken {
        assert_eq!(number(&mut conn, query), 0, "{query}");
    }
    let transferred = "SELECT count(*) FROM programownershiphistory";
    assert!(number(&mut conn, transferred) > 0);
}

#[test]
fn one_facility_has_three_visits_and_some_have_none() {
    let mut conn = tiny();
    let facilities = |count: u32| {
        format!(
            "SELECT count(*) FROM (SELECT count(e.eventid) AS visits FROM organisationunit u
               LEFT JOIN singleevent e ON e.organisationunitid = u.organisationunitid
                AND e.programstageid = (SELECT programstageid FROM programstage JOIN program USING (programid)
                                         WHERE program.code = 'OPD')
              WHERE u.code LIKE 'NY\\_F%' GROUP BY u.organisationunitid) AS facility WHERE visits = {count}"
        )
    };
    assert!(number(&mut conn, &facilities(3)) >= 1);
    assert!(number(&mut conn, &facilities(0)) >= 1);
    let sparse = "SELECT count(*) FROM singleevent WHERE organisationunitid =
        (SELECT organisationunitid FROM organisationunit WHERE code LIKE 'NY\\_F%' ORDER BY code DESC LIMIT 1)";
    assert_eq!(number(&mut conn, sparse), 3);
}

#[test]
fn rules_of_the_clinics_hold() {
    let mut conn = tiny();
    let broken = [
        "SELECT count(*) FROM (SELECT FROM conditions WHERE is_main GROUP BY encounter_id HAVING count(*) > 1) AS twice",
        // Station contacts follow each other from admission to discharge.
        "SELECT count(*) FROM (SELECT started_at, ended_at, admitted_at, discharged_at, sequence,
                  lag(ended_at) OVER stay AS before, lag(station_id) OVER stay AS station_before, station_id,
                  lead(sequence) OVER stay AS next
             FROM station_transfers JOIN encounters USING (encounter_id)
           WINDOW stay AS (PARTITION BY encounter_id ORDER BY sequence)) AS contact
          WHERE started_at <> coalesce(before, admitted_at) OR ended_at <= started_at OR station_before = station_id
             OR (next IS NULL AND ended_at IS DISTINCT FROM discharged_at) OR (sequence = 1) <> (before IS NULL)",
        "SELECT count(*) FROM encounters WHERE NOT EXISTS
            (SELECT FROM station_transfers t WHERE t.encounter_id = encounters.encounter_id)",
        // The days are those of the instants.
        "SELECT count(*) FROM encounters WHERE (admitted_at AT TIME ZONE 'Europe/Berlin')::date <> admission_date
             OR (discharged_at AT TIME ZONE 'Europe/Berlin')::date <> discharge_date OR discharged_at < admitted_at",
        "SELECT count(*) FROM encounters WHERE (discharge_date IS NULL) <> (discharge_type = 'OPEN')
             OR greatest(admission_date, discharge_date) >= '2026-11-21' OR age_at_admission NOT BETWEEN 0 AND 110",
        // Nobody is in two places, and nobody returns from the dead.
        "SELECT count(*) FROM encounters a JOIN encounters b USING (patient_pseudo_id)
          WHERE a.encounter_id < b.encounter_id AND b.admitted_at < coalesce(a.discharged_at, 'infinity')
            AND a.admitted_at < coalesce(b.discharged_at, 'infinity')",
        "SELECT count(*) FROM encounters JOIN patients USING (clinic_id, patient_pseudo_id)
          WHERE deceased_on < coalesce(discharge_date, admission_date)",
        "SELECT count(*) FROM (SELECT FROM patients GROUP BY patient_pseudo_id
          HAVING count(DISTINCT (sex, birth_year, birth_month)) > 1) AS unlike",
        "SELECT count(*) FROM conditions WHERE (icd10_code IS NULL) <> (icd10_chapter IS NULL)",
        "SELECT count(*) FROM observations JOIN encounters USING (encounter_id)
          WHERE observed_at NOT BETWEEN admitted_at AND coalesce(discharged_at, 'infinity')",
        "SELECT count(*) FROM observations_default WHERE observed_on > '-infinity'",
    ];
    for query in broken {
        assert_eq!(number(&mut conn, query), 0, "{query}");
    }
    let known_in_two = "SELECT count(*) FROM (SELECT FROM patients GROUP BY patient_pseudo_id HAVING count(*) > 1) AS person";
    assert!((6..60).contains(&number(&mut conn, known_in_two)));
}

#[test]
fn a_filled_database_is_refused() {
    let mut conn = tiny();
    let error = generate(&mut conn, &Volume::tiny()).expect_err("the second run is refused");
    assert!(matches!(error, Error::Input(_)), "{error}");
}

#[test]
fn an_impossible_volume_is_refused() {
    let volume = Volume {
        stays: 10,
        ..Volume::tiny()
    };
    let error =
        generate(&mut testing::connection(), &volume).expect_err("more patients than stays");
    assert!(matches!(error, Error::Input(_)), "{error}");
}

/// Loads a volume for good: `CLINIGRAPH_VOLUME=seed cargo test --release -p storage large_volumes -- --ignored`.
#[test]
#[ignore = "takes minutes, and fills the database"]
fn large_volumes_load() {
    let url = std::env::var("DATABASE_URL").expect("run ./dev test");
    let mut conn = crate::pool::connect(&url).expect("the test database answers");
    crate::migrate::run(&mut conn).expect("the migrations apply");
    let volume = match std::env::var("CLINIGRAPH_VOLUME").as_deref() {
        Ok("seed") => Volume::seed(),
        _ => Volume::demo(),
    };
    let report = generate(&mut conn, &volume).expect("the volume loads");
    settle(&mut conn).expect("the tables are vacuumed");
    assert!(report.created > volume.single_events);
}
