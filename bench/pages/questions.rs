//! What is asked of some units: filters, order and place of a page, ours beside DHIS2's words for the same.

use chrono::{Days, NaiveDate};
use domain::{
    event::{
        EventFilter, EventOrder, EventStatus,
        filter::{Assignee, Comparison, Condition, TimeBounds, ValueFilter},
        order::{OrderItem, OrderKey},
    },
    page::Direction,
};

use super::ground::{Element, Ground};

/// A page of some units.
pub struct Question {
    pub name: &'static str,
    pub filter: EventFilter,
    pub order: EventOrder,
    /// Which page, from 1.
    pub page: usize,
    pub theirs: Theirs,
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
    let middle = ground.middle;
    let (element, value) = &ground.rare;
    vec![
        plain("first page", 1),
        plain("page 2", 2),
        plain("page 1,000", 1_000),
        Question {
            filter: EventFilter {
                assignee: Some(Assignee::Nobody),
                ..EventFilter::default()
            },
            ..plain("not assigned", 1).theirs("ev.assigneduserid IS NULL".to_owned())
        },
        Question {
            filter: EventFilter {
                statuses: vec![EventStatus::Active],
                ..EventFilter::default()
            },
            ..plain("status ACTIVE", 1).theirs("ev.status = 'ACTIVE'".to_owned())
        },
        between("a week", middle, middle + Days::new(6)),
        between("a year", middle, middle + Days::new(364)),
        Question {
            filter: EventFilter {
                values: vec![ValueFilter {
                    uid: element.uid.clone(),
                    value_type: element.value_type,
                    conditions: vec![Condition::Compare(Comparison::Equal, value.clone())],
                }],
                ..EventFilter::default()
            },
            ..plain("a rare value", 1).theirs(equals(element, value))
        },
        by_element("by a data element", &ground.ordered),
    ]
}

/// The first page, or a later one, without a filter, newest first.
pub fn plain(name: &'static str, page: usize) -> Question {
    Question {
        name,
        filter: EventFilter::default(),
        order: EventOrder::by_occurred_date(Direction::Descending),
        page,
        theirs: Theirs {
            conditions: Vec::new(),
            columns: String::new(),
            order: "ev_occurreddate DESC, ev_id DESC".to_owned(),
        },
    }
}

impl Question {
    fn theirs(mut self, condition: String) -> Self {
        self.theirs.conditions.push(condition);
        self
    }
}

fn between(name: &'static str, from: NaiveDate, to: NaiveDate) -> Question {
    let occurred = TimeBounds::days(Some(from), Some(to));
    Question {
        filter: EventFilter {
            occurred,
            ..EventFilter::default()
        },
        ..plain(name, 1)
            .theirs(format!("ev.occurreddate >= '{from} 00:00:00'"))
            .theirs(format!("ev.occurreddate <= '{to} 23:59:59.999'"))
    }
}

fn by_element(name: &'static str, element: &Element) -> Question {
    let mut question = plain(name, 1);
    question.order = EventOrder(vec![OrderItem {
        key: OrderKey::DataElement(element.uid.clone(), element.value_type),
        direction: Direction::Ascending,
    }]);
    question.theirs.columns = format!("{} AS \"{}\",", read(element), element.uid);
    question.theirs.order = format!("\"{}\" ASC, ev_id ASC", element.uid);
    question
}

fn equals(element: &Element, value: &str) -> String {
    let value = value.to_lowercase().replace('\'', "''");
    format!("{} = '{value}'", read(element))
}

/// A value as DHIS2 compares it.
fn read(element: &Element) -> String {
    let text = format!("ev.eventdatavalues #>> '{{{}, value}}'", element.uid);
    match element.value_type.is_number() {
        true => format!("CAST({text} AS numeric)"),
        false => format!("lower({text})"),
    }
}
