//! A refresh that a caller asked for: one at a time, watched by whoever wants to.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use storage::{Result, analytics::version::DataVersion, refresh};
use tokio::sync::watch;

use crate::analytics::Analytics;

/// A refresh from its start to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// When it was asked for.
    pub started_at: DateTime<Utc>,
    /// What is done now: the name of a view, or another step.
    pub step: String,
    /// When it ended; `None` while it runs.
    pub finished_at: Option<DateTime<Utc>>,
    /// The version it published; `None` while it runs and when it failed.
    pub version: Option<i64>,
}

/// The newest refresh that this server ran.
#[derive(Clone)]
pub struct Refreshing(Arc<watch::Sender<Option<Run>>>);

impl Default for Refreshing {
    fn default() -> Self {
        Refreshing(Arc::new(watch::Sender::new(None)))
    }
}

impl Refreshing {
    /// Starts a refresh, unless one runs, and returns the one that runs.
    pub fn start(&self, analytics: &Analytics) -> Run {
        let mut run = Run {
            started_at: Utc::now(),
            step: "waiting".to_owned(),
            finished_at: None,
            version: None,
        };
        let is_new = self.0.send_if_modified(|newest| match newest {
            Some(running) if running.finished_at.is_none() => {
                run = running.clone();
                false
            }
            newest => {
                *newest = Some(run.clone());
                true
            }
        });
        if is_new {
            let (refreshing, analytics) = (self.clone(), analytics.clone());
            tokio::spawn(async move { refreshing.run(&analytics).await });
        }
        run
    }

    /// Runs of this server from now on, beginning with the newest.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Option<Run>> {
        let mut receiver = self.0.subscribe();
        receiver.mark_changed();
        receiver
    }

    async fn run(&self, analytics: &Analytics) {
        let watched = Arc::clone(&self.0);
        let refreshed = analytics.background().run("refresh", move |conn| {
            refresh::run(conn, |step| {
                watched.send_modify(|run| {
                    if let Some(run) = run {
                        step.clone_into(&mut run.step);
                    }
                });
            })
        });
        self.finish(refreshed.await);
    }

    fn finish(&self, outcome: Result<DataVersion>) {
        if let Err(error) = &outcome {
            tracing::error!(error = %error, cause = ?std::error::Error::source(error).map(ToString::to_string), "refresh failed; the old version stays");
        }
        self.0.send_modify(|run| {
            if let Some(run) = run {
                run.finished_at = Some(Utc::now());
                run.version = outcome.ok().map(|version| version.data_version_id);
            }
        });
    }
}
