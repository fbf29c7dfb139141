//! The change log, safe retries, and updates of what somebody else changed.

use serde_json::Map;

use super::{super::write, *};
use crate::testing::execute;

fn members(event: Value) -> Map<String, Value> {
    event.as_object().expect("an object").clone()
}

const LOG: &str = "SELECT concat_ws(' ', changelogtype, coalesce(d.uid, eventfield), previousvalue, '>', currentvalue, createdby)
     FROM singleeventchangelog LEFT JOIN dataelement d USING (dataelementid) ORDER BY eventchangelogid";

#[test]
fn every_value_and_field_that_changes_is_logged() {
    let Some(mut conn) = with_metadata() else {
        return;
    };
    let value = |value: Value| json!([{"dataElement": "GieVkTxp4HG", "value": value}]);
    let mut event = single("change00001");
    for (date, height) in [
        ("2024-01-01", json!("1.5")),
        ("2024-01-01", json!("1.5")),
        ("2024-01-02", json!("2")),
        ("2024-01-02", json!(null)),
    ] {
        event["occurredAt"] = json!(date);
        event["dataValues"] = value(height);
        import(&mut conn, &json!({"events": [event.clone()]}));
    }
    assert_eq!(
        texts(&mut conn, LOG),
        [
            "CREATE GieVkTxp4HG > 1.5 trackeradmin",
            "CREATE occurredAt > 2024-01-01T00:00:00.000 trackeradmin",
            "UPDATE GieVkTxp4HG 1.5 > 2 trackeradmin",
            "UPDATE occurredAt 2024-01-01T00:00:00.000 > 2024-01-02T00:00:00.000 trackeradmin",
            "DELETE GieVkTxp4HG 2 > trackeradmin",
        ]
    );
    execute(&mut conn, "UPDATE program SET enablechangelog = false");
    event["occurredAt"] = json!("2024-01-03");
    import(&mut conn, &json!({"events": [event]}));
    assert_eq!(texts(&mut conn, LOG).len(), 5);
}

#[test]
fn a_retry_changes_nothing_and_another_event_is_refused() {
    let Some(mut conn) = with_metadata() else {
        return;
    };
    let parameters = Parameters::default();
    let mut create = |event: &Value| {
        with_request(&mut conn, USER, &parameters, |conn, request| {
            write::create(conn, members(event.clone()), request).expect("an answer")
        })
    };
    let mut event = single("retry000001");
    event["notes"] = json!([{"value": "seen"}]);
    assert_eq!(create(&event).outcome, Some(Outcome::Created));
    assert_eq!(create(&event).outcome, Some(Outcome::Unchanged));
    event["occurredAt"] = json!("2024-05-05");
    let refused = create(&event);
    assert_eq!(
        (refused.outcome, codes(&refused.report)),
        (None, vec!["E1030"])
    );
    event["event"] = json!(null);
    assert_eq!(create(&event).outcome, Some(Outcome::Created));
    let stored = "SELECT occurreddate::date || ' ' || count(noteid) FROM singleevent LEFT JOIN singleevent_notes USING (eventid)
                  WHERE uid = 'retry000001' GROUP BY occurreddate";
    assert_eq!(texts(&mut conn, stored), ["2024-01-01 1"]);
}

#[test]
fn an_update_of_what_somebody_else_changed_is_refused() {
    let Some(mut conn) = with_metadata() else {
        return;
    };
    import(&mut conn, &json!({"events": [single("update00001")]}));
    let seen = "SELECT lastupdated FROM singleevent WHERE uid = 'update00001'";
    let seen = &texts(&mut conn, seen)[0];
    let seen = chrono::NaiveDateTime::parse_from_str(seen, "%Y-%m-%d %H:%M:%S%.f");
    let seen = seen.expect("a timestamp");
    let mut update = |seen, date: &str| {
        let parameters = Parameters {
            last_seen: [("update00001".to_owned(), seen)].into(),
            ..Parameters::default()
        };
        let changes = members(json!({"occurredAt": date}));
        with_request(&mut conn, USER, &parameters, |conn, request| {
            write::update(conn, "update00001", changes, request).expect("an answer")
        })
    };
    assert_eq!(update(seen, "2024-02-02").outcome, Some(Outcome::Updated));
    let refused = update(seen - chrono::TimeDelta::seconds(9), "2024-03-03");
    assert_eq!(codes(&refused.report), ["CONFLICT"]);
    assert!(
        refused.report.validation_report.error_reports[0]
            .message
            .contains("updatedAt is 20")
    );
    let stored = "SELECT occurreddate::date || ' ' || status FROM singleevent";
    assert_eq!(texts(&mut conn, stored), ["2024-02-02 ACTIVE"]);
}

#[test]
fn completing_keeps_the_rest_and_refuses_what_is_missing() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    let before = "SELECT eventdatavalues FROM singleevent WHERE uid = 'QRYjLTiJTrA'";
    let values = texts(&mut conn, before);
    let report = with_request(&mut conn, USER, &Parameters::default(), |conn, request| {
        write::complete(
            conn,
            &["QRYjLTiJTrA", "nowhere0000", "SbUJzkxKYAG"],
            request,
        )
        .expect("a report")
    });
    assert_eq!(codes(&report), ["E1032"]);
    assert_eq!((report.stats.updated, report.stats.ignored), (2, 1));
    assert_eq!(texts(&mut conn, before), values);
    let done = "SELECT status || ' ' || completedby || ' ' || (completeddate IS NOT NULL) FROM singleevent WHERE uid = 'QRYjLTiJTrA'
                UNION ALL SELECT status || ' ' || completedby || ' ' || (completeddate IS NOT NULL) FROM trackerevent WHERE uid = 'SbUJzkxKYAG'";
    assert_eq!(texts(&mut conn, done), ["COMPLETED trackeradmin true"; 2]);
}
