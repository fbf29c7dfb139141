//! Reading from a replica, and from the primary what the replica does not have yet.
//!
//! Nobody reads an older state than they saw before: whoever wrote on the primary, or read there, goes on reading there until the
//! replica has replayed the position in the log that the primary had reached by then. Positions are kept by token, in this server's
//! memory. That also keeps what is cached by version true: who knows of a version from the primary never reads older rows for it.

use std::{
    collections::HashMap,
    hash::BuildHasher,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use storage::{
    Result,
    pool::{Pool, Pooled},
    replica,
};
use tokio::sync::Semaphore;

/// Most tokens whose writes are remembered. Beyond that everybody reads from the primary for a while.
const MOST: usize = 10_000;
/// How long a replica that does not answer is left alone, and how long everybody reads from the primary when too many wrote.
const PAUSE: Duration = Duration::from_secs(5);

/// Who reads or writes: a number for their token.
pub type Key = u64;

/// A replica of the database.
pub struct Replica {
    pool: Pool,
    size: usize,
    connections: Arc<Semaphore>,
    hasher: std::collections::hash_map::RandomState,
    state: Mutex<State>,
    reads: AtomicU64,
    returns: AtomicU64,
}

#[derive(Default)]
struct State {
    /// Position that the primary had reached after the last work of each there.
    written: HashMap<Key, i64>,
    /// Until when the replica is left alone.
    away_until: Option<Instant>,
}

impl Replica {
    /// A replica reached through a pool of `size` connections.
    #[must_use]
    pub fn new(pool: Pool, size: u32) -> Self {
        Replica {
            pool,
            size: size as usize,
            connections: Arc::new(Semaphore::new(size as usize)),
            hasher: std::collections::hash_map::RandomState::new(),
            state: Mutex::default(),
            reads: AtomicU64::new(0),
            returns: AtomicU64::new(0),
        }
    }

    /// Leave to use a connection is taken here.
    #[must_use]
    pub fn connections(&self) -> &Arc<Semaphore> {
        &self.connections
    }

    /// Requests that have leave to use a connection.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.size
            .saturating_sub(self.connections.available_permits())
    }

    /// The number for a token.
    #[must_use]
    pub fn key(&self, token: &str) -> Key {
        self.hasher.hash_one(token)
    }

    /// A connection on which somebody sees all that they wrote; `None` when they have to read from the primary. Blocks.
    pub fn connection(&self, key: Key) -> Option<Pooled> {
        let connection = self.find(key);
        let counter = if connection.is_some() {
            &self.reads
        } else {
            &self.returns
        };
        counter.fetch_add(1, Ordering::Relaxed);
        connection
    }

    fn find(&self, key: Key) -> Option<Pooled> {
        let position = {
            let state = self.lock();
            if state.away_until.is_some_and(|until| Instant::now() < until) {
                return None;
            }
            state.written.get(&key).copied()
        };
        match self.reach(position) {
            Ok((connection, true)) => {
                if let Some(position) = position {
                    self.forget(key, position);
                }
                Some(connection)
            }
            Ok((_, false)) => None,
            Err(error) => {
                tracing::warn!(%error, cause = ?std::error::Error::source(&error).map(ToString::to_string), "the replica does not answer; the primary does");
                self.lock().away_until = Some(Instant::now() + PAUSE);
                None
            }
        }
    }

    /// A connection, and whether the replica has replayed a position.
    fn reach(&self, position: Option<i64>) -> Result<(Pooled, bool)> {
        let mut connection = self.pool.get()?;
        let has_all = match position {
            None => true,
            Some(position) => {
                replica::replayed(&mut connection)?.is_none_or(|replayed| replayed >= position)
            }
        };
        Ok((connection, has_all))
    }

    /// Remembers how far the primary had written after somebody's work there; `None` when it could not say.
    pub fn saw(&self, key: Key, position: Option<i64>) {
        let mut state = self.lock();
        if position.is_none() || state.written.len() >= MOST {
            state.written.clear();
            state.away_until = Some(Instant::now() + PAUSE);
        }
        let Some(position) = position else {
            return;
        };
        let known = state.written.entry(key).or_default();
        *known = (*known).max(position);
    }

    /// Forgets a position that the replica has reached, unless another one came meanwhile.
    fn forget(&self, key: Key, position: i64) {
        let mut state = self.lock();
        if state.written.get(&key) == Some(&position) {
            state.written.remove(&key);
        }
    }

    /// Requests read from the replica, and those that went to the primary instead.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (of(&self.reads), of(&self.returns))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a request does with the database, where there is a replica.
#[derive(Clone, Default)]
pub enum Access {
    /// Whatever it does, the primary does it.
    #[default]
    Primary,
    /// It only reads, for somebody.
    Reads(Arc<Replica>, Key),
    /// It writes, for somebody.
    Writes(Arc<Replica>, Key),
}
