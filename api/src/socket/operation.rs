//! One operation of a socket: a query or mutation that answers once, or a subscription that answers until it ends.

use std::sync::Arc;

use async_graphql::{Response, ServerError};
use futures_util::StreamExt;
use tokio::sync::mpsc;

use crate::{
    caller::{RequestContext, Shared},
    db::Db,
    engine::Engine,
    graphql::{self, error::Code, subscription::Resumed},
    http::{PROVIDER_AWAY, give_codes},
    metrics::Metrics,
    parameters::Parameters,
    sign_in::{Failure, Presented},
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

    /// Answers once, within the time of a request and over one connection.
    async fn answer(
        &self,
        operation: &Arc<Parameters>,
        tell: &impl AsyncFn(Outcome) -> bool,
    ) -> Result<(), Outcome> {
        let timer = self.metrics.start();
        let (runner, operation) = (self.clone(), Arc::clone(operation));
        let presented = self.present().await?;
        let db = self.shared.db.writing(presented.key());
        let answered = db
            .attend(move |db| async move { Ok(runner.execute(&operation, &presented, db).await) });
        let response = answered.await.unwrap_or_else(|error| Err(failed(&error)))?;
        timer.finish(if response.is_ok() { "ok" } else { "error" });
        if graphql::is_request_error(&response) {
            return Err(Outcome::Refused(response.errors));
        }
        tell(Outcome::Next(Box::new(response))).await;
        Ok(())
    }

    /// The response. When a refresh is published between two fields, the whole document is answered anew.
    async fn execute(
        &self,
        operation: &Parameters,
        presented: &Presented,
        db: Db,
    ) -> Result<Response, Outcome> {
        for _ in 0..3 {
            let context = self.context(presented, db.clone()).await?;
            let mut response = self.engine.execute(operation, Arc::clone(&context)).await;
            if !context.saw_two_data_versions() {
                give_codes(&mut response);
                return Ok(response);
            }
        }
        Err(unavailable("the data are being refreshed; try again"))
    }

    async fn subscribe(
        &self,
        operation: &Parameters,
        is_resumed: bool,
        tell: &impl AsyncFn(Outcome) -> bool,
    ) -> Result<(), Outcome> {
        let presented = self.present().await?;
        let db = self.shared.db.writing(presented.key());
        let context = self.context(&presented, db).await?;
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

    /// Who acts with the token of the socket.
    async fn present(&self) -> Result<Presented, Outcome> {
        let presented = self.shared.present(&self.token).await;
        presented.map_err(not_signed_in)
    }

    async fn context(&self, presented: &Presented, db: Db) -> Result<Arc<RequestContext>, Outcome> {
        let context = self.shared.through(db).authenticate(presented).await;
        context.map(Arc::new).map_err(not_signed_in)
    }
}

/// What is told of an operation whose caller is not signed in.
fn not_signed_in(failure: Failure) -> Outcome {
    match failure {
        Failure::Refused(_) => Outcome::Forbidden,
        Failure::Away => unavailable(PROVIDER_AWAY),
        Failure::Failed(error) => failed(&error),
    }
}

/// What is told of an operation that the database did not serve.
fn failed(error: &storage::Error) -> Outcome {
    if Code::of(error) == Code::Timeout {
        return refused(
            Code::Timeout,
            "the operation took longer than it may (--request-timeout); ask for less at once",
        );
    }
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(%error, ?cause, "an operation of a socket was not served");
    unavailable("the database is not available at the moment; try again")
}

fn unavailable(message: &str) -> Outcome {
    refused(Code::Unavailable, message)
}

fn refused(code: Code, message: &str) -> Outcome {
    let mut error = ServerError::new(message, None);
    error
        .extensions
        .get_or_insert_default()
        .set("code", code.name());
    Outcome::Refused(vec![error])
}
