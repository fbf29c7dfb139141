//! The log of slow statements: each with its name, its time, its rows and its plan, never with a value.
//!
//! Plans are taken one after the other on a connection beside the pool. A statement is told at most once a minute; how often
//! it was slow meanwhile is told with it.

use std::{
    collections::HashMap,
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use prometheus::IntCounterVec;
use storage::{
    Connection, pool, slow,
    watch::{SlowStatement, Watch},
};

/// How often a statement is told at most.
const EVERY: Duration = Duration::from_secs(60);
/// Statements that are told and counted apart. They are made of the source's texts, so there are few.
const MOST: usize = 500;

/// Starts the log on a thread of its own. It ends when the last connection that reports to it is gone.
pub fn start(url: String, slow: Receiver<SlowStatement>, counts: IntCounterVec) {
    let log = Log {
        url,
        connection: None,
        told: HashMap::new(),
        counts,
    };
    let thread = std::thread::Builder::new().name("slow statements".to_owned());
    if let Err(error) = thread.spawn(move || log.follow(&slow)) {
        tracing::error!(%error, "no thread for the log of slow statements");
    }
}

/// A watch that reports to a log of a database's statements.
#[must_use]
pub fn watch(url: &str, limit: Duration, counts: IntCounterVec) -> Watch {
    let (watch, slow) = Watch::new(limit);
    start(url.to_owned(), slow, counts);
    watch
}

struct Log {
    url: String,
    connection: Option<Connection>,
    /// When each was told last, and how often it was slow since.
    told: HashMap<String, (Instant, u64)>,
    counts: IntCounterVec,
}

impl Log {
    fn follow(mut self, slow: &Receiver<SlowStatement>) {
        for statement in slow {
            if self.told.len() >= MOST && !self.told.contains_key(&statement.name) {
                self.counts.with_label_values(&["other"]).inc();
                continue;
            }
            self.counts.with_label_values(&[&statement.name]).inc();
            if let Some(unsaid) = self.is_due(&statement.name) {
                self.tell(&statement, unsaid);
            }
        }
    }

    /// How often a statement was slow without being told, when it may be told again.
    fn is_due(&mut self, name: &str) -> Option<u64> {
        let now = Instant::now();
        if let Some((last, unsaid)) = self.told.get_mut(name) {
            if now.duration_since(*last) < EVERY {
                *unsaid += 1;
                return None;
            }
            *last = now;
            return Some(std::mem::take(unsaid));
        }
        self.told.insert(name.to_owned(), (now, 0));
        Some(0)
    }

    fn tell(&mut self, statement: &SlowStatement, unsaid: u64) {
        let plan = match self.plan(statement) {
            Ok(Some(lines)) => lines.join("\n"),
            Ok(None) => "none".to_owned(),
            Err(error) => {
                self.connection = None;
                format!("not known: {error}")
            }
        };
        tracing::warn!(
            statement = statement.name,
            milliseconds = statement.duration.as_millis() as u64,
            rows = statement.rows,
            failed = statement.has_failed,
            unsaid,
            plan,
            "slow statement"
        );
    }

    fn plan(&mut self, statement: &SlowStatement) -> storage::Result<Option<Vec<String>>> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => self.connection.insert(pool::connect(&self.url)?),
        };
        slow::plan(connection, statement)
    }
}
