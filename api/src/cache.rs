//! What is known of metadata and users, kept while their version stands.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Most values of a cache. Keys come from clients too, so a full cache starts anew.
const MOST: usize = 100_000;

/// Values by key that are valid for one version; the first read under a newer version empties the cache.
pub struct VersionedCache<K, V> {
    inner: Mutex<(i64, HashMap<K, Arc<V>>)>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl<K, V> Default for VersionedCache<K, V> {
    fn default() -> Self {
        VersionedCache {
            inner: Mutex::new((0, HashMap::new())),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }
}

impl<K: Eq + Hash, V> VersionedCache<K, V> {
    /// The value kept for a key under a version.
    pub fn get(&self, version: i64, key: &K) -> Option<Arc<V>> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let found = (inner.0 == version)
            .then(|| inner.1.get(key).cloned())
            .flatten();
        let counter = if found.is_some() {
            &self.hits
        } else {
            &self.misses
        };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Look-ups that found a value, and those that did not.
    pub fn lookups(&self) -> (u64, u64) {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (of(&self.hits), of(&self.misses))
    }

    /// The newest value kept for a key, with its version.
    pub fn newest(&self, key: &K) -> Option<(i64, Arc<V>)> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let found = inner.1.get(key).map(|value| (inner.0, Arc::clone(value)));
        let counter = if found.is_some() {
            &self.hits
        } else {
            &self.misses
        };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Keeps a value. A value of an older version than the newest seen is returned and not kept.
    pub fn put(&self, version: i64, key: K, value: V) -> Arc<V> {
        let value = Arc::new(value);
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.0 < version {
            *inner = (version, HashMap::new());
        }
        if inner.0 == version {
            if inner.1.len() >= MOST {
                inner.1.clear();
            }
            inner.1.insert(key, Arc::clone(&value));
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_version_empties_the_cache_and_an_older_one_is_not_kept() {
        let cache = VersionedCache::default();
        cache.put(1, "a", 10);
        assert_eq!(cache.get(1, &"a").as_deref(), Some(&10));
        assert_eq!(cache.get(2, &"a"), None);
        cache.put(2, "b", 20);
        assert_eq!(*cache.put(1, "a", 10), 10);
        assert_eq!(cache.get(1, &"a"), None);
        assert_eq!(cache.get(2, &"b").as_deref(), Some(&20));
        assert_eq!(cache.newest(&"a"), None);
        assert_eq!(cache.newest(&"b"), Some((2, Arc::new(20))));
    }
}
