//! The text of the page query in each way of reading, without a database; and how PostgreSQL runs it, with one.

mod plans;
mod texts;
mod twins;

use chrono::NaiveDate;
use domain::{
    event::{EventStatus, filter::TimeBounds},
    page::{Cursor, Direction, Reading, USUAL_ROWS},
};

use super::{super::conditions::unit, *};

/// A list of everything of one stage in some units.
fn listing(kind: EventKind, units: Option<Vec<i64>>) -> Listing {
    Listing {
        kind,
        units,
        lent: None,
        stages: vec![7],
        option_combos: None,
        hidden_elements: Vec::new(),
        today: day(2026, 11, 21),
        filter: EventFilter::default(),
        order: EventOrder::by_occurred_date(Direction::Descending),
    }
}

/// The first page.
fn first_page() -> Page {
    Page::after(USUAL_ROWS, None)
}

/// A page behind a row, or before it.
fn page_from(reading: Reading, date: Option<NaiveDate>) -> Page {
    Page {
        reading,
        from: Some(Cursor::at(
            &EventOrder::by_occurred_date(Direction::Descending),
            date.and_then(|date| date.and_hms_opt(0, 0, 0)),
            99,
        )),
        ..first_page()
    }
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a day")
}

/// All conditions at once.
fn every_filter() -> EventFilter {
    EventFilter {
        statuses: vec![EventStatus::Active, EventStatus::Completed],
        occurred: TimeBounds::days(Some(day(2022, 1, 1)), Some(day(2025, 12, 31))),
        ..EventFilter::default()
    }
}
