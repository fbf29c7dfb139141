//! DHIS2's `fields` parameter. The file itself is taken, as its package would bring the whole server.

#![no_main]

#[path = "../../api/src/rest/fields.rs"]
mod fields;
#[path = "../../api/src/rest/transform.rs"]
mod transform;

use fields::Fields;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    let event = json!({
        "event": "a", "status": "ACTIVE", "deleted": false, "occurredAt": null,
        "assignedUser": { "uid": "u", "username": "n" },
        "dataValues": [{ "dataElement": "d", "value": "1" }, { "dataElement": "e", "value": "2" }],
        "relationships": [], "notes": [{ "note": "x" }],
    });
    let fields = Fields::parse(text);
    let shaped = fields.shape(event.clone());
    let members = event.as_object().map_or(0, serde_json::Map::len);
    assert!(
        shaped
            .as_object()
            .is_some_and(|shown| shown.len() <= members)
    );
    for name in ["event", "dataValues", text] {
        let _ = fields.wants(name);
    }
});
