//! The connection pool. Knows nothing of async: `with` blocks while it waits.

use std::{sync::Arc, time::Duration};

use diesel::{
    Connection as _, RunQueryDsl,
    connection::SimpleConnection,
    declare_sql_function,
    prelude::*,
    r2d2::{self, ManageConnection, R2D2Connection},
    sql_types::{Integer, Text},
};

use crate::{
    Connection, Error, Result,
    changes::Listener,
    watch::{self, Watch},
};

/// What PostgreSQL shows of connections that nobody named.
const NAME: &str = "clinigraph";

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
    /// Who is told of slow statements, and of every statement in traces; `None` for nobody.
    pub watch: Option<Watch>,
    /// What PostgreSQL shows as the connections' `application_name`.
    pub name: String,
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
            watch: None,
            name: NAME.to_owned(),
        }
    }
}

/// A bounded set of connections.
#[derive(Debug, Clone)]
pub struct Pool {
    connections: r2d2::Pool<Manager>,
    url: Arc<str>,
}

/// The server process of a connection, and where it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    process: i32,
    url: Arc<str>,
}

impl Backend {
    /// Cancels what the connection is doing, over a connection of its own: those of its pool may all be busy. Does nothing
    /// to one that is idle.
    ///
    /// # Errors
    /// When its database cannot be reached.
    pub fn cancel(&self) -> Result<()> {
        let mut conn = Connection::establish(&self.url)
            .map_err(|error| Error::Unavailable(Arc::new(error)))?;
        diesel::select(pg_cancel_backend(self.process)).execute(&mut conn)?;
        Ok(())
    }
}

#[declare_sql_function]
extern "SQL" {
    /// Number of the server process of the connection.
    fn pg_backend_pid() -> Integer;
    /// Cancels the statement of a server process; whether there is such a process.
    fn pg_cancel_backend(process: Integer) -> Bool;
}

/// A connection of the pool, which goes back to it when dropped.
pub type Pooled = r2d2::PooledConnection<Manager>;

impl Pool {
    /// Makes the pool without connecting: the program starts even while the database is away.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let manager = Manager {
            url: Arc::from(patient(&settings.url)),
            statement_timeout: Some(settings.statement_timeout),
            watch: settings.watch.clone(),
            name: settings.name.clone(),
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
                watch: None,
                name: NAME.to_owned(),
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
        let mut connection = self
            .connections
            .get()
            .map_err(|error| Error::Unavailable(Arc::new(error)))?;
        // A new one is asked for its process. Whether it lives is found out by whoever uses it.
        if Pool::backend(&connection).is_none()
            && let Ok(process) = diesel::select(pg_backend_pid()).get_result(&mut *connection)
        {
            Pooled::extensions_mut(&mut connection).insert(Backend {
                process,
                url: Arc::clone(&self.url),
            });
        }
        Ok(connection)
    }

    /// The server process behind a connection; `None` when it did not say.
    #[must_use]
    pub fn backend(connection: &Pooled) -> Option<Backend> {
        Pooled::extensions(connection).get().cloned()
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
    pub fn connect(&self) -> Result<Connection> {
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
    let mut conn = Connection::establish(&patient(url))
        .map_err(|error| Error::Unavailable(Arc::new(error)))?;
    conn.batch_execute("SET application_name = 'clinigraph'; SET timezone = 'UTC'")?;
    Ok(conn)
}

/// Ends every connection of a name that runs a statement, and returns their number.
///
/// # Errors
/// When the database cannot be asked, or the connections belong to another role.
pub fn end_connections(url: &str, name: &str) -> Result<usize> {
    let mut conn = connect(url)?;
    let ended = diesel::sql_query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND state <> 'idle'",
    )
    .bind::<Text, _>(name)
    .execute(&mut conn)?;
    Ok(ended)
}

/// Makes the pool's connections and tells which of them still live.
#[derive(Debug)]
pub struct Manager {
    url: Arc<str>,
    statement_timeout: Option<Duration>,
    watch: Option<Watch>,
    name: String,
}

impl ManageConnection for Manager {
    type Connection = Connection;
    type Error = r2d2::Error;

    fn connect(&self) -> std::result::Result<Connection, r2d2::Error> {
        let mut conn = Connection::establish(&self.url).map_err(r2d2::Error::ConnectionError)?;
        if let Some(timeout) = self.statement_timeout {
            begin(&mut conn, &self.name, timeout).map_err(r2d2::Error::QueryError)?;
        }
        if let Some(watch) = &self.watch {
            conn.set_instrumentation(watch::Listener::new(watch.clone()));
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
        // A connection that goes back has no statement whose rows could still be counted.
        watch::flush();
        std::thread::panicking() || conn.is_broken()
    }
}

/// Sets what every connection of a pool has.
fn begin(conn: &mut Connection, name: &str, timeout: Duration) -> QueryResult<()> {
    diesel::sql_query("SELECT set_config('application_name', $1, false), set_config('timezone', 'UTC', false), set_config('statement_timeout', $2, false)")
        .bind::<Text, _>(name)
        .bind::<Text, _>(timeout.as_millis().to_string())
        .execute(conn)
        .map(drop)
}

/// A URL whose connections find out that the other side is gone: libpq waits for minutes or for ever by itself. What the
/// URL says of these itself stays.
fn patient(url: &str) -> String {
    const LIMITS: [(&str, &str); 5] = [
        ("connect_timeout", "5"),
        ("keepalives_idle", "30"),
        ("keepalives_interval", "10"),
        ("keepalives_count", "3"),
        ("tcp_user_timeout", "60000"),
    ];
    let mut url = url.to_owned();
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return url;
    }
    for (name, value) in LIMITS {
        if !url.contains(&format!("{name}=")) {
            let separator = if url.contains('?') { '&' } else { '?' };
            url.push_str(&format!("{separator}{name}={value}"));
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::patient;

    #[test]
    fn a_url_gets_limits_that_it_does_not_name() {
        assert_eq!(
            patient("postgresql://a@b/c?connect_timeout=9"),
            "postgresql://a@b/c?connect_timeout=9&keepalives_idle=30&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=60000"
        );
        assert!(patient("postgres:///c").starts_with("postgres:///c?connect_timeout=5&"));
        assert_eq!(patient("host=/run dbname=c"), "host=/run dbname=c");
    }
}
