//! Patient flow: no stay is lost between two stages, each link equals plain SQL, and small ways are led elsewhere.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    cases::{Case, generator, times},
    support::Server,
};

const FLOW: &str = "query ($filter: StayFilter!, $stages: Int!, $top: Int!) {
  patientFlow(filter: $filter, stages: $stages, topStations: $top) {
    nodes { id name stage depth kind label station stays { value } }
    links { source target value stays { value } patients { value } averageLengthOfStay }
    stays { value suppressed } patients { value suppressed } folded
  }
}";

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value}"))
}

/// What every diagram needs: unique nodes, links between known nodes of rising stages, and every stay at every boundary.
fn check_shape(flow: &Value, stages: i64, minimum: i64) {
    let nodes = flow["nodes"].as_array().expect("nodes");
    let stage: BTreeMap<&str, i64> = nodes
        .iter()
        .map(|node| {
            assert_eq!(
                (&node["id"], &node["stage"]),
                (&node["name"], &node["depth"])
            );
            (node["id"].as_str().expect("an id"), number(&node["stage"]))
        })
        .collect();
    assert_eq!(stage.len(), nodes.len(), "a node stands twice");
    let links = flow["links"].as_array().expect("links");
    let end = |link: &Value, end: &str| stage[link[end].as_str().expect("a node")];
    let total = flow["stays"]["value"].as_i64();
    for boundary in 0..stages {
        let crossing = links
            .iter()
            .filter(|link| end(link, "source") <= boundary && boundary < end(link, "target"));
        let stays: i64 = crossing.map(|link| number(&link["value"])).sum();
        assert!(
            links.is_empty() || Some(stays) == total,
            "{boundary} {flow}"
        );
    }
    for link in links {
        assert_eq!(link["value"], link["stays"]["value"]);
        assert!(
            number(&link["patients"]["value"]) >= minimum.max(1),
            "{link}"
        );
        assert!(end(link, "source") < end(link, "target"));
    }
    for node in nodes {
        let sum = |side: &str| -> i64 {
            let links = links.iter().filter(|link| link[side] == node["id"]);
            links.map(|link| number(&link["value"])).sum()
        };
        let (coming, going) = (sum("target"), sum("source"));
        match number(&node["stage"]) {
            0 => assert_eq!((coming, going), (0, number(&node["stays"]["value"]))),
            last if last == stages => {
                assert_eq!((coming, going), (number(&node["stays"]["value"]), 0));
            }
            _ => assert_eq!((coming, going), (number(&node["stays"]["value"]), coming)),
        }
    }
}

/// Links as plain SQL counts them: stations beyond the stages fold, and those that fewer stays visit than the top ones.
fn counted(
    server: &Server,
    case: &Case,
    stages: i64,
    top: usize,
) -> BTreeMap<(String, String), (i64, i64)> {
    let stations = stages - 1;
    let rows = server.rows(&format!(
        "WITH e AS MATERIALIZED (SELECT e.* FROM encounters e JOIN patients p USING (clinic_id, patient_pseudo_id) WHERE {stays}),
         pass AS (
           SELECT e.encounter_id, e.patient_pseudo_id, t.station_id, t.place, t.place = {stations} AND t.places > {stations} AS is_further
             FROM e JOIN (SELECT encounter_id, station_id, row_number() OVER stay AS place, count(*) OVER (PARTITION BY encounter_id) AS places
                            FROM station_transfers WINDOW stay AS (PARTITION BY encounter_id ORDER BY sequence)) t USING (encounter_id)
            WHERE t.place <= {stations}),
         top AS (SELECT station_id FROM pass WHERE NOT is_further GROUP BY 1 ORDER BY count(*) DESC, station_id LIMIT {top}),
         way AS (
           SELECT encounter_id, patient_pseudo_id, 0 AS stage, 'admission:' || admission_type AS node FROM e
           UNION ALL
           SELECT encounter_id, patient_pseudo_id, place, 's' || place || ':' || CASE WHEN is_further THEN 'FURTHER' WHEN t.station_id IS NULL THEN 'OTHER' ELSE u.uid END
             FROM pass p LEFT JOIN top t USING (station_id) JOIN organisationunit u ON u.organisationunitid = p.station_id
           UNION ALL
           SELECT encounter_id, patient_pseudo_id, {stages}, 'discharge:' || discharge_type FROM e),
         step AS (SELECT *, lead(node) OVER (PARTITION BY encounter_id ORDER BY stage) AS target FROM way)
         SELECT node AS source, target, count(*) AS stays, count(DISTINCT patient_pseudo_id) AS patients FROM step WHERE target IS NOT NULL GROUP BY 1, 2",
        stays = case.stays(),
    ));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let link = |row: &Value| {
        (
            (text(&row["source"]), text(&row["target"])),
            (number(&row["stays"]), number(&row["patients"])),
        )
    };
    rows.iter().map(link).collect()
}

async fn compare(server: &Server, cases: usize, seed: u64) {
    let controller = server.user("controller");
    let mut random = generator(seed);
    let mut links = 0;
    for number_of_case in 0..cases {
        let case = Case::random(server, &mut random);
        let stages = 2 + number_of_case as i64 / 4 % 4;
        let top = [0, 3, 12, 50][number_of_case % 4];
        let variables = json!({ "filter": case.filter, "stages": stages, "top": top });
        let mut data = controller.data(FLOW, variables).await;
        let flow = data["patientFlow"].take();
        check_shape(&flow, stages, 0);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let found: BTreeMap<_, _> = flow["links"]
            .as_array()
            .expect("links")
            .iter()
            .map(|link| {
                (
                    (text(&link["source"]), text(&link["target"])),
                    (number(&link["value"]), number(&link["patients"]["value"])),
                )
            })
            .collect();
        assert_eq!(
            found,
            counted(server, &case, stages, top),
            "{stages} {top} {}",
            case.filter
        );
        links += found.len();
    }
    assert!(links > cases * 5, "{links}");
}

#[actix_web::test]
async fn links_equal_plain_sql_from_columns() {
    compare(&Server::with_columns(0).await, times(40), 21).await;
}

#[actix_web::test]
async fn links_equal_plain_sql_from_the_database() {
    compare(&Server::start(), times(8), 22).await;
}

#[actix_web::test]
async fn small_ways_are_led_through_other_nodes_and_no_stay_is_lost() {
    let (open, guarded) = (Server::with_columns(0).await, Server::with_columns(5).await);
    let (truth, client) = (open.user("controller"), guarded.user("controller"));
    let mut random = generator(23);
    let (mut shown, mut hidden) = (0, 0);
    for top in [0, 1, 3, 12].into_iter().cycle().take(times(40)) {
        let case = Case::random(&open, &mut random);
        let variables = json!({ "filter": case.filter, "stages": 4, "top": top });
        let real = truth.data(FLOW, variables.clone()).await["patientFlow"].take();
        let flow = client.data(FLOW, variables).await["patientFlow"].take();
        check_shape(&flow, 4, 5);
        let patients = number(&real["patients"]["value"]);
        if (1..5).contains(&patients) {
            hidden += 1;
            assert_eq!(flow["stays"], json!({ "value": null, "suppressed": true }));
            assert_eq!(
                (&flow["links"], &flow["folded"]),
                (&json!([]), &Value::Null)
            );
        } else {
            shown += usize::from(patients > 0);
            assert_eq!(
                (&flow["stays"], &flow["patients"]),
                (&real["stays"], &real["patients"])
            );
        }
    }
    assert!(shown > 10 && hidden > 0, "{shown} {hidden}");
}

#[actix_web::test]
async fn shapes_out_of_range_are_refused() {
    let server = Server::start();
    let controller = server.user("controller");
    let filter = json!({ "period": { "from": "2025-01-01", "to": "2025-12-31" } });
    for (stages, top, name) in [
        (1, 5, "stages"),
        (11, 5, "stages"),
        (4, -1, "topStations"),
        (4, 51, "topStations"),
    ] {
        let variables = json!({ "filter": filter, "stages": stages, "top": top });
        let (code, message) = controller.refusal(FLOW, variables).await;
        assert_eq!(code, "BAD_USER_INPUT");
        assert!(message.contains(name), "{message}");
    }
}
