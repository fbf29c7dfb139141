//! A request on a thread of its own: its connection, and the order in which its work is done.

use std::{
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use storage::{
    Connection, Error, Result,
    pool::{Backend, Pool, Pooled},
};

/// Work that waits until the request has nothing else to do.
pub type Batch = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a request holds while its thread works for it.
pub struct Seat {
    connection: Mutex<Option<Pooled>>,
    /// The process that works for the request; `None` when it gave its connection back. Whoever cancels holds the lock, so
    /// that the connection does not serve another request by then.
    backend: Mutex<Option<Backend>>,
    /// Whether the time of the request is over.
    is_over: AtomicBool,
    bell: OnceLock<Arc<Bell>>,
    batches: Mutex<Vec<Batch>>,
    has_waited: AtomicBool,
    is_primary: AtomicBool,
}

impl Seat {
    /// A seat with a connection, which may lead to a replica.
    #[must_use]
    pub fn new(connection: Pooled, is_primary: bool) -> Self {
        Seat {
            backend: Mutex::new(Pool::backend(&connection)),
            is_primary: AtomicBool::new(is_primary),
            connection: Mutex::new(Some(connection)),
            is_over: AtomicBool::default(),
            bell: OnceLock::new(),
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
        let mut connection = lock(&self.connection);
        if self.is_over() {
            return Ok(Err(Error::Cancelled));
        }
        match connection.as_mut() {
            Some(connection) => Ok(how(connection, work)),
            None => Err(work),
        }
    }

    /// Runs one piece of work and gives the connection back.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the request is over, else what `work` returned.
    pub fn serve<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        let _done = Done(self);
        let outcome = self.run(work, |conn, work| work(conn));
        outcome.unwrap_or(Err(Error::Cancelled))
    }

    /// Whether nothing goes on any more: the connection was given back.
    pub fn is_left(&self) -> bool {
        lock(&self.backend).is_none()
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
        *lock(&self.backend) = None;
        // First back, so that a pool of one connection has one to give.
        drop(connection.take());
        let other = pool.get()?;
        *lock(&self.backend) = Pool::backend(&other);
        *connection = Some(other);
        self.is_primary.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Ends the request: its statement is cancelled, and nothing else of it runs. Blocks while it asks the database to.
    ///
    /// # Errors
    /// When the database cannot be reached; its own limit for a statement holds then.
    pub fn end(&self) -> Result<()> {
        self.is_over.store(true, Ordering::Release);
        let backend = lock(&self.backend);
        let cancelled = backend.as_ref().map_or(Ok(()), Backend::cancel);
        drop(backend);
        if let Some(bell) = self.bell.get() {
            bell.wake_by_ref();
        }
        cancelled
    }

    /// Whether the time of the request is over.
    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
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

    /// Runs a request to its end on this thread and gives the connection back. `None` when its time was over before.
    ///
    /// A batch begins when nothing else can go on. A long list yields while it still has rows to ask for, so what
    /// woke itself is polled again first: a batch holds the keys of all rows, and there is one for each kind of key.
    pub fn drive<T>(&self, request: impl Future<Output = T>) -> Option<T> {
        let _done = Done(self);
        let bell = Arc::new(Bell {
            thread: thread::current(),
            has_rung: AtomicBool::new(true),
        });
        let waker = Waker::from(Arc::clone(&bell));
        let bell = self.bell.get_or_init(|| bell);
        let mut context = Context::from_waker(&waker);
        let mut request = pin!(request);
        let mut begun: Vec<Batch> = Vec::new();
        loop {
            while bell.was_rung() {
                if self.is_over() {
                    return None;
                }
                if let Poll::Ready(outcome) = request.as_mut().poll(&mut context) {
                    return Some(outcome);
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
        let connection = lock(&self.0.connection).take();
        *lock(&self.0.backend) = None;
        drop(connection);
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
