//! What is asked, drawn at random so that few answers serve twice.

use std::time::Duration;

use chrono::{Days, NaiveDate};
use diesel::{
    prelude::*,
    sql_types::{Date, Text},
};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use storage::Connection;

use crate::{Result, cases::Places};

/// What a caller asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    List,
    Rest,
    Diagnoses,
    Flow,
    Report,
    Write,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::List => "page of a list, GraphQL",
            Kind::Rest => "page of a list, REST",
            Kind::Diagnoses => "diagnoses, odd days, a filter",
            Kind::Flow => "patient flow of some weeks",
            Kind::Report => "monthly report as PDF",
            Kind::Write => "new event",
        }
    }

    /// How long a caller thinks between two questions.
    pub fn pause(self) -> Duration {
        Duration::from_millis(match self {
            Kind::List | Kind::Rest => 10,
            Kind::Diagnoses | Kind::Flow => 200,
            Kind::Report => 5_000,
            Kind::Write => 50,
        })
    }
}

const LIST: &str = "query ($program: ID!, $scope: OrgUnitScope!) {
  events(program: $program, scope: $scope, first: 15) {
    nodes { id status occurredAt orgUnit { name } assignedUser { name } cells { column raw } }
    pageInfo { hasNextPage endCursor }
  }
}";
const DIAGNOSES: &str = "query ($filter: StayFilter!) {
  diagnoses(filter: $filter, first: 30) { rows { code patients { value } stays { value } } total { patients { value } } }
}";
const FLOW: &str = "query ($filter: StayFilter!) {
  patientFlow(filter: $filter) { nodes { name stage } links { source target value } }
}";
const CREATE: &str = "mutation ($input: EventInput!) { createEvent(input: $input) { outcome } }";

/// Units, programs and days to draw from.
pub struct Ground {
    program: String,
    tracker: String,
    units: Vec<String>,
    /// Units with units below them.
    above: Vec<String>,
    last: NaiveDate,
}

#[derive(QueryableByName)]
struct Unit {
    #[diesel(sql_type = Text)]
    uid: String,
}

#[derive(QueryableByName)]
struct Last {
    #[diesel(sql_type = Date)]
    day: NaiveDate,
}

impl Ground {
    pub fn find(conn: &mut Connection, places: &Places) -> Result<Self> {
        let units: Vec<Unit> = diesel::sql_query(
            "SELECT o.uid FROM singleevent JOIN organisationunit o USING (organisationunitid)
              WHERE programstageid = $1 GROUP BY o.uid ORDER BY o.uid",
        )
        .bind::<diesel::sql_types::BigInt, _>(places.main.stages[0])
        .load(conn)?;
        let last: Last = diesel::sql_query("SELECT max(admission_date) AS day FROM encounters")
            .get_result(conn)?;
        let above = [&places.district, &places.province, &places.country];
        Ok(Ground {
            program: places.main.uid.clone(),
            tracker: places.tracker.uid.clone(),
            units: units.into_iter().map(|unit| unit.uid).collect(),
            above: above.map(|unit| unit.uid.clone()).into(),
            last: last.day,
        })
    }

    /// The text of a request, but for its caller.
    pub fn request(&self, kind: Kind, random: &mut ChaCha8Rng) -> Request {
        match kind {
            Kind::List => self.list(random),
            Kind::Rest => get(format!(
                "/api/tracker/events?program={}&orgUnit={}&orgUnitMode=SELECTED&page={}&pageSize=15&order=occurredAt:desc",
                self.program,
                draw(&self.units, random),
                random.random_range(1..4)
            )),
            Kind::Diagnoses => {
                let mut filter = self.days(random, 20..300);
                let sex = ["FEMALE", "MALE"][random.random_range(0..2)];
                filter["sexes"] = json!([sex]);
                post(&json!({ "query": DIAGNOSES, "variables": { "filter": filter } }))
            }
            Kind::Flow => {
                let filter = self.days(random, 10..60);
                post(&json!({ "query": FLOW, "variables": { "filter": filter } }))
            }
            Kind::Report => {
                let month = self.last - chrono::Months::new(random.random_range(1..30));
                get(format!("/reports/monthly/{}.pdf", month.format("%Y-%m")))
            }
            Kind::Write => post(&json!({ "query": CREATE, "variables": { "input": {
                "program": self.program,
                "orgUnit": draw(&self.units, random),
                "occurredAt": (self.last - Days::new(random.random_range(0..300))).and_hms_opt(8, 0, 0).map(|time| time.and_utc()),
            }}})),
        }
    }

    fn list(&self, random: &mut ChaCha8Rng) -> Request {
        let program = [&self.program, &self.tracker][random.random_range(0..2)];
        let scope = match random.random_range(0..4) {
            0 => json!({ "mode": "DESCENDANTS", "orgUnit": draw(&self.above, random) }),
            1 => json!({ "mode": "CAPTURE" }),
            _ => json!({ "mode": "SELECTED", "orgUnit": draw(&self.units, random) }),
        };
        post(&json!({ "query": LIST, "variables": { "program": program, "scope": scope } }))
    }

    /// A filter of days of so great a length.
    fn days(&self, random: &mut ChaCha8Rng, length: std::ops::Range<u64>) -> Value {
        let to = self.last - Days::new(random.random_range(0..900));
        let from = to - Days::new(random.random_range(length));
        json!({ "period": { "from": from, "to": to } })
    }
}

/// A request, but for its caller.
pub struct Request {
    pub path: String,
    /// What is posted; `None` for a GET.
    pub body: Option<String>,
}

fn get(path: String) -> Request {
    Request { path, body: None }
}

/// A question to GraphQL.
fn post(body: &Value) -> Request {
    Request {
        path: "/graphql".to_owned(),
        body: Some(body.to_string()),
    }
}

/// Whether an answer is what was asked for: a page of a list, figures, a PDF, a created event.
pub fn is_good(answer: &str) -> bool {
    answer.starts_with("%PDF")
        || answer.contains("\"CREATED\"")
        || (answer.starts_with("{\"data\":{") && !answer.contains("\"errors\":"))
        || answer.contains("\"events\":[")
}

pub fn random(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn draw<'a>(from: &'a [String], random: &mut ChaCha8Rng) -> &'a str {
    &from[random.random_range(0..from.len())]
}
