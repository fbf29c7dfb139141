//! The one bridge between async code and the blocking database.
//!
//! A request is handed over once: [`Db::attend`] runs all of it on a thread that may block, with one connection, and
//! what the request asks of its [`Db`] runs right there. [`Db::run`] outside of a request hands over one piece of work.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use storage::{Connection, Error, Result, pool::Pool};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tracing::Instrument;

use crate::seat::Seat;

/// Requests that may wait for a connection, for each connection of the pool. Beyond that the answer is "try later".
const WAITING_PER_CONNECTION: usize = 32;

/// Runs storage functions on threads that may block, never more of them than there are connections.
#[derive(Clone)]
pub struct Db {
    pool: Pool,
    connections: Arc<Semaphore>,
    places: Arc<Semaphore>,
    patience: Duration,
    longest: Duration,
    seat: Option<Arc<Seat>>,
}

impl Db {
    /// Wraps a pool of `size` connections. A request waits for one at most `patience` and takes at most `longest`.
    #[must_use]
    pub fn new(pool: Pool, size: u32, patience: Duration, longest: Duration) -> Self {
        let size = size as usize;
        Db {
            pool,
            connections: Arc::new(Semaphore::new(size)),
            places: Arc::new(Semaphore::new(size * (1 + WAITING_PER_CONNECTION))),
            patience,
            longest,
            seat: None,
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
        let span = tracing::info_span!("db", otel.name = name, name);
        let work = match &self.seat {
            None => work,
            Some(seat) => match span.in_scope(|| seat.run(work)) {
                Ok(outcome) => return outcome,
                Err(work) => work,
            },
        };
        let (_place, permit) = self.queue().await?;
        let pool = self.pool.clone();
        let blocking = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            pool.with(work)
        });
        let outcome = blocking.instrument(span).await;
        outcome.unwrap_or_else(|_| Err(busy("the database thread stopped")))
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
        let (_place, permit) = self.queue().await?;
        let db = self.clone();
        let taken = Arc::new(OnceLock::new());
        let seats = Arc::clone(&taken);
        let blocking = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let seat = Arc::new(Seat::new(db.pool.get()?));
            let _ = seats.set(Arc::clone(&seat));
            let held = Db {
                seat: Some(Arc::clone(&seat)),
                ..db
            };
            seat.drive(request(held)).unwrap_or(Err(Error::Cancelled))
        });
        tokio::select! {
            outcome = blocking.in_current_span() => {
                outcome.unwrap_or_else(|_| Err(busy("the database thread stopped")))
            }
            () = tokio::time::sleep(self.longest) => {
                self.end(taken.get().cloned()).await;
                Err(Error::Cancelled)
            }
        }
    }

    /// Ends a request whose time is over. Its thread goes on until it notices, with the leave that it has.
    async fn end(&self, seat: Option<Arc<Seat>>) {
        let pool = self.pool.clone();
        let Some(seat) = seat else {
            return;
        };
        let ending = tokio::task::spawn_blocking(move || seat.end(&pool));
        if let Ok(Err(error)) = ending.await {
            tracing::warn!(%error, "a request that took too long could not be cancelled");
        }
    }

    /// A place in the queue, then leave to use a connection.
    async fn queue(&self) -> Result<(SemaphorePermit<'_>, OwnedSemaphorePermit)> {
        let place = self
            .places
            .try_acquire()
            .map_err(|_| busy("the queue for the database is full"))?;
        let connection =
            tokio::time::timeout(self.patience, self.connections.clone().acquire_owned());
        match connection.await {
            Ok(Ok(permit)) => Ok((place, permit)),
            _ => Err(busy("waited too long for a database connection")),
        }
    }

    /// The seat of the request that this belongs to; `None` outside of a request.
    #[must_use]
    pub fn seat(&self) -> Option<&Arc<Seat>> {
        self.seat.as_ref()
    }

    /// Gives the connection of the request up for another one. Returns whether there is a request that holds one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no other connection could be had.
    pub fn reconnect(&self) -> Result<bool> {
        match &self.seat {
            None => Ok(false),
            Some(seat) => seat.reconnect(&self.pool).map(|()| true),
        }
    }

    /// The pool, for what needs a connection of its own.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Connections open, and those of them that are idle.
    #[must_use]
    pub fn state(&self) -> (u32, u32) {
        self.pool.state()
    }
}

fn busy(reason: &'static str) -> Error {
    Error::Unavailable(Arc::from(Box::<dyn std::error::Error + Send + Sync>::from(
        reason,
    )))
}
