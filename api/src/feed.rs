//! News from the database for everybody who follows it: one listening connection for each server, fanned out in memory.
//!
//! The listener starts with the first follower, or before. After an outage it reconnects, waiting longer each time, and tells every
//! follower that something may have been missed. A follower that reads too slowly loses the oldest news and is told so.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use storage::{
    changes::{Changes, Listener, Notice},
    pool::Pool,
};
use tokio::sync::{broadcast, watch};

/// News kept for the slowest follower.
const KEPT: usize = 1024;
/// How often the connection is looked at. A look is one read of a socket that does not wait.
const LOOK: Duration = Duration::from_millis(15);
/// How often the server is asked for a sign of life.
const CHECK: Duration = Duration::from_secs(15);
/// Waits between two attempts to connect.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));
/// Longest time that a follower waits for the listener to connect.
const START: Duration = Duration::from_secs(5);

/// What followers hear.
#[derive(Debug)]
pub enum News {
    /// Events changed.
    Events(Changes),
    /// Somebody may have gained or lost rights.
    Access,
    /// The connection was lost for a while: anything may have changed.
    Missed,
}

/// The feed of a server.
#[derive(Clone)]
pub struct Feed(Arc<Inner>);

struct Inner {
    pool: Pool,
    sender: broadcast::Sender<Arc<News>>,
    is_listening: watch::Sender<bool>,
    is_started: Mutex<bool>,
    /// Counts the moments at which rights may have changed.
    rights: AtomicU64,
}

impl Feed {
    /// A feed of the pool's database that nobody follows yet.
    #[must_use]
    pub fn new(pool: Pool) -> Self {
        Feed(Arc::new(Inner {
            pool,
            sender: broadcast::Sender::new(KEPT),
            is_listening: watch::Sender::new(false),
            is_started: Mutex::new(false),
            rights: AtomicU64::new(0),
        }))
    }

    /// A number that changes whenever somebody may have gained or lost rights; `None` while nothing is heard of the database.
    /// What was read after a number was taken holds while it stays the same: a change is heard within [`LOOK`].
    #[must_use]
    pub fn rights(&self) -> Option<u64> {
        let number = self.0.rights.load(Ordering::Acquire);
        self.0.is_listening.borrow().then_some(number)
    }

    /// Says that this server itself changed somebody's rights, before the database says so.
    pub fn change_rights(&self) {
        self.0.rights.fetch_add(1, Ordering::AcqRel);
    }

    /// Follows the news from now on. When the database is away, from when it is back.
    pub async fn follow(&self) -> broadcast::Receiver<Arc<News>> {
        let receiver = self.0.sender.subscribe();
        self.start();
        let mut is_listening = self.0.is_listening.subscribe();
        let connected = is_listening.wait_for(|listening| *listening);
        let _ = tokio::time::timeout(START, connected).await;
        receiver
    }

    /// Starts to listen; nothing when it listens already.
    pub fn start(&self) {
        let mut is_started = self
            .0
            .is_started
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if *is_started {
            return;
        }
        let feed = Arc::downgrade(&self.0);
        let thread = std::thread::Builder::new().name("feed".to_owned());
        match thread.spawn(move || listen(&feed)) {
            Ok(_) => *is_started = true,
            Err(error) => tracing::error!(%error, "no thread for the feed of changes"),
        }
    }
}

/// Keeps a listener connected as long as the feed lives.
fn listen(feed: &Weak<Inner>) {
    let mut patience = PATIENCE.0;
    let mut may_have_missed = false;
    while let Some(inner) = feed.upgrade() {
        match inner.pool.listen() {
            Err(error) => {
                tracing::warn!(%error, cause = ?std::error::Error::source(&error).map(ToString::to_string), "cannot listen for changes");
                may_have_missed = true;
                drop(inner);
                std::thread::sleep(patience);
                patience = (patience * 2).min(PATIENCE.1);
            }
            Ok(listener) => {
                if may_have_missed {
                    // Nobody follows: nobody missed anything.
                    let _ = inner.sender.send(Arc::new(News::Missed));
                }
                (may_have_missed, patience) = (true, PATIENCE.0);
                inner.rights.fetch_add(1, Ordering::AcqRel);
                inner.is_listening.send_replace(true);
                drop(inner);
                pass_on(feed, listener);
            }
        }
    }
}

/// Passes on what a listener hears until its connection is lost or the feed is gone.
fn pass_on(feed: &Weak<Inner>, mut listener: Listener) {
    let mut checked = Instant::now();
    while let Some(inner) = feed.upgrade() {
        let mut heard = listener.heard();
        if checked.elapsed() > CHECK {
            checked = Instant::now();
            heard = heard.and_then(|heard| listener.check().map(|()| heard));
        }
        match heard {
            Ok(notices) => {
                for notice in notices {
                    let news = match notice {
                        Notice::Events(changes) => News::Events(changes),
                        Notice::Access => {
                            inner.rights.fetch_add(1, Ordering::AcqRel);
                            News::Access
                        }
                    };
                    let _ = inner.sender.send(Arc::new(news));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "stopped listening for changes");
                inner.is_listening.send_replace(false);
                return;
            }
        }
        drop(inner);
        std::thread::sleep(LOOK);
    }
}

/// Waits for the next news; `Missed` when some were lost, `None` when the feed is gone.
pub async fn next(receiver: &mut broadcast::Receiver<Arc<News>>) -> Option<Arc<News>> {
    match receiver.recv().await {
        Ok(news) => Some(news),
        Err(broadcast::error::RecvError::Lagged(_)) => Some(Arc::new(News::Missed)),
        Err(broadcast::error::RecvError::Closed) => None,
    }
}

/// The next news if there are any by now.
pub fn next_now(receiver: &mut broadcast::Receiver<Arc<News>>) -> Option<Arc<News>> {
    match receiver.try_recv() {
        Ok(news) => Some(news),
        Err(broadcast::error::TryRecvError::Lagged(_)) => Some(Arc::new(News::Missed)),
        Err(broadcast::error::TryRecvError::Empty | broadcast::error::TryRecvError::Closed) => None,
    }
}
