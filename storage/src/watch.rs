//! What a connection tells of its statements: how long each took, as a span of a trace, and which of them were slow.
//!
//! Both know a statement by a name that is made of its text: the verb and the first table. Texts hold literals of the
//! source only, so there are few names, and no value that was bound is ever part of one.

use std::{
    cell::{Cell, RefCell},
    fmt::{self, Write as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::{Duration, Instant},
};

use diesel::connection::{DebugQuery, Instrumentation, InstrumentationEvent};
use tracing::Span;

/// Target of every span that is meant for traces. Logs leave it out, so that it costs nothing where no trace is taken.
pub const TRACE: &str = "clinigraph::trace";

/// Slow statements that may wait to be looked at.
const WAITING: usize = 64;

/// A statement that took longer than it should. It holds no value that was bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlowStatement {
    /// What it was part of, and its own name: `page of events: SELECT singleevent`.
    pub name: String,
    /// Its text with `$1`, `$2` … for the values.
    pub text: String,
    /// PostgreSQL's types of the values; `None` when only the server knows them.
    pub types: Option<Vec<&'static str>>,
    /// How long it ran.
    pub duration: Duration,
    /// Rows that it returned or changed; `None` when that was not counted.
    pub rows: Option<usize>,
    /// Whether it failed, by running into its time limit for one.
    pub has_failed: bool,
}

/// Where slow statements are reported.
#[derive(Debug, Clone)]
pub struct Watch {
    limit: Duration,
    sender: SyncSender<SlowStatement>,
    lost: Arc<AtomicU64>,
}

impl Watch {
    /// A watch for statements of at least `limit`, and where they come out. What comes while many wait is counted only.
    #[must_use]
    pub fn new(limit: Duration) -> (Self, Receiver<SlowStatement>) {
        let (sender, receiver) = sync_channel(WAITING);
        let watch = Watch {
            limit,
            sender,
            lost: Arc::default(),
        };
        (watch, receiver)
    }

    /// Slow statements that were counted only.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    fn report(&self, statement: SlowStatement) {
        if self.sender.try_send(statement).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

thread_local! {
    static WORK: Cell<&'static str> = const { Cell::new("") };
    /// A slow statement whose rows are not counted yet. The server answers before its rows are read.
    static UNCOUNTED: RefCell<Option<(Watch, SlowStatement)>> = const { RefCell::new(None) };
}

/// Names what the statements of this thread are part of, until it is dropped.
#[derive(Debug)]
pub struct Work(&'static str);

impl Work {
    /// Begins work of this name.
    #[must_use]
    pub fn named(name: &'static str) -> Self {
        Work(WORK.replace(name))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        WORK.set(self.0);
    }
}

/// Tells how many rows the last statement of this thread had and of what types its values were, if it was slow.
pub(crate) fn counted(rows: Option<usize>, types: impl FnOnce() -> Vec<&'static str>) {
    if let Some((watch, mut statement)) = UNCOUNTED.take() {
        statement.rows = rows;
        statement.types = Some(types());
        watch.report(statement);
    }
}

/// Reports a slow statement whose rows nobody counted.
pub(crate) fn flush() {
    if let Some((watch, statement)) = UNCOUNTED.take() {
        watch.report(statement);
    }
}

/// Listens to one connection.
pub(crate) struct Listener {
    watch: Watch,
    started: Instant,
    span: Span,
}

impl Listener {
    pub(crate) fn new(watch: Watch) -> Self {
        Listener {
            watch,
            started: Instant::now(),
            span: Span::none(),
        }
    }

    fn finish(&mut self, query: &dyn DebugQuery, has_failed: bool) {
        self.span = Span::none();
        let duration = self.started.elapsed();
        if duration < self.watch.limit {
            return;
        }
        let text = text_of(query);
        let name = match WORK.get() {
            "" => summary(&text),
            work => format!("{work}: {}", summary(&text)),
        };
        let statement = SlowStatement {
            name,
            text,
            types: None,
            duration,
            rows: None,
            has_failed,
        };
        UNCOUNTED.set(Some((self.watch.clone(), statement)));
    }
}

impl Instrumentation for Listener {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { query, .. } => {
                flush();
                if tracing::enabled!(target: TRACE, tracing::Level::INFO) {
                    let name = summary(&text_of(query));
                    self.span = tracing::info_span!(
                        target: TRACE, "sql", otel.name = name, otel.kind = "client", db.system.name = "postgresql"
                    );
                }
                self.started = Instant::now();
            }
            InstrumentationEvent::FinishQuery { query, error, .. } => {
                let has_failed =
                    error.is_some_and(|error| !matches!(error, diesel::result::Error::NotFound));
                self.finish(query, has_failed);
            }
            _ => {}
        }
    }
}

/// The text of a query without the values, which diesel writes behind it.
fn text_of(query: &dyn DebugQuery) -> String {
    let mut text = Text(String::new());
    // It refuses the values, which ends the writing.
    let _ = write!(text, "{query}");
    text.0
}

/// Takes what is written until the values begin.
struct Text(String);

impl fmt::Write for Text {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        match piece.find(" -- binds: ") {
            Some(end) => {
                self.0.push_str(&piece[..end]);
                Err(fmt::Error)
            }
            None => {
                self.0.push_str(piece);
                Ok(())
            }
        }
    }
}

/// The verb of a statement and the first table that it names: `SELECT singleevent`.
#[must_use]
pub fn summary(text: &str) -> String {
    const VERBS: [&str; 6] = ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "REFRESH"];
    const BEFORE_TABLE: [&str; 5] = ["FROM", "INTO", "UPDATE", "JOIN", "VIEW"];
    const NO_TABLE: [&str; 8] = [
        "SELECT",
        "LATERAL",
        "UNNEST",
        "GENERATE_SERIES",
        "ONLY",
        "SET",
        "CONCURRENTLY",
        "VALUES",
    ];
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '"');
    let words = || {
        text.split(|c: char| !is_name(c))
            .filter(|word| !word.is_empty())
    };
    let one_of = |names: &[&'static str], word: &str| {
        names
            .iter()
            .copied()
            .find(|name| name.eq_ignore_ascii_case(word))
    };
    let mut verb = words().next().unwrap_or_default();
    if verb.eq_ignore_ascii_case("WITH") {
        verb = words()
            .find_map(|word| one_of(&VERBS, word))
            .unwrap_or_default();
    }
    let mut is_next = false;
    let table = words().find(|word| {
        let is_table = is_next && one_of(&NO_TABLE, word).is_none();
        is_next = one_of(&BEFORE_TABLE, word).is_some()
            || (is_next && one_of(&["ONLY", "LATERAL", "CONCURRENTLY"], word).is_some());
        is_table && !is_next
    });
    let verb = verb.to_ascii_uppercase();
    match table {
        Some(table) => format!("{verb} {}", table.replace('"', "")),
        None => verb,
    }
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn a_statement_is_called_by_its_verb_and_its_first_table() {
        for (text, name) in [
            (
                "SELECT a FROM singleevent WHERE b = $1",
                "SELECT singleevent",
            ),
            (
                "SELECT x FROM (SELECT 1 FROM trackerevent) t",
                "SELECT trackerevent",
            ),
            (
                "SELECT x FROM unnest($1) k JOIN \"program\" USING (k)",
                "SELECT program",
            ),
            (
                "SELECT x FROM unnest($1) a, LATERAL (SELECT 1 FROM note) n",
                "SELECT note",
            ),
            (
                "WITH a AS (SELECT 1 FROM clinics) INSERT INTO b SELECT 1",
                "SELECT clinics",
            ),
            (
                "INSERT INTO import_runs (kind) VALUES ($1)",
                "INSERT import_runs",
            ),
            ("update x set y = $1", "UPDATE x"),
            ("DELETE FROM ONLY patients", "DELETE patients"),
            (
                "REFRESH MATERIALIZED VIEW CONCURRENTLY analytics.stay_facts;",
                "REFRESH analytics.stay_facts",
            ),
            ("COMMIT", "COMMIT"),
            ("", ""),
        ] {
            assert_eq!(summary(text), name, "{text}");
        }
    }
}
