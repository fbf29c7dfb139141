//! Diagnoses and their stays.

use super::*;

fn with_diagnosis(id: &str, condition: &str, role: &str) -> Value {
    stay(
        id,
        json!({"diagnosis": [{"condition": {"reference": format!("Condition/{condition}")}, "use": {"coding": [{"code": role}]}}]}),
    )
}

const ROWS: &str = "SELECT concat_ws(' ', b.fhir_id, c.fhir_id, c.roles, c.is_main)
     FROM conditions c LEFT JOIN encounters b USING (encounter_id) ORDER BY 1";

#[test]
fn a_diagnosis_linked_from_both_sides_and_levels_is_one_row() {
    let mut site = Site::new();
    let mut child = with_diagnosis("child", "c", "AD");
    child["partOf"] = json!({"reference": "Encounter/a"});
    let delivery = [
        with_diagnosis("a", "c", "principle-DRG"),
        child,
        diagnosis("c", "Encounter/child"),
    ];
    site.deliver(&delivery);
    assert_eq!(site.texts(ROWS), ["a c {AD,principle-DRG} t"]);
    assert_eq!(site.texts("SELECT title FROM icd10_titles"), ["Hypertonie"]);
    assert_eq!(site.deliver(&delivery).unchanged, 3);
}

#[test]
fn a_stay_that_arrives_late_takes_its_diagnosis() {
    let mut site = Site::new();
    let by_number = json!({"resourceType": "Condition", "id": "d", "encounter": {"reference": "Encounter?identifier=s|77"}});
    site.deliver(&[diagnosis("c", "Encounter/a"), by_number]);
    assert_eq!(
        site.texts("SELECT encounter_reference FROM conditions ORDER BY 1"),
        ["Encounter/a", "Encounter?identifier=s|77"]
    );
    let number = json!([{"type": {"coding": [{"code": "VN"}]}, "system": "s", "value": "77"}]);
    let report = site.deliver(&[stay("a", json!({ "identifier": number }))]);
    assert_eq!(report.updated, 2, "{report:#?}");
    assert_eq!(site.texts(ROWS), ["a c {} f", "a d {} f"]);
    assert_eq!(
        site.number("SELECT count(encounter_reference) FROM conditions"),
        0
    );
}

#[test]
fn a_stay_says_anew_which_diagnosis_is_the_main_one() {
    let mut site = Site::new();
    site.deliver(&[
        with_diagnosis("a", "c", "CC"),
        diagnosis("c", "Encounter/a"),
        diagnosis("d", "Encounter/a"),
    ]);
    assert_eq!(site.texts(ROWS), ["a c {CC} t", "a d {} f"]);
    site.deliver(&[with_diagnosis("a", "d", "CC")]);
    assert_eq!(site.texts(ROWS), ["a c {} f", "a d {CC} t"]);
}

#[test]
fn a_diagnosis_sent_without_its_stay_keeps_its_roles() {
    let mut site = Site::new();
    site.deliver(&[
        with_diagnosis("a", "c", "CC"),
        diagnosis("c", "Encounter/a"),
    ]);
    let mut changed = diagnosis("c", "Encounter/a");
    changed["code"]["coding"][0]["code"] = json!("E11.9");
    site.deliver(&[changed]);
    assert_eq!(site.texts(ROWS), ["a c {CC} t"]);
    assert_eq!(site.texts("SELECT icd10_code FROM conditions"), ["E11.9"]);
}

#[test]
fn a_diagnosis_without_any_reference_is_linked_by_its_stay() {
    let mut site = Site::new();
    site.deliver(&[json!({"resourceType": "Condition", "id": "c"})]);
    let named = stay(
        "a",
        json!({"diagnosis": [{"condition": {"reference": "Condition/c"}, "rank": 1}]}),
    );
    assert_eq!(site.deliver(&[named]).updated, 1);
    assert_eq!(site.texts(ROWS), ["a c {} t"]);
}

#[test]
fn a_refuted_diagnosis_is_removed_and_so_is_a_second_code() {
    let mut site = Site::new();
    let mut pair = diagnosis("c", "Encounter/a");
    pair["code"]["coding"][0]["code"] = json!("A54.4+ M73.09*");
    site.deliver(&[stay("a", json!({})), pair]);
    assert_eq!(site.texts(ROWS), ["a c {} f", "a c#2 {} f"]);
    site.deliver(&[diagnosis("c", "Encounter/a")]);
    assert_eq!(site.texts(ROWS), ["a c {} f"]);
    let mut refuted = diagnosis("c", "Encounter/a");
    refuted["verificationStatus"] = json!({"coding": [{"code": "refuted"}]});
    let report = site.deliver(&[refuted]);
    assert_eq!(site.number("SELECT count(*) FROM conditions"), 0);
    assert!(
        report
            .notices
            .contains(&"1 resources were left out by their status: Condition refuted".to_owned()),
        "{:?}",
        report.notices
    );
}

#[test]
fn an_older_version_does_not_bring_a_refuted_diagnosis_back() {
    let mut site = Site::new();
    let of = |day: u32, status: &str| {
        let mut version_of = diagnosis("c", "Encounter/a");
        version_of["meta"] = version(day, day);
        version_of["verificationStatus"] = json!({"coding": [{"code": status}]});
        version_of
    };
    site.deliver(&[stay("a", json!({})), of(3, "refuted")]);
    let older = site.deliver(&[of(2, "confirmed")]);
    assert!(
        older.findings.contains(&("VERSION_OUTDATED", 1)),
        "{older:#?}"
    );
    assert_eq!(site.number("SELECT count(*) FROM conditions"), 0);
    site.deliver(&[of(4, "confirmed")]);
    assert_eq!(site.number("SELECT count(encounter_id) FROM conditions"), 1);
}

#[test]
fn the_main_diagnosis_of_a_stay_is_the_strongest_of_all_its_contacts() {
    let mut site = Site::new();
    let below = |id: &str, condition: &str, role: &str| {
        let mut part = with_diagnosis(id, condition, role);
        part["partOf"] = json!({"reference": "Encounter/a"});
        part
    };
    site.deliver(&[
        with_diagnosis("a", "hospital", "hospital-main-diagnosis"),
        below("d1", "first", "CC"),
        below("d2", "second", "CC"),
        diagnosis("hospital", "Encounter/a"),
        diagnosis("first", "Encounter/d1"),
        diagnosis("second", "Encounter/d2"),
    ]);
    let main = "SELECT string_agg(fhir_id, ' ' ORDER BY fhir_id) FROM conditions WHERE is_main";
    assert_eq!(site.texts(main), ["hospital"]);
    // A part says something stronger, without the stay or its diagnoses in the delivery.
    site.deliver(&[below("d2", "second", "principle-DRG")]);
    assert_eq!(site.texts(main), ["second"]);
    site.deliver(&[below("d2", "second", "CC")]);
    assert_eq!(site.texts(main), ["hospital"]);
    // Of equal roles that of the stay counts.
    site.deliver(&[with_diagnosis("a", "hospital", "CC")]);
    assert_eq!(site.texts(main), ["hospital"]);
    site.deliver(&[stay("a", json!({}))]);
    assert_eq!(site.texts(main), ["first second"], "two departments say so");
    site.deliver(&[
        json!({"resourceType": "Bundle", "type": "transaction", "entry": [
        {"request": {"method": "DELETE", "url": "Encounter/d1"}}]}),
    ]);
    assert_eq!(site.texts(main), ["second"]);
    // What was cancelled says nothing.
    let mut cancelled = below("d3", "first", "principle-DRG");
    cancelled["status"] = json!("cancelled");
    site.deliver(&[cancelled, diagnosis("third", "Encounter/a")]);
    assert_eq!(site.texts(main), ["second"]);
}

#[test]
fn a_cancelled_contact_links_no_diagnosis() {
    let mut site = Site::new();
    let mut part = with_diagnosis("part", "c", "AD");
    part["partOf"] = json!({"reference": "Encounter/a"});
    part["status"] = json!("cancelled");
    site.deliver(&[
        stay("a", json!({})),
        part,
        json!({"resourceType": "Condition", "id": "c"}),
    ]);
    assert_eq!(site.number("SELECT count(encounter_id) FROM conditions"), 0);
}

#[test]
fn of_the_diagnoses_of_one_contact_that_of_the_strongest_role_is_the_main_one() {
    let named = |condition: &str, role: &str| json!({"condition": {"reference": format!("Condition/{condition}")}, "use": {"coding": [{"code": role}]}});
    let mut site = Site::new();
    site.deliver(&[
        stay("a", json!({"diagnosis": [named("complaint", "CC"), named("drg", "principle-DRG"), named("hospital", "hospital-main-diagnosis")]})),
        diagnosis("complaint", "Encounter/a"),
        diagnosis("drg", "Encounter/a"),
        diagnosis("hospital", "Encounter/a"),
    ]);
    assert_eq!(
        site.texts("SELECT fhir_id FROM conditions WHERE is_main"),
        ["drg"]
    );
}

#[test]
fn a_title_is_the_display_that_most_diagnoses_of_the_code_have_now() {
    let mut site = Site::new();
    let called = |id: &str, code: &str, display: &str| {
        let mut named = diagnosis(id, "Encounter/a");
        named["code"]["coding"][0]["code"] = json!(code);
        named["code"]["coding"][0]["display"] = json!(display);
        named
    };
    let titles =
        |site: &mut Site| site.texts("SELECT code || ' ' || title FROM icd10_titles ORDER BY 1");
    let first = ["a", "b"].map(|id| called(id, "I10.90", "Hypertonie"));
    site.deliver(&first);
    site.deliver(&[called("c", "I10.90", "Bluthochdruck")]);
    assert_eq!(titles(&mut site), ["I10.90 Hypertonie"]);
    site.deliver(&["d", "e"].map(|id| called(id, "I10.90", "Bluthochdruck")));
    assert_eq!(titles(&mut site), ["I10.90 Bluthochdruck"]);
    site.deliver(&["d", "e"].map(|id| called(id, "E11.90", "Diabetes")));
    assert_eq!(titles(&mut site), ["E11.90 Diabetes", "I10.90 Hypertonie"]);
    site.deliver(&["a", "b"].map(|id| called(id, "E11.90", "Zucker")));
    // Two diagnoses have each of the displays: the first by its letters counts.
    assert_eq!(
        titles(&mut site),
        ["E11.90 Diabetes", "I10.90 Bluthochdruck"]
    );
    let gone = |id: &str| {
        let mut gone = called(id, "E11.90", "Diabetes");
        gone["verificationStatus"] = json!({"coding": [{"code": "entered-in-error"}]});
        gone
    };
    site.deliver(&["a", "c", "d"].map(gone));
    assert_eq!(titles(&mut site), ["E11.90 Diabetes"]);
    site.deliver(&["b", "e"].map(gone));
    assert_eq!(titles(&mut site), [""; 0]);
}
