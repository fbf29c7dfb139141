//! Every page of a working list in every way of choosing units, ours beside DHIS2 2.43's, for both kinds of events.

mod compared;
mod ground;
mod questions;
mod scopes;

use std::{rc::Rc, time::Duration};

use diesel::connection::SimpleConnection;
use domain::{event::EventKind, page::Page};
use storage::{
    Connection, Error,
    events::{self, Listing, request},
    pool,
};

pub use ground::Ground;
use questions::{Place, Question};
use scopes::Scope;

use crate::{
    Result,
    cases::{FIRST_PAGE, ROWS, cursor_at},
    database::Database,
    dhis2,
    report::Report,
};

/// After this a statement is given up: some take minutes on a side, and there are a hundred pages.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// A page of some units, asked of both sides.
pub struct Case {
    pub scope: Rc<Scope>,
    pub question: Question,
    pub listing: Listing,
    pub page: Page,
    /// Rows before the page.
    pub offset: usize,
}

/// Measures both kinds and reports them.
pub fn measure(report: &mut Report, database: &mut Database) -> Result<()> {
    let mut theirs = dhis2::open(database)?;
    let mut ours = patient(&database.url)?;
    report.heading(2, "Pages beside DHIS2 2.43");
    report.paragraph(&format!(
        "15 rows of one stage for a caller who captures in a district, searches in the country and is no superuser; newest \
         first unless said otherwise. *Ours* is `storage::events::list` as the server calls it, *DHIS2* the statement of 2.43 with \
         its own indexes on the same events and its own tables besides (`bench/dhis2/`); both with client and planning. *Inside* is the execution time that \
         `EXPLAIN (ANALYZE)` states. Statements that took longer than 10 s were timed once and given up after {} s.",
        PATIENCE.as_secs()
    ));
    for (kind, title) in [
        (EventKind::Single, "Single events"),
        (EventKind::Tracker, "Tracker events"),
    ] {
        let ground = Ground::find(&mut database.conn, kind)?;
        report.heading(3, title);
        let cases = cases(&ground, &mut ours)?;
        let mut table = Vec::new();
        for case in &cases {
            eprintln!("  {}, {} …", case.question.name, case.scope.name);
            table.push(compared::Compared::of(
                &mut ours,
                &mut theirs,
                &ground,
                case,
            )?);
        }
        compared::tell(report, &cases, &table);
    }
    Ok(())
}

/// A connection whose statements are given up.
pub fn patient(url: &str) -> Result<Connection> {
    let mut conn = pool::connect(url)?;
    conn.batch_execute(&format!(
        "SET statement_timeout = '{}s'",
        PATIENCE.as_secs()
    ))?;
    Ok(conn)
}

/// Every question of every scope.
pub fn cases(ground: &Ground, conn: &mut Connection) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for scope in scopes::wide(ground).into_iter().map(Rc::new) {
        for question in questions::all(ground) {
            cases.extend(case(ground, &scope, question, conn)?);
        }
    }
    for scope in scopes::sparse(ground).into_iter().map(Rc::new) {
        let question = questions::plain(ground, "sparse facility");
        cases.extend(case(ground, &scope, question, conn)?);
    }
    Ok(cases)
}

/// `None` when the list is too short to have a second page where a later one is asked for. A page beyond the end becomes the
/// last full one.
fn case(
    ground: &Ground,
    scope: &Rc<Scope>,
    mut question: Question,
    conn: &mut Connection,
) -> Result<Option<Case>> {
    let rows = ROWS as usize;
    scope.ask(&mut question.request);
    let (program, tree) = (&ground.program, &ground.tree);
    let listing = request::resolve(conn, program, &scope.caller, tree, &question.request)?;
    let (Place::Behind(number) | Place::Numbered(number)) = question.place else {
        return Ok(Some(Case {
            scope: Rc::clone(scope),
            question,
            listing,
            page: FIRST_PAGE,
            offset: 0,
        }));
    };
    let most = i64::try_from(number * rows)?;
    let full = usize::try_from(events::count(conn, &listing, Some(most))?)? / rows;
    let number = number.min(full);
    if number < 2 {
        return Ok(None);
    }
    let offset = (number - 1) * rows;
    let page = match question.place {
        Place::Numbered(_) => Page::numbered(i64::try_from(number)?, i64::from(ROWS))?,
        _ => Page::after(ROWS, Some(cursor_at(conn, &listing, offset)?)),
    };
    Ok(Some(Case {
        scope: Rc::clone(scope),
        question,
        listing,
        page,
        offset,
    }))
}

/// A page of ours; `None` when it was given up.
pub fn list(conn: &mut Connection, case: &Case) -> Result<Option<(Vec<String>, bool)>> {
    match events::list(conn, &case.listing, &case.page) {
        Ok((rows, more)) => Ok(Some((rows.into_iter().map(|row| row.uid).collect(), more))),
        Err(Error::Timeout(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
