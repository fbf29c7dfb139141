//! Refreshes that are killed or meet.

use storage::{pool::connect, refresh};

use super::{killed_at, verified};
use crate::{
    program::{Held, command, number},
    telemetry::generated,
};

#[test]
#[ignore = "takes long; ./dev faults runs it"]
fn a_refresh_that_is_killed_leaves_the_old_version() {
    let (url, _) = generated("clinigraph_refresh_killed");
    refresh::run(&mut connect(&url).expect("it answers"), |_| {}).expect("a refresh");
    let versions = || number(&url, "SELECT count(*) AS n FROM data_versions");
    let stays = || number(&url, "SELECT count(*) AS n FROM analytics.stay_facts");
    let before = (versions(), stays());
    storage::testing::execute(
        &mut connect(&url).expect("it answers"),
        "INSERT INTO encounters (clinic_id, patient_pseudo_id, fhir_id, admission_date, discharge_date, status)
         SELECT clinic_id, patient_pseudo_id, 'another', '2026-10-01', '2026-10-09', 'finished' FROM patients ORDER BY 1, 2 LIMIT 1",
    );
    for table in [
        "eventcount",
        "encounters",
        "station_transfers",
        "data_versions",
    ] {
        assert!(killed_at(&url, table, &["refresh"]));
        println!(
            "refresh killed at {table}: {:?} versions and stays before, {:?} after",
            before,
            (versions(), stays())
        );
        assert_eq!((versions(), stays()), before, "{table}");
    }
    let (code, said) = command(&url, &["refresh"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!((versions(), stays()), (before.0 + 1, before.1 + 1));
    let runs = |status: &str| {
        number(
            &url,
            &format!("SELECT count(*) AS n FROM refresh_runs WHERE status = '{status}'"),
        )
    };
    assert_eq!((runs("FAILED"), runs("RUNNING"), runs("DONE")), (4, 0, 2));
    verified(&url);
}

#[test]
#[ignore = "takes long; ./dev faults runs it"]
fn two_refreshes_at_once_take_turns() {
    let (url, _) = generated("clinigraph_refresh_twice");
    let mut held = Held::table(&url, "encounters");
    std::thread::scope(|scope| {
        let both = [0, 1].map(|_| scope.spawn(|| command(&url, &["refresh"])));
        assert!(
            held.until_awaited(2, || false),
            "one waits for the table, one for its turn"
        );
        drop(held);
        for refresh in both {
            let (code, said) = refresh.join().expect("an end");
            assert_eq!(code, 0, "{said}");
        }
    });
    let versions = number(&url, "SELECT count(*) AS n FROM data_versions");
    println!("two refreshes at once: 0 versions before, {versions} after");
    assert_eq!(versions, 2);
    verified(&url);
}
