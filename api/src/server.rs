//! Routes and the life of the HTTP server.

use std::{sync::Arc, time::Duration};

use actix_web::{
    App, HttpServer, guard,
    middleware::{Compress, Condition, DefaultHeaders, from_fn},
    web,
};
use storage::pool::{Pool, Settings};

use crate::{
    analytics::Analytics,
    assets,
    caller::Shared,
    config::ServerSettings,
    db::Db,
    engine::Engine,
    guard::Audit,
    health::{self, Health},
    http::{
        self, LongestBody, cors, cross_site, edge,
        throttle::{self, Throttle},
    },
    limits::{Audience, FileLimit},
    metrics::Metrics,
    observe::observe,
    replica::Replica,
    report,
    rest::{self, body::BodyLimit},
    scrape, slow_log,
    socket::{self, Sockets},
    supervisor::{self, Ending},
};

/// When the server says its address, though its database is not there.
const ANNOUNCED_AFTER: Duration = Duration::from_secs(2);
/// Longest wait for the audit log when the server stops.
const DRAIN: Duration = Duration::from_secs(10);

/// What every worker of the server holds.
#[derive(Clone)]
pub struct State {
    engine: web::Data<Engine>,
    shared: Shared,
    metrics: Metrics,
    sockets: Sockets,
    throttle: web::Data<Throttle>,
    body_limit: BodyLimit,
    file_limit: FileLimit,
    longest_body: usize,
    page_audience: Audience,
    health: Health,
}

impl State {
    /// State over a pool of `size` connections.
    ///
    /// # Errors
    /// When the figures cannot be set up.
    pub fn new(pool: Pool, size: u32, settings: &ServerSettings) -> Result<Self, String> {
        let metrics = Metrics::new().map_err(|error| error.to_string())?;
        let db = database(pool, size, settings);
        State::over(db, metrics, settings)
    }

    fn over(db: Db, metrics: Metrics, settings: &ServerSettings) -> Result<Self, String> {
        let throttle = Arc::new(Throttle::new(&settings.limits));
        let engine = Engine::new(&settings.limits)?;
        Ok(State {
            engine: web::Data::new(engine.recording(metrics.operations())),
            health: Health::new(db.clone()),
            shared: Shared::new(
                db,
                settings.minimum_cell,
                settings.minimum_event_cell,
                settings.analytics_bytes(),
            )
            .guarded(&settings.callers)?,
            metrics,
            sockets: Sockets::new(settings, Arc::clone(&throttle)),
            throttle: web::Data::from(throttle),
            page_audience: settings.limits.introspection(),
            longest_body: settings.limits.body_bytes(),
            body_limit: settings.body_limit(),
            file_limit: settings.limits.file_limit(),
        })
    }

    /// Asks the database anew who calls only when it may have changed, of which the server hears on a connection of its own.
    pub fn keep_sessions(&self) {
        self.shared.keep_sessions();
    }

    /// The audit log.
    #[must_use]
    pub fn audit(&self) -> &Audit {
        &self.shared.audit
    }

    /// What analytics are answered from.
    #[must_use]
    pub fn analytics(&self) -> &Analytics {
        &self.shared.analytics
    }
}

/// Registers every route.
pub fn configure(state: State) -> impl FnOnce(&mut web::ServiceConfig) {
    let has_other_sites = !state.sockets.origins().is_empty();
    let cors = cors::allow(state.sockets.origins());
    move |routes| {
        routes
            .app_data(state.engine)
            .app_data(web::Data::new(state.shared))
            .app_data(web::Data::new(state.metrics))
            .app_data(web::Data::new(state.sockets))
            .app_data(web::Data::new(state.body_limit))
            .app_data(web::Data::new(state.file_limit))
            .app_data(web::Data::new(state.health))
            .app_data(state.throttle)
            .app_data(web::Data::new(state.page_audience))
            .app_data(web::Data::new(LongestBody(state.longest_body)))
            .app_data(web::PayloadConfig::new(state.longest_body))
            .service(
                web::scope("")
                    .wrap(from_fn(throttle::throttle))
                    .wrap(from_fn(cross_site::guard))
                    .wrap(Condition::new(has_other_sites, cors))
                    .wrap(from_fn(edge::finish))
                    .configure(addresses),
            );
    }
}

/// Everything that can be asked for.
fn addresses(routes: &mut web::ServiceConfig) {
    routes
        .service(
            web::resource("/graphql")
                .route(
                    web::get()
                        .guard(guard::fn_guard(socket::is_upgrade))
                        .to(socket::open),
                )
                .route(web::get().to(http::graphql))
                .route(web::post().to(http::graphql)),
        )
        .route("/metrics", web::get().to(scrape::metrics))
        .configure(health::configure)
        .configure(rest::configure)
        .configure(report::configure)
        .configure(assets::configure);
}

/// Serves until a signal asks to stop; requests under way are finished first. The server starts without its database, and
/// answers 503 until that is there and up to date.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(
    url: &str,
    settings: &ServerSettings,
    ready: impl FnOnce(&str),
) -> Result<(), String> {
    let tls = settings.tls.config()?;
    let is_tls = tls.is_some();
    let operating = &settings.operating;
    let name = instance_name();
    let state = state(url, settings, &name)?;
    let (sockets, health) = (state.sockets.clone(), state.health.clone());
    state.shared.db.close();
    state.keep_sessions();
    if let Some(provider) = &state.shared.provider {
        provider.warm();
    }
    let begun = supervisor::begin(state.shared.db.clone(), operating.migrate);
    let begun = actix_web::rt::spawn(begun);
    let (analytics, audit) = (state.shared.analytics.clone(), state.shared.audit.clone());
    actix_web::rt::spawn(analytics.follow(settings.minimum_cell));
    let server = HttpServer::new(move || {
        App::new()
            .wrap(Condition::new(
                is_tls,
                DefaultHeaders::new().add(edge::TRANSPORT),
            ))
            .wrap(Compress::default())
            .configure(configure(state.clone()))
            .wrap(from_fn(observe))
    });
    let server = server
        .disable_signals()
        .shutdown_timeout(operating.drain_limit);
    let server = match tls {
        Some(tls) => server.bind_rustls_0_23(&settings.listen, tls),
        None => server.bind(&settings.listen),
    };
    let server =
        server.map_err(|error| format!("cannot listen on {}: {error}", settings.listen))?;
    let addresses: Vec<String> = server.addrs().iter().map(ToString::to_string).collect();
    tracing::info!(addresses = ?addresses, "listening");
    let server = server.run();
    let ending = Ending {
        health,
        sockets,
        server: server.handle(),
        settings: operating.clone(),
    };
    actix_web::rt::spawn(ending.wait());
    let address = addresses.first().unwrap_or(&settings.listen);
    // Who reads that the server is ready finds it so, unless the database is away.
    let announced = async {
        let _ = tokio::time::timeout(ANNOUNCED_AFTER, begun).await;
        ready(address);
    };
    let (outcome, ()) = tokio::join!(server, announced);
    if !audit.drain(DRAIN).await {
        tracing::error!("the server ends with entries of the audit log that were not stored");
    }
    supervisor::end_statements(url.to_owned(), name).await;
    outcome.map_err(|error| format!("the server stopped: {error}"))
}

/// The state of a server whose statements are watched.
fn state(url: &str, settings: &ServerSettings, name: &str) -> Result<State, String> {
    let metrics = Metrics::new().map_err(|error| error.to_string())?;
    let operating = &settings.operating;
    let limit = operating.slow_statement();
    // Without a limit nothing is slow, but traces still tell of every statement.
    let limit = limit.unwrap_or(Duration::MAX);
    let pool = |url: &str, checkout_timeout| {
        Pool::new(&Settings {
            size: settings.pool_size,
            statement_timeout: settings.statement_timeout(),
            checkout_timeout,
            watch: Some(slow_log::watch(url, limit, metrics.slow_statements())),
            name: name.to_owned(),
            ..Settings::new(url)
        })
    };
    // Who reads from a replica that is away turns to the primary after a second.
    let replica = operating.database_read_url.as_deref();
    let replica =
        replica.map(|url| Replica::new(pool(url, Duration::from_secs(1)), settings.pool_size));
    let primary = pool(url, settings.checkout_timeout());
    let db = database(primary, settings.pool_size, settings);
    State::over(db.with_replica(replica), metrics, settings)
}

fn database(pool: Pool, size: u32, settings: &ServerSettings) -> Db {
    Db::new(
        pool,
        size,
        settings.checkout_timeout(),
        settings.limits.request_timeout(),
    )
}

/// What PostgreSQL shows of this server's connections: another one for each that runs.
fn instance_name() -> String {
    let now = chrono::Utc::now().timestamp_micros();
    format!("clinigraph {}-{now:x}", std::process::id())
}
