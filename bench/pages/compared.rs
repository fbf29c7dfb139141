//! A page on both sides: the same events in the same order, and how long each took.

use std::time::Duration;

use storage::{Connection, events::page};

use super::{Case, Ground, PATIENCE, list, questions::Place};
use crate::{
    Result,
    cases::ROWS,
    dhis2,
    events::inside,
    report::{Report, ms, times},
    timing::{MANY, Timing},
};

/// Within this the slowest twentieth must lie, where an index can answer.
const BAR: Duration = Duration::from_millis(5);

/// Above this the client is no part worth setting apart.
const SLOW: Duration = Duration::from_millis(100);

/// What a page took.
pub struct Compared {
    rows: Option<usize>,
    ours: Option<Side>,
    theirs: Option<Side>,
    /// Not known when a side was given up.
    is_same: Option<bool>,
}

struct Side {
    outside: Timing,
    /// `None` for slow statements.
    inside: Option<Timing>,
}

impl Compared {
    pub fn of(
        ours: &mut Connection,
        theirs: &mut Connection,
        ground: &Ground,
        case: &Case,
    ) -> Result<Self> {
        let statement = dhis2::statement(ground, case, ROWS as usize);
        let (found, outside) = Timing::with_value(MANY, || list(ours, case))?;
        let our_side = match found {
            Some(_) => Some(Side::new(outside, || {
                let texts = page::literal_texts(ours, &case.listing, &case.page)?;
                inside(ours, &texts)
            })?),
            None => None,
        };
        let (uids, outside) = Timing::with_value(MANY, || dhis2::run(theirs, &statement))?;
        let their_side = match uids {
            Some(_) => Some(Side::new(outside, || {
                inside(theirs, std::slice::from_ref(&statement))
            })?),
            None => None,
        };
        let is_same = found.as_ref().zip(uids).map(|((ours, more), theirs)| {
            theirs.len() == ours.len() + usize::from(*more) && theirs.starts_with(ours)
        });
        Ok(Compared {
            rows: found.map(|(rows, _)| rows.len()),
            ours: our_side,
            theirs: their_side,
            is_same,
        })
    }

    fn row(&self, case: &Case) -> Vec<String> {
        let mut row = vec![name(case), case.scope.name.to_owned()];
        row.push(self.rows.map_or_else(String::new, |rows| rows.to_string()));
        row.extend(Side::cells(self.ours.as_ref()));
        row.extend(Side::cells(self.theirs.as_ref()));
        row.push(match (&self.ours, &self.theirs) {
            (Some(ours), Some(theirs)) => times(theirs.outside.median(), ours.outside.median()),
            (Some(ours), None) => format!("> {}", times(PATIENCE, ours.outside.median())),
            (None, Some(theirs)) => format!("< {}", times(theirs.outside.median(), PATIENCE)),
            (None, None) => String::new(),
        });
        row.push(
            match self.is_same {
                Some(true) => "yes",
                Some(false) => "**no**",
                None => "not known",
            }
            .to_owned(),
        );
        row
    }

    /// Whether the slowest twentieth of ours is over the bar, and whether ours is slower than theirs.
    fn misses(&self) -> (bool, bool) {
        let Some(ours) = &self.ours else {
            return (true, self.theirs.is_some());
        };
        let is_slower = self
            .theirs
            .as_ref()
            .is_some_and(|theirs| ours.outside.percentile(95) > theirs.outside.percentile(95));
        (ours.outside.percentile(95) > BAR, is_slower)
    }
}

impl Side {
    fn new(outside: Timing, inside: impl FnOnce() -> Result<Timing>) -> Result<Self> {
        let inside = (outside.median() < SLOW).then(inside).transpose()?;
        Ok(Side { outside, inside })
    }

    fn cells(side: Option<&Self>) -> [String; 3] {
        match side {
            Some(side) => [
                ms(side.outside.median()),
                ms(side.outside.percentile(95)),
                side.inside
                    .as_ref()
                    .map_or_else(String::new, |inside| ms(inside.median())),
            ],
            None => [format!("> {}", ms(PATIENCE)), String::new(), String::new()],
        }
    }
}

/// The name of a question, with the page that it became when the list was too short.
pub fn name(case: &Case) -> String {
    let (name, number) = (case.question.name, case.offset / ROWS as usize + 1);
    match case.question.place {
        Place::Behind(asked) | Place::Numbered(asked) if asked != number => {
            format!("{name} (the last full one is {number})")
        }
        _ => name.to_owned(),
    }
}

/// The table of a kind, and the pages that miss a target.
pub fn tell(report: &mut Report, cases: &[Case], compared: &[Compared]) {
    let rows: Vec<Vec<String>> = cases
        .iter()
        .zip(compared)
        .map(|(case, compared)| compared.row(case))
        .collect();
    report.table(
        &[
            "page",
            "units",
            "rows",
            "ours p50, ms",
            "p95",
            "inside",
            "DHIS2 p50, ms",
            "p95",
            "inside",
            "DHIS2 ÷ ours",
            "same events",
        ],
        &rows,
    );
    let count = |wanted| compared.iter().filter(|one| one.is_same == wanted).count();
    let of = |wanted: fn((bool, bool)) -> bool| {
        let named = cases
            .iter()
            .zip(compared)
            .filter(|(_, one)| wanted(one.misses()));
        let names: Vec<String> = named
            .map(|(case, _)| format!("{} of {}", name(case), case.scope.name))
            .collect();
        match names.is_empty() {
            true => "none".to_owned(),
            false => names.join("; "),
        }
    };
    report.paragraph(&format!(
        "The same events in the same order: {} pages; different: {}; not known, since a side was given up: {}. Over 5 ms: {}. \
         Slower than DHIS2: {}.",
        count(Some(true)),
        count(Some(false)),
        count(None),
        of(|(is_over, _)| is_over),
        of(|(_, is_slower)| is_slower)
    ));
    for (case, _) in cases
        .iter()
        .zip(compared)
        .filter(|(_, one)| one.is_same == Some(false))
    {
        report.fail(format!(
            "{} of {}: the sides differ",
            name(case),
            case.scope.name
        ));
    }
}
