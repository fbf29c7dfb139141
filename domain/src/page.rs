//! Keyset paging: what a page asks for, and the cursor that marks a row.

use chrono::{DateTime, NaiveDateTime};

/// Most rows of one page.
pub const MOST_ROWS: u32 = 1_000;
/// Rows of a page when the client does not say.
pub const USUAL_ROWS: u32 = 50;

/// Direction of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

impl Direction {
    /// The other direction.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Direction::Ascending => Direction::Descending,
            Direction::Descending => Direction::Ascending,
        }
    }

    fn letter(self) -> &'static str {
        match self {
            Direction::Ascending => "a",
            Direction::Descending => "d",
        }
    }
}

/// A row's place in an order: its date and, among equal dates, its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Order in which the row was listed.
    pub order: Direction,
    /// Date of the row; `None` sorts after every date.
    pub date: Option<NaiveDateTime>,
    /// Key of the row.
    pub id: i64,
}

impl Cursor {
    /// Text form: order, microseconds since 1970 or `-`, key.
    #[must_use]
    pub fn to_text(&self) -> String {
        let date = self.date.map_or_else(
            || "-".to_owned(),
            |date| date.and_utc().timestamp_micros().to_string(),
        );
        format!("{}:{}:{}", self.order.letter(), date, self.id)
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`PageError::Cursor`] when it is not one, [`PageError::CursorOrder`] when it belongs to the other order.
    pub fn parse(argument: &'static str, text: &str, order: Direction) -> Result<Self, PageError> {
        let malformed = PageError::Cursor { argument };
        let mut parts = text.split(':');
        let (Some(letter), Some(date), Some(id), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed);
        };
        let date = match date {
            "-" => None,
            micros => Some(parse_micros(micros).ok_or_else(|| malformed.clone())?),
        };
        let id = id.parse().map_err(|_| malformed.clone())?;
        match letter {
            letter if letter == order.letter() => Ok(Cursor { order, date, id }),
            "a" | "d" => Err(PageError::CursorOrder { argument }),
            _ => Err(malformed),
        }
    }
}

/// Dates that PostgreSQL's timestamps can hold: the years 1 to 9999 are enough for events.
fn parse_micros(text: &str) -> Option<NaiveDateTime> {
    use chrono::Datelike;
    let date = DateTime::from_timestamp_micros(text.parse().ok()?)?.naive_utc();
    (1..=9999).contains(&date.year()).then_some(date)
}

/// Which way a page is read from its cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The first rows after the cursor.
    Forward,
    /// The last rows before the cursor.
    Backward,
}

/// A validated request for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Rows wanted, 0 to [`MOST_ROWS`].
    pub rows: u32,
    /// Which way it is read.
    pub reading: Reading,
    /// Row after (or before) which it starts; `None` starts at the end of the list.
    pub from: Option<Cursor>,
}

/// Why a page is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Both directions were asked for.
    #[error("first/after and last/before cannot be given together")]
    BothDirections,
    /// More rows than a page may hold, or fewer than none.
    #[error("{argument} must be between 0 and {MOST_ROWS}, got {value}")]
    Rows {
        /// The argument.
        argument: &'static str,
        /// Its value.
        value: i64,
    },
    /// The cursor is not one that this server gave out.
    #[error("{argument} is not a cursor of this list; take it from pageInfo or an edge")]
    Cursor {
        /// The argument.
        argument: &'static str,
    },
    /// The cursor was given out for another order.
    #[error("{argument} is a cursor of another order; start again without it")]
    CursorOrder {
        /// The argument.
        argument: &'static str,
    },
}

impl Page {
    /// Checks Relay's four paging arguments.
    ///
    /// # Errors
    /// One [`PageError`] for each rule that they break.
    pub fn new(
        first: Option<i64>,
        after: Option<&str>,
        last: Option<i64>,
        before: Option<&str>,
        order: Direction,
    ) -> Result<Self, PageError> {
        let backward = last.is_some() || before.is_some();
        if backward && (first.is_some() || after.is_some()) {
            return Err(PageError::BothDirections);
        }
        let (reading, argument, value) = if backward {
            (Reading::Backward, "last", last)
        } else {
            (Reading::Forward, "first", first)
        };
        let rows = match value {
            None => USUAL_ROWS,
            Some(value) => u32::try_from(value)
                .ok()
                .filter(|rows| *rows <= MOST_ROWS)
                .ok_or(PageError::Rows { argument, value })?,
        };
        let from = match (after, before) {
            (Some(text), _) => Some(Cursor::parse("after", text, order)?),
            (_, Some(text)) => Some(Cursor::parse("before", text, order)?),
            (None, None) => None,
        };
        Ok(Page {
            rows,
            reading,
            from,
        })
    }

    /// Rows to fetch: one more than wanted tells whether more follow.
    #[must_use]
    pub fn fetch(&self) -> i64 {
        i64::from(self.rows) + 1
    }

    /// Turns fetched rows into the page: in list order, without the extra row, and whether more lie beyond.
    #[must_use]
    pub fn cut<T>(&self, mut rows: Vec<T>) -> (Vec<T>, bool) {
        let more = rows.len() > self.rows as usize;
        rows.truncate(self.rows as usize);
        if self.reading == Reading::Backward {
            rows.reverse();
        }
        (rows, more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ORDERS: [Direction; 2] = [Direction::Ascending, Direction::Descending];

    proptest! {
        #[test]
        fn a_cursor_reads_back(seconds in prop::option::of(-62_000_000_000_i64..253_000_000_000), id: i64, descending: bool) {
            let order = ORDERS[usize::from(descending)];
            let date = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).map(|date| date.naive_utc());
            let cursor = Cursor { order, date, id };
            prop_assert_eq!(Cursor::parse("after", &cursor.to_text(), order), Ok(cursor));
            let other = Cursor::parse("after", &cursor.to_text(), order.reversed());
            prop_assert_eq!(other, Err(PageError::CursorOrder { argument: "after" }));
        }

        #[test]
        fn any_text_is_a_cursor_or_a_clear_error(text in ".{0,40}") {
            let _ = Cursor::parse("after", &text, Direction::Ascending);
        }

        #[test]
        fn a_page_never_holds_more_than_asked(rows in 0_i64..=1_000, found in 0_usize..1_100) {
            let page = Page::new(Some(rows), None, None, None, Direction::Ascending)?;
            let (cut, more) = page.cut((0..found).collect::<Vec<_>>());
            prop_assert!(cut.len() <= rows as usize);
            prop_assert_eq!(more, found > rows as usize);
        }
    }

    #[test]
    fn limits_and_directions_are_checked() {
        let page = |first, after, last, before| {
            Page::new(first, after, last, before, Direction::Ascending)
        };
        assert_eq!(
            page(Some(100_000), None, None, None),
            Err(PageError::Rows {
                argument: "first",
                value: 100_000
            })
        );
        assert_eq!(
            page(None, None, Some(-1), None),
            Err(PageError::Rows {
                argument: "last",
                value: -1
            })
        );
        assert_eq!(
            page(Some(1), None, Some(1), None),
            Err(PageError::BothDirections)
        );
        assert_eq!(
            page(None, Some("nonsense"), None, None),
            Err(PageError::Cursor { argument: "after" })
        );
        assert_eq!(
            page(None, Some("a:999999999999999999:1"), None, None),
            Err(PageError::Cursor { argument: "after" })
        );
    }
}
