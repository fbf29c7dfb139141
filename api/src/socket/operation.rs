//! One operation of a socket: a query or mutation that answers once, or a subscription that answers until it ends.

use std::sync::Arc;

use async_graphql::{Response, ServerError};
use futures_util::StreamExt;
use tokio::sync::mpsc;

use crate::{
    caller::{RequestContext, Shared},
    engine::Engine,
    graphql::{self, error::Code, subscription::Resumed},
    http::{PROVIDER_AWAY, give_codes},
    metrics::Metrics,
    parameters::Parameters,
    sign_in::Failure,
};

/// What an operation tells its socket.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A result; more may follow.
    Next(Box<Response>),
    /// It was refused; nothing follows.
    Refused(Vec<ServerError>),
    /// It has ended.
    Done,
    /// The token is not valid any more.
    Forbidden,
}

/// An outcome with its operation. The number tells it from an earlier one of the same name.
pub(super) type Report = (String, u64, Outcome);

/// What operations run with.
#[derive(Clone)]
pub(super) struct Runner {
    pub engine: Arc<Engine>,
    pub shared: Shared,
    pub metrics: Metrics,
    pub token: String,
    pub reports: mpsc::Sender<Report>,
}

impl Runner {
    /// Runs an operation to its end. `is_resumed` says that it ran before under other rights. When the socket is gone,
    /// so is the receiver of reports, and the operation ends.
    pub async fn run(self, id: String, number: u64, operation: Arc<Parameters>, is_resumed: bool) {
        let tell = |outcome| {
            let report = (id.clone(), number, outcome);
            let reports = &self.reports;
            async move { reports.send(report).await.is_ok() }
        };
        let refusal = if self.engine.is_subscription(&operation) {
            self.subscribe(&operation, is_resumed, &tell).await
        } else {
            self.answer(&operation, &tell).await
        };
        tell(match refusal {
            Ok(()) => Outcome::Done,
            Err(refusal) => refusal,
        })
        .await;
    }

    /// Answers once. When a refresh is published between two fields, the whole document is answered anew.
    async fn answer(
        &self,
        operation: &Parameters,
        tell: &impl AsyncFn(Outcome) -> bool,
    ) -> Result<(), Outcome> {
        let timer = self.metrics.start();
        for _ in 0..3 {
            let context = self.context().await?;
            let mut response = self.engine.execute(operation, Arc::clone(&context)).await;
            if context.saw_two_data_versions() {
                continue;
            }
            give_codes(&mut response);
            timer.finish(if response.is_ok() { "ok" } else { "error" });
            if graphql::is_request_error(&response) {
                return Err(Outcome::Refused(response.errors));
            }
            tell(Outcome::Next(Box::new(response))).await;
            return Ok(());
        }
        Err(unavailable("the data are being refreshed; try again"))
    }

    async fn subscribe(
        &self,
        operation: &Parameters,
        is_resumed: bool,
        tell: &impl AsyncFn(Outcome) -> bool,
    ) -> Result<(), Outcome> {
        let context = self.context().await?;
        let resumed = Resumed(is_resumed);
        let mut stream = self.engine.subscribe(operation, context, resumed);
        while let Some(mut response) = stream.next().await {
            give_codes(&mut response);
            // A source that never began has no data; an item that failed has its error beside the data.
            if response.data == async_graphql::Value::Null && response.is_err() {
                return Err(Outcome::Refused(response.errors));
            }
            if !tell(Outcome::Next(Box::new(response))).await {
                break;
            }
        }
        Ok(())
    }

    async fn context(&self) -> Result<Arc<RequestContext>, Outcome> {
        let context = async {
            let presented = self.shared.present(&self.token).await?;
            let db = self.shared.db.writing(presented.key());
            self.shared.through(db).authenticate(&presented).await
        };
        match context.await {
            Ok(context) => Ok(Arc::new(context)),
            Err(Failure::Refused(_)) => Err(Outcome::Forbidden),
            Err(Failure::Away) => Err(unavailable(PROVIDER_AWAY)),
            Err(Failure::Failed(error)) => {
                tracing::error!(%error, cause = ?std::error::Error::source(&error).map(ToString::to_string), "authentication failed");
                Err(unavailable(
                    "the database is not available at the moment; try again",
                ))
            }
        }
    }
}

fn unavailable(message: &str) -> Outcome {
    let mut error = ServerError::new(message, None);
    error
        .extensions
        .get_or_insert_default()
        .set("code", Code::Unavailable.name());
    Outcome::Refused(vec![error])
}
