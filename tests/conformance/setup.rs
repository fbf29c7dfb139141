//! Steps that prepare a case.

use indicatif::ProgressBar;
use serde_json::{Value, json};
use storage::import::metadata::{self, Payload};

use super::{Names, build};
use crate::support::Server;

/// Applies one step within the transaction of a server.
pub fn apply(server: &Server, step: &Value, names: &mut Names) {
    let text = |name: &str| {
        step[name]
            .as_str()
            .unwrap_or_else(|| panic!("{name} in {step}"))
    };
    match text("op") {
        "set_access_level" => server.execute(&format!(
            "UPDATE program SET accesslevel = '{}' WHERE uid = '{}'",
            text("value"),
            text("program")
        )),
        "set_public_access" => set_sharing(server, step, "public", text("value")),
        "set_owner" => set_sharing(server, step, "owner", text("owner")),
        "create_user" => create_user(server, step, names),
        "soft_delete" => soft_delete(server, step),
        "set_attribute_property" => set_attribute_property(server, step),
        "build" => build::apply(server, text("describe"), names),
        other => panic!("no such step: {other}"),
    }
}

/// Imports metadata as a file would bring them.
pub fn import_metadata(server: &Server, payload: &Value) {
    let text = payload.to_string();
    let report = server.storage(|conn| {
        let payload = Payload::read(text.as_bytes()).expect("a payload");
        metadata::load(conn, &payload, "conformance", &ProgressBar::hidden()).expect("an import")
    });
    assert_eq!(report.quarantined, 0, "{payload}");
}

fn set_sharing(server: &Server, step: &Value, member: &str, value: &str) {
    let table = step["type"].as_str().expect("a type").to_lowercase();
    let id = step["id"].as_str().expect("an id");
    server.execute(&format!(
        "UPDATE {table} SET sharing = jsonb_set(sharing, '{{{member}}}', '\"{value}\"') WHERE uid = '{id}'"
    ));
}

fn create_user(server: &Server, step: &Value, names: &mut Names) {
    let name = step["id"].as_str().expect("an id");
    let (user, role) = ("ConfUser001", "ConfRole001");
    let units = |name: &str| {
        let uids = step[name].as_array().into_iter().flatten();
        uids.map(|uid| json!({ "id": uid })).collect::<Vec<_>>()
    };
    import_metadata(
        server,
        &json!({
            "userRoles": [{ "id": role, "name": "Role of a case", "authorities": step["authorities"] }],
            "users": [{
                "id": user, "username": "person-of-a-case", "firstName": "Person", "surname": "Case",
                "organisationUnits": units("capture"), "teiSearchOrganisationUnits": units("search"),
                "dataViewOrganisationUnits": [], "userRoles": [{ "id": role }],
            }],
        }),
    );
    names.insert(name.to_owned(), user.to_owned());
}

fn soft_delete(server: &Server, step: &Value) {
    let id = step["id"].as_str().expect("an id");
    for table in ["singleevent", "trackerevent", "enrollment", "trackedentity"] {
        server.execute(&format!(
            "UPDATE {table} SET deleted = true WHERE uid = '{id}'"
        ));
    }
}

fn set_attribute_property(server: &Server, step: &Value) {
    let id = step["id"]
        .as_str()
        .or(step["attribute"].as_str())
        .expect("an id");
    let property = step["property"].as_str().expect("a property");
    let column = match property {
        "minCharactersToSearch" => "mincharacterstosearch",
        "blockedSearchOperators" => "blockedsearchoperators",
        "preferredSearchOperator" => "preferredsearchoperator",
        other => panic!("no such property: {other}"),
    };
    let value = match &step["value"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    server.execute(&format!(
        "UPDATE trackedentityattribute SET {column} = '{value}' WHERE uid = '{id}'"
    ));
}
