//! One socket from its opening to its end.

use std::{collections::HashMap, sync::Arc, time::Duration};

use actix_ws::{AggregatedMessage, AggregatedMessageStream, ProtocolError, Session};
use async_graphql::ServerError;
use futures_util::StreamExt;
use tokio::{
    sync::{broadcast, mpsc, watch},
    task::AbortHandle,
    time::{Instant, sleep_until, timeout},
};

use super::{
    operation::{Outcome, Report, Runner},
    protocol::{self, ClientMessage, Close, ServerMessage},
};
use crate::{
    caller::{RequestContext, Shared},
    engine::Engine,
    feed::{self, News},
    graphql::error::Code,
    http::throttle::{Person, TOO_MANY, Throttle},
    metrics::Metrics,
    parameters::Parameters,
    sign_in::Failure,
};

/// Time a client has to send `connection_init`.
const INIT_TIMEOUT: Duration = Duration::from_secs(3);
/// Time a client has to take a message.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the client is pinged and its rights are asked anew.
const TICK: Duration = Duration::from_secs(15);
/// A client that says nothing for so long, not even to pings, is gone.
const SILENCE: Duration = Duration::from_secs(50);
/// How old the knowledge of the caller's rights may be when a subscription delivers.
const FRESH: Duration = Duration::from_secs(1);
/// Longest time until a token expires that a timer is set for, seconds.
const A_YEAR: u64 = 365 * 24 * 3600;
/// Results that wait for the wire, of all operations of a socket.
const WAITING: usize = 8;

/// Ends the socket: with a close frame, or at once when the client is not there any more.
type End = Option<Close>;

struct Running {
    number: u64,
    operation: Arc<Parameters>,
    is_subscription: bool,
    task: AbortHandle,
}

/// What a socket is served with.
pub(super) struct Served {
    pub engine: Arc<Engine>,
    pub shared: Shared,
    pub metrics: Metrics,
    pub throttle: Arc<Throttle>,
    /// Operations that it may run at a time.
    pub operations: usize,
}

/// A socket and the operations that it runs.
pub(super) struct Connection {
    session: Session,
    served: Served,
    header_token: Option<String>,
    /// Set by `connection_init`.
    runner: Option<Runner>,
    reports: (mpsc::Sender<Report>, mpsc::Receiver<Report>),
    running: HashMap<String, Running>,
    started: u64,
    /// News of rights, once a subscription runs.
    news: Option<broadcast::Receiver<Arc<News>>>,
    metadata_version: i64,
    person: Option<Person>,
    checked: Instant,
    heard: Instant,
    /// When the token expires; `None` when only the database knows.
    ends: Option<Instant>,
}

impl Connection {
    pub fn new(session: Session, served: Served, header_token: Option<String>) -> Self {
        Connection {
            session,
            served,
            header_token,
            runner: None,
            reports: mpsc::channel(WAITING),
            running: HashMap::new(),
            started: 0,
            news: None,
            metadata_version: 0,
            person: None,
            checked: Instant::now(),
            heard: Instant::now(),
            ends: None,
        }
    }

    /// Speaks with the client until either side ends it.
    pub async fn run(mut self, mut messages: AggregatedMessageStream, stop: watch::Receiver<bool>) {
        let end = self.talk(&mut messages, stop).await;
        for running in self.running.values() {
            running.task.abort();
        }
        if let Err(Some(close)) = end {
            let _ = timeout(SEND_TIMEOUT, self.session.close(Some(close.into()))).await;
        }
    }

    async fn talk(
        &mut self,
        messages: &mut AggregatedMessageStream,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), End> {
        let deadline = Instant::now() + INIT_TIMEOUT;
        let mut tick = tokio::time::interval(TICK);
        tick.tick().await;
        loop {
            tokio::select! {
                message = messages.next() => match message {
                    Some(Ok(message)) => self.receive(message).await?,
                    Some(Err(ProtocolError::Overflow)) => return Err(Some(Close::too_long())),
                    Some(Err(error)) => return Err(Some(Close::bad_message(error))),
                    None => return Ok(()),
                },
                Some(report) = self.reports.1.recv() => self.report(report).await?,
                Some(news) = next_news(&mut self.news) => if !matches!(*news, News::Events(_)) {
                    self.check_rights_if_possible().await?;
                },
                () = sleep_until(deadline), if self.runner.is_none() => return Err(Some(Close::late())),
                () = sleep_until(self.ends.unwrap_or(deadline)), if self.ends.is_some() => {
                    return Err(Some(invalid_token()));
                }
                _ = tick.tick() => self.tick().await?,
                _ = stop.wait_for(|stop| *stop) => return Err(Some(Close::going_away())),
            }
        }
    }

    async fn receive(&mut self, message: AggregatedMessage) -> Result<(), End> {
        self.heard = Instant::now();
        match message {
            AggregatedMessage::Text(text) => match protocol::read(&text)? {
                ClientMessage::ConnectionInit { payload } => {
                    self.init(payload.unwrap_or_default()).await
                }
                ClientMessage::Ping { payload } => {
                    self.send(&ServerMessage::Pong { payload }).await
                }
                ClientMessage::Pong => Ok(()),
                ClientMessage::Subscribe { id, payload } => self.subscribe(id, payload).await,
                ClientMessage::Complete { id } => {
                    if let Some(running) = self.running.remove(&id) {
                        running.task.abort();
                    }
                    Ok(())
                }
            },
            AggregatedMessage::Binary(_) => {
                Err(Some(Close::bad_message("messages are sent as text")))
            }
            AggregatedMessage::Ping(bytes) => {
                let sent = timeout(SEND_TIMEOUT, self.session.pong(&bytes)).await;
                sent.map_err(|_| None)?.map_err(|_| None)
            }
            AggregatedMessage::Pong(_) => Ok(()),
            AggregatedMessage::Close(_) => Err(Some(Close(1000, String::new()))),
        }
    }

    async fn init(
        &mut self,
        payload: serde_json::Map<String, serde_json::Value>,
    ) -> Result<(), End> {
        if self.runner.is_some() {
            return Err(Some(Close::again()));
        }
        let token = protocol::token(&payload).or_else(|| self.header_token.take());
        let token = token.ok_or_else(|| {
            Close::forbidden(
                "send an API token with connection_init: {\"authorization\": \"Bearer …\"}",
            )
        })?;
        match self.sign_in(&token).await {
            Ok(context) => {
                self.metadata_version = context.metadata_version();
                self.person = Some(Person(context.caller.id));
            }
            Err(Failure::Refused(refusal)) => {
                let wait = self.served.shared.refused(&refusal);
                return Err(Some(wait.map_or_else(invalid_token, |_| {
                    Close::forbidden("too many tokens from here were not valid")
                })));
            }
            Err(Failure::Away | Failure::Failed(_)) => return Err(Some(Close::unavailable())),
        }
        self.checked = Instant::now();
        self.runner = Some(Runner {
            engine: Arc::clone(&self.served.engine),
            shared: self.served.shared.clone(),
            metrics: self.served.metrics.clone(),
            token,
            reports: self.reports.0.clone(),
        });
        self.send(&ServerMessage::ConnectionAck).await
    }

    async fn subscribe(&mut self, id: String, operation: Parameters) -> Result<(), End> {
        if self.runner.is_none() {
            return Err(Some(Close::unauthorized()));
        }
        if self.running.contains_key(&id) {
            return Err(Some(Close::twice(&id)));
        }
        if let Some((message, code)) = self.refusal() {
            let mut error = ServerError::new(message, None);
            error.extensions.get_or_insert_default().set("code", code);
            let payload = &[error];
            return self.send(&ServerMessage::Error { id: &id, payload }).await;
        }
        let is_subscription = self.served.engine.is_subscription(&operation);
        if is_subscription && self.news.is_none() {
            self.news = Some(self.served.shared.feed.follow().await);
        }
        self.start(id, Arc::new(operation), is_subscription, false);
        Ok(())
    }

    /// The limit that one more operation would break, with its code; `None` when it would break none.
    fn refusal(&self) -> Option<(String, &'static str)> {
        let most = self.served.operations;
        if self.running.len() >= most {
            let message =
                format!("a socket runs at most {most} operations at a time (--socket-operations)");
            return Some((message, Code::BadUserInput.name()));
        }
        let counted = self.served.throttle.count(self.person?);
        let refused = counted.err()?;
        Some((refused.message(), TOO_MANY))
    }

    fn start(
        &mut self,
        id: String,
        operation: Arc<Parameters>,
        is_subscription: bool,
        is_resumed: bool,
    ) {
        let Some(runner) = self.runner.clone() else {
            return;
        };
        self.started += 1;
        let number = self.started;
        let run = runner.run(id.clone(), number, Arc::clone(&operation), is_resumed);
        let task = actix_web::rt::spawn(run).abort_handle();
        self.running.insert(
            id,
            Running {
                number,
                operation,
                is_subscription,
                task,
            },
        );
    }

    /// Passes on what an operation tells, unless the client ended it meanwhile.
    async fn report(&mut self, (id, number, outcome): Report) -> Result<(), End> {
        let Some(running) = self
            .running
            .get(&id)
            .filter(|running| running.number == number)
        else {
            return Ok(());
        };
        match outcome {
            Outcome::Next(response) => {
                if running.is_subscription && self.checked.elapsed() > FRESH {
                    self.check_rights().await?;
                    // It was started anew under other rights and tells the client so.
                    if self
                        .running
                        .get(&id)
                        .is_none_or(|running| running.number != number)
                    {
                        return Ok(());
                    }
                }
                let payload = &response;
                self.send(&ServerMessage::Next { id: &id, payload }).await
            }
            Outcome::Refused(errors) => {
                self.running.remove(&id);
                let payload = &errors;
                self.send(&ServerMessage::Error { id: &id, payload }).await
            }
            Outcome::Done => {
                self.running.remove(&id);
                self.send(&ServerMessage::Complete { id: &id }).await
            }
            Outcome::Forbidden => Err(Some(invalid_token())),
        }
    }

    /// Who calls with a token, and until when the socket may stay open.
    async fn sign_in(&mut self, token: &str) -> Result<RequestContext, Failure> {
        let shared = &self.served.shared;
        let presented = shared.present(token).await?;
        let context = shared.authenticate(&presented).await?;
        self.ends = presented.until.map(|until| {
            let left = until.saturating_sub(chrono::Utc::now().timestamp());
            Instant::now() + Duration::from_secs(u64::try_from(left).unwrap_or(0).min(A_YEAR))
        });
        Ok(context)
    }

    /// Asks anew who calls. A token that is not valid any more ends the socket; under a new version of metadata and
    /// people, subscriptions start anew.
    async fn check_rights(&mut self) -> Result<(), End> {
        let Some(runner) = &self.runner else {
            return Ok(());
        };
        let token = runner.token.clone();
        let context = match self.sign_in(&token).await {
            Ok(context) => context,
            Err(Failure::Refused(_)) => return Err(Some(invalid_token())),
            Err(Failure::Away | Failure::Failed(_)) => return Err(Some(Close::unavailable())),
        };
        self.checked = Instant::now();
        if context.metadata_version() == self.metadata_version {
            return Ok(());
        }
        self.metadata_version = context.metadata_version();
        let subscriptions = self
            .running
            .extract_if(|_, running| running.is_subscription);
        let subscriptions: Vec<(String, Running)> = subscriptions.collect();
        for (id, running) in subscriptions {
            running.task.abort();
            self.start(id, running.operation, true, true);
        }
        Ok(())
    }

    /// Pings the client and asks anew who calls.
    async fn tick(&mut self) -> Result<(), End> {
        if self.heard.elapsed() > SILENCE {
            return Err(None);
        }
        let sent = timeout(SEND_TIMEOUT, self.session.ping(b"")).await;
        sent.map_err(|_| None)?.map_err(|_| None)?;
        self.check_rights_if_possible().await
    }

    /// The same, but a database that is away for the moment is no reason to end a socket that delivers nothing.
    async fn check_rights_if_possible(&mut self) -> Result<(), End> {
        match self.check_rights().await {
            Err(Some(end)) if end == Close::unavailable() => Ok(()),
            checked => checked,
        }
    }

    async fn send(&mut self, message: &ServerMessage<'_>) -> Result<(), End> {
        let text = serde_json::to_string(message).map_err(|_| None)?;
        let sent = timeout(SEND_TIMEOUT, self.session.text(text)).await;
        sent.map_err(|_| None)?.map_err(|_| None)
    }
}

fn invalid_token() -> Close {
    Close::forbidden("the token is unknown, expired or revoked")
}

/// The next news of a socket that follows them; waits for ever for one that does not.
async fn next_news(news: &mut Option<broadcast::Receiver<Arc<News>>>) -> Option<Arc<News>> {
    match news {
        Some(receiver) => feed::next(receiver).await,
        None => std::future::pending().await,
    }
}
