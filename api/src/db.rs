//! The one bridge between async code and the blocking database.

use std::{sync::Arc, time::Duration};

use storage::{Connection, Error, Result, pool::Pool};
use tokio::sync::Semaphore;
use tracing::Instrument;

/// Requests that may wait for a connection, for each connection of the pool. Beyond that the answer is "try later".
const WAITING_PER_CONNECTION: usize = 32;

/// Runs storage functions on threads that may block, never more of them than there are connections.
#[derive(Clone)]
pub struct Db {
    pool: Pool,
    connections: Arc<Semaphore>,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Db {
    /// Wraps a pool of `size` connections. A request waits for one at most `patience`.
    #[must_use]
    pub fn new(pool: Pool, size: u32, patience: Duration) -> Self {
        let size = size as usize;
        Db {
            pool,
            connections: Arc::new(Semaphore::new(size)),
            places: Arc::new(Semaphore::new(size * (1 + WAITING_PER_CONNECTION))),
            patience,
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
        let place = self
            .places
            .try_acquire()
            .map_err(|_| busy("the queue for the database is full"))?;
        let connection =
            tokio::time::timeout(self.patience, self.connections.clone().acquire_owned());
        let permit = connection
            .await
            .map_err(|_| busy("waited too long for a database connection"))?;
        let pool = self.pool.clone();
        let blocking = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            pool.with(work)
        });
        let outcome = blocking.instrument(span).await;
        drop(place);
        outcome.unwrap_or_else(|_| Err(busy("the database thread stopped")))
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
