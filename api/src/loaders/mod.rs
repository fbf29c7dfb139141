//! One key and one batch for each edge under a list. All live in one loader per request.
//!
//! What belongs to the metadata (units, people, stages, columns, options) is kept between requests while its version
//! stands, so that a page whose names are known needs no statement for them.

mod keys;
mod saved_views;

use std::{
    any::{Any, TypeId},
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use storage::{Connection, Error, Result};
use tokio::sync::oneshot;

pub use self::{keys::*, saved_views::SavedViewsOf};
use crate::{cache::VersionedCache, db::Db, seat::Batch};

/// What is read in batches, by what.
pub trait Key: Clone + Eq + Hash + Send + Sync + 'static {
    /// What a key stands for. Cheap to clone.
    type Value: Clone + Send + Sync + 'static;

    /// What reading them is called in traces.
    const NAME: &'static str;

    /// Whether values may appear while the metadata version stands.
    const APPEARS: bool = false;

    /// Reads the values of keys; those without one are absent.
    ///
    /// # Errors
    /// When the query fails.
    fn read(conn: &mut Connection, keys: &[Self]) -> Result<HashMap<Self, Self::Value>>;

    /// Where values are kept between requests; `None` for what changes with the events. That a key has no value is kept
    /// too, unless [`Key::APPEARS`].
    fn kept(_kept: &Kept) -> Option<&VersionedCache<Self, Option<Self::Value>>> {
        None
    }
}

/// What a batch found.
type Found<K> = Result<Arc<HashMap<K, <K as Key>::Value>>>;

/// A batch that still takes keys.
struct Open<K: Key> {
    keys: HashSet<K>,
    waiting: Vec<oneshot::Sender<Found<K>>>,
}

/// The loaders of one request: keys that its fields ask for are collected and read by one statement.
///
/// A request on a seat of its own begins a batch when all its fields wait. Elsewhere async-graphql polls a list of more
/// than 30 rows two rows at a time and yields in between, so a batch waits, without a timer, until the rows stop asking.
pub struct Loaders {
    db: Db,
    kept: Arc<Kept>,
    version: i64,
    open: Arc<Mutex<HashMap<TypeId, Box<dyn Any + Send>>>>,
    asked: Arc<AtomicUsize>,
}

impl Loaders {
    /// Loaders that have read nothing yet, beside what is kept of a metadata version.
    #[must_use]
    pub fn new(db: Db, kept: Arc<Kept>, version: i64) -> Self {
        Loaders {
            db,
            kept,
            version,
            open: Arc::default(),
            asked: Arc::default(),
        }
    }

    /// The value of a key; `None` when there is none.
    ///
    /// # Errors
    /// When the batch fails.
    pub async fn load_one<K: Key>(&self, key: K) -> Result<Option<K::Value>> {
        if let Some(known) = self.known(&key) {
            return Ok((*known).clone());
        }
        let read = self.ask(vec![key.clone()]).await?;
        Ok(read.get(&key).cloned())
    }

    /// The values of some keys; those without one are absent.
    ///
    /// # Errors
    /// When the batch fails.
    pub async fn load_many<K: Key>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<HashMap<K, K::Value>> {
        let mut values = HashMap::new();
        let mut unknown = Vec::new();
        for key in keys {
            match self.known(&key) {
                Some(known) => values.extend((*known).clone().map(|value| (key, value))),
                None => unknown.push(key),
            }
        }
        if !unknown.is_empty() {
            let read = self.ask(unknown.clone()).await?;
            let found = unknown.into_iter().filter_map(|key| {
                let value = read.get(&key)?.clone();
                Some((key, value))
            });
            values.extend(found);
        }
        Ok(values)
    }

    /// What is kept for a key: a value, or that there is none.
    fn known<K: Key>(&self, key: &K) -> Option<Arc<Option<K::Value>>> {
        K::kept(&self.kept)?.get(self.version, key)
    }

    /// Adds keys to the open batch and waits for it.
    async fn ask<K: Key>(&self, keys: Vec<K>) -> Result<Arc<HashMap<K, K::Value>>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        let is_first = with_open(&self.open, |open: &mut Open<K>| {
            open.keys.extend(keys);
            open.waiting.push(sender);
            open.waiting.len() == 1
        });
        if is_first {
            self.begin::<K>();
        }
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Sees to it that the open batch is read.
    fn begin<K: Key>(&self) {
        let (db, kept, version) = (self.db.clone(), Arc::clone(&self.kept), self.version);
        let open = Arc::clone(&self.open);
        let batch = async move {
            let (keys, waiting) = with_open(&open, |open: &mut Open<K>| {
                (
                    std::mem::take(&mut open.keys),
                    std::mem::take(&mut open.waiting),
                )
            });
            let keys: Vec<K> = keys.into_iter().collect();
            let read = db.run(K::NAME, move |conn| {
                let values = K::read(conn, &keys)?;
                if let Some(cache) = K::kept(&kept) {
                    for key in keys {
                        let value = values.get(&key).cloned();
                        if value.is_some() || !K::APPEARS {
                            cache.put(version, key, value);
                        }
                    }
                }
                Ok(Arc::new(values))
            });
            let read = read.await;
            for sender in waiting {
                // A field that was given up asks no more.
                let _ = sender.send(read.clone());
            }
        };
        self.spawn(Box::pin(batch));
    }

    fn spawn(&self, batch: Batch) {
        if let Some(seat) = self.db.seat() {
            return seat.postpone(batch);
        }
        let asked = Arc::clone(&self.asked);
        tokio::spawn(async move {
            until_quiet(&asked).await;
            batch.await;
        });
    }
}

/// Works with the open batch of a kind of key.
fn with_open<K: Key, T>(
    open: &Mutex<HashMap<TypeId, Box<dyn Any + Send>>>,
    work: impl FnOnce(&mut Open<K>) -> T,
) -> T {
    let empty = || Open::<K> {
        keys: HashSet::new(),
        waiting: Vec::new(),
    };
    let mut all = open.lock().unwrap_or_else(PoisonError::into_inner);
    let slot = all
        .entry(TypeId::of::<K>())
        .or_insert_with(|| Box::new(empty()));
    match slot.downcast_mut::<Open<K>>() {
        Some(open) => work(open),
        // The key's type leads to its own batch only.
        None => work(&mut empty()),
    }
}

fn ended() -> Error {
    Error::Unavailable(Arc::from(Box::<dyn std::error::Error + Send + Sync>::from(
        "the request ended before its names were read",
    )))
}

/// Lets the other tasks of this thread run until none of them asks for more.
async fn until_quiet(asked: &AtomicUsize) {
    let mut before = asked.load(Ordering::Relaxed);
    loop {
        tokio::task::yield_now().await;
        let now = asked.load(Ordering::Relaxed);
        if now == before {
            return;
        }
        before = now;
    }
}

fn one_each<K: Eq + Hash, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, Arc<V>> {
    rows.into_iter()
        .map(|row| (key(&row), Arc::new(row)))
        .collect()
}

fn many_each<K: Eq + Hash, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, Arc<[Arc<V>]>> {
    let mut groups: HashMap<K, Vec<Arc<V>>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(Arc::new(row));
    }
    groups
        .into_iter()
        .map(|(key, rows)| (key, rows.into()))
        .collect()
}
