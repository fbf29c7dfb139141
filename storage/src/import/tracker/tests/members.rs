//! Rules of the members of events and enrolments: which must be there, which values they take.

use super::*;
use crate::testing::execute;

#[test]
fn all_members_must_be_there_before_it_is_asked_what_they_name() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    for (members, codes) in [
        (json!({"enrollment": null}), vec!["E1123"]),
        (
            json!({"enrollment": "", "orgUnit": null, "programStage": null}),
            vec!["E1123"; 3],
        ),
        (
            json!({"enrollment": null, "orgUnit": "nowhere0000"}),
            vec!["E1123"],
        ),
        (
            json!({"program": null, "programStage": null}),
            vec!["E1123"; 2],
        ),
        (
            json!({"program": null, "programStage": "nowhere0000"}),
            vec!["E1123"],
        ),
        (
            json!({"programStage": "nowhere0000", "orgUnit": "nowhere0000"}),
            vec!["E1011", "E1013"],
        ),
        (json!({"program": null}), vec![]),
    ] {
        let event = with(tracked("rule0000001"), members.clone());
        assert_eq!(refused(&mut conn, &event), codes, "{members}");
    }
    execute(
        &mut conn,
        "UPDATE programstage SET programid = NULL WHERE uid = 'NpsdDv6kKS2'",
    );
    let event = with(
        tracked("rule0000002"),
        json!({"programStage": "NpsdDv6kKS2"}),
    );
    assert_eq!(refused(&mut conn, &event), ["E1008"]);
}

#[test]
fn a_value_is_an_option_and_of_its_type() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    execute(
        &mut conn,
        "UPDATE dataelement SET optionsetid = (SELECT optionsetid FROM optionset LIMIT 1) WHERE uid = 'DATAEL00006';
         UPDATE dataelement SET valuetype = 'DATETIME' WHERE uid = 'DATAEL00001';
         UPDATE dataelement SET valuetype = 'DATE' WHERE uid = 'DATAEL00002';
         UPDATE dataelement SET valuetype = 'TIME' WHERE uid = 'DATAEL00003';
         UPDATE dataelement SET valuetype = 'AGE' WHERE uid = 'DATAEL00004'",
    );
    for (element, value, codes) in [
        ("DATAEL00006", "option1", vec!["E1302"]),
        ("DATAEL00006", "tall", vec!["E1125", "E1302"]),
        ("DATAEL00006", "70", vec!["E1125"]),
        ("DATAEL00001", "2024-01-01", vec!["E1302"]),
        ("DATAEL00001", "2024-01-01T10:00:00.000+02:00", vec![]),
        ("DATAEL00001", "2024-01-01T10:00Z", vec![]),
        ("DATAEL00002", "2024-02-30", vec!["E1302"]),
        ("DATAEL00002", "2024-02-28", vec![]),
        ("DATAEL00003", "10:00+02:00", vec!["E1302"]),
        ("DATAEL00003", "9:30", vec![]),
        ("DATAEL00004", "44", vec!["E1302"]),
        ("DATAEL00004", "1980-02-29", vec![]),
    ] {
        let values = json!({"dataValues": [{"dataElement": element, "value": value}]});
        let event = with(tracked("rule0000001"), values);
        assert_eq!(refused(&mut conn, &event), codes, "{element} {value}");
    }
}

#[test]
fn an_event_without_dates_is_kept_unless_periods_close() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    let import = |conn: &mut Connection, uid: &str| {
        let event = with(
            tracked(uid),
            json!({"status": "OVERDUE", "occurredAt": null}),
        );
        let payload = json!({"events": [event]});
        codes(&import_as(
            conn,
            "basicuser",
            &payload,
            &Parameters::default(),
        ))
    };
    assert_eq!(import(&mut conn, "rule0000001"), [""; 0]);
    execute(
        &mut conn,
        "UPDATE program SET expirydays = 5, expiryperiodtype = 'Monthly' WHERE uid = 'BFcipDERJnf'",
    );
    assert_eq!(import(&mut conn, "rule0000002"), ["E1046"]);
}

#[test]
fn the_option_combination_of_an_enrolment_has_rules_of_its_own() {
    let Some((mut conn, _)) = with_data() else {
        return;
    };
    let mut check = |combo: Value| {
        let mut enrollment = json!({"enrollment": "ruleenroll1", "trackedEntity": "guVNoAerxWo", "program": "BFcipDERJnf",
            "orgUnit": "h4w96yEMlzO", "enrolledAt": "2024-01-01", "occurredAt": "2024-01-01"});
        for (name, value) in combo.as_object().into_iter().flatten() {
            enrollment[name] = value.clone();
        }
        let payload = json!({"enrollments": [enrollment]});
        codes(&import_as(
            &mut conn,
            USER,
            &payload,
            &Parameters::default(),
        ))
    };
    assert_eq!(
        check(json!({"attributeOptionCombo": "cr89ebDZrac"})),
        ["E1130"]
    );
    assert_eq!(
        check(json!({"attributeOptionCombo": "nowhere0000"})),
        ["E1115"]
    );
    assert_eq!(
        check(json!({"attributeCategoryOptions": "xwZ2u3WyQR0"})),
        ["E1129"]
    );
    assert_eq!(
        check(json!({"attributeCategoryOptions": "nowhere0000"})),
        ["E1116"]
    );
    assert_eq!(
        check(json!({"attributeOptionCombo": "HllvX50cXC0"})),
        [""; 0]
    );
}
