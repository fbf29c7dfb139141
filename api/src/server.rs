//! Routes and the life of the HTTP server.

use std::time::Duration;

use actix_web::{
    App, HttpResponse, HttpServer, guard,
    middleware::{Compress, DefaultHeaders},
    web,
};
use storage::pool::{Pool, Settings};
use tokio::signal::unix::{self, SignalKind};

use crate::{
    analytics::Analytics,
    assets,
    caller::Shared,
    config::ServerSettings,
    db::Db,
    engine::Engine,
    guard::Audit,
    http,
    metrics::Metrics,
    report,
    rest::{self, body::BodyLimit},
    socket::{self, Sockets},
};

/// Longest wait for the audit log when the server stops.
const DRAIN: Duration = Duration::from_secs(10);

/// What every worker of the server holds.
#[derive(Clone)]
pub struct State {
    engine: web::Data<Engine>,
    shared: Shared,
    metrics: Metrics,
    sockets: Sockets,
    body_limit: BodyLimit,
}

impl State {
    /// State over a pool of `size` connections.
    ///
    /// # Errors
    /// When the figures cannot be set up.
    pub fn new(pool: Pool, size: u32, settings: &ServerSettings) -> Result<Self, String> {
        let db = Db::new(pool, size, settings.checkout_timeout());
        let metrics = Metrics::new().map_err(|error| error.to_string())?;
        Ok(State {
            engine: web::Data::new(Engine::default()),
            shared: Shared::new(
                db,
                settings.minimum_cell,
                settings.minimum_event_cell,
                settings.analytics_bytes(),
            )
            .guarded(&settings.callers),
            metrics,
            sockets: Sockets::new(settings),
            body_limit: settings.body_limit(),
        })
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
    move |routes| {
        routes
            .app_data(web::Data::new(state.engine.schema().clone()))
            .app_data(state.engine)
            .app_data(web::Data::new(state.shared))
            .app_data(web::Data::new(state.metrics))
            .app_data(web::Data::new(state.sockets))
            .app_data(web::Data::new(state.body_limit))
            .app_data(web::PayloadConfig::new(http::LONGEST_BODY))
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
            .route("/healthz", web::get().to(healthz))
            .route("/readyz", web::get().to(readyz))
            .route("/metrics", web::get().to(metrics))
            .configure(rest::configure)
            .configure(report::configure)
            .configure(assets::configure);
    }
}

/// Serves until a signal asks to stop; requests under way are finished first.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(
    url: &str,
    settings: &ServerSettings,
    ready: impl FnOnce(&str),
) -> Result<(), String> {
    let pool = Pool::new(&Settings {
        url: url.to_owned(),
        size: settings.pool_size,
        statement_timeout: settings.statement_timeout(),
        checkout_timeout: settings.checkout_timeout(),
    });
    let state = State::new(pool, settings.pool_size, settings)?;
    let sockets = state.sockets.clone();
    let (analytics, audit) = (state.shared.analytics.clone(), state.shared.audit.clone());
    actix_web::rt::spawn(analytics.follow(settings.minimum_cell));
    let server = HttpServer::new(move || {
        App::new()
            .wrap(DefaultHeaders::new().add(("X-Content-Type-Options", "nosniff")))
            .wrap(Compress::default())
            .configure(configure(state.clone()))
    });
    let server = server
        .shutdown_timeout(20)
        .bind(&settings.listen)
        .map_err(|error| format!("cannot listen on {}: {error}", settings.listen))?;
    let addresses: Vec<String> = server.addrs().iter().map(ToString::to_string).collect();
    tracing::info!(addresses = ?addresses, "listening");
    let server = server.run();
    ready(
        addresses
            .first()
            .map_or(settings.listen.as_str(), String::as_str),
    );
    actix_web::rt::spawn(async move {
        asked_to_stop().await;
        sockets.close_all();
    });
    let stopped = server
        .await
        .map_err(|error| format!("the server stopped: {error}"));
    if !audit.drain(DRAIN).await {
        tracing::error!("the server ends with entries of the audit log that were not stored");
    }
    stopped
}

/// Ends with the signal that stops the server too; never where signals cannot be heard.
pub async fn asked_to_stop() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        unix::signal(SignalKind::interrupt()),
        unix::signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// The process lives.
async fn healthz() -> HttpResponse {
    HttpResponse::Ok().body("ok")
}

/// Requests can be answered: the database is there and migrated.
async fn readyz(shared: web::Data<Shared>) -> HttpResponse {
    match shared.db.run("ready", storage::migrate::is_current).await {
        Ok(true) => HttpResponse::Ok().body("ready"),
        Ok(false) => {
            HttpResponse::ServiceUnavailable().body("the database needs `clinigraph migrate`")
        }
        Err(_) => HttpResponse::ServiceUnavailable().body("the database is not available"),
    }
}

/// Figures for Prometheus. They hold no data of persons, so they need no token.
async fn metrics(shared: web::Data<Shared>, metrics: web::Data<Metrics>) -> HttpResponse {
    match metrics.text(&shared.db, shared.analytics.held()) {
        Ok(text) => HttpResponse::Ok()
            .content_type("text/plain; version=0.0.4")
            .body(text),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}
