//! What analytics are answered from: the columns of the newest data version in memory, or the database while there are
//! none. Answers are kept while their version stands.

mod answers;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::columns::Columns;
use storage::{
    Connection, Error, Result,
    analytics::{
        Source, source,
        version::{self, DataVersion},
    },
};
use tokio::sync::Semaphore;

use self::answers::Answers;
use crate::db::Db;

/// How often a server looks for a new version by itself.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Columns and answers of the newest version that was asked for.
#[derive(Clone)]
pub struct Analytics {
    /// The database as the request that asks holds it.
    db: Db,
    /// The database for what outlives a request.
    background: Db,
    most_bytes: usize,
    processors: Arc<Semaphore>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Version and columns of it.
    held: Option<(i64, Arc<Columns>)>,
    /// Version that is being read, or was read.
    tried: Option<i64>,
    /// Version whose columns outgrow their memory.
    refused: Option<i64>,
    load_seconds: f64,
    answers: Answers,
}

/// What the columns take, for the figures of the server.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Held {
    /// Data version; 0 while none is held.
    pub version: i64,
    /// Stays.
    pub stays: usize,
    /// Bytes.
    pub bytes: usize,
    /// How long reading them took.
    pub load_seconds: f64,
    /// Answers that were given again.
    pub hits: u64,
}

impl Analytics {
    /// Nothing held. Columns may take `most_bytes`; 0 answers everything from the database.
    #[must_use]
    pub fn new(db: Db, most_bytes: usize) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Analytics {
            background: db.clone(),
            db,
            most_bytes,
            processors: Arc::new(Semaphore::new(processors)),
            state: Arc::default(),
        }
    }

    /// The same, asked through the [`Db`] that holds a request's connection.
    #[must_use]
    pub fn through(&self, db: Db) -> Self {
        Analytics { db, ..self.clone() }
    }

    /// The newest published version.
    ///
    /// # Errors
    /// [`Error::Input`] before the first refresh, else when the database fails.
    pub async fn version(&self) -> Result<DataVersion> {
        let newest = self.db.run("data version", version::current).await?;
        newest.ok_or_else(unpublished)
    }

    /// Answers a question from the newest version. `question` names what is asked in full, with the clinics that the
    /// caller may see: equal texts have equal answers.
    ///
    /// # Errors
    /// [`Error::Input`] before the first refresh, else what `work` returned.
    pub async fn ask<T: Send + Sync + 'static>(
        &self,
        question: String,
        work: impl FnOnce(&mut Source<'_>) -> Result<T> + Send + 'static,
    ) -> Result<(DataVersion, Arc<T>)> {
        let version = self.version().await?;
        let number = version.data_version_id;
        if let Some(answer) = self.lock().answers.get(number, &question) {
            return Ok((version, answer));
        }
        let Some(columns) = self.columns(number) else {
            return self
                .ask_live(question, |conn| work(&mut Source::Database(conn)))
                .await;
        };
        let began = Instant::now();
        let answer = self
            .compute(move |threads| {
                let columns = &columns;
                work(&mut Source::Memory { columns, threads })
            })
            .await?;
        Ok((version, self.keep(number, question, answer, began)))
    }

    /// Answers a question that columns do not know from the database, once for each version.
    ///
    /// # Errors
    /// [`Error::Input`] before the first refresh, else what `work` returned.
    pub async fn ask_live<T: Send + Sync + 'static>(
        &self,
        question: String,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<(DataVersion, Arc<T>)> {
        let version = self.version().await?;
        if let Some(answer) = self.lock().answers.get(version.data_version_id, &question) {
            return Ok((version, answer));
        }
        let began = Instant::now();
        let found = self.db.run("analytics", |conn| {
            version::snapshot(conn, |conn| {
                let version = version::current(conn)?.ok_or_else(unpublished)?;
                Ok((version, work(conn)?))
            })
        });
        let (version, answer) = found.await?;
        let number = version.data_version_id;
        Ok((version, self.keep(number, question, answer, began)))
    }

    /// Keeps an answer that was looked for since `began`.
    fn keep<T: Send + Sync + 'static>(
        &self,
        version: i64,
        question: String,
        answer: T,
        began: Instant,
    ) -> Arc<T> {
        let answer = Arc::new(answer);
        let kept = Arc::clone(&answer);
        let mut state = self.lock();
        state.answers.put(version, question, kept, began.elapsed());
        answer
    }

    /// Runs a pass on threads that may be busy: one, and those for which a processor is free. There are never more of
    /// them than processors, so on a busy server each pass has one.
    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce(usize) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let first = Arc::clone(&self.processors).acquire_owned().await;
        let free = || Arc::clone(&self.processors).try_acquire_owned().ok();
        let others: Vec<_> = std::iter::from_fn(free).collect();
        let threads = 1 + others.len();
        let outcome = tokio::task::spawn_blocking(move || {
            let _permits = (first, others);
            work(threads)
        });
        outcome.await.unwrap_or_else(|_| {
            let stopped: Box<dyn std::error::Error + Send + Sync> = "a pass stopped".into();
            Err(Error::Unavailable(Arc::from(stopped)))
        })
    }

    /// The columns of a version. When they are not held yet they are read in the background and `None` is returned.
    fn columns(&self, version: i64) -> Option<Arc<Columns>> {
        if self.most_bytes == 0 {
            return None;
        }
        let mut state = self.lock();
        if let Some((held, columns)) = &state.held
            && *held == version
        {
            return Some(Arc::clone(columns));
        }
        if state.tried.is_none_or(|tried| tried < version) {
            state.tried = Some(version);
            let analytics = self.through(self.background.clone());
            tokio::spawn(async move {
                if let Err(error) = analytics.load().await {
                    tracing::warn!(error = %error, "columns could not be read; the database answers");
                    analytics.lock().tried = None;
                }
            });
        }
        None
    }

    /// Reads the columns of the newest version and keeps them in place of older ones. While it runs, those serve who ask
    /// for the older version, and the database serves everybody else.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(&self) -> Result<()> {
        let most_bytes = self.most_bytes;
        let started = Instant::now();
        let loaded = self.background.run("columns", move |conn| {
            source::load_version(conn, most_bytes)
        });
        let Some((version, columns)) = loaded.await? else {
            return Ok(());
        };
        let Some(columns) = columns else {
            tracing::warn!(
                version,
                limit_bytes = most_bytes,
                "columns outgrow their memory; the database answers"
            );
            self.lock().refused = Some(version);
            return Ok(());
        };
        let load_seconds = started.elapsed().as_secs_f64();
        tracing::info!(
            version,
            stays = columns.len(),
            megabytes = columns.bytes() / 1_048_576,
            load_seconds,
            "columns read"
        );
        let mut state = self.lock();
        if state.held.as_ref().is_none_or(|(held, _)| *held < version) {
            state.held = Some((version, Arc::new(columns)));
            state.tried = state.tried.max(Some(version));
            state.load_seconds = load_seconds;
        }
        Ok(())
    }

    /// Follows the published versions: whoever asks first after a refresh finds its columns and the usual answers ready.
    pub async fn follow(self, minimum: u32) {
        let mut ready = None;
        loop {
            match self.version().await.map(|version| version.data_version_id) {
                Ok(newest) if ready != Some(newest) => {
                    self.columns(newest);
                    if self.is_settled(newest) {
                        crate::warming::warm(&self, minimum).await;
                        ready = Some(newest);
                        continue;
                    }
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                _ => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }

    /// Whether the columns of a version are held, or never will be.
    fn is_settled(&self, version: i64) -> bool {
        self.most_bytes == 0
            || self.held().version == version
            || self.lock().refused == Some(version)
    }

    /// The database for what outlives a request.
    #[must_use]
    pub fn background(&self) -> &Db {
        &self.background
    }

    /// What is held now.
    #[must_use]
    pub fn held(&self) -> Held {
        let state = self.lock();
        let hits = state.answers.hits();
        state.held.as_ref().map_or_else(
            || Held {
                hits,
                ..Held::default()
            },
            |(version, columns)| Held {
                version: *version,
                stays: columns.len(),
                bytes: columns.bytes(),
                load_seconds: state.load_seconds,
                hits,
            },
        )
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unpublished() -> Error {
    Error::Input("no data version has been published yet; run `clinigraph refresh`".to_owned())
}
