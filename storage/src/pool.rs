//! The connection pool. Knows nothing of async: `with` blocks while it waits.

use std::{sync::Arc, time::Duration};

use diesel::{
    Connection as _,
    connection::SimpleConnection,
    r2d2::{self, ManageConnection, R2D2Connection},
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
    connections: r2d2::Pool<Manager>,
    url: Arc<str>,
}

/// A connection of the pool, which goes back to it when dropped.
pub type Pooled = r2d2::PooledConnection<Manager>;

impl Pool {
    /// Makes the pool without connecting: the program starts even while the database is away.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let manager = Manager {
            url: Arc::from(settings.url.as_str()),
            statement_timeout: Some(settings.statement_timeout),
        };
        Pool {
            url: Arc::clone(&manager.url),
            connections: r2d2::Pool::builder()
                .max_size(settings.size)
                .min_idle(Some(0))
                .connection_timeout(settings.checkout_timeout)
                .build_unchecked(manager),
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
            .build(Manager {
                url: Arc::from(url),
                statement_timeout: None,
            })
            .map(|connections| Pool {
                connections,
                url: Arc::from(url),
            })
            .map_err(|error| Error::Unavailable(Arc::new(error)))
    }

    /// A connection, waiting for a free one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when none could be had.
    pub fn get(&self) -> Result<Pooled> {
        self.connections
            .get()
            .map_err(|error| Error::Unavailable(Arc::new(error)))
    }

    /// Runs `work` with a connection, waiting for a free one. Never call it inside itself.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection could be had, else what `work` returned.
    pub fn with<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        work(&mut *self.get()?)
    }

    /// A connection beside the pool that listens for changes.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database cannot be reached.
    pub fn listen(&self) -> Result<Listener> {
        Listener::connect(&self.url)
    }

    /// A connection beside the pool, for work that must not wait for requests.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database cannot be reached.
    pub fn beside(&self) -> Result<Connection> {
        connect(&self.url)
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
    let mut conn =
        Connection::establish(url).map_err(|error| Error::Unavailable(Arc::new(error)))?;
    conn.batch_execute("SET application_name = 'clinigraph'; SET timezone = 'UTC'")?;
    Ok(conn)
}

/// Makes the pool's connections and tells which of them still live.
#[derive(Debug)]
pub struct Manager {
    url: Arc<str>,
    statement_timeout: Option<Duration>,
}

impl ManageConnection for Manager {
    type Connection = Connection;
    type Error = r2d2::Error;

    fn connect(&self) -> std::result::Result<Connection, r2d2::Error> {
        let mut conn = Connection::establish(&self.url).map_err(r2d2::Error::ConnectionError)?;
        if let Some(timeout) = self.statement_timeout {
            let milliseconds = timeout.as_millis();
            conn.batch_execute(&format!(
                "SET application_name = 'clinigraph'; SET timezone = 'UTC'; SET statement_timeout = {milliseconds}"
            ))
            .map_err(r2d2::Error::QueryError)?;
        }
        Ok(conn)
    }

    /// Looks whether PostgreSQL closed the connection, without asking it: a question would cost as much as the page of
    /// a list. PostgreSQL says farewell before it closes, so the first look finds its words and the second the end.
    fn is_valid(&self, conn: &mut Connection) -> std::result::Result<(), r2d2::Error> {
        for _look in 0..2 {
            for notification in conn.notifications_iter() {
                notification.map_err(r2d2::Error::QueryError)?;
            }
        }
        Ok(())
    }

    fn has_broken(&self, conn: &mut Connection) -> bool {
        std::thread::panicking() || conn.is_broken()
    }
}
