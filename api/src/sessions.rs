//! Who a credential belongs to.
//!
//! Each request asks the database whether its credential is still valid. A server that hears of changes asks again only when
//! tokens, people or metadata changed, of which it hears within milliseconds, or when its last answer is a second old, in
//! case the connection on which it hears was cut without a word.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use domain::access::Caller;
use storage::{
    Connection, Result,
    sessions::{self, Credential, Refused},
};

use crate::{cache::VersionedCache, feed::Feed};

/// Longest time that an answer of the database stands.
const STANDS: Duration = Duration::from_secs(1);
/// Most answers that are kept.
const MOST: usize = 10_000;

/// A person, and the metadata version under which they are known.
pub type Session = (i64, Person);

/// A person and the token that they came with.
#[derive(Debug, Clone)]
pub struct Person {
    /// The person.
    pub caller: Arc<Caller>,
    /// Number of the token; `None` for who came without one.
    pub token: Option<i64>,
}

/// The sessions of a server.
#[derive(Default)]
pub struct Sessions {
    callers: VersionedCache<Credential, Person>,
    feed: OnceLock<Feed>,
    standing: Mutex<HashMap<Credential, Standing>>,
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

    /// The session of a credential, if the database was asked a moment ago.
    pub fn standing(&self, credential: &Credential) -> Option<Session> {
        let rights = self.feed.get()?.rights()?;
        let standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let known = standing.get(credential)?;
        let holds = known.rights == rights && Instant::now() < known.until;
        holds.then(|| known.session.clone())
    }

    /// The session of a credential as the database knows it now, or why there is none.
    ///
    /// # Errors
    /// When the query fails.
    pub fn ask(
        &self,
        conn: &mut Connection,
        credential: &Credential,
    ) -> Result<std::result::Result<Session, Refused>> {
        let rights = self.feed.get().and_then(Feed::rights);
        let until = Instant::now() + STANDS;
        let session = self.read(conn, credential)?;
        if let (Some(rights), Ok(session)) = (rights, &session) {
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
            standing.insert(credential.clone(), known);
        }
        Ok(session)
    }

    fn read(
        &self,
        conn: &mut Connection,
        credential: &Credential,
    ) -> Result<std::result::Result<Session, Refused>> {
        if let Some((known, person)) = self.callers.newest(credential)
            && sessions::metadata_version(conn, credential)? == Some(known)
        {
            return Ok(Ok((known, Person::clone(&person))));
        }
        let session = sessions::authenticate(conn, credential)?;
        Ok(session.map(|session| {
            let version = session.metadata_version;
            let person = Person {
                caller: Arc::new(session.caller),
                token: session.token,
            };
            let kept = self.callers.put(version, credential.clone(), person);
            (version, Person::clone(&kept))
        }))
    }
}
