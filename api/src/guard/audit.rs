//! Writes the audit log beside the requests: a bounded queue, and one thread that stores what has piled up ten times a
//! second over a connection of its own.
//!
//! Nothing is dropped. When the queue is full, which it is when the database has been away for a while, a request waits,
//! and is refused when that takes too long: what cannot be logged is not answered.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use chrono::Utc;
use storage::{
    Connection, Error, Result,
    audit::{self, Entry, Kind},
    pool::Pool,
    tokens,
};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

use super::{
    AuditLevel, Origin,
    refusals::{Refusal, Refusals},
};

/// Entries that may wait.
const WAITING: usize = 20_000;
/// Longest wait of a request for a place in the queue.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long entries are gathered.
const PAUSE: Duration = Duration::from_millis(100);
/// Waits between two attempts to reach the database.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How long refused sign-ins are counted before they are written.
const MINUTE: Duration = Duration::from_secs(60);
/// How often a token's last use is written.
const USE: Duration = Duration::from_secs(300);
/// Tokens whose last use is remembered.
const TOKENS: usize = 100_000;

/// What was read or done.
#[derive(Debug, Clone, Default)]
pub struct What {
    /// Field, path or act.
    pub operation: String,
    /// Identifier of the one object, for analytics what was asked; `None` for lists.
    pub subject: Option<String>,
    /// Identifier of the program.
    pub program: Option<String>,
    /// Identifier of the unit asked for.
    pub org_unit: Option<String>,
    /// Org-unit mode asked for.
    pub mode: Option<&'static str>,
    /// Rows handed out or changed.
    pub rows: Option<usize>,
}

/// Who did it.
#[derive(Debug, Clone, Default)]
pub struct Who {
    /// Name used to sign in.
    pub username: String,
    /// By what the person was known: a token's number or the provider's subject; `None` when that does not matter.
    pub known_by: Option<String>,
}

impl What {
    /// Analytics, with what was asked.
    #[must_use]
    pub fn of_analytics(question: String) -> Self {
        What {
            subject: Some(question),
            ..What::default()
        }
    }

    /// One object with its identifier.
    #[must_use]
    pub fn of_one(uid: &str) -> Self {
        What {
            subject: Some(uid.to_owned()),
            rows: Some(1),
            ..What::default()
        }
    }
}

enum Message {
    Entry(Box<Entry>),
    Used(String),
    Drained(oneshot::Sender<()>),
}

/// The audit log of a server.
#[derive(Clone)]
pub struct Audit(Arc<Inner>);

struct Inner {
    level: AuditLevel,
    sender: mpsc::Sender<Message>,
    /// Taken by the thread when the first entry is there.
    unstarted: Mutex<Option<(Pool, mpsc::Receiver<Message>)>>,
    used: Mutex<HashMap<String, Instant>>,
    refusals: Refusals,
}

impl Audit {
    /// A log in the pool's database. Its thread starts with the first entry.
    #[must_use]
    pub fn new(pool: Pool, level: AuditLevel) -> Self {
        Audit::with_room(pool, level, WAITING)
    }

    /// The same with room for so many waiting entries.
    #[must_use]
    pub fn with_room(pool: Pool, level: AuditLevel, room: usize) -> Self {
        let (sender, receiver) = mpsc::channel(room);
        Audit(Arc::new(Inner {
            level,
            sender,
            unstarted: Mutex::new(Some((pool, receiver))),
            used: Mutex::default(),
            refusals: Refusals::default(),
        }))
    }

    /// Logs that somebody read data of persons, before they are handed out.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be logged: the data must not be handed out then.
    pub async fn read(&self, who: &Who, origin: &Origin, what: What) -> Result<()> {
        self.record(AuditLevel::Reads, Kind::Read, who, origin, what)
            .await
    }

    /// Logs an administrative act.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be logged.
    pub async fn act(&self, who: &Who, origin: &Origin, what: What) -> Result<()> {
        self.record(AuditLevel::Acts, Kind::Act, who, origin, what)
            .await
    }

    async fn record(
        &self,
        least: AuditLevel,
        kind: Kind,
        who: &Who,
        origin: &Origin,
        what: What,
    ) -> Result<()> {
        if self.0.level < least {
            return Ok(());
        }
        let operation = match what.operation.is_empty() {
            true => origin.path.clone(),
            false => what.operation,
        };
        let entry = Entry {
            at: Utc::now(),
            kind: kind.name().to_owned(),
            username: who.username.clone(),
            door: origin.door.name().to_owned(),
            operation,
            subject: what.subject,
            program: what.program,
            orgunit: what.org_unit,
            orgunitmode: what.mode.map(str::to_owned),
            rows: what
                .rows
                .map(|rows| i64::try_from(rows).unwrap_or(i64::MAX)),
            address: origin.address.map(|address| address.to_string()),
            trace: origin.trace.clone(),
            knownby: who.known_by.clone(),
        };
        self.add(entry).await
    }

    async fn add(&self, entry: Entry) -> Result<()> {
        self.start();
        let message = Message::Entry(Box::new(entry.cut()));
        let sent = match self.0.sender.try_send(message) {
            Err(mpsc::error::TrySendError::Full(message)) => {
                let sending = self.0.sender.send_timeout(message, PATIENCE).await;
                sending.map_err(|_| ())
            }
            sent => sent.map_err(|_| ()),
        };
        sent.map_err(|()| unavailable())
    }

    /// Logs that somebody was not let in: one entry for all of a kind from an address within a minute, so that a flood does
    /// not fill the log.
    pub fn refused(&self, origin: &Origin, refusal: &Refusal) {
        if self.0.level < AuditLevel::Acts || !self.0.refusals.add(origin, refusal) {
            return;
        }
        // Outside of a server there is nobody to wait a minute: they are stored when the log is drained.
        if let Ok(runtime) = Handle::try_current() {
            let log = self.clone();
            runtime.spawn(async move {
                tokio::time::sleep(MINUTE).await;
                while !log.add_refusals().await {
                    tokio::time::sleep(RETRY.1).await;
                }
            });
        }
    }

    /// Adds the refusals of the minute. Returns whether there was room for all of them.
    async fn add_refusals(&self) -> bool {
        for (group, count) in self.0.refusals.take() {
            if self.add(group.entry(count)).await.is_err() {
                self.0.refusals.put_back(group, count);
            }
        }
        self.0.refusals.is_empty()
    }

    /// Remembers that a token, given by its hash, was used; written now and then.
    pub fn used(&self, hash: &str) {
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used
            .get(hash)
            .is_some_and(|written| written.elapsed() < USE)
        {
            return;
        }
        if used.len() >= TOKENS {
            used.clear();
        }
        used.insert(hash.to_owned(), Instant::now());
        drop(used);
        self.start();
        // The next use is as good.
        let _ = self.0.sender.try_send(Message::Used(hash.to_owned()));
    }

    /// Waits until everything that was logged is stored, at most `patience`. Returns whether it is.
    pub async fn drain(&self, patience: Duration) -> bool {
        let refusals = tokio::time::timeout(patience, self.add_refusals());
        if !refusals.await.unwrap_or(false) {
            return false;
        }
        let is_started = {
            let unstarted = self.0.unstarted.lock();
            unstarted.unwrap_or_else(PoisonError::into_inner).is_none()
        };
        if !is_started {
            return true;
        }
        let (done, is_done) = oneshot::channel();
        let drained = async {
            self.0.sender.send(Message::Drained(done)).await.is_ok() && is_done.await.is_ok()
        };
        tokio::time::timeout(patience, drained)
            .await
            .unwrap_or(false)
    }

    fn start(&self) {
        let mut unstarted = self
            .0
            .unstarted
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((pool, receiver)) = unstarted.take() {
            let thread = thread::Builder::new().name("audit".to_owned());
            if let Err(error) = thread.spawn(move || write(&pool, receiver)) {
                tracing::error!(%error, "no thread for the audit log");
            }
        }
    }
}

fn unavailable() -> Error {
    Error::Unavailable(Arc::from(Box::<dyn std::error::Error + Send + Sync>::from(
        "the audit log cannot be written",
    )))
}

/// What has piled up.
#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    used: Vec<String>,
    drained: Vec<oneshot::Sender<()>>,
}

impl Batch {
    fn add(&mut self, message: Message) {
        match message {
            Message::Entry(entry) => self.entries.push(*entry),
            Message::Used(hash) => self.used.push(hash),
            Message::Drained(done) => self.drained.push(done),
        }
    }
}

/// Stores what comes until the server is gone.
fn write(pool: &Pool, mut receiver: mpsc::Receiver<Message>) {
    let mut connection = None;
    while let Some(message) = receiver.blocking_recv() {
        let mut batch = Batch::default();
        batch.add(message);
        thread::sleep(PAUSE);
        // What comes meanwhile waits for the next batch, so that a batch is no longer than the queue.
        for _ in 0..receiver.len() {
            let Ok(message) = receiver.try_recv() else {
                break;
            };
            batch.add(message);
        }
        store(pool, &mut connection, &batch, &receiver);
        for done in batch.drained {
            let _ = done.send(());
        }
    }
}

/// Stores a batch, trying until it works. Only when the server is gone meanwhile is it given up, and that is said.
fn store(
    pool: &Pool,
    connection: &mut Option<Connection>,
    batch: &Batch,
    receiver: &mpsc::Receiver<Message>,
) {
    let mut patience = RETRY.0;
    loop {
        let stored = match connection {
            Some(conn) => store_now(conn, batch),
            None => pool
                .connect()
                .and_then(|conn| store_now(connection.insert(conn), batch)),
        };
        let Err(error) = stored else {
            return;
        };
        tracing::error!(%error, cause = ?std::error::Error::source(&error).map(ToString::to_string), entries = batch.entries.len(), "the audit log cannot be written; trying again");
        *connection = None;
        if receiver.is_closed() && patience >= RETRY.1 {
            tracing::error!(
                entries = batch.entries.len(),
                "the server ends with entries of the audit log that were not stored"
            );
            return;
        }
        thread::sleep(patience);
        patience = (patience * 2).min(RETRY.1);
    }
}

fn store_now(conn: &mut Connection, batch: &Batch) -> Result<()> {
    audit::write(conn, &batch.entries)?;
    if !batch.used.is_empty() {
        tokens::used(conn, &batch.used)?;
    }
    Ok(())
}
