//! What a case expects of an answer over REST.

use std::collections::BTreeSet;

use actix_web::test::TestRequest;
use serde_json::Value;

use super::Prepared;

/// Asks as a client of DHIS2 does and compares the answer.
///
/// # Errors
/// What differs.
pub async fn over_rest(prepared: &Prepared<'_>, case: &Value) -> Result<(), String> {
    let path = case["path"].as_str().unwrap_or("/tracker/events");
    let parameters = case["params"].as_object().expect("parameters");
    let pairs = parameters
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(&prepared.text(value))));
    let query: Vec<String> = pairs.collect();
    let uri = format!("/api/43{path}?{}", query.join("&"));
    let request = prepared.client(case).sign(TestRequest::get().uri(&uri));
    let answer = prepared.server.send(request).await;
    let body: Value = serde_json::from_slice(&answer.body)
        .map_err(|error| format!("{error}: {} {}", answer.status, answer.text()))?;
    let expected = &case["expect"];
    let status = expected["http"].as_u64().unwrap_or(200);
    if u64::from(answer.status.as_u16()) != status {
        return Err(format!(
            "status {} instead of {status}: {body}",
            answer.status
        ));
    }
    if status != 200 {
        return refused(expected, &body);
    }
    let key = path.rsplit('/').next().unwrap_or_default();
    let events = match body.get(key) {
        Some(list) => list.as_array().cloned().unwrap_or_default(),
        None => vec![body.clone()],
    };
    same_events(prepared, expected, &events)?;
    same_pager(expected, &body["pager"])?;
    same_members(prepared, expected, &events)
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// A refusal has DHIS2's body; what the case says that it lists must be in it.
fn refused(expected: &Value, body: &Value) -> Result<(), String> {
    if body["status"] != "ERROR"
        || body["httpStatusCode"] != expected["http"]
        || body["message"].as_str().is_none_or(str::is_empty)
    {
        return Err(format!("not an error of DHIS2: {body}"));
    }
    let meaning = expected["error"].as_str().unwrap_or_default();
    let Some((_, listed)) = meaning.split_once(" lists ") else {
        return Ok(());
    };
    for word in listed.split(", ").map(|word| word.replace("<uid>]", "")) {
        let says = |member: &str| {
            body[member]
                .as_str()
                .is_some_and(|text| text.contains(&word))
        };
        if !says("message") && !says("devMessage") {
            return Err(format!("{word} is not named: {body}"));
        }
    }
    Ok(())
}

fn same_events(prepared: &Prepared<'_>, expected: &Value, events: &[Value]) -> Result<(), String> {
    let expected_uids = expected["events"].as_array().into_iter().flatten();
    let mut wanted: Vec<String> = expected_uids.map(|uid| prepared.text(uid)).collect();
    let uid = |event: &Value| event["event"].as_str().unwrap_or_default().to_owned();
    let mut found: Vec<String> = events.iter().map(uid).collect();
    if expected["ordered"] != true {
        wanted.sort();
        found.sort();
    }
    if wanted == found {
        return Ok(());
    }
    Err(format!("{found:?} instead of {wanted:?}"))
}

fn same_pager(expected: &Value, pager: &Value) -> Result<(), String> {
    let Some(wanted) = expected["pager"].as_object() else {
        return Ok(());
    };
    for name in [
        "page",
        "pageSize",
        "total",
        "pageCount",
        "prevPage",
        "nextPage",
    ] {
        let is_same = match wanted.get(name) {
            None => pager.get(name).is_none(),
            Some(Value::Bool(is_there)) => pager[name].is_string() == *is_there,
            Some(value) => pager[name] == *value,
        };
        if !is_same {
            return Err(format!("{name} of the pager: {pager}"));
        }
    }
    Ok(())
}

/// Further members that a case looks at.
fn same_members(prepared: &Prepared<'_>, expected: &Value, events: &[Value]) -> Result<(), String> {
    let event = |uid: &str| events.iter().find(|event| event["event"] == *uid);
    let differs = |uid: &str, what: &str| Err(format!("{what} of {uid}: {:?}", event(uid)));
    for (name, path) in [
        ("attributeOptionCombo", "/attributeOptionCombo"),
        ("assignedUser", "/assignedUser/uid"),
    ] {
        for (uid, value) in expected[name].as_object().into_iter().flatten() {
            let found = event(uid).and_then(|event| event.pointer(path));
            if found.and_then(Value::as_str) != Some(&prepared.text(value)) {
                return differs(uid, name);
            }
        }
    }
    for (uid, members) in expected["fields"].as_object().into_iter().flatten() {
        for (name, value) in members.as_object().into_iter().flatten() {
            if event(uid).is_none_or(|event| event[name] != *value) {
                return differs(uid, name);
            }
        }
    }
    for (name, list, member) in [
        ("dataElements", "dataValues", "dataElement"),
        ("relationships", "relationships", "relationship"),
        ("notes", "notes", "note"),
    ] {
        for (uid, wanted) in expected[name].as_object().into_iter().flatten() {
            let uids = wanted.as_array().into_iter().flatten();
            let wanted: BTreeSet<&str> = uids.filter_map(Value::as_str).collect();
            let items = event(uid).and_then(|event| event[list].as_array());
            let found: BTreeSet<&str> = items
                .into_iter()
                .flatten()
                .filter_map(|item| item[member].as_str())
                .collect();
            if wanted != found {
                return differs(uid, name);
            }
        }
    }
    for event in events {
        for absent in expected["absentMembers"].as_array().into_iter().flatten() {
            if event.get(absent.as_str().unwrap_or_default()).is_some() {
                return Err(format!("{absent} is there: {event}"));
            }
        }
        if let Some(only) = expected["onlyMembers"].as_array() {
            let members = event.as_object().into_iter().flatten();
            let found: BTreeSet<&str> = members.map(|(name, _)| name.as_str()).collect();
            let wanted: BTreeSet<&str> = only.iter().filter_map(Value::as_str).collect();
            if found != wanted {
                return Err(format!("{found:?} instead of {wanted:?}"));
            }
        }
    }
    Ok(())
}
