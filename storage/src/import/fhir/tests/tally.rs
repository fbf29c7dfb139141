//! Counts the resources of a folder with plain JSON, sharing nothing with the import: what a load must come to.
//!
//! Of several versions the newest counts. Stays are contacts of class IMP that are accepted, not part of another one and
//! of no other level or kind; links are pairs of (stay, condition) of both directions; observation rows are components
//! with a code, plus the observation itself when it has a value or no component; bed days are local days.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use chrono::{DateTime, NaiveDate};

use super::*;

/// Patients, stays, condition rows, those with a stay, observation rows, those with a stay, bed days.
pub type Counts = [i64; 7];

type Resources = BTreeMap<String, Value>;

/// The resources of each file below a folder, by `Type/id`.
fn read(folder: &Path, found: &mut Resources) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).expect("a text");
        if path.extension().is_some_and(|ending| ending == "ndjson") {
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                if let Ok(value) = serde_json::from_str(line) {
                    keep(value, None, found);
                }
            }
        } else {
            let value = serde_json::from_str(&text).expect("JSON");
            keep(value, None, found);
        }
    }
}

fn keep(mut value: Value, full_url: Option<&str>, found: &mut Resources) {
    for entry in value["entry"].as_array().into_iter().flatten() {
        keep(entry["resource"].clone(), entry["fullUrl"].as_str(), found);
    }
    if value["id"].is_null()
        && let Some(url) = full_url
    {
        value["id"] = url.rsplit(['/', ':']).next().into();
    }
    let key = format!("{}/{}", text(&value["resourceType"]), text(&value["id"]));
    let version = |value: &Value| {
        let number: u64 = text(&value["meta"]["versionId"]).parse().unwrap_or(0);
        (text(&value["meta"]["lastUpdated"]).to_owned(), number)
    };
    let is_older = found
        .get(&key)
        .is_some_and(|known| version(known) > version(&value));
    // FHIR allows letters, digits, hyphens and dots; the program minds the one sign that it uses itself.
    let is_usable = !text(&value["id"]).is_empty() && !text(&value["id"]).contains('#');
    if !is_older && is_usable {
        found.insert(key, value);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn of<'a>(found: &'a Resources, kind: &str) -> impl Iterator<Item = &'a Value> {
    found
        .values()
        .filter(move |resource| resource["resourceType"] == kind)
}

/// The id that a reference leads to.
fn target(found: &Resources, reference: &Value, kind: &str) -> Option<String> {
    let link = text(&reference["reference"]);
    if let Some((_, token)) = link.split_once("?identifier=") {
        let value = token.rsplit('|').next();
        return of(found, kind)
            .find(|resource| {
                let identifiers = resource["identifier"].as_array().into_iter().flatten();
                identifiers
                    .into_iter()
                    .any(|one| one["value"].as_str() == value)
            })
            .map(|resource| text(&resource["id"]).to_owned());
    }
    let id = link.rsplit(['/', ':']).next().unwrap_or_default();
    (!id.is_empty()).then(|| id.to_owned())
}

fn codes(concept: &Value) -> Vec<&str> {
    let codings = concept["coding"].as_array().into_iter().flatten();
    codings.map(|coding| text(&coding["code"])).collect()
}

fn is_stay(contact: &Value) -> bool {
    let types = contact["type"].as_array().into_iter().flatten();
    let types: Vec<&str> = types.flat_map(codes).collect();
    contact["class"]["code"] == "IMP"
        && ["in-progress", "onleave", "finished", "unknown"].contains(&text(&contact["status"]))
        && (contact["partOf"].is_null() || types.contains(&"einrichtungskontakt"))
        && ![
            "abteilungskontakt",
            "versorgungsstellenkontakt",
            "operation",
            "konsil",
            "ub",
            "begleitperson",
        ]
        .iter()
        .any(|kind| types.contains(kind))
}

/// The stay of the contact that a reference leads to.
fn stay_of(found: &Resources, reference: &Value) -> Option<String> {
    let mut id = target(found, reference, "Encounter")?;
    for _ in 0..9 {
        let contact = found.get(&format!("Encounter/{id}"))?;
        if is_stay(contact) {
            return Some(id);
        }
        id = target(found, &contact["partOf"], "Encounter")?;
    }
    None
}

fn day(value: &Value) -> Option<NaiveDate> {
    let text = value.as_str()?;
    let instant = DateTime::parse_from_rfc3339(text);
    instant
        .map(|instant| {
            instant
                .with_timezone(&chrono_tz::Europe::Berlin)
                .date_naive()
        })
        .or_else(|_| text.parse())
        .ok()
}

/// Values by the name of the field alone, which is `value` and its type.
fn has_value(observation: &Value) -> bool {
    let fields = observation.as_object().into_iter().flatten();
    fields.into_iter().any(|(key, _)| key.starts_with("value"))
}

/// Counts what is in a folder.
pub fn count(folder: &Path) -> Counts {
    let mut found = Resources::new();
    read(folder, &mut found);
    let stays: Vec<&Value> = of(&found, "Encounter").filter(|one| is_stay(one)).collect();
    let mut patients: BTreeSet<String> = of(&found, "Patient")
        .map(|one| text(&one["id"]).to_owned())
        .collect();
    patients.extend(
        stays
            .iter()
            .filter_map(|stay| target(&found, &stay["subject"], "Patient")),
    );
    let bed_days = stays.iter().filter_map(|stay| {
        let (start, end) = (day(&stay["period"]["start"])?, day(&stay["period"]["end"])?);
        Some((end - start).num_days().max(1))
    });
    let (conditions, linked) = count_conditions(&found);
    let (observations, in_stays) = count_observations(&found);
    [
        patients.len() as i64,
        stays.len() as i64,
        conditions,
        linked,
        observations,
        in_stays,
        bed_days.sum(),
    ]
}

fn count_conditions(found: &Resources) -> (i64, i64) {
    let mut links = BTreeSet::new();
    for contact in of(found, "Encounter") {
        let own = json!({"reference": format!("Encounter/{}", text(&contact["id"]))});
        let named = contact["diagnosis"].as_array().into_iter().flatten();
        for condition in named.filter_map(|one| target(found, &one["condition"], "Condition")) {
            links.extend(stay_of(found, &own).map(|stay| (condition, stay)));
        }
    }
    let (mut rows, mut linked) = (0, 0);
    for condition in of(found, "Condition") {
        let status = codes(&condition["verificationStatus"]);
        if status.contains(&"refuted") || status.contains(&"entered-in-error") {
            continue;
        }
        let id = text(&condition["id"]).to_owned();
        links.extend(stay_of(found, &condition["encounter"]).map(|stay| (id.clone(), stay)));
        let stays = links.iter().filter(|(condition, _)| *condition == id);
        let stays = stays.count() as i64;
        linked += stays;
        rows += stays.max(1);
    }
    (rows, linked)
}

fn count_observations(found: &Resources) -> (i64, i64) {
    let (mut rows, mut in_stays) = (0, 0);
    for observation in of(found, "Observation") {
        if !["final", "amended", "corrected", "unknown"].contains(&text(&observation["status"])) {
            continue;
        }
        let components = observation["component"].as_array().into_iter().flatten();
        let components = components.filter(|one| !one["code"].is_null()).count() as i64;
        let own = i64::from(components == 0 || has_value(observation));
        rows += components + own;
        if stay_of(found, &observation["encounter"]).is_some() {
            in_stays += components + own;
        }
    }
    (rows, in_stays)
}
