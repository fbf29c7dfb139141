//! Refusals in DHIS2's form: `{httpStatus, httpStatusCode, status, message, errorCode?, devMessage?}`.

use std::fmt;

use actix_web::{HttpResponse, ResponseError, http::StatusCode, http::header};
use domain::event::refusal::Category;
use serde_json::{Map, Value};

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: StatusCode,
    /// What is wrong, for a person.
    pub message: String,
    /// DHIS2's code such as `E2040`; `None` when it has none.
    pub error_code: Option<String>,
    /// Details for a developer; `None` when there are none.
    pub dev_message: Option<String>,
    /// Seconds to wait before the next request; `None` when it is the client's to decide.
    pub retry_after: Option<u64>,
}

/// Result of a handler.
pub type Answer<T = HttpResponse> = Result<T, Refusal>;

impl Refusal {
    /// A refusal with a status and nothing but a message.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Refusal {
            status,
            message: message.into(),
            error_code: None,
            dev_message: None,
            retry_after: None,
        }
    }

    /// 400: the request has to be changed.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Refusal::new(StatusCode::BAD_REQUEST, message)
    }

    /// 403: the caller lacks a right.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Refusal::new(StatusCode::FORBIDDEN, message)
    }

    /// 404: there is no such thing, or the caller may not know of it.
    pub fn not_found(message: impl Into<String>) -> Self {
        Refusal::new(StatusCode::NOT_FOUND, message)
    }

    /// 409 with DHIS2's code: parts of the request contradict each other or what is stored.
    pub fn conflict(code: impl Into<String>, message: impl Into<String>) -> Self {
        Refusal {
            error_code: Some(code.into()),
            ..Refusal::new(StatusCode::CONFLICT, message)
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut body = Map::new();
        let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
        put(
            "httpStatus",
            self.status.canonical_reason().unwrap_or_default().into(),
        );
        put("httpStatusCode", self.status.as_u16().into());
        put("status", "ERROR".into());
        put("message", self.message.as_str().into());
        if let Some(code) = &self.error_code {
            put("errorCode", code.as_str().into());
        }
        if let Some(details) = &self.dev_message {
            put("devMessage", details.as_str().into());
        }
        let mut response = HttpResponse::build(self.status);
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        match self.status {
            StatusCode::UNAUTHORIZED => {
                response.insert_header((
                    header::WWW_AUTHENTICATE,
                    "Bearer realm=\"clinigraph\", Basic realm=\"clinigraph\"",
                ));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                response.insert_header((header::RETRY_AFTER, "2"));
            }
            _ => {}
        }
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        response.json(Value::Object(body))
    }
}

/// What the client cannot act on is logged with its causes and told without them.
impl From<storage::Error> for Refusal {
    fn from(error: storage::Error) -> Self {
        use storage::Error;
        match &error {
            Error::Input(message) | Error::DeliveryRefused(message) => {
                Refusal::bad_request(message)
            }
            Error::Forbidden(message) => Refusal::forbidden(message),
            Error::Refused(refusal) => match refusal.category {
                Category::BadRequest => Refusal::bad_request(refusal.to_string()),
                Category::Forbidden => Refusal::forbidden(refusal.to_string()),
                Category::Conflict(code) => Refusal {
                    error_code: code.map(str::to_owned),
                    ..Refusal::new(StatusCode::CONFLICT, refusal.to_string())
                },
            },
            Error::Timeout(_) => Refusal::new(
                StatusCode::GATEWAY_TIMEOUT,
                "the query took longer than it may (--statement-timeout); ask for less at once",
            ),
            Error::Cancelled => Refusal::new(
                StatusCode::GATEWAY_TIMEOUT,
                "the request took longer than it may (--request-timeout); ask for less at once, or import with async=true",
            ),
            Error::Unavailable(_) => {
                log(&error);
                Refusal::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "the database is not available at the moment; try again",
                )
            }
            Error::Query(_) | Error::Migration(_) | Error::Corrupt { .. } | Error::File { .. } => {
                log(&error);
                Refusal::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "something went wrong inside the server; the log says what",
                )
            }
        }
    }
}

fn log(error: &storage::Error) {
    let mut causes = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        causes.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    tracing::error!(error = %format!("{error}{causes}"), "request failed");
}
