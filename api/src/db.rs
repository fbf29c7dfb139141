//! The one bridge between async code and the blocking database.
//!
//! A request is handed over once: [`Db::attend`] runs all of it on a thread that may block, with one connection, and
//! what the request asks of its [`Db`] runs right there. [`Db::run`] outside of a request hands over one piece of work.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use storage::{
    Connection, Error, Result,
    pool::{Pool, Pooled},
    replica,
    watch::{TRACE, Work},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::{
    deadline::{self, Deadline},
    replica::{Access, Replica},
    seat::Seat,
    timing::Timing,
};

/// Requests that may wait for a connection, for each connection of the pool. Beyond that the answer is "try later".
const WAITING_PER_CONNECTION: usize = 32;

/// Runs storage functions on threads that may block, never more of them than there are connections.
#[derive(Clone)]
pub struct Db {
    pool: Pool,
    size: usize,
    connections: Arc<Semaphore>,
    places: Arc<Semaphore>,
    patience: Duration,
    longest: Duration,
    deadline: Deadline,
    refused: Arc<AtomicU64>,
    is_open: Arc<AtomicBool>,
    replica: Option<Arc<Replica>>,
    access: Access,
    timing: Option<Arc<Timing>>,
    seat: Option<Arc<Seat>>,
}

/// What the connections of a server do at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// Connections that there may be.
    pub limit: usize,
    /// Connections open.
    pub open: u32,
    /// Those of them that nobody uses.
    pub idle: u32,
    /// Requests that use one.
    pub in_use: usize,
    /// Requests that wait for one.
    pub waiting: usize,
    /// Requests that were refused since the server began, because none could be had in time.
    pub refused: u64,
}

impl Db {
    /// Wraps a pool of `size` connections. A request waits for one at most `patience` and takes at most `longest`.
    #[must_use]
    pub fn new(pool: Pool, size: u32, patience: Duration, longest: Duration) -> Self {
        let size = size as usize;
        Db {
            pool,
            size,
            connections: Arc::new(Semaphore::new(size)),
            places: Arc::new(Semaphore::new(size * (1 + WAITING_PER_CONNECTION))),
            patience,
            longest,
            deadline: Deadline::default(),
            refused: Arc::default(),
            is_open: Arc::new(AtomicBool::new(true)),
            replica: None,
            access: Access::Primary,
            timing: None,
            seat: None,
        }
    }

    /// The same with a replica to read from.
    #[must_use]
    pub fn with_replica(self, replica: Option<Replica>) -> Self {
        Db {
            replica: replica.map(Arc::new),
            ..self
        }
    }

    /// Refuses all work until [`Db::open`]: the database is not known to be there and up to date.
    pub fn close(&self) {
        self.is_open.store(false, Ordering::Release);
    }

    /// Whether work is taken.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// Takes work from now on.
    pub fn open(&self) {
        self.is_open.store(true, Ordering::Release);
    }

    /// For a request of somebody who only reads: from the replica, where there is one that has all they wrote.
    #[must_use]
    pub fn reading(&self, token: &str) -> Self {
        self.with_access(|replica| Access::Reads(Arc::clone(replica), replica.key(token)))
    }

    /// For a request of somebody who writes: until the replica has it, their reads go to the primary.
    #[must_use]
    pub fn writing(&self, token: &str) -> Self {
        self.with_access(|replica| Access::Writes(Arc::clone(replica), replica.key(token)))
    }

    /// For work on the primary beside a request that may read from a replica: with a connection of its own.
    #[must_use]
    pub fn primary(&self) -> Self {
        Db {
            access: Access::Primary,
            seat: None,
            ..self.clone()
        }
    }

    /// For a request that turns from the replica to the primary: what it sees there its caller goes on seeing.
    #[must_use]
    pub fn on_primary(&self) -> Self {
        let access = match self.access.clone() {
            Access::Reads(replica, key) => Access::Writes(replica, key),
            access => access,
        };
        Db {
            access,
            ..self.clone()
        }
    }

    fn with_access(&self, access: impl FnOnce(&Arc<Replica>) -> Access) -> Self {
        Db {
            access: self.replica.as_ref().map(access).unwrap_or_default(),
            ..self.clone()
        }
    }

    /// The same, adding up where the time goes.
    #[must_use]
    pub fn timed(&self, timing: Option<Arc<Timing>>) -> Self {
        Db {
            timing,
            ..self.clone()
        }
    }

    /// For a request whose pieces of work are handed over one by one: all of them together take no longer than a request may.
    #[must_use]
    pub fn within_time(&self) -> Self {
        Db {
            deadline: Deadline::after(self.longest),
            ..self.clone()
        }
    }

    /// Lets the time of the request begin anew: what was until now was waiting for the client.
    pub fn begin_anew(&self) {
        self.deadline
            .move_to(Instant::now().checked_add(self.longest));
    }

    /// Lets the work of the request outlive it.
    pub fn outlive_request(&self) {
        self.deadline.move_to(None);
    }

    /// Lets the caller of this request see where its time goes.
    pub fn show_timing(&self) {
        if let Some(timing) = &self.timing {
            timing.allow();
        }
    }

    /// Runs `work` with a connection. `name` says in traces what it does.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the queue is long or the wait was, else what `work` returned.
    pub async fn run<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let work = match &self.seat {
            None => work,
            Some(seat) => match seat.run(work, |conn, work| {
                self.work(name, conn, seat.is_primary(), work)
            }) {
                Ok(outcome) => return outcome,
                Err(work) => work,
            },
        };
        self.seated(self.deadline.moment(), move |db, seat| {
            seat.serve(|conn| db.work(name, conn, seat.is_primary(), work))
        })
        .await
    }

    /// Runs a whole request on a thread that may block. The [`Db`] that `request` is given holds the request's connection:
    /// work for it runs at once on that thread. The fields of a request therefore ask one after the other.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the queue is long or the wait was, [`Error::Cancelled`] when it took longer than a request
    /// may, else what `request` returned.
    pub async fn attend<T, R>(&self, request: impl FnOnce(Db) -> R + Send + 'static) -> Result<T>
    where
        T: Send + 'static,
        R: Future<Output = Result<T>>,
    {
        let moment = Instant::now().checked_add(self.longest);
        self.seated(moment, move |db, seat| {
            let held = Db {
                seat: Some(Arc::clone(seat)),
                ..db
            };
            seat.drive(request(held)).unwrap_or(Err(Error::Cancelled))
        })
        .await
    }

    /// Hands work over to a thread that may block, with a connection on a seat. What it does is ended at a moment, even when
    /// nobody waits for it any more.
    async fn seated<T: Send + 'static>(
        &self,
        moment: Option<Instant>,
        work: impl FnOnce(Db, &Arc<Seat>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (_place, permit) = self.queue().await?;
        let (db, span) = (self.clone(), tracing::Span::current());
        let taken = Arc::new(OnceLock::new());
        let seats = Arc::clone(&taken);
        let blocking = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            span.in_scope(|| {
                let (connection, is_primary) = db.connection()?;
                let seat = Arc::new(Seat::new(connection, is_primary));
                let _ = seats.set(Arc::clone(&seat));
                if deadline::is_over(moment) {
                    return Err(Error::Cancelled);
                }
                work(db, &seat)
            })
        });
        deadline::keep(moment, blocking, taken).await
    }

    /// Does work with a connection, under its name. Blocks.
    fn work<T>(
        &self,
        name: &'static str,
        conn: &mut Connection,
        is_primary: bool,
        work: impl FnOnce(&mut Connection) -> Result<T>,
    ) -> Result<T> {
        let _span = tracing::info_span!(target: TRACE, "db", otel.name = name).entered();
        let _work = Work::named(name);
        let began = self.timing.as_ref().map(|_| Instant::now());
        let outcome = work(conn);
        if let (Some(timing), Some(began)) = (&self.timing, began) {
            timing.worked(began.elapsed());
        }
        if is_primary
            && let Access::Reads(replica, key) | Access::Writes(replica, key) = &self.access
        {
            replica.saw(*key, replica::written(conn).ok());
        }
        outcome
    }

    /// A connection: to the replica for who only reads and finds all there, else to the primary; and whether it is that. Blocks.
    fn connection(&self) -> Result<(Pooled, bool)> {
        if let Access::Reads(replica, key) = &self.access
            && let Some(connection) = replica.connection(*key)
        {
            return Ok((connection, false));
        }
        Ok((self.pool.get()?, true))
    }

    /// A place in the queue, then leave to use a connection.
    async fn queue(&self) -> Result<(SemaphorePermit<'_>, OwnedSemaphorePermit)> {
        if !self.is_open.load(Ordering::Acquire) {
            return Err(busy("the database is not there yet, or not up to date"));
        }
        let began = self.timing.as_ref().map(|_| Instant::now());
        let place = self
            .places
            .try_acquire()
            .map_err(|_| self.refuse("the queue for the database is full"))?;
        let connections = match &self.access {
            Access::Reads(replica, _) => replica.connections(),
            Access::Primary | Access::Writes(..) => &self.connections,
        };
        let connection =
            tokio::time::timeout(self.patience, Arc::clone(connections).acquire_owned());
        let Ok(Ok(permit)) = connection.await else {
            return Err(self.refuse("waited too long for a database connection"));
        };
        if let (Some(timing), Some(began)) = (&self.timing, began) {
            timing.waited(began.elapsed());
        }
        Ok((place, permit))
    }

    fn refuse(&self, reason: &'static str) -> Error {
        self.refused.fetch_add(1, Ordering::Relaxed);
        busy(reason)
    }

    /// The seat of the request that this belongs to; `None` outside of a request.
    #[must_use]
    pub fn seat(&self) -> Option<&Arc<Seat>> {
        self.seat.as_ref()
    }

    /// Gives the connection of the request up for another one, to the primary. Returns whether there is a request that
    /// holds one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no other connection could be had.
    pub fn reconnect(&self) -> Result<bool> {
        match &self.seat {
            None => Ok(false),
            Some(seat) => seat.reconnect(&self.pool).map(|()| true),
        }
    }

    /// Whether there is a replica.
    #[must_use]
    pub fn has_replica(&self) -> bool {
        self.replica.is_some()
    }

    /// Whether a replica may answer, which may not know yet what the primary knows.
    #[must_use]
    pub fn may_lag(&self) -> bool {
        matches!(self.access, Access::Reads(..))
    }

    /// The pool of the primary, for what needs a connection of its own.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Requests read from the replica, and those that went to the primary instead; `None` without a replica.
    #[must_use]
    pub fn replica_counts(&self) -> Option<(u64, u64)> {
        self.replica.as_ref().map(|replica| replica.counts())
    }

    /// What the connections do now.
    #[must_use]
    pub fn state(&self) -> Use {
        let (open, idle) = self.pool.state();
        let in_use = self
            .size
            .saturating_sub(self.connections.available_permits());
        let reading = self.replica.as_ref().map_or(0, |replica| replica.in_use());
        let places = self.size * (1 + WAITING_PER_CONNECTION);
        let inside = places.saturating_sub(self.places.available_permits());
        Use {
            limit: self.size,
            open,
            idle,
            in_use,
            waiting: inside.saturating_sub(in_use + reading),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}

/// The error of work that is not done for lack of room.
pub(crate) fn busy(reason: &'static str) -> Error {
    Error::Unavailable(Arc::from(Box::<dyn std::error::Error + Send + Sync>::from(
        reason,
    )))
}
