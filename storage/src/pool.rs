//! The connection pool. Knows nothing of async: `with` blocks while it waits.

use std::{sync::Arc, time::Duration};

use diesel::{
    connection::SimpleConnection,
    r2d2::{self, ConnectionManager, CustomizeConnection},
};

use crate::{Connection, Error, Result, changes::Listener};

/// How connections are made and limited.
#[derive(Debug, Clone)]
pub struct Settings {
    /// libpq connection URL.
    pub url: String,
    /// Most connections held at a time.
    pub size: u32,
    /// Longest time a statement may run.
    pub statement_timeout: Duration,
    /// Longest time to wait for a free connection.
    pub checkout_timeout: Duration,
}

impl Settings {
    /// The defaults for a URL: 8 connections, 30 s for a statement, 5 s for a connection.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Settings {
            url: url.into(),
            size: 8,
            statement_timeout: Duration::from_secs(30),
            checkout_timeout: Duration::from_secs(5),
        }
    }
}

/// A bounded set of connections.
#[derive(Debug, Clone)]
pub struct Pool {
    connections: r2d2::Pool<ConnectionManager<Connection>>,
    url: Arc<str>,
}

impl Pool {
    /// Makes the pool without connecting: the program starts even while the database is away.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let session = Session {
            statement_timeout: settings.statement_timeout,
        };
        Pool {
            connections: r2d2::Pool::builder()
                .max_size(settings.size)
                .min_idle(Some(0))
                .connection_timeout(settings.checkout_timeout)
                .connection_customizer(Box::new(session))
                .build_unchecked(ConnectionManager::new(&settings.url)),
            url: Arc::from(settings.url.as_str()),
        }
    }

    /// A pool of one connection inside a transaction that is never committed, for tests over HTTP.
    ///
    /// # Errors
    /// When the database cannot be reached.
    #[cfg(feature = "testing")]
    pub fn for_tests(url: &str) -> Result<Self> {
        r2d2::Pool::builder()
            .max_size(1)
            .connection_customizer(Box::new(r2d2::TestCustomizer))
            .build(ConnectionManager::new(url))
            .map(|connections| Pool {
                connections,
                url: Arc::from(url),
            })
            .map_err(|error| Error::Unavailable(Arc::new(error)))
    }

    /// Runs `work` with a connection, waiting for a free one. Never call it inside itself.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection could be had, else what `work` returned.
    pub fn with<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        let mut conn = self
            .connections
            .get()
            .map_err(|error| Error::Unavailable(Arc::new(error)))?;
        work(&mut conn)
    }

    /// A connection beside the pool that listens for changes.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database cannot be reached.
    pub fn listen(&self) -> Result<Listener> {
        Listener::connect(&self.url)
    }

    /// Connections open, and those of them that are idle.
    #[must_use]
    pub fn state(&self) -> (u32, u32) {
        let state = self.connections.state();
        (state.connections, state.idle_connections)
    }
}

/// One connection for a command, without a statement timeout: imports and refreshes take as long as they take.
///
/// # Errors
/// [`Error::Unavailable`] when the database cannot be reached.
pub fn connect(url: &str) -> Result<Connection> {
    use diesel::Connection as _;
    let mut conn =
        Connection::establish(url).map_err(|error| Error::Unavailable(Arc::new(error)))?;
    conn.batch_execute("SET application_name = 'clinigraph'; SET timezone = 'UTC'")?;
    Ok(conn)
}

#[derive(Debug)]
struct Session {
    statement_timeout: Duration,
}

impl CustomizeConnection<Connection, r2d2::Error> for Session {
    fn on_acquire(&self, conn: &mut Connection) -> std::result::Result<(), r2d2::Error> {
        let milliseconds = self.statement_timeout.as_millis();
        conn.batch_execute(&format!(
            "SET application_name = 'clinigraph'; SET timezone = 'UTC'; SET statement_timeout = {milliseconds}"
        ))
        .map_err(r2d2::Error::QueryError)
    }
}
