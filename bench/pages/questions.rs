//! What is asked of some units: filters, order and place of a page, ours beside DHIS2's words for the same.

use chrono::{Days, NaiveDate};
use domain::{
    event::{
        EventStatus, ListRequest,
        filter::{Column, TimeBounds},
        request::{AssigneeMode, Endpoint, Operator, OrderRequest, RawFilter},
    },
    page::Direction,
};

use super::ground::Ground;

/// A page of some units.
pub struct Question {
    pub name: &'static str,
    /// All but the units.
    pub request: ListRequest,
    pub place: Place,
    pub theirs: Theirs,
}

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    First,
    /// With this number from 1, behind the cursor of the row before it.
    Behind(usize),
    /// With this number from 1, asked for by it.
    Numbered(usize),
}

/// The same in DHIS2's statement.
pub struct Theirs {
    /// Conditions on `ev`.
    pub conditions: Vec<String>,
    /// What it adds to the columns, with a comma behind.
    pub columns: String,
    pub order: String,
}

/// All pages that are asked of each scope.
pub fn all(ground: &Ground) -> Vec<Question> {
    let at = |name, place| Question {
        place,
        ..plain(ground, name)
    };
    vec![
        plain(ground, "first page"),
        at("page 2", Place::Behind(2)),
        at("page 1,000", Place::Behind(1_000)),
        at("page 1,000 by number", Place::Numbered(1_000)),
        not_assigned(ground),
        active(ground),
        between(ground, "a week", 7),
        between(ground, "a year", 365),
        rare(ground),
        by_element(ground),
    ]
}

/// The first page without a filter, newest first.
pub fn plain(ground: &Ground, name: &'static str) -> Question {
    let program = Some(ground.program.uid.clone());
    let mut request = ListRequest::new(Endpoint::Events, ground.today, program);
    request.program_stage = Some(ground.stage_uid.clone());
    request.order = vec![OrderRequest {
        name: "occurredAt".to_owned(),
        direction: Direction::Descending,
    }];
    Question {
        name,
        request,
        place: Place::First,
        theirs: Theirs {
            conditions: Vec::new(),
            columns: String::new(),
            order: "ev_occurreddate DESC, ev_id DESC".to_owned(),
        },
    }
}

fn not_assigned(ground: &Ground) -> Question {
    let mut question = plain(ground, "not assigned");
    question.request.assignee_mode = Some(AssigneeMode::None);
    question.theirs("ev.assigneduserid IS NULL".to_owned())
}

fn active(ground: &Ground) -> Question {
    let mut question = plain(ground, "status ACTIVE");
    question.request.statuses = vec![EventStatus::Active];
    question.theirs("ev.status = 'ACTIVE'".to_owned())
}

fn between(ground: &Ground, name: &'static str, days: u64) -> Question {
    let from: NaiveDate = ground.middle;
    let to = from + Days::new(days - 1);
    let mut question = plain(ground, name);
    question.request.occurred = TimeBounds::days(Some(from), Some(to));
    question
        .theirs(format!("ev.occurreddate >= '{from} 00:00:00'"))
        .theirs(format!("ev.occurreddate <= '{to} 23:59:59.999'"))
}

fn rare(ground: &Ground) -> Question {
    let (element, value) = &ground.rare;
    let mut question = plain(ground, "a rare value");
    question.request.values = vec![RawFilter {
        uid: element.uid.clone(),
        operators: vec![(Operator::Eq, Some(value.clone()))],
    }];
    let text = value.to_lowercase().replace('\'', "''");
    question.theirs(format!("{} = '{text}'", read(element)))
}

fn by_element(ground: &Ground) -> Question {
    let element = &ground.ordered;
    let mut question = plain(ground, "by a data element");
    question.request.order = vec![OrderRequest {
        name: element.uid.clone(),
        direction: Direction::Ascending,
    }];
    question.theirs.columns = format!("{} AS \"{}\",", read(element), element.uid);
    question.theirs.order = format!("\"{}\" ASC, ev_id ASC", element.uid);
    question
}

impl Question {
    fn theirs(mut self, condition: String) -> Self {
        self.theirs.conditions.push(condition);
        self
    }
}

/// A value as DHIS2 compares it.
fn read(element: &Column) -> String {
    let text = format!("ev.eventdatavalues #>> '{{{}, value}}'", element.uid);
    match element.value_type.is_number() {
        true => format!("CAST({text} AS numeric)"),
        false => format!("lower({text})"),
    }
}
