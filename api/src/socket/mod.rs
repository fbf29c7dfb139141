//! GraphQL over WebSocket with the protocol graphql-transport-ws: queries, mutations and subscriptions.
//!
//! async-graphql's own loop knows neither the time limit of `connection_init` nor the codes 4400, 4401 and 4409, so this one
//! speaks the protocol itself. A socket holds one place of a bounded number, each of its operations runs in a task of its
//! own, and everything between a task and the wire is bounded: a reader that is too slow loses its socket.

mod connection;
mod operation;
mod protocol;

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    guard::GuardContext,
    http::{StatusCode, header},
    web,
};
use tokio::sync::{Semaphore, watch};

use crate::{
    caller::Shared,
    config::ServerSettings,
    engine::Engine,
    guard::Door,
    http::{cross_site::is_allowed, error_response, throttle::Throttle, unavailable},
    metrics::Metrics,
    sign_in::token_of,
};
use connection::{Connection, Served};

/// What all sockets of a server share: how many there may be, from where, and until when.
#[derive(Clone)]
pub struct Sockets {
    places: Arc<Semaphore>,
    limit: usize,
    origins: Arc<[String]>,
    throttle: Arc<Throttle>,
    longest_message: usize,
    operations: usize,
    stop: Arc<watch::Sender<bool>>,
}

impl Sockets {
    /// No socket yet.
    #[must_use]
    pub fn new(settings: &ServerSettings, throttle: Arc<Throttle>) -> Self {
        Sockets {
            places: Arc::new(Semaphore::new(settings.sockets as usize)),
            limit: settings.sockets as usize,
            origins: settings.allowed_origins.clone().into(),
            throttle,
            longest_message: settings.limits.body_bytes(),
            operations: settings.limits.socket_operations as usize,
            stop: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Origins of other sites whose pages may ask.
    #[must_use]
    pub fn origins(&self) -> &[String] {
        &self.origins
    }

    /// Sockets open, and how many there may be.
    #[must_use]
    pub fn count(&self) -> (usize, usize) {
        let open = self.limit.saturating_sub(self.places.available_permits());
        (open, self.limit)
    }

    /// Closes every socket with 1001, so that the server can stop.
    pub fn close_all(&self) {
        self.stop.send_replace(true);
    }
}

/// Whether a request asks for a WebSocket.
pub fn is_upgrade(request: &GuardContext<'_>) -> bool {
    let upgrade = request.head().headers().get(header::UPGRADE);
    upgrade.is_some_and(|name| name.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// `GET /graphql` with an upgrade.
pub async fn open(
    request: HttpRequest,
    body: web::Payload,
    engine: web::Data<Engine>,
    shared: web::Data<Shared>,
    metrics: web::Data<Metrics>,
    sockets: web::Data<Sockets>,
) -> HttpResponse {
    if !is_allowed(&request, &sockets.origins) {
        return refuse(
            StatusCode::FORBIDDEN,
            "pages of this origin may not open a WebSocket here",
        );
    }
    let Ok(place) = Arc::clone(&sockets.places).try_acquire_owned() else {
        return unavailable("too many WebSockets are open; try again");
    };
    let (response, session, messages) =
        match actix_ws::handle_with_protocols(&request, body, &[protocol::NAME]) {
            Ok(parts) => parts,
            Err(error) => return error.as_response_error().error_response(),
        };
    if !offers_protocol(&request) {
        let reason = protocol::Close::not_acceptable().into();
        actix_web::rt::spawn(async move { session.close(Some(reason)).await });
        return response;
    }
    let messages = messages
        .max_frame_size(sockets.longest_message)
        .aggregate_continuations()
        .max_continuation_size(sockets.longest_message);
    let header = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let connection = Connection::new(
        session,
        Served {
            engine: engine.into_inner(),
            shared: shared.asked_by(&request, Door::Socket),
            metrics: metrics.get_ref().clone(),
            throttle: Arc::clone(&sockets.throttle),
            operations: sockets.operations,
        },
        header.and_then(token_of),
    );
    let stop = sockets.stop.subscribe();
    actix_web::rt::spawn(async move {
        connection.run(messages, stop).await;
        drop(place);
    });
    response
}

fn refuse(status: StatusCode, message: &str) -> HttpResponse {
    error_response(status, "BAD_REQUEST", message)
}

fn offers_protocol(request: &HttpRequest) -> bool {
    request
        .headers()
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|name| name.trim() == protocol::NAME)
}
