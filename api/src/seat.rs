//! A request on a thread of its own: its connection, and the order in which its work is done.

use std::{
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use storage::{
    Connection, Result,
    pool::{Pool, Pooled},
};

/// Work that waits until the request has nothing else to do.
pub type Batch = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a request holds while its thread works for it.
pub struct Seat {
    connection: Mutex<Option<Pooled>>,
    batches: Mutex<Vec<Batch>>,
    has_waited: AtomicBool,
    is_primary: AtomicBool,
}

impl Seat {
    /// A seat with a connection, which may lead to a replica.
    #[must_use]
    pub fn new(connection: Pooled, is_primary: bool) -> Self {
        Seat {
            is_primary: AtomicBool::new(is_primary),
            connection: Mutex::new(Some(connection)),
            batches: Mutex::default(),
            has_waited: AtomicBool::default(),
        }
    }

    /// Runs `work` with the request's connection, in the way that `how` says.
    ///
    /// # Errors
    /// `work` itself when the request is over and its connection is gone.
    pub fn run<T, W>(
        &self,
        work: W,
        how: impl FnOnce(&mut Connection, W) -> Result<T>,
    ) -> std::result::Result<Result<T>, W> {
        match lock(&self.connection).as_mut() {
            Some(connection) => Ok(how(connection, work)),
            None => Err(work),
        }
    }

    /// Whether the connection leads to the primary.
    pub fn is_primary(&self) -> bool {
        self.is_primary.load(Ordering::Relaxed)
    }

    /// Gives the connection back and takes another one, from the primary's pool.
    ///
    /// # Errors
    /// [`storage::Error::Unavailable`] when none could be had.
    pub fn reconnect(&self, pool: &Pool) -> Result<()> {
        let mut connection = lock(&self.connection);
        // First back, so that a pool of one connection has one to give.
        drop(connection.take());
        *connection = Some(pool.get()?);
        self.is_primary.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Keeps a batch until every field of the request waits.
    pub fn postpone(&self, batch: Batch) {
        self.has_waited.store(true, Ordering::Relaxed);
        // In a trace a batch belongs to the operation whose fields wait for it.
        let span = tracing::Span::current();
        let batch = match span.is_disabled() {
            true => batch,
            false => Box::pin(tracing::Instrument::instrument(batch, span)),
        };
        lock(&self.batches).push(batch);
    }

    /// Whether a field of the request ever waited for a batch.
    pub fn has_waited(&self) -> bool {
        self.has_waited.load(Ordering::Relaxed)
    }

    /// Runs a request to its end on this thread and gives the connection back.
    ///
    /// A batch begins when nothing else can go on. A long list yields while it still has rows to ask for, so what
    /// woke itself is polled again first: a batch holds the keys of all rows, and there is one for each kind of key.
    pub fn drive<T>(&self, request: impl Future<Output = T>) -> T {
        let _done = Done(self);
        let bell = Arc::new(Bell {
            thread: thread::current(),
            has_rung: AtomicBool::new(true),
        });
        let waker = Waker::from(Arc::clone(&bell));
        let mut context = Context::from_waker(&waker);
        let mut request = pin!(request);
        let mut begun: Vec<Batch> = Vec::new();
        loop {
            while bell.was_rung() {
                if let Poll::Ready(outcome) = request.as_mut().poll(&mut context) {
                    return outcome;
                }
                begun.retain_mut(|batch| batch.as_mut().poll(&mut context).is_pending());
            }
            let mut new = std::mem::take(&mut *lock(&self.batches));
            if new.is_empty() {
                // Rung since, or not, the bell unparks: a ring is never missed.
                thread::park();
            }
            new.retain_mut(|batch| batch.as_mut().poll(&mut context).is_pending());
            begun.append(&mut new);
        }
    }
}

/// Gives the connection back however a request ends.
struct Done<'a>(&'a Seat);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        drop(lock(&self.0.connection).take());
        lock(&self.0.batches).clear();
    }
}

/// Wakes the thread of a request.
struct Bell {
    thread: Thread,
    has_rung: AtomicBool,
}

impl Bell {
    fn was_rung(&self) -> bool {
        self.has_rung.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.has_rung.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
