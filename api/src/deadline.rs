//! When the work of a request has to be done.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use storage::{Error, Result};
use tokio::task::JoinHandle;

use crate::{db::busy, seat::Seat};

/// Time between two attempts to end work that goes on from one statement to the next, and how many there are.
const INSISTING: (Duration, usize) = (Duration::from_millis(200), 25);

/// The moment that all work for a request has in common; never for work that belongs to no request.
#[derive(Debug, Clone, Default)]
pub struct Deadline(Option<Arc<Mutex<Option<Instant>>>>);

impl Deadline {
    /// That time from now.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        Deadline(Some(Arc::new(Mutex::new(Instant::now().checked_add(time)))))
    }

    /// Moves it, for all who share it; `None` for never. Does nothing to work that belongs to no request.
    pub fn move_to(&self, moment: Option<Instant>) {
        if let Some(shared) = &self.0 {
            *shared.lock().unwrap_or_else(PoisonError::into_inner) = moment;
        }
    }

    /// The moment; `None` for never.
    #[must_use]
    pub fn moment(&self) -> Option<Instant> {
        let shared = self.0.as_ref()?;
        *shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a moment has come.
#[must_use]
pub fn is_over(moment: Option<Instant>) -> bool {
    moment.is_some_and(|moment| moment <= Instant::now())
}

/// The outcome of what a thread does at a seat; at a moment it is ended, even when nobody waits for it any more.
///
/// # Errors
/// [`Error::Cancelled`] when it was ended, else what the thread returned.
pub async fn keep<T>(
    moment: Option<Instant>,
    blocking: JoinHandle<Result<T>>,
    seat: Arc<OnceLock<Arc<Seat>>>,
) -> Result<T> {
    let stopped = |_| Err(busy("the database thread stopped"));
    let Some(moment) = moment else {
        return blocking.await.unwrap_or_else(stopped);
    };
    let mut watch = tokio::spawn(watch(moment, Arc::clone(&seat)));
    tokio::select! {
        outcome = blocking => {
            watch.abort();
            // What was made of a cancelled statement is no answer.
            match seat.get().is_some_and(|seat| seat.is_over()) {
                true => Err(Error::Cancelled),
                false => outcome.unwrap_or_else(stopped),
            }
        }
        _ = &mut watch => Err(Error::Cancelled),
    }
}

/// Ends what goes on at a seat once a moment has come, and again while it goes on: between two statements there is nothing to
/// cancel. Returns after the first time.
async fn watch(moment: Instant, seat: Arc<OnceLock<Arc<Seat>>>) {
    tokio::time::sleep_until(moment.into()).await;
    let Some(seat) = seat.get().cloned() else {
        return;
    };
    end(&seat).await;
    tokio::spawn(async move {
        for _ in 0..INSISTING.1 {
            tokio::time::sleep(INSISTING.0).await;
            if seat.is_left() {
                return;
            }
            end(&seat).await;
        }
    });
}

async fn end(seat: &Arc<Seat>) {
    let seat = Arc::clone(seat);
    let ending = tokio::task::spawn_blocking(move || seat.end());
    if let Ok(Err(error)) = ending.await {
        tracing::warn!(%error, "a request that took too long could not be cancelled");
    }
}
