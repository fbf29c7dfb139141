//! Which pages are measured: units and programs chosen by how many events they hold.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use domain::{
    event::{EventFilter, EventKind, EventOrder},
    org_unit::{Tree, Unit, UnitSet},
    page::{Cursor, Direction, Page, Reading},
};
use storage::{
    Connection,
    events::{self, Listing},
    org_units,
};

use crate::{Result, database::numbers, legacy, legacy::Question};

/// Rows of a page, as the Capture app asks for them.
pub const ROWS: u32 = 15;

/// A page asked of both stores.
pub struct Case {
    pub name: String,
    pub listing: Listing,
    pub page: Page,
    pub question: Question,
}

/// A program with its stages.
#[derive(Debug, Clone)]
pub struct Program {
    pub id: i64,
    pub uid: String,
    pub stages: Vec<i64>,
}

/// Units and programs.
pub struct Places {
    pub tree: Tree,
    /// The event program with the most events, which has one stage.
    pub main: Program,
    /// The unit with the most of them, with as many as the middle one, with the fewest.
    pub large: Unit,
    pub median: Unit,
    pub sparse: Unit,
    /// The units above the middle one.
    pub district: Unit,
    pub province: Unit,
    pub country: Unit,
    /// The tracker program with the most events.
    pub tracker: Program,
    /// The unit with the most events that happened elsewhere.
    pub receiver: Unit,
}

impl Places {
    pub fn find(conn: &mut Connection) -> Result<Self> {
        let tree = org_units::tree(conn)?;
        let main = program(conn, "singleevent")?;
        let tracker = program(conn, "trackerevent")?;
        let busiest_first = numbers(
            conn,
            &format!(
                "SELECT organisationunitid AS number FROM singleevent WHERE programstageid = {} AND NOT deleted
                  GROUP BY 1 ORDER BY count(*) DESC, 1",
                main.stages[0]
            ),
        )?;
        let receivers = numbers(
            conn,
            &format!(
                "SELECT ownerorganisationunitid AS number FROM trackerevent
                  WHERE programstageid IN (SELECT programstageid FROM programstage WHERE programid = {})
                    AND NOT deleted AND ownerorganisationunitid <> organisationunitid
                  GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
                tracker.id
            ),
        )?;
        let at = |place: usize| by_id(&tree, busiest_first.get(place).copied());
        let median = at(busiest_first.len() / 2)?;
        let above = |level: i32| above(&tree, &median, level);
        Ok(Places {
            large: at(0)?,
            sparse: at(busiest_first.len().saturating_sub(1))?,
            district: above(3)?,
            province: above(2)?,
            country: above(1)?,
            receiver: by_id(&tree, receivers.first().copied())?,
            median,
            main,
            tracker,
            tree,
        })
    }

    /// The first page of a unit's events of the main program.
    pub fn first_page(&self, unit: &Unit) -> Listing {
        listing(
            EventKind::Single,
            &self.main.stages,
            Some(self.keys(&self.tree.only(unit))),
        )
    }

    pub fn keys(&self, set: &UnitSet) -> Vec<i64> {
        self.tree.units(set).map(|unit| unit.id).collect()
    }

    /// All pages to measure.
    pub fn cases(&self, conn: &mut Connection) -> Result<Vec<Case>> {
        let mut cases = Vec::new();
        for (size, unit) in [
            ("large", &self.large),
            ("median", &self.median),
            ("sparse", &self.sparse),
        ] {
            cases.push(self.single(
                &format!("SELECTED, {size} unit"),
                Some(self.tree.only(unit)),
                legacy::selected(unit),
            ));
        }
        cases.extend(self.wide());
        cases.extend(self.later_pages(conn)?);
        cases.extend(self.tracker());
        Ok(cases)
    }

    /// The second page of the large unit, and the thousandth or, with fewer events, the last full one.
    fn later_pages(&self, conn: &mut Connection) -> Result<Vec<Case>> {
        let rows = ROWS as usize;
        let listing = self.first_page(&self.large);
        let events = events::count(conn, &listing, Some(1_000 * i64::from(ROWS)))?;
        let deepest = (usize::try_from(events)? / rows).min(1_000);
        let case = |number: usize| {
            let mut case = self.single(
                &format!("SELECTED, large unit, page {number}"),
                Some(self.tree.only(&self.large)),
                legacy::selected(&self.large),
            );
            case.question.offset = (number - 1) * rows;
            case.page.from = Some(cursor_at(conn, &case.listing, case.question.offset)?);
            Ok(case)
        };
        [2, deepest].into_iter().map(case).collect()
    }

    fn wide(&self) -> [Case; 6] {
        let below = |unit: &Unit| Some(self.tree.below(&[unit.id]));
        [
            self.single(
                "CHILDREN of a district",
                Some(self.tree.with_children(&self.district)),
                legacy::children(&self.district),
            ),
            self.single(
                "DESCENDANTS of a district",
                below(&self.district),
                legacy::descendants(&self.district),
            ),
            self.single(
                "DESCENDANTS of a province",
                below(&self.province),
                legacy::descendants(&self.province),
            ),
            self.single(
                "DESCENDANTS of the country",
                below(&self.country),
                legacy::descendants(&self.country),
            ),
            self.single("ACCESSIBLE, everything", None, None),
            self.single(
                "CHILDREN of a province, no event",
                Some(self.tree.with_children(&self.province)),
                legacy::children(&self.province),
            ),
        ]
    }

    fn tracker(&self) -> [Case; 2] {
        let case = |name: &str, stages: &[i64]| Case {
            name: name.to_owned(),
            listing: listing(
                EventKind::Tracker,
                stages,
                Some(self.keys(&self.tree.only(&self.receiver))),
            ),
            page: FIRST_PAGE,
            question: Question {
                program: self.tracker.id,
                is_tracker: true,
                stage: (stages.len() == 1).then(|| stages[0]),
                path: legacy::selected(&self.receiver),
                offset: 0,
            },
        };
        let last = self.tracker.stages.len() - 1;
        [
            case("tracker, SELECTED, one stage", &self.tracker.stages[last..]),
            case("tracker, SELECTED, all stages", &self.tracker.stages),
        ]
    }

    fn single(&self, name: &str, units: Option<UnitSet>, path: Option<String>) -> Case {
        Case {
            name: name.to_owned(),
            listing: listing(
                EventKind::Single,
                &self.main.stages,
                units.map(|set| self.keys(&set)),
            ),
            page: FIRST_PAGE,
            question: Question {
                program: self.main.id,
                is_tracker: false,
                stage: Some(self.main.stages[0]),
                path,
                offset: 0,
            },
        }
    }
}

/// The first page, newest first.
pub const FIRST_PAGE: Page = Page {
    rows: ROWS,
    skip: 0,
    reading: Reading::Forward,
    from: None,
};

fn listing(kind: EventKind, stages: &[i64], units: Option<Vec<i64>>) -> Listing {
    Listing {
        kind,
        units,
        lent: None,
        stages: stages.to_vec(),
        option_combos: None,
        hidden_elements: Vec::new(),
        today: chrono::Utc::now().date_naive(),
        filter: EventFilter::default(),
        order: EventOrder::by_occurred_date(Direction::Descending),
    }
}

/// The cursor of the row before which `rows - 1` others lie, found by walking there.
fn cursor_at(conn: &mut Connection, listing: &Listing, rows: usize) -> Result<Cursor> {
    let (mut from, mut left) = (None, rows);
    while left > 0 {
        let page = Page {
            rows: u32::try_from(left.min(1_000))?,
            from,
            ..FIRST_PAGE
        };
        let (found, _) = events::list(conn, listing, &page)?;
        let last = found
            .last()
            .ok_or("the large unit holds too few events for this page")?;
        from = Some(events::cursor(listing, last));
        left -= found.len();
    }
    from.ok_or_else(|| "there is no row before the first".into())
}

#[derive(QueryableByName)]
struct Keyed {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    uid: String,
}

/// The program with the most rows in a table of events.
fn program(conn: &mut Connection, table: &str) -> Result<Program> {
    let program: Keyed = diesel::sql_query(format!(
        "SELECT p.programid AS id, p.uid
           FROM (SELECT programstageid, count(*) AS events FROM {table} GROUP BY 1) e
           JOIN programstage USING (programstageid) JOIN program p USING (programid)
          GROUP BY 1, 2 ORDER BY sum(events) DESC LIMIT 1"
    ))
    .get_result(conn)?;
    let stages = storage::programs::stages_of(conn, &[program.id])?;
    Ok(Program {
        id: program.id,
        uid: program.uid,
        stages: stages.iter().map(|stage| stage.programstageid).collect(),
    })
}

fn by_id(tree: &Tree, id: Option<i64>) -> Result<Unit> {
    tree.units(&tree.everything())
        .find(|unit| Some(unit.id) == id)
        .cloned()
        .ok_or_else(|| "no unit holds such events".into())
}

fn above(tree: &Tree, unit: &Unit, level: i32) -> Result<Unit> {
    let uid = unit
        .path
        .split('/')
        .nth(usize::try_from(level)?)
        .ok_or("the unit lies too high in the tree")?;
    tree.find(uid)
        .cloned()
        .ok_or_else(|| "a unit of a path is missing".into())
}
