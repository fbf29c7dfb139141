//! `GET /metrics`: what was counted, and what is asked at that moment.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use chrono::Utc;

use crate::{
    caller::Shared,
    engine::Engine,
    health::Health,
    metrics::{Metrics, Scrape},
    socket::Sockets,
};

/// Longest wait for the database. Its figures are left out then; all others are there.
const PATIENCE: Duration = Duration::from_secs(2);

/// Figures for Prometheus. They hold no data of persons, so they need no token.
pub async fn metrics(
    shared: web::Data<Shared>,
    metrics: web::Data<Metrics>,
    sockets: web::Data<Sockets>,
    health: web::Data<Health>,
    engine: web::Data<Engine>,
) -> HttpResponse {
    let figures = shared.db.run("figures", storage::figures::read);
    let figures = tokio::time::timeout(PATIENCE, figures).await;
    let mut caches = shared.lookups();
    let (hits, misses) = engine.lookups();
    caches.push(("documents", hits, misses));
    let now = Scrape {
        now: Utc::now(),
        connections: shared.db.state(),
        replica: shared.db.replica_counts(),
        held: shared.analytics.held(),
        caches,
        sockets: sockets.count(),
        figures: figures.ok().and_then(Result::ok),
        is_ready: health.check().await.ready,
    };
    match metrics.text(&now) {
        Ok(text) => HttpResponse::Ok()
            .content_type("text/plain; version=0.0.4")
            .body(text),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}
