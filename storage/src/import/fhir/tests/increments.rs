//! Whatever the order in which resources arrive, and in how many deliveries, the base tables are the same.

use rand::{Rng as _, SeedableRng as _, seq::SliceRandom as _};
use rand_chacha::ChaCha8Rng;

use super::*;

/// What the base tables hold, without their internal keys.
const TABLES: [&str; 5] = [
    "SELECT concat_ws(' ', 'patient', patient_pseudo_id, sex, birth_year, is_stub, fhir_version) FROM patients ORDER BY 1",
    "SELECT concat_ws(' ', 'stay', fhir_id, patient_pseudo_id, admission_date, discharge_date, discharge_type, age_at_admission, status, fhir_version)
     FROM encounters ORDER BY 1",
    "SELECT concat_ws(' ', 'diagnosis', c.fhir_id, b.fhir_id, c.patient_pseudo_id, icd10_code, is_main, roles, encounter_reference, c.fhir_version)
     FROM conditions c LEFT JOIN encounters b USING (encounter_id) ORDER BY 1",
    "SELECT concat_ws(' ', 'transfer', b.fhir_id, sequence, identifier_system, identifier_value, started_at, ended_at)
     FROM station_transfers JOIN encounters b USING (encounter_id) JOIN stations USING (station_id) ORDER BY 1",
    "SELECT concat_ws(' ', 'observation', o.fhir_id, observed_on, o.patient_pseudo_id, b.fhir_id, value_number, encounter_reference, o.fhir_version)
     FROM observations o LEFT JOIN encounters b USING (encounter_id) ORDER BY 1",
];

fn snapshot(site: &mut Site) -> Vec<String> {
    TABLES.iter().flat_map(|sql| site.texts(sql)).collect()
}

/// Makes up resources that refer to each other in every way, in several versions, and deletions of some.
struct Author {
    random: ChaCha8Rng,
    number: u32,
}

impl Author {
    fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.random.random_range(0..choices.len())]
    }

    /// The meta of a version that no other resource has.
    fn meta(&mut self) -> Value {
        self.number += 1;
        let day = self.random.random_range(1..5);
        json!({"lastUpdated": format!("2024-06-0{day}T00:00:00Z"), "versionId": self.number.to_string()})
    }

    fn day(&mut self) -> u32 {
        self.random.random_range(1..28)
    }

    /// A reference by id or by identifier, whose value is the id; some to nobody.
    fn reference(&mut self, kind: &str, prefix: &str) -> Value {
        let id = format!("{prefix}{}", self.random.random_range(0..7));
        match self.random.random_range(0..4) {
            0 => json!({"reference": format!("{kind}?identifier=s|{id}")}),
            1 => json!({"identifier": {"value": id}}),
            2 => json!({"reference": format!("https://example.org/{kind}/{id}")}),
            _ => json!({"reference": format!("{kind}/{id}")}),
        }
    }

    fn identified(&mut self, resource: &mut Value) {
        if self.random.random_bool(0.8) {
            let id = resource["id"].clone();
            resource["identifier"] = json!([{"system": "s", "value": id}]);
        }
    }

    fn patient(&mut self, id: u32) -> Value {
        let mut patient = json!({"resourceType": "Patient", "id": format!("p{id}"), "meta": self.meta(),
            "gender": self.one_of(&["female", "male"]), "birthDate": format!("19{}0", self.random.random_range(1..9))});
        self.identified(&mut patient);
        patient
    }

    fn contact(&mut self, id: u32) -> Value {
        let (start, end) = (self.day(), self.day());
        let (start, end) = (start.min(end), start.max(end));
        let level = self.one_of(&[
            "",
            "",
            "einrichtungskontakt",
            "abteilungskontakt",
            "versorgungsstellenkontakt",
        ]);
        let mut contact = json!({"resourceType": "Encounter", "id": format!("e{id}"), "meta": self.meta(),
            "status": self.one_of(&["finished", "finished", "in-progress", "cancelled"]), "class": {"code": self.one_of(&["IMP", "IMP", "IMP", "AMB"])},
            "subject": self.reference("Patient", "p"), "period": {"start": format!("2024-03-{start:02}T08:00:00Z"), "end": format!("2024-03-{end:02}T09:00:00Z")},
            "location": [{"location": self.reference("Location", "l")}],
            "diagnosis": [{"condition": self.reference("Condition", "c"), "use": {"coding": [{"code": self.one_of(&["CC", "AD", "principle-DRG"])}]}}]});
        self.identified(&mut contact);
        if !level.is_empty() {
            contact["type"] = json!([{"coding": [{"code": level}]}]);
        }
        if level != "einrichtungskontakt" && self.random.random_bool(0.6) {
            contact["partOf"] = self.reference("Encounter", "e");
        }
        if self.random.random_bool(0.5) {
            let number =
                json!({"type": {"coding": [{"code": "VN"}]}, "value": self.one_of(&["77", "78"])});
            contact["identifier"] = json!([number, contact["identifier"][0].clone()]);
        }
        contact
    }

    fn condition(&mut self, id: u32) -> Value {
        let code = self.one_of(&["I10.90", "E11.9", "A54.4+ M73.09*", "H36.0*"]);
        let mut condition = json!({"resourceType": "Condition", "id": format!("c{id}"), "meta": self.meta(), "subject": self.reference("Patient", "p"),
            "verificationStatus": {"coding": [{"code": self.one_of(&["confirmed", "confirmed", "refuted"])}]},
            "code": {"coding": [{"system": "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "code": code}]}});
        self.identified(&mut condition);
        if self.random.random_bool(0.7) {
            condition["encounter"] = self.reference("Encounter", "e");
        }
        condition
    }

    fn observation(&mut self, id: u32) -> Value {
        json!({"resourceType": "Observation", "id": format!("o{id}"), "meta": self.meta(), "status": self.one_of(&["final", "final", "cancelled"]),
            "subject": self.reference("Patient", "p"), "encounter": self.reference("Encounter", "e"), "effectiveDateTime": format!("2024-0{}-03", self.random.random_range(2..5)),
            "code": {"coding": [{"code": "x"}]}, "valueInteger": self.number,
            "component": vec![json!({"code": {"text": "part"}, "valueInteger": 1}); self.random.random_range(0..3)]})
    }

    fn location(&mut self, id: u32) -> Value {
        let mut location = json!({"resourceType": "Location", "id": format!("l{id}"), "meta": self.meta(), "name": "Station"});
        self.identified(&mut location);
        location
    }

    fn deletion(&mut self) -> Value {
        let (kind, prefix) = [
            ("Encounter", "e"),
            ("Condition", "c"),
            ("Observation", "o"),
            ("Patient", "p"),
            ("Location", "l"),
        ][self.random.random_range(0..5)];
        let (id, day) = (
            self.random.random_range(0..5),
            self.random.random_range(1..5),
        );
        json!({"resourceType": "Bundle", "type": "transaction", "timestamp": format!("2024-06-0{day}T12:00:00Z"),
            "entry": [{"request": {"method": "DELETE", "url": format!("{kind}/{prefix}{id}")}}]})
    }

    fn resources(&mut self) -> Vec<Value> {
        let mut resources = Vec::new();
        for _ in 0..2 {
            for id in 0..5 {
                resources.extend([
                    self.patient(id),
                    self.contact(id),
                    self.contact(id + 5),
                    self.condition(id),
                    self.observation(id),
                    self.location(id),
                ]);
            }
        }
        resources.extend((0..3).map(|_| self.deletion()));
        resources
    }
}

#[test]
fn random_deliveries_in_any_order_are_one_full_load() {
    for seed in 0..24 {
        let mut author = Author {
            random: ChaCha8Rng::seed_from_u64(seed),
            number: 0,
        };
        let mut all = author.resources();
        let expected = {
            let mut site = Site::new();
            site.deliver(&all);
            snapshot(&mut site)
        };
        assert!(expected.len() > 10, "{expected:#?}");
        all.shuffle(&mut author.random);
        let mut site = Site::new();
        for part in all.chunks(author.random.random_range(5..30)) {
            let text = lines(part);
            let folder = match author.random.random_range(0..3) {
                0 => Scratch::folder(&[("a.ndjson.gz", &gzipped(&text))]),
                1 => Scratch::folder(&[("a.json", bundle(part).to_string().as_bytes())]),
                _ => Scratch::folder(&[("a.ndjson", text.as_bytes())]),
            };
            site.import(&folder.0);
        }
        let found = snapshot(&mut site);
        let only = |these: &[String], others: &[String]| -> Vec<String> {
            these
                .iter()
                .filter(|row| !others.contains(row))
                .cloned()
                .collect()
        };
        assert_eq!(
            (only(&found, &expected), only(&expected, &found)),
            (vec![], vec![]),
            "seed {seed}: only after increments, only after the full load"
        );
        let again = site.deliver(&all);
        assert_eq!(
            (again.created, again.updated),
            (0, 0),
            "seed {seed}: {again:#?}"
        );
    }
}
