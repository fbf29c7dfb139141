//! Resources made up at random that refer to each other in every way, in several versions, and deletions of some.

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

use super::*;

/// Ids of each type: those below `KNOWN` are delivered, references go beyond. Many, so that most are named once or never:
/// what is named often is found again by chance.
const KNOWN: u32 = 30;

pub struct Author {
    pub random: ChaCha8Rng,
    /// Versions given so far: no two resources have the same.
    number: u32,
}

impl Author {
    pub fn new(random: ChaCha8Rng) -> Self {
        Author { random, number: 0 }
    }

    fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.random.random_range(0..choices.len())]
    }

    fn sometimes(&mut self, percent: u32) -> bool {
        self.random.random_ratio(percent, 100)
    }

    /// The meta of a version that no other resource has.
    fn meta(&mut self) -> Value {
        self.number += 1;
        version(self.random.random_range(1..6), self.number)
    }

    fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}{}", self.random.random_range(0..KNOWN + 2))
    }

    /// A value of an identifier that several resources have.
    fn shared(&mut self) -> String {
        format!("shared-{}", self.random.random_range(0..8))
    }

    fn admission_number(&mut self) -> String {
        self.random.random_range(70..85).to_string()
    }

    /// A reference by id, by an identifier of its own or by one that several share; some to nobody.
    fn reference(&mut self, kind: &str, prefix: &str) -> Value {
        let id = self.id(prefix);
        let shared = if kind == "Encounter" && self.sometimes(30) {
            self.admission_number()
        } else {
            self.shared()
        };
        match self.random.random_range(0..10) {
            0 => json!({"reference": format!("{kind}?identifier=s|{id}")}),
            1 => json!({"reference": format!("{kind}?identifier=s|{shared}")}),
            2 => json!({"identifier": {"value": id}}),
            3 => json!({"identifier": {"value": shared}}),
            4 => json!({"reference": format!("https://example.org/fhir/{kind}/{id}/_history/3")}),
            _ => json!({"reference": format!("{kind}/{id}")}),
        }
    }

    /// The identifiers of a version: none, its own, one that others have too.
    fn identify(&mut self, resource: &mut Value) {
        let mut identifiers = Vec::new();
        if self.sometimes(75) {
            identifiers.push(json!({"system": "s", "value": resource["id"]}));
        }
        if self.sometimes(25) {
            identifiers.push(json!({"system": self.one_of(&["s", "t"]), "value": self.shared()}));
        }
        if resource["resourceType"] == "Encounter" && self.sometimes(50) {
            let value = self.admission_number();
            identifiers.push(json!({"type": {"coding": [{"code": "VN"}]}, "value": value}));
        }
        resource["identifier"] = Value::from(identifiers);
    }

    fn patient(&mut self, id: &str) -> Value {
        let mut patient = json!({"resourceType": "Patient", "id": id, "meta": self.meta(),
            "gender": self.one_of(&["female", "male"]), "birthDate": format!("19{}0", self.random.random_range(1..9))});
        if self.sometimes(10) {
            patient["deceasedDateTime"] = json!("2024-03-20");
        }
        self.identify(&mut patient);
        patient
    }

    fn period(&mut self) -> Value {
        let (one, other): (u32, u32) = (
            self.random.random_range(1..28),
            self.random.random_range(1..28),
        );
        let start = format!("2024-03-{:02}T08:00:00Z", one.min(other));
        if self.sometimes(15) {
            return json!({"start": start});
        }
        json!({"start": start, "end": format!("2024-03-{:02}T09:00:00Z", one.max(other))})
    }

    fn contact(&mut self, id: &str) -> Value {
        let mut contact = json!({"resourceType": "Encounter", "id": id, "meta": self.meta(),
            "status": self.one_of(&["finished", "finished", "finished", "finished", "finished", "in-progress", "cancelled"]),
            "class": {"code": self.one_of(&["IMP", "IMP", "IMP", "IMP", "IMP", "IMP", "IMP", "IMP", "AMB"])},
            "subject": self.reference("Patient", "p"), "period": self.period(),
            "hospitalization": {"dischargeDisposition": {"coding": [{"system": "http://fhir.de/CodeSystem/dkgev/Entlassungsgrund", "code": self.one_of(&["011", "079"])}]}}});
        // Contacts of one patient with one admission number belong together.
        if self.sometimes(40) {
            contact["subject"] = json!({"reference": "Patient/p0"});
        }
        // Most are stays: what else would the rest belong to?
        let level = self.one_of(&[
            "",
            "",
            "einrichtungskontakt",
            "einrichtungskontakt",
            "einrichtungskontakt",
            "abteilungskontakt",
            "versorgungsstellenkontakt",
        ]);
        let kind = self.one_of(&["", "", "", "", "", "", "begleitperson", "teilstationaer"]);
        contact["type"] = [level, kind]
            .iter()
            .filter(|code| !code.is_empty())
            .map(|code| json!({"coding": [{"code": code}]}))
            .collect();
        let percent = if level.is_empty() { 40 } else { 50 };
        if level != "einrichtungskontakt" && self.sometimes(percent) {
            contact["partOf"] = self.reference("Encounter", "e");
        }
        self.place(&mut contact);
        contact["diagnosis"] = (0..self.random.random_range(0..2))
            .map(|_| json!({"condition": self.reference("Condition", "c"), "use": {"coding": [{"code": self.one_of(&["CC", "AD", "principle-DRG"])}]}}))
            .collect();
        self.identify(&mut contact);
        contact
    }

    /// Where a contact takes place.
    fn place(&mut self, contact: &mut Value) {
        contact["location"] = (0..self.random.random_range(0..3))
            .map(|_| {
                let mut entry = json!({"location": self.reference("Location", "l")});
                if self.sometimes(50) {
                    entry["period"] = self.period();
                }
                if self.sometimes(30) {
                    entry["physicalType"] =
                        json!({"coding": [{"code": self.one_of(&["wa", "ro"])}]});
                }
                entry
            })
            .collect();
        if self.sometimes(30) {
            contact["serviceProvider"] = self.reference("Organization", "g");
        }
        if self.sometimes(30) {
            contact["serviceType"] = json!({"coding": [{"system": "http://fhir.de/CodeSystem/dkgev/Fachabteilungsschluessel", "code": self.one_of(&["0100", "1500"])}]});
        }
    }

    fn condition(&mut self, id: &str) -> Value {
        let code = self.one_of(&["I10.90", "I10.90", "E11.9", "A54.4+ M73.09*", "H36.0*"]);
        let mut condition = json!({"resourceType": "Condition", "id": id, "meta": self.meta(), "subject": self.reference("Patient", "p"),
            "verificationStatus": {"coding": [{"code": self.one_of(&["confirmed", "confirmed", "confirmed", "refuted"])}]},
            "code": {"coding": [{"system": "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "code": code, "display": self.one_of(&["one", "two", "three"])}]}});
        self.identify(&mut condition);
        if self.sometimes(70) {
            condition["encounter"] = self.reference("Encounter", "e");
        }
        condition
    }

    fn observation(&mut self, id: &str) -> Value {
        json!({"resourceType": "Observation", "id": id, "meta": self.meta(), "status": self.one_of(&["final", "final", "final", "cancelled"]),
            "subject": self.reference("Patient", "p"), "encounter": self.reference("Encounter", "e"), "effectiveDateTime": format!("2024-0{}-03", self.random.random_range(2..5)),
            "code": {"coding": [{"code": "x"}]}, "valueInteger": self.number,
            "component": vec![json!({"code": {"text": "part"}, "valueInteger": 1}); self.random.random_range(0..3)]})
    }

    fn named(&mut self, kind: &str, id: &str) -> Value {
        let mut place = json!({"resourceType": kind, "id": id, "meta": self.meta(), "name": format!("Place {}", self.number)});
        if self.sometimes(20) {
            place["physicalType"] = json!({"coding": [{"code": self.one_of(&["wa", "bd"])}]});
        }
        self.identify(&mut place);
        place
    }

    /// A version of the resource with that number, of each type.
    fn versions(&mut self, number: u32) -> Vec<Value> {
        let id = |prefix: &str| format!("{prefix}{number}");
        vec![
            self.patient(&id("p")),
            self.contact(&id("e")),
            self.condition(&id("c")),
            self.observation(&id("o")),
            self.named("Location", &id("l")),
            self.named("Organization", &id("g")),
        ]
    }

    /// A deletion with its time, which no version has.
    fn deletion(&mut self) -> Value {
        let (kind, prefix) = [
            ("Encounter", "e"),
            ("Encounter", "e"),
            ("Condition", "c"),
            ("Observation", "o"),
            ("Patient", "p"),
            ("Location", "l"),
        ][self.random.random_range(0..6)];
        let (id, day) = (self.id(prefix), self.random.random_range(1..6));
        json!({"resourceType": "Bundle", "type": "transaction", "timestamp": format!("2024-06-0{day}T12:00:00Z"),
            "entry": [{"request": {"method": "DELETE", "url": format!("{kind}/{id}")}}]})
    }

    /// One or two versions of each resource, twice as many contacts, and some deletions.
    pub fn resources(&mut self) -> Vec<Value> {
        let mut resources = Vec::new();
        for number in 0..KNOWN {
            for _ in 0..self.random.random_range(1..3) {
                resources.extend(self.versions(number));
                resources.push(self.contact(&format!("e{}", number + KNOWN)));
            }
        }
        resources.extend((0..20).map(|_| self.deletion()));
        resources
    }

    /// Resources that nothing else refers to, and that refer to the others.
    pub fn strangers(&mut self) -> Vec<Value> {
        (100..103)
            .flat_map(|number| self.versions(number))
            .collect()
    }
}
