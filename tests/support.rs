//! A server over generated data, and clients that talk to it.
//!
//! The data are generated once for each run, into a database of their own, and committed. Each server has one connection
//! inside a transaction that is never committed: what a test changes, it alone sees.

use std::sync::OnceLock;

use actix_web::{
    App,
    http::{
        StatusCode,
        header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap},
    },
    test::{TestRequest, call_service, init_service, read_body},
};
use chrono::NaiveDate;
use clinigraph::{
    config::ServerSettings,
    limits::LimitSettings,
    operating::OperatingSettings,
    server::{State, configure},
    tls::TlsSettings,
};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use storage::{
    generate::{self, Volume},
    pool::{Pool, connect},
    testing::{self, Statements},
};

/// Where the generated data end: "today" for the generator.
pub const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");

/// The URL of a database that is filled already, which the twins are held against instead of generated data. It is only
/// read: what a test writes, it never commits.
fn filled_database() -> Option<String> {
    std::env::var("CLINIGRAPH_TEST_DATABASE").ok()
}

/// The URL of the database with the generated data.
fn generated_database() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| {
        if let Some(url) = filled_database() {
            return url;
        }
        let url = testing::fresh_database("clinigraph_http");
        let mut conn = connect(&url).expect("the database answers");
        let progress = ProgressBar::hidden();
        generate::run(&mut conn, &Volume::tiny(), 1, TODAY, &progress)
            .expect("the tiny volume loads");
        storage::refresh::run(&mut conn, |_| {}).expect("the views are refreshed");
        generate::settle(&mut conn).expect("the tables are analysed");
        url
    })
}

/// The URL of a database of that name, with generated data that nobody else changes.
pub fn own_data(name: &str) -> String {
    let url = testing::fresh_database(name);
    let mut conn = connect(&url).expect("the database answers");
    let progress = ProgressBar::hidden();
    generate::run(&mut conn, &Volume::tiny(), 1, TODAY, &progress).expect("the tiny volume loads");
    storage::refresh::run(&mut conn, |_| {}).expect("the views are refreshed");
    url
}

/// A pool that commits what is changed.
fn keeping(url: &str) -> Pool {
    Pool::new(&storage::pool::Settings {
        size: 2,
        ..storage::pool::Settings::new(url)
    })
}

/// The settings of a server that tests talk to: one connection, short patience.
pub fn settings(minimum_cell: u32) -> ServerSettings {
    ServerSettings {
        listen: String::new(),
        pool_size: 1,
        statement_timeout: 30,
        checkout_timeout: 1,
        minimum_cell,
        analytics_memory: 0,
        minimum_event_cell: 0,
        import_limit: 64,
        callers: clinigraph::guard::CallerSettings::default(),
        sockets: 4,
        allowed_origins: vec![],
        limits: LimitSettings::usual(),
        tls: TlsSettings::default(),
        operating: OperatingSettings::default(),
    }
}

/// A server over one connection.
pub struct Server {
    state: State,
    pool: Pool,
}

impl Server {
    /// A server over the generated data that shows every figure.
    pub fn start() -> Self {
        Server::with_minimum_cell(0)
    }

    /// A server over the generated data that hides figures of fewer patients.
    pub fn with_minimum_cell(minimum_cell: u32) -> Self {
        let pool = Pool::for_tests(generated_database()).expect("the database answers");
        Server::over(pool, minimum_cell)
    }

    /// A server over the generated data that answers analytics from columns in memory.
    pub async fn with_columns(minimum_cell: u32) -> Self {
        let pool = Pool::for_tests(generated_database()).expect("the database answers");
        let mut settings = settings(minimum_cell);
        settings.analytics_memory = filled_database().map_or(64, |_| 8_192);
        let state = State::new(pool.clone(), 1, &settings).expect("a state");
        let server = Server { state, pool };
        server.columns().await;
        server
    }

    /// Reads the columns of the newest version.
    pub async fn columns(&self) {
        let analytics = self.state.analytics();
        analytics.load().await.expect("columns are read");
        assert!(analytics.held().stays > 0);
    }

    /// A server over the generated data with other settings.
    pub fn with(change: impl FnOnce(&mut ServerSettings)) -> Self {
        let pool = Pool::for_tests(generated_database()).expect("the database answers");
        Server::over_with(pool, change)
    }

    /// A server over any pool with other settings.
    pub fn over_with(pool: Pool, change: impl FnOnce(&mut ServerSettings)) -> Self {
        let mut settings = settings(0);
        change(&mut settings);
        let state = State::new(pool.clone(), 1, &settings).expect("a state");
        Server { state, pool }
    }

    /// A server over generated data of its own, which keeps what a test changes.
    pub fn with_own_data(name: &str) -> Self {
        Server::at(&own_data(name))
    }

    /// The same with other settings.
    pub fn with_own_data_and(name: &str, change: impl FnOnce(&mut ServerSettings)) -> Self {
        Server::over_with(keeping(&own_data(name)), change)
    }

    /// A server over any database, which keeps what a test changes.
    pub fn at(url: &str) -> Self {
        Server::over(keeping(url), 0)
    }

    /// Someone who calls with a token that exists already.
    pub fn with_token(&self, token: &str) -> Client<'_> {
        Client {
            server: self,
            token: token.to_owned(),
        }
    }

    /// A server over any pool.
    pub fn over(pool: Pool, minimum_cell: u32) -> Self {
        let state = State::new(pool.clone(), 1, &settings(minimum_cell)).expect("a state");
        Server { state, pool }
    }

    /// Lets sessions stand while changes are heard of, as the running program does.
    pub fn keep_sessions(&self) {
        self.state.keep_sessions();
    }

    /// Someone who calls, with a new token.
    pub fn user(&self, username: &str) -> Client<'_> {
        let token = self
            .pool
            .with(|conn| storage::tokens::create(conn, username))
            .expect("a token");
        Client {
            server: self,
            token,
        }
    }

    /// The rows of plain SQL over the same transaction, as JSON objects.
    pub fn rows(&self, sql: &str) -> Vec<Value> {
        self.storage(|conn| testing::rows(conn, sql))
    }

    /// The first column of plain SQL as texts. It must be called `id`.
    pub fn ids(&self, sql: &str) -> Vec<String> {
        let id = |row: &Value| row["id"].as_str().expect("a text called id").to_owned();
        self.rows(sql).iter().map(id).collect()
    }

    /// The one text that plain SQL finds. It must be called `id`.
    pub fn id(&self, sql: &str) -> String {
        let ids = self.ids(sql);
        ids.into_iter()
            .next()
            .unwrap_or_else(|| panic!("no row: {sql}"))
    }

    /// Changes data within the transaction of this server.
    pub fn execute(&self, sql: &str) {
        self.storage(|conn| testing::execute(conn, sql));
    }

    /// Publishes a new data version of what the tables hold now.
    pub fn refresh(&self) {
        let published = self.storage(|conn| storage::refresh::run(conn, |_| {}));
        published.expect("a refresh");
    }

    /// Records the statements of this server from now on.
    pub fn record(&self) -> Statements {
        self.storage(Statements::record)
    }

    /// Calls a storage function within the transaction of this server.
    pub fn storage<T>(&self, work: impl FnOnce(&mut storage::Connection) -> T) -> T {
        self.pool
            .with(|conn| Ok(work(conn)))
            .expect("the database answers")
    }

    /// Waits until the audit log is stored.
    pub async fn drain(&self) {
        assert!(
            self.state
                .audit()
                .drain(std::time::Duration::from_secs(20))
                .await
        );
    }

    /// Sends a request.
    pub async fn send(&self, request: TestRequest) -> Answer {
        let app = init_service(App::new().configure(configure(self.state.clone()))).await;
        let response = call_service(&app, request.to_request()).await;
        Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: read_body(response).await.to_vec(),
        }
    }
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    /// A header; empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("a text"))
    }
}

/// A person with a token.
pub struct Client<'a> {
    server: &'a Server,
    token: String,
}

impl Client<'_> {
    /// Adds the token to a request.
    pub fn sign(&self, request: TestRequest) -> TestRequest {
        request.insert_header((AUTHORIZATION, format!("Bearer {}", self.token)))
    }

    /// Sends a document with variables, as a modern client does.
    pub async fn send(&self, document: &str, variables: Value) -> Answer {
        let body = json!({ "query": document, "variables": variables });
        let request = TestRequest::post()
            .uri("/graphql")
            .insert_header((ACCEPT, "application/graphql-response+json"))
            .insert_header((CONTENT_TYPE, "application/json"))
            .set_payload(body.to_string());
        self.server.send(self.sign(request)).await
    }

    /// The data of an answer without errors.
    pub async fn data(&self, document: &str, variables: Value) -> Value {
        let answer = self.send(document, variables).await;
        let mut body = answer.json();
        assert!(
            answer.status == StatusCode::OK && body.get("errors").is_none(),
            "{} {body:#}\n{document}",
            answer.status
        );
        body["data"].take()
    }

    /// Code and message of the first error of an answer.
    pub async fn refusal(&self, document: &str, variables: Value) -> (String, String) {
        let body = self.send(document, variables).await.json();
        let error = &body["errors"][0];
        let text = |value: &Value| {
            value
                .as_str()
                .unwrap_or_else(|| panic!("{body:#}"))
                .to_owned()
        };
        (text(&error["extensions"]["code"]), text(&error["message"]))
    }
}

/// The texts under a name in a list of objects.
pub fn texts(list: &Value, name: &str) -> Vec<String> {
    let rows = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    let text = |row: &Value| row[name].as_str().expect("a text").to_owned();
    rows.iter().map(text).collect()
}
