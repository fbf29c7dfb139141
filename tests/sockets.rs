//! A server on a port, over a database whose changes are committed, and `WebSocket`s to it.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use actix_web::{App, HttpServer};
use clinigraph::{
    config::ServerSettings,
    server::{State, configure},
};
use futures_util::{SinkExt, StreamExt};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use storage::{
    Connection,
    generate::{self, Volume},
    pool::{Pool, Settings, connect},
    testing,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::support::{TODAY, settings};

/// Longest wait for a message.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server over a database of its own.
pub struct LiveServer {
    pub url: String,
    address: String,
}

impl LiveServer {
    /// A server over generated data that nobody else changes.
    pub async fn start() -> Self {
        LiveServer::with(|_| {}).await
    }

    /// The same with other settings.
    pub async fn with(change: impl FnOnce(&mut ServerSettings)) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let url = testing::fresh_database(&format!("clinigraph_live_{number}"));
        let mut conn = connect(&url).expect("the database answers");
        let progress = ProgressBar::hidden();
        generate::run(&mut conn, &Volume::tiny(), 1, TODAY, &progress)
            .expect("the tiny volume loads");
        LiveServer::at(url, change)
    }

    /// A server over any database.
    pub fn at(url: String, change: impl FnOnce(&mut ServerSettings)) -> Self {
        let pool = Pool::new(&Settings {
            size: 2,
            ..Settings::new(&url)
        });
        let mut settings = settings(0);
        change(&mut settings);
        let state = State::new(pool, 2, &settings).expect("a state");
        let server = HttpServer::new(move || App::new().configure(configure(state.clone())))
            .workers(1)
            .disable_signals()
            .shutdown_timeout(0)
            .bind("127.0.0.1:0")
            .expect("a free port");
        let address = server.addrs()[0].to_string();
        actix_web::rt::spawn(server.run());
        LiveServer { url, address }
    }

    /// A connection to the database.
    pub fn database(&self) -> Connection {
        connect(&self.url).expect("the database answers")
    }

    /// Changes data for everybody to see.
    pub fn execute(&self, sql: &str) {
        testing::execute(&mut self.database(), sql);
    }

    /// The one text that plain SQL finds. It must be called `id`.
    pub fn id(&self, sql: &str) -> String {
        let rows = testing::rows(&mut self.database(), sql);
        let row = rows.first().unwrap_or_else(|| panic!("no row: {sql}"));
        row["id"].as_str().expect("a text called id").to_owned()
    }

    /// A new token.
    pub fn token(&self, username: &str) -> String {
        storage::tokens::create(&mut self.database(), username).expect("a token")
    }

    /// Sends a request as text over a connection of its own, and reads all that comes until the server closes it.
    pub async fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).await.expect("it listens");
        let sent = stream.write_all(request.as_bytes()).await;
        sent.expect("it is sent");
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let read = tokio::time::timeout(PATIENCE, read).await;
        read.expect("the server closes").expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The answer to a document, head and body.
    pub async fn post(&self, token: &str, document: &str, variables: Value) -> String {
        let body = json!({ "query": document, "variables": variables }).to_string();
        self.raw(&format!(
            "POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await
    }

    /// Opens a socket with headers; the status of the answer when it is refused.
    pub async fn open(&self, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
        let mut request = format!("ws://{}/graphql", self.address)
            .into_client_request()
            .expect("a request");
        for (name, value) in headers {
            request
                .headers_mut()
                .insert(*name, HeaderValue::from_str(value).expect("a header"));
        }
        let stream = TcpStream::connect(&self.address).await.expect("it listens");
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// An open socket of the protocol.
    pub async fn socket(&self) -> Socket {
        let protocol = [("sec-websocket-protocol", "graphql-transport-ws")];
        self.open(&protocol).await.expect("a socket")
    }

    /// A socket of a person.
    pub async fn user(&self, username: &str) -> Socket {
        self.with_token(&self.token(username)).await
    }

    /// A socket with a token.
    pub async fn with_token(&self, token: &str) -> Socket {
        let mut socket = self.socket().await;
        let payload = json!({ "authorization": format!("Bearer {token}") });
        socket
            .send(json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert_eq!(socket.receive().await, json!({ "type": "connection_ack" }));
        socket
    }
}

/// A socket as a client holds it.
#[derive(Debug)]
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    pub async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("it is sent");
    }

    pub async fn send_bytes(&mut self, bytes: &'static [u8]) {
        self.0
            .send(Message::binary(bytes))
            .await
            .expect("it is sent");
    }

    /// Starts an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send(json!({ "id": id, "type": "subscribe", "payload": payload }))
            .await;
    }

    /// The next message; `None` when none comes for a while.
    pub async fn receive_within(&mut self, patience: Duration) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(patience, self.0.next()).await.ok()?;
            match message.expect("the socket is open").expect("a frame") {
                Message::Text(text) => return Some(serde_json::from_str(&text).expect("JSON")),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next message.
    pub async fn receive(&mut self) -> Value {
        self.receive_within(PATIENCE)
            .await
            .expect("a message in time")
    }

    /// The code that the server closes with, whatever it sends before.
    pub async fn closed(&mut self) -> u16 {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await;
            match message
                .expect("it is closed in time")
                .expect("a close frame comes")
            {
                Ok(Message::Close(Some(frame))) => return frame.code.into(),
                Ok(Message::Text(_) | Message::Ping(_) | Message::Pong(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Follows a scope and returns when the server listens: it has told of a change made for that.
    pub async fn follow(&mut self, server: &LiveServer, variables: Value, touch: &str) {
        let document = "subscription ($program: ID!, $scope: OrgUnitScope!) {
          eventsChanged(program: $program, scope: $scope) { kind id at event { id status orgUnit { id } } }
        }";
        self.subscribe("live", document, variables).await;
        for _ in 0..100 {
            server.execute(touch);
            if self
                .receive_within(Duration::from_millis(200))
                .await
                .is_some()
            {
                while self
                    .receive_within(Duration::from_millis(200))
                    .await
                    .is_some()
                {}
                return;
            }
        }
        panic!("the subscription never began");
    }

    /// Takes what has been sent by now.
    pub async fn drain(&mut self) {
        while self
            .receive_within(Duration::from_millis(400))
            .await
            .is_some()
        {}
    }

    /// The next change: kind, event, whether the event came with it.
    pub async fn change(&mut self) -> (String, Value, bool) {
        let message = self.receive().await;
        let change = &message["payload"]["data"]["eventsChanged"];
        let kind = change["kind"]
            .as_str()
            .unwrap_or_else(|| panic!("{message:#}"));
        (
            kind.to_owned(),
            change["id"].clone(),
            !change["event"].is_null(),
        )
    }
}
