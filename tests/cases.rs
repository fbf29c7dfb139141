//! Random questions, each as a filter and as conditions of plain SQL over the base tables.

use chrono::{Datelike, Days, Months, NaiveDate};
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::support::{Server, TODAY};

/// Random numbers of a test. `CLINIGRAPH_TEST_SEED` asks other questions than usual.
pub fn generator(seed: u64) -> ChaCha8Rng {
    let other: u64 = number("CLINIGRAPH_TEST_SEED").unwrap_or(0);
    ChaCha8Rng::seed_from_u64(seed + 1_000 * other)
}

/// How many questions a test asks: `CLINIGRAPH_TEST_CASES` per cent of the usual ones, at least one.
pub fn times(usual: usize) -> usize {
    (usual * number("CLINIGRAPH_TEST_CASES").unwrap_or(100))
        .div_ceil(100)
        .max(1)
}

fn number<T: std::str::FromStr>(variable: &str) -> Option<T> {
    std::env::var(variable).ok()?.parse().ok()
}

/// A period of the six years, of whole months or of any days.
pub fn period(random: &mut ChaCha8Rng, is_whole_months: bool) -> (NaiveDate, NaiveDate) {
    let first = TODAY - Months::new(72);
    if is_whole_months {
        let from = (first + Months::new(random.random_range(0..72)))
            .with_day(1)
            .expect("a day");
        return (
            from,
            from + Months::new(random.random_range(1..30)) - Days::new(1),
        );
    }
    let from = first + Days::new(random.random_range(0..2100));
    (from, from + Days::new(random.random_range(0..700)))
}

/// The clinics, as (identifier, key).
pub fn clinics(server: &Server) -> Vec<(String, i64)> {
    let rows = server.rows("SELECT uid, clinic_id FROM clinics JOIN organisationunit ON organisationunitid = clinic_id ORDER BY clinic_id");
    let clinic = |row: &Value| {
        (
            row["uid"].as_str().expect("a uid").to_owned(),
            row["clinic_id"].as_i64().expect("a key"),
        )
    };
    rows.iter().map(clinic).collect()
}

/// A condition that a column lies in a period.
pub fn between(column: &str, (from, to): (NaiveDate, NaiveDate)) -> String {
    format!("{column} BETWEEN '{from}' AND '{to}'")
}

/// A filter, and the same as conditions on `encounters e` and its `patients p`.
pub struct Case {
    /// The filter.
    pub filter: Value,
    /// Its period.
    pub period: (NaiveDate, NaiveDate),
    /// Its clinics as SQL.
    pub clinics: String,
    /// What it asks of stays besides the days, as SQL.
    pub properties: String,
    /// Whether main diagnoses count alone.
    pub is_main: bool,
}

impl Case {
    /// A random filter that asks for a few properties.
    pub fn random(server: &Server, random: &mut ChaCha8Rng) -> Self {
        let is_whole_months = random.random();
        let period = period(random, is_whole_months);
        let mut case = Case {
            filter: json!({ "period": { "from": period.0, "to": period.1 } }),
            period,
            clinics: String::new(),
            properties: String::new(),
            is_main: random.random_bool(0.3),
        };
        if case.is_main {
            case.filter["role"] = json!("MAIN");
        }
        if random.random_bool(0.3) {
            case.filter["basis"] = json!("DISCHARGE");
        }
        case.choose_clinics(server, random);
        let mut conditions = vec![case.clinics.clone()];
        for _ in 0..random.random_range(0..3) {
            conditions.push(case.add_property(server, random));
        }
        case.properties = conditions.join(" AND ");
        case
    }

    fn choose_clinics(&mut self, server: &Server, random: &mut ChaCha8Rng) {
        let all = clinics(server);
        let count = random.random_range(0..=all.len());
        let chosen: Vec<_> = all.choose_multiple(random, count).collect();
        let keys: Vec<String> = chosen.iter().map(|(_, key)| key.to_string()).collect();
        let uids: Vec<&str> = chosen.iter().map(|(uid, _)| uid.as_str()).collect();
        self.filter["clinics"] = json!(uids);
        self.clinics = match keys.is_empty() {
            true => "true".to_owned(),
            false => format!("e.clinic_id IN ({})", keys.join(", ")),
        };
    }

    /// Adds one property to the filter and returns its condition. One that is there already stays.
    fn add_property(&mut self, server: &Server, random: &mut ChaCha8Rng) -> String {
        let (name, value, condition) = match random.random_range(0..7) {
            0 => one("sexes", "p.sex", &["FEMALE", "MALE", "UNKNOWN"], random),
            1 => {
                let kinds = ["EMERGENCY", "REFERRAL", "TRANSFER", "BIRTH", "UNKNOWN"];
                one("admissionTypes", "e.admission_type", &kinds, random)
            }
            2 => {
                let kinds = ["REGULAR", "DEATH", "TRANSFER", "OPEN", "UNKNOWN"];
                one("dischargeTypes", "e.discharge_type", &kinds, random)
            }
            3 => {
                let kind = *["FULL", "DAY"].choose(random).expect("one");
                ("caseKind", json!(kind), format!("e.case_kind = '{kind}'"))
            }
            4 if random.random() => (
                "ageGroups",
                json!(["AGE_45_TO_54", "AGE_85_PLUS"]),
                "(e.age_at_admission BETWEEN 45 AND 54 OR e.age_at_admission >= 85)".to_owned(),
            ),
            4 => (
                "ageGroups",
                json!(["AGE_0", "UNKNOWN"]),
                "coalesce(e.age_at_admission = 0, true)".to_owned(),
            ),
            5 => station(server, random),
            _ => self.diagnosis(random),
        };
        if self.filter.get(name).is_some() {
            return "true".to_owned();
        }
        self.filter[name] = value;
        condition
    }

    fn diagnosis(&self, random: &mut ChaCha8Rng) -> (&'static str, Value, String) {
        let nodes = [
            ("IX", "left(c.icd10_code, 3) BETWEEN 'I00' AND 'I99'"),
            ("I10-I15", "left(c.icd10_code, 3) BETWEEN 'I10' AND 'I15'"),
            ("I50", "c.icd10_code LIKE 'I50%'"),
        ];
        let (node, codes) = nodes.choose(random).expect("one");
        let condition = format!(
            "EXISTS (SELECT FROM conditions c WHERE c.encounter_id = e.encounter_id AND {codes} AND {})",
            self.codes()
        );
        ("diagnosis", json!(node), condition)
    }

    /// What the filter asks of the diagnoses that count, on `conditions c`.
    pub fn codes(&self) -> &'static str {
        if self.is_main { "c.is_main" } else { "true" }
    }

    /// All that the filter asks of stays.
    pub fn stays(&self) -> String {
        let is_discharge = self.filter["basis"] == "DISCHARGE";
        let day = match is_discharge {
            true => "e.discharge_date",
            false => "e.admission_date",
        };
        format!("{} AND {}", between(day, self.period), self.properties)
    }
}

/// One of the names, sometimes two.
fn one(
    filter: &'static str,
    column: &str,
    names: &[&str],
    random: &mut ChaCha8Rng,
) -> (&'static str, Value, String) {
    let count = random.random_range(1..3);
    let chosen: Vec<&str> = names.choose_multiple(random, count).copied().collect();
    let condition = format!("{column} IN ('{}')", chosen.join("', '"));
    (filter, json!(chosen), condition)
}

fn station(server: &Server, random: &mut ChaCha8Rng) -> (&'static str, Value, String) {
    let stations = server.rows("SELECT uid, station_id FROM stations JOIN organisationunit ON organisationunitid = station_id ORDER BY station_id");
    let station = stations.choose(random).expect("a station");
    let condition = format!(
        "EXISTS (SELECT FROM station_transfers t WHERE t.encounter_id = e.encounter_id AND t.station_id = {})",
        station["station_id"]
    );
    ("stations", json!([station["uid"]]), condition)
}
