//! Relay paging: arguments to a page, rows to a connection. The only copy of either.

use async_graphql::SimpleObject;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{
    event::EventOrder,
    page::{Cursor, Page, PageError, Reading},
};

/// Relay's four paging arguments.
#[derive(Debug, Clone, Default)]
pub struct PageArguments {
    /// Rows from the start.
    pub first: Option<i32>,
    /// Cursor before the first row.
    pub after: Option<String>,
    /// Rows from the end.
    pub last: Option<i32>,
    /// Cursor after the last row.
    pub before: Option<String>,
}

impl PageArguments {
    /// Checks the arguments for a list in an order.
    ///
    /// # Errors
    /// One [`PageError`] for each rule that they break.
    pub fn page(&self, order: &EventOrder) -> Result<Page, PageError> {
        let after = self
            .after
            .as_deref()
            .map(|text| unseal("after", text))
            .transpose()?;
        let before = self
            .before
            .as_deref()
            .map(|text| unseal("before", text))
            .transpose()?;
        Page::new(
            self.first.map(i64::from),
            after.as_deref(),
            self.last.map(i64::from),
            before.as_deref(),
            order,
        )
    }
}

/// Makes a cursor opaque.
#[must_use]
pub fn seal(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

/// Reads an opaque cursor.
///
/// # Errors
/// [`PageError::Cursor`] when it is not one.
pub fn unseal(argument: &'static str, text: &str) -> Result<String, PageError> {
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| PageError::Cursor { argument })?;
    String::from_utf8(bytes).map_err(|_| PageError::Cursor { argument })
}

/// The opaque form of a row's place.
#[must_use]
pub fn seal_cursor(cursor: &Cursor) -> String {
    seal(&cursor.to_text())
}

/// Where a page stands in its list.
#[derive(Debug, Clone, SimpleObject)]
pub struct PageInfo {
    /// Whether rows follow the page. When paging backward: whether the page was cut from a later row.
    pub has_next_page: bool,
    /// Whether rows precede the page. When paging forward: whether the page was cut from an earlier row.
    pub has_previous_page: bool,
    /// Cursor of the first row; null for an empty page.
    pub start_cursor: Option<String>,
    /// Cursor of the last row; null for an empty page.
    pub end_cursor: Option<String>,
}

impl PageInfo {
    /// The place of a page with these cursors; `more` tells whether rows lie beyond it in reading direction.
    #[must_use]
    pub fn new(page: &Page, more: bool, first: Option<String>, last: Option<String>) -> Self {
        let behind = page.from.is_some();
        let (has_next_page, has_previous_page) = match page.reading {
            Reading::Forward => (more, behind),
            Reading::Backward => (behind, more),
        };
        PageInfo {
            has_next_page,
            has_previous_page,
            start_cursor: first,
            end_cursor: last,
        }
    }
}
