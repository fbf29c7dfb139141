//! The one error type of the crate.

use std::{path::Path, sync::Arc};

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use domain::event::Refusal;

/// Result of every storage function.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between the program and its database. Cheap to clone, so that a failed batch can be told to each
/// of its waiters.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No connection could be had: the database is away, or every connection is in use.
    #[error("no database connection is available")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// A statement ran longer than the statement timeout.
    #[error("the query took longer than it may")]
    Timeout(#[source] Arc<DieselError>),
    /// The time of the whole request was over, and the statement under way was cancelled.
    #[error("the request took longer than it may")]
    Cancelled,
    /// A statement failed.
    #[error("a query failed")]
    Query(#[source] Arc<DieselError>),
    /// A migration or the definition of a view could not be applied.
    #[error("the database could not be migrated")]
    Migration(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// Stored data breaks a rule that the program relies on.
    #[error("table {table} holds a value the program cannot read: {detail}")]
    Corrupt {
        /// Table that holds it.
        table: &'static str,
        /// What is wrong, without patient data.
        detail: String,
    },
    /// Input that an import or a command cannot work with; the text says what and why.
    #[error("{0}")]
    Input(String),
    /// A delivery fails its own counts or loses too much; what was stored stays. The text says why, without patient data.
    #[error("{0}")]
    DeliveryRefused(String),
    /// The caller may not do what was asked; the text says what is missing.
    #[error("{0}")]
    Forbidden(String),
    /// A list cannot be answered as it was asked for; the refusal says which part breaks which rule.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A file could not be read.
    #[error("{path} could not be read")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: Arc<std::io::Error>,
    },
}

impl Error {
    /// The error of a file that cannot be read.
    pub(crate) fn unreadable(path: &Path, error: std::io::Error) -> Self {
        Error::File {
            path: path.display().to_string(),
            source: Arc::new(error),
        }
    }
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => {
                Error::Unavailable(Arc::new(error))
            }
            DieselError::DatabaseError(_, information) if is_unavailable(information.message()) => {
                Error::Unavailable(Arc::new(error))
            }
            DieselError::DatabaseError(_, information) if holds_nul(information.message()) => {
                Error::Input(
                    "a text holds the character NUL, which nothing stored can hold".to_owned(),
                )
            }
            DieselError::DatabaseError(_, information)
                if information.message().contains("statement timeout") =>
            {
                Error::Timeout(Arc::new(error))
            }
            DieselError::DatabaseError(_, information)
                if information.message().contains("due to user request") =>
            {
                Error::Cancelled
            }
            _ => Error::Query(Arc::new(error)),
        }
    }
}

/// The server's words for a text with the character NUL, alone and within JSON: all texts are valid UTF-8 but for that.
fn holds_nul(message: &str) -> bool {
    message.contains("invalid byte sequence for encoding")
        || message.contains("unsupported Unicode escape sequence")
}

/// The server's words for "the server is going away" and libpq's for "it is gone": diesel gives no code for them.
fn is_unavailable(message: &str) -> bool {
    const SIGNS: [&str; 7] = [
        "terminating connection",
        "server closed the connection",
        "no connection to the server",
        "connection to server",
        "the database system is",
        "could not receive data from server",
        // A replica that replays gives way to nobody for long; the primary answers the next attempt.
        "conflict with recovery",
    ];
    SIGNS.iter().any(|sign| message.contains(sign))
}
