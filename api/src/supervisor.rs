//! The beginning and the end of a server: it waits for its database, brings it up to date and only then takes requests; when it
//! is asked to stop it says so first, lets what is under way end, and leaves nothing running behind it.

use std::time::Duration;

use actix_web::dev::ServerHandle;
use storage::{
    import,
    migrate::{self, Standing},
    pool::{self, Pool},
};
use tokio::signal::unix::{self, SignalKind};

use crate::{db::Db, health::Health, operating::OperatingSettings, socket::Sockets};

/// Waits between two attempts to reach the database.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));
/// Longest time to end what runs in the database.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// Opens the database for requests as soon as it answers and is up to date. With `migrates` it is brought up to date; two servers
/// that begin at once take turns.
pub async fn begin(db: Db, migrates: bool) {
    let mut patience = PATIENCE.0;
    let mut last = String::new();
    loop {
        let pool = db.pool().clone();
        let attempt = tokio::task::spawn_blocking(move || prepare(&pool, migrates)).await;
        let reason = match attempt {
            Ok(Ok(())) => {
                db.open();
                tracing::info!("the database is there and up to date");
                return;
            }
            Ok(Err(reason)) => reason,
            Err(error) => error.to_string(),
        };
        if reason != last {
            tracing::warn!(reason, "waiting for the database");
            last = reason;
        }
        tokio::time::sleep(patience).await;
        patience = (patience * 2).min(PATIENCE.1);
    }
}

/// Brings the database up to date, or finds that it is. Blocks.
fn prepare(pool: &Pool, migrates: bool) -> Result<(), String> {
    let told = |error: storage::Error| match std::error::Error::source(&error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    };
    let mut connection = pool.connect().map_err(told)?;
    match migrate::standing(&mut connection).map_err(told)? {
        Standing::Current => {}
        Standing::Ahead => return Err("the database was migrated by a newer program".to_owned()),
        Standing::Behind if migrates => {
            let done = migrate::run(&mut connection).map_err(told)?;
            tracing::info!(applied = done.applied, "the database was migrated");
        }
        Standing::Behind => return Err("the database needs `clinigraph migrate`".to_owned()),
    }
    // Not told is not worth waiting for: the next import says it too.
    match import::settle_interrupted(&mut connection) {
        Ok(0) => {}
        Ok(number) => tracing::warn!(number, "imports were killed before they ended"),
        Err(error) => tracing::warn!(%error, "killed imports were not looked for"),
    }
    Ok(())
}

/// Which signal asks to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C: somebody waits.
    Interrupt,
    /// What service managers send.
    Terminate,
}

/// Ends with a signal that asks to stop; never where signals cannot be heard.
pub async fn asked_to_stop() -> Signal {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        unix::signal(SignalKind::interrupt()),
        unix::signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => Signal::Interrupt,
        _ = terminate.recv() => Signal::Terminate,
    }
}

/// What has to be told that the server ends.
pub struct Ending {
    /// Says that the server is not ready any more.
    pub health: Health,
    /// Closed with 1001.
    pub sockets: Sockets,
    /// Stops to listen and waits for what is under way.
    pub server: ServerHandle,
    /// How long that may take.
    pub settings: OperatingSettings,
}

impl Ending {
    /// Waits for a signal and ends the server. First it is not ready any more, so that whoever distributes requests sends them
    /// elsewhere; then sockets are closed and what is under way ends. A second signal ends it at once.
    pub async fn wait(self) {
        let signal = asked_to_stop().await;
        tracing::info!(?signal, "stopping");
        self.health.drain();
        let server = self.server.clone();
        actix_web::rt::spawn(async move {
            asked_to_stop().await;
            tracing::warn!("stopping at once");
            server.stop(false).await;
        });
        if signal == Signal::Terminate {
            tokio::time::sleep(Duration::from_secs(self.settings.drain_delay)).await;
        }
        self.sockets.close_all();
        self.server.stop(true).await;
    }
}

/// Ends what is still running in the database under the name of a pool: what went on longer than it may, and refreshes.
pub async fn end_statements(url: String, name: String) {
    let end = tokio::task::spawn_blocking(move || pool::end_connections(&url, &name));
    match tokio::time::timeout(LAST_PATIENCE, end).await {
        Ok(Ok(Ok(0))) => {}
        Ok(Ok(Ok(ended))) => tracing::warn!(ended, "statements were still running"),
        Ok(Ok(Err(error))) => tracing::warn!(%error, "the database could not be told to stop"),
        _ => tracing::warn!("the database did not stop in time"),
    }
}
