//! A refresh as the schema shows it.

use async_graphql::{Context, Enum, ID, Result, SimpleObject};
use domain::authority::PERFORM_MAINTENANCE;
use futures_util::{Stream, stream};

use super::{context, error::fail, scalars::DateTime};
use crate::refreshing::Run;

/// How a refresh stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum RefreshStatus {
    /// It runs.
    Running,
    /// Its version was published.
    Done,
    /// It failed; the old version stays online.
    Failed,
}

/// A refresh of the analytics views.
#[derive(Debug, Clone, SimpleObject)]
pub struct RefreshRun {
    /// How it stands.
    status: RefreshStatus,
    /// What is done now, or was done last: the name of a view, or another step.
    step: String,
    /// When it was asked for.
    started_at: DateTime,
    /// When it ended; null while it runs.
    finished_at: Option<DateTime>,
    /// The version it published; null while it runs and when it failed.
    data_version: Option<ID>,
}

impl From<Run> for RefreshRun {
    fn from(run: Run) -> Self {
        RefreshRun {
            status: match (run.finished_at, run.version) {
                (None, _) => RefreshStatus::Running,
                (Some(_), Some(_)) => RefreshStatus::Done,
                (Some(_), None) => RefreshStatus::Failed,
            },
            step: run.step,
            started_at: run.started_at,
            finished_at: run.finished_at,
            data_version: run.version.map(|version| ID(version.to_string())),
        }
    }
}

/// Answers `refreshAnalytics`.
pub(super) fn start(ctx: &Context<'_>) -> Result<RefreshRun> {
    let request = context(ctx);
    request
        .require(PERFORM_MAINTENANCE, "refreshAnalytics")
        .map_err(fail)?;
    let shared = &request.shared;
    Ok(shared.refreshing.start(&shared.analytics).into())
}

/// Answers `refreshProgress`.
pub(super) fn progress(ctx: &Context<'_>) -> Result<impl Stream<Item = RefreshRun> + use<>> {
    let request = context(ctx);
    request
        .require(PERFORM_MAINTENANCE, "refreshProgress")
        .map_err(fail)?;
    let watched = request.shared.refreshing.watch();
    Ok(stream::unfold(watched, |mut watched| async move {
        loop {
            watched.changed().await.ok()?;
            let run = watched.borrow_and_update().clone();
            if let Some(run) = run {
                return Some((run.into(), watched));
            }
        }
    }))
}
