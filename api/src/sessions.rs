//! Who a token belongs to.
//!
//! Each request asks the database whether its token is still valid. A server that hears of changes asks again only when
//! tokens, people or metadata changed, of which it hears within milliseconds, or when its last answer is a second old, in
//! case the connection on which it hears was cut without a word.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use domain::access::Caller;
use storage::{Connection, Result, tokens};

use crate::{cache::VersionedCache, feed::Feed};

/// Longest time that an answer of the database stands.
const STANDS: Duration = Duration::from_secs(1);
/// Most answers that are kept.
const MOST: usize = 10_000;

/// A person, and the metadata version under which they are known.
pub type Session = (i64, Arc<Caller>);

/// The sessions of a server.
#[derive(Default)]
pub struct Sessions {
    callers: VersionedCache<String, Caller>,
    feed: OnceLock<Feed>,
    standing: Mutex<HashMap<String, Standing>>,
}

/// An answer of the database that stands for a while.
struct Standing {
    session: Session,
    until: Instant,
    /// The number that [`Feed::rights`] had before the database was asked.
    rights: u64,
}

impl Sessions {
    /// Lets answers of the database stand while `feed` hears of changes.
    pub fn hear(&self, feed: &Feed) {
        feed.start();
        // A second feed of the same database would hear the same.
        let _ = self.feed.set(feed.clone());
    }

    /// Hits and misses of people who were known.
    pub fn lookups(&self) -> (u64, u64) {
        self.callers.lookups()
    }

    /// The session of a token, by its hash, if the database was asked a moment ago.
    pub fn standing(&self, hash: &str) -> Option<Session> {
        let rights = self.feed.get()?.rights()?;
        let standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let known = standing.get(hash)?;
        let holds = known.rights == rights && Instant::now() < known.until;
        holds.then(|| known.session.clone())
    }

    /// The session of a token, by its hash, as the database knows it now; `None` when the token is not valid.
    ///
    /// # Errors
    /// When the query fails.
    pub fn ask(&self, conn: &mut Connection, hash: &str) -> Result<Option<Session>> {
        let rights = self.feed.get().and_then(Feed::rights);
        let until = Instant::now() + STANDS;
        let session = self.read(conn, hash)?;
        if let (Some(rights), Some(session)) = (rights, &session) {
            let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
            if standing.len() >= MOST {
                standing.clear();
            }
            let session = session.clone();
            let known = Standing {
                session,
                until,
                rights,
            };
            standing.insert(hash.to_owned(), known);
        }
        Ok(session)
    }

    fn read(&self, conn: &mut Connection, hash: &str) -> Result<Option<Session>> {
        if let Some((known, caller)) = self.callers.newest(&hash.to_owned()) {
            match tokens::metadata_version(conn, hash)? {
                None => return Ok(None),
                Some(version) if version == known => return Ok(Some((version, caller))),
                Some(_) => {}
            }
        }
        let session = tokens::authenticate(conn, hash)?;
        Ok(session.map(|session| {
            let version = session.metadata_version;
            let caller = self.callers.put(version, hash.to_owned(), session.caller);
            (version, caller)
        }))
    }
}
