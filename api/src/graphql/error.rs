//! Errors as clients see them: a sentence, and a code in `extensions.code`. Causes are logged once and never sent.

use std::error::Error as _;

use async_graphql::{Error, ErrorExtensions};
use domain::{
    event::{
        Refusal,
        refusal::{Category, Part},
    },
    page::PageError,
};

/// What a client can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Change the request.
    BadUserInput,
    /// Ask for more rights.
    Forbidden,
    /// Ask for less at once.
    Timeout,
    /// Try again later.
    Unavailable,
    /// Report it.
    Internal,
}

impl Code {
    /// The code as clients read it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Code::BadUserInput => "BAD_USER_INPUT",
            Code::Forbidden => "FORBIDDEN",
            Code::Timeout => "TIMEOUT",
            Code::Unavailable => "UNAVAILABLE",
            Code::Internal => "INTERNAL",
        }
    }

    /// The code of a storage error.
    #[must_use]
    pub fn of(error: &storage::Error) -> Self {
        match error {
            storage::Error::Input(_) | storage::Error::DeliveryRefused(_) => Code::BadUserInput,
            storage::Error::Forbidden(_) => Code::Forbidden,
            storage::Error::Refused(refusal) => match refusal.category {
                Category::BadRequest | Category::Conflict(_) => Code::BadUserInput,
                Category::Forbidden => Code::Forbidden,
            },
            storage::Error::Timeout(_) | storage::Error::Cancelled => Code::Timeout,
            storage::Error::Unavailable(_) => Code::Unavailable,
            storage::Error::Query(_)
            | storage::Error::Migration(_)
            | storage::Error::Corrupt { .. }
            | storage::Error::File { .. } => Code::Internal,
        }
    }
}

fn with_code(message: impl Into<String>, code: Code) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code.name()))
}

/// A storage error for a client. What the client cannot act on is logged with its causes and told without them.
pub fn fail(error: storage::Error) -> Error {
    let code = Code::of(&error);
    if let storage::Error::Refused(refusal) = &error {
        return refused(refusal, code);
    }
    match code {
        Code::BadUserInput | Code::Forbidden => with_code(error.to_string(), code),
        Code::Timeout => with_code(
            "the query took longer than it may; ask for less at once",
            code,
        ),
        Code::Unavailable => {
            log(&error);
            with_code(
                "the database is not available at the moment; try again",
                code,
            )
        }
        Code::Internal => {
            log(&error);
            with_code(
                "something went wrong inside the server; the log says what",
                code,
            )
        }
    }
}

/// A broken input rule for a client.
pub fn refuse(message: impl ToString) -> Error {
    with_code(message.to_string(), Code::BadUserInput)
}

/// A paging error for a client.
pub fn refuse_page(error: PageError) -> Error {
    refuse(error)
}

/// A refused list for a client: the part by its path in the arguments of `events`, DHIS2's code where there is one.
fn refused(refusal: &Refusal, code: Code) -> Error {
    let error = with_code(format!("{} {}", path(refusal.part), refusal.message), code);
    match refusal.category {
        Category::Conflict(Some(dhis2)) => {
            error.extend_with(|_, extensions| extensions.set("dhis2Code", dhis2))
        }
        _ => error,
    }
}

fn path(part: Part) -> &'static str {
    match part {
        Part::Program => "program",
        Part::ProgramStage => "programStage",
        Part::OrgUnit => "scope.orgUnit",
        Part::OrgUnitMode => "scope.mode",
        Part::Values => "filter.values",
        Part::Attributes => "filter.attributes",
        Part::Statuses => "filter.status",
        Part::Scheduled => "filter.scheduledAt",
        Part::AssigneeMode | Part::AssignedUsers => "filter.assignee",
        Part::TrackedEntity => "filter.enrollment.trackedEntity",
        Part::Enrollment => "filter.enrollment",
        Part::CategoryCombo | Part::CategoryOptions | Part::OptionCombo => {
            "filter.attributeOptionCombo"
        }
        Part::Events => "filter.ids",
        Part::Order => "order",
    }
}

fn log(error: &storage::Error) {
    let mut causes = String::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        causes.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    tracing::error!(error = %format!("{error}{causes}"), "request failed");
}
