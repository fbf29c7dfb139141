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
    http::{StatusCode, Uri, header},
    web,
};
use tokio::sync::{Semaphore, watch};

use crate::{
    caller::{Shared, token_of},
    config::ServerSettings,
    graphql::Schema,
    guard::Door,
    http::{LONGEST_BODY, error_response, unavailable},
    metrics::Metrics,
};
use connection::Connection;

/// What all sockets of a server share: how many there may be, from where, and until when.
#[derive(Clone)]
pub struct Sockets {
    places: Arc<Semaphore>,
    origins: Arc<[String]>,
    stop: Arc<watch::Sender<bool>>,
}

impl Sockets {
    /// No socket yet.
    #[must_use]
    pub fn new(settings: &ServerSettings) -> Self {
        Sockets {
            places: Arc::new(Semaphore::new(settings.sockets as usize)),
            origins: settings.allowed_origins.clone().into(),
            stop: Arc::new(watch::Sender::new(false)),
        }
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
    schema: web::Data<Schema>,
    shared: web::Data<Shared>,
    metrics: web::Data<Metrics>,
    sockets: web::Data<Sockets>,
) -> HttpResponse {
    if !offers_protocol(&request) {
        return refuse(
            StatusCode::BAD_REQUEST,
            "offer the WebSocket protocol graphql-transport-ws",
        );
    }
    if !is_origin_allowed(&request, &sockets.origins) {
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
    let messages = messages
        .max_frame_size(LONGEST_BODY)
        .aggregate_continuations()
        .max_continuation_size(LONGEST_BODY);
    let header = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let connection = Connection::new(
        session,
        schema.get_ref().clone(),
        shared.asked_by(&request, Door::Socket),
        metrics.get_ref().clone(),
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

/// Browsers say which page opens a socket and do not ask first, as they do for other requests: only this server's pages
/// and those of the settings may. Other programs send no origin.
fn is_origin_allowed(request: &HttpRequest, allowed: &[String]) -> bool {
    let Some(origin) = request.headers().get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let authority = origin.parse::<Uri>().ok();
    let authority = authority
        .as_ref()
        .and_then(|uri| uri.authority())
        .map(ToString::to_string);
    let is_own =
        matches!((&authority, host), (Some(page), Some(host)) if page.eq_ignore_ascii_case(host));
    is_own
        || allowed
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn pages_of_other_sites_need_to_be_named() {
        let allowed = ["https://app.example.org".to_owned()];
        let is_allowed = |origin: &str| {
            let request = TestRequest::get()
                .insert_header((header::HOST, "clinics.example.org:8080"))
                .insert_header((header::ORIGIN, origin))
                .to_http_request();
            is_origin_allowed(&request, &allowed)
        };
        assert!(is_allowed("http://clinics.example.org:8080"));
        assert!(is_allowed("https://app.example.org"));
        for other in [
            "http://clinics.example.org",
            "http://evil.example.org",
            "http://app.example.org",
            "https://clinics.example.org:8080.evil.example.org",
            "null",
            "",
        ] {
            assert!(!is_allowed(other), "{other}");
        }
        assert!(is_origin_allowed(
            &TestRequest::get().to_http_request(),
            &[]
        ));
    }
}
