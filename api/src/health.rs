//! Whether the process lives and whether it can answer. The database is asked each time, on a connection beside the pool: a
//! pool that is in use is no reason to send callers elsewhere, and an exhausted one none to say that the database is away.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix_web::{HttpResponse, http::header, web};
use serde::Serialize;
use storage::{
    Connection, Result,
    migrate::{self, Standing},
    pool::Pool,
};
use tokio::sync::Mutex;

use crate::db::Db;

/// Longest time to find out.
const PATIENCE: Duration = Duration::from_secs(2);

/// What readiness depends on.
#[derive(Clone)]
pub struct Health {
    db: Db,
    connection: Arc<Mutex<Option<Connection>>>,
    is_draining: Arc<AtomicBool>,
}

/// Whether requests are taken, and what stands against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether nothing stands against it.
    pub ready: bool,
    /// Each check by its name: `ok`, or what is wrong.
    pub checks: Checks,
}

/// The checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checks {
    /// The database answers.
    pub database: &'static str,
    /// It has the tables and views that this program was built for.
    pub migrations: &'static str,
    /// The server has begun and does not end.
    pub server: &'static str,
}

const OK: &str = "ok";

impl Health {
    /// The health of a server over a database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Health {
            db,
            connection: Arc::default(),
            is_draining: Arc::default(),
        }
    }

    /// Takes no more requests, soon: from now on the server is not ready.
    pub fn drain(&self) {
        self.is_draining.store(true, Ordering::Release);
    }

    /// Looks whether requests can be answered.
    pub async fn check(&self) -> Report {
        let standing = tokio::time::timeout(PATIENCE, self.standing()).await;
        let (database, migrations) = match standing {
            Ok(Some(standing)) => (OK, words(standing)),
            _ => ("the database is not available", "unknown"),
        };
        let server = if self.is_draining.load(Ordering::Acquire) {
            "the server is shutting down"
        } else if !self.db.is_open() {
            "the server is starting"
        } else {
            OK
        };
        Report {
            ready: [database, migrations, server] == [OK; 3],
            checks: Checks {
                database,
                migrations,
                server,
            },
        }
    }

    /// How the database stands to this program; `None` when it does not answer.
    async fn standing(&self) -> Option<Standing> {
        let mut connection = Arc::clone(&self.connection).lock_owned().await;
        let pool = self.db.pool().clone();
        let ask = tokio::task::spawn_blocking(move || ask(&mut connection, &pool));
        ask.await.ok()?.ok()
    }
}

/// Asks on a connection that is kept, or on a new one when that was lost.
fn ask(slot: &mut Option<Connection>, pool: &Pool) -> Result<Standing> {
    if let Some(connection) = slot
        && let Ok(standing) = migrate::standing(connection)
    {
        return Ok(standing);
    }
    *slot = None;
    let mut connection = pool.connect()?;
    let standing = migrate::standing(&mut connection)?;
    *slot = Some(connection);
    Ok(standing)
}

fn words(standing: Standing) -> &'static str {
    match standing {
        Standing::Current => OK,
        Standing::Behind => "the database needs `clinigraph migrate`",
        Standing::Ahead => "the database was migrated by a newer program",
    }
}

impl Report {
    /// The first thing that is wrong, or `ready`.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        let checks = &self.checks;
        let mut all = [checks.database, checks.server, checks.migrations].into_iter();
        all.find(|check| *check != OK).unwrap_or("ready")
    }

    fn respond(&self) -> actix_web::HttpResponseBuilder {
        let mut response = match self.ready {
            true => HttpResponse::Ok(),
            false => HttpResponse::ServiceUnavailable(),
        };
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response
    }
}

/// Registers the paths of health.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/health/live", web::get().to(live))
        .route("/health/ready", web::get().to(ready))
        .route("/healthz", web::get().to(live))
        .route("/readyz", web::get().to(ready_in_words));
}

/// The process lives and answers. It says nothing of the database: a restart would not bring that back.
async fn live() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(OK)
}

/// Requests can be answered; if not, why.
async fn ready(health: web::Data<Health>) -> HttpResponse {
    let report = health.check().await;
    report.respond().json(report)
}

/// The same as one line of text.
async fn ready_in_words(health: web::Data<Health>) -> HttpResponse {
    let report = health.check().await;
    report.respond().body(report.summary())
}
