use indicatif::ProgressBar;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{run, run_anew};
use crate::{
    Connection,
    generate::{self, Volume},
    pool::connect,
    testing::{execute, fresh_database, rows},
    verify,
};

/// The same in one statement over the base tables, without what was published before.
const TWIN: &str = "
    SELECT e.encounter_id, e.clinic_id, min(e.encounter_id) OVER (PARTITION BY e.patient_pseudo_id) AS person, e.admission_date,
           e.discharge_date, e.admission_type, e.discharge_type, e.case_kind, e.age_at_admission, p.sex,
           ARRAY(SELECT DISTINCT icd10_code FROM conditions c WHERE c.encounter_id = e.encounter_id AND icd10_code IS NOT NULL ORDER BY 1) AS codes,
           ARRAY(SELECT DISTINCT icd10_code FROM conditions c WHERE c.encounter_id = e.encounter_id AND icd10_code IS NOT NULL AND is_main ORDER BY 1) AS main_codes,
           ARRAY(SELECT station_id FROM station_transfers t WHERE t.encounter_id = e.encounter_id ORDER BY sequence) AS stations
      FROM encounters e JOIN patients p USING (clinic_id, patient_pseudo_id)";
const PUBLISHED: &str = "
    SELECT encounter_id, clinic_id, person, admission_date, discharge_date, admission_type, discharge_type, case_kind,
           age_at_admission, sex, codes, main_codes, stations
      FROM analytics.stay_facts";

/// Ways in which a night changes the base tables; `$` is a number drawn for it.
const CHANGES: [&str; 12] = [
    "UPDATE encounters SET admission_date = admission_date - 1 WHERE encounter_id % 97 = $ % 97",
    "UPDATE encounters SET patient_pseudo_id = (SELECT patient_pseudo_id FROM patients p WHERE p.clinic_id = encounters.clinic_id ORDER BY md5(patient_pseudo_id || '$') LIMIT 1)
      WHERE encounter_id % 53 = $ % 53",
    "DELETE FROM encounters WHERE encounter_id IN (SELECT min(encounter_id) FROM encounters GROUP BY patient_pseudo_id ORDER BY md5(patient_pseudo_id || '$') LIMIT 3)",
    "INSERT INTO encounters (encounter_id, clinic_id, patient_pseudo_id, fhir_id, admission_date, status)
     SELECT -$, clinic_id, patient_pseudo_id, 'earlier-$', '2020-01-01', 'finished' FROM patients ORDER BY md5(patient_pseudo_id || '$') LIMIT 1
         ON CONFLICT DO NOTHING",
    "UPDATE patients SET sex = CASE sex WHEN 'MALE' THEN 'FEMALE' ELSE 'MALE' END WHERE hashtext(patient_pseudo_id) % 41 = $ % 41",
    "UPDATE conditions SET icd10_code = 'J98.9', icd10_chapter = 'X' WHERE condition_id % 89 = $ % 89 AND certainty IS DISTINCT FROM 'EXCLUDED'",
    "UPDATE conditions SET is_main = NOT is_main WHERE condition_id % 71 = $ % 71",
    "DELETE FROM conditions WHERE condition_id % 101 = $ % 101",
    "UPDATE conditions SET encounter_id = NULL WHERE condition_id % 83 = $ % 83",
    "UPDATE station_transfers SET sequence = sequence + 40 WHERE station_transfer_id % 61 = $ % 61 AND sequence < 40",
    "DELETE FROM station_transfers WHERE station_transfer_id % 67 = $ % 67",
    "DELETE FROM patients WHERE NOT EXISTS (SELECT FROM encounters e WHERE (e.clinic_id, e.patient_pseudo_id) = (patients.clinic_id, patients.patient_pseudo_id))",
];

/// A database with generated data that are published.
fn published(database: &str) -> (String, Connection) {
    let url = fresh_database(database);
    let mut conn = connect(&url).expect("it answers");
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day");
    generate::run(&mut conn, &Volume::tiny(), 1, today, &ProgressBar::hidden()).expect("data");
    run(&mut conn, |_| {}).expect("the first refresh");
    (url, conn)
}

/// How many stays are published otherwise than the twin says, or by only one of the two.
fn differences(conn: &mut Connection) -> i64 {
    let sql = format!(
        "SELECT count(*) AS n FROM ((({TWIN}) EXCEPT ({PUBLISHED})) UNION ALL (({PUBLISHED}) EXCEPT ({TWIN}))) d"
    );
    rows(conn, &sql)[0]["n"].as_i64().expect("a number")
}

fn number(conn: &mut Connection, sql: &str) -> i64 {
    rows(conn, sql)[0]["n"].as_i64().expect("a number")
}

#[test]
fn what_changed_by_whatever_way_is_published_and_the_rest_stays_where_it_is() {
    let (_, mut conn) = published("clinigraph_refresh");
    assert_eq!(differences(&mut conn), 0);
    let stays = number(&mut conn, "SELECT count(*) AS n FROM analytics.stay_facts");
    assert!(stays > 100, "{stays}");

    let mut random = ChaCha8Rng::seed_from_u64(7);
    let (mut differing, mut kept) = (0, 0);
    for _ in 0..24 {
        execute(
            &mut conn,
            "CREATE TEMP TABLE places AS SELECT encounter_id, ctid AS place FROM analytics.stay_facts",
        );
        for _ in 0..random.random_range(0..3) {
            let change = CHANGES[random.random_range(0..CHANGES.len())];
            let number = random.random_range(1..10_000).to_string();
            execute(&mut conn, &change.replace('$', &number));
        }
        differing += differences(&mut conn);
        run(&mut conn, |_| {}).expect("a refresh");
        assert_eq!(differences(&mut conn), 0);
        kept += number(
            &mut conn,
            "SELECT count(*) AS n FROM places JOIN analytics.stay_facts f USING (encounter_id) WHERE f.ctid = place",
        );
        execute(&mut conn, "DROP TABLE places");
    }
    assert!(differing > 100, "the changes mattered: {differing}");
    assert!(kept > 12 * stays, "most stays were left alone: {kept}");
}

#[test]
fn a_delivery_that_comes_during_a_refresh_is_in_its_version_whole_or_not_at_all() {
    let (url, mut conn) = published("clinigraph_refresh_beside");
    execute(
        &mut conn,
        "UPDATE encounters SET status = status WHERE encounter_id % 2 = 0",
    );
    let sexes = "SELECT count(DISTINCT sex) AS n FROM analytics.stay_facts";
    // The delivery writes every stay while the refresh is held between the base tables and the published ones.
    let mut holder = connect(&url).expect("it answers");
    execute(
        &mut holder,
        "BEGIN; LOCK TABLE analytics.stay_facts IN SHARE MODE",
    );
    std::thread::scope(|scope| {
        let refresh = scope.spawn(|| run(&mut conn, |_| {}).expect("a refresh"));
        let mut other = connect(&url).expect("it answers");
        let waiting = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while number(&mut other, waiting) == 0 {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        execute(&mut other, "UPDATE patients SET sex = 'OTHER'");
        execute(&mut holder, "COMMIT");
        refresh.join().expect("it ends");
    });
    assert!(number(&mut conn, sexes) > 1, "nothing of the delivery");
    run(&mut conn, |_| {}).expect("the next refresh");
    assert_eq!(number(&mut conn, sexes), 1, "all of it");
}

#[test]
fn what_is_emptied_at_once_is_published() {
    let (_, mut conn) = published("clinigraph_refresh_emptied");
    for table in ["conditions", "station_transfers", "encounters CASCADE"] {
        execute(&mut conn, &format!("TRUNCATE {table}"));
        assert!(differences(&mut conn) > 0, "{table}");
        run(&mut conn, |_| {}).expect("a refresh");
        assert_eq!(differences(&mut conn), 0, "{table}");
    }
    let left = "SELECT count(*) AS n FROM analytics.stay_facts";
    assert_eq!(number(&mut conn, left), 0);
}

/// Rows that break the rule on published stays, by `verify`.
fn verified(conn: &mut Connection) -> i64 {
    let checks = verify::run(conn).expect("the checks");
    let check = checks.iter().find(|check| check.name.contains("published"));
    check.expect("the rule").differences
}

#[test]
fn what_went_past_the_triggers_is_found_and_built_anew() {
    let (_, mut conn) = published("clinigraph_refresh_anew");
    execute(
        &mut conn,
        "SET session_replication_role = replica; UPDATE patients SET sex = 'OTHER' WHERE sex <> 'OTHER';
         SET session_replication_role = origin",
    );
    run(&mut conn, |_| {}).expect("a refresh");
    let stale = differences(&mut conn);
    assert!(stale > 0);
    // Both sides of a stay differ.
    assert_eq!(verified(&mut conn), stale / 2);
    run_anew(&mut conn, |_| {}).expect("a refresh of all");
    assert_eq!((differences(&mut conn), verified(&mut conn)), (0, 0));
}
