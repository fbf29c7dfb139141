//! Paging: what a page asks for, by cursor or by number, and the cursor that marks a row.

use chrono::{DateTime, NaiveDateTime};

use crate::event::{
    order::{EventOrder, KeyType},
    value::is_number,
};

/// Most rows of one page.
pub const MOST_ROWS: u32 = 1_000;
/// Most rows of one numbered page, as DHIS2's clients are used to.
pub const MOST_ROWS_OF_A_NUMBER: u32 = 50_000;
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

    /// DHIS2's spelling.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Direction::Ascending => "asc",
            Direction::Descending => "desc",
        }
    }
}

/// A row's place in an order: the values of the order's keys and, among equal ones, its own key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Order in which the row was listed, as [`EventOrder::text`] writes it.
    pub order: String,
    /// A text for each key of the order: instants in microseconds since 1970, numbers in decimals, booleans as `true` and
    /// `false`. `None` sorts after every value.
    pub keys: Vec<Option<String>>,
    /// Key of the row.
    pub id: i64,
}

impl Cursor {
    /// The place of a row in an order by the date it occurred.
    #[must_use]
    pub fn at(order: &EventOrder, date: Option<NaiveDateTime>, id: i64) -> Self {
        Cursor {
            order: order.text(),
            keys: vec![date.map(|date| date.and_utc().timestamp_micros().to_string())],
            id,
        }
    }

    /// Text form: order, key, values, each on its line; a value is `-` or its length and text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n{}\n", self.order, self.id);
        for key in &self.keys {
            match key {
                None => text.push_str("-\n"),
                Some(key) => text.push_str(&format!("{}:{key}\n", key.len())),
            }
        }
        text
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`PageError::Cursor`] when it is not one, [`PageError::CursorOrder`] when it belongs to another order.
    pub fn parse(
        argument: &'static str,
        text: &str,
        order: &EventOrder,
    ) -> Result<Self, PageError> {
        let malformed = || PageError::Cursor { argument };
        let (written, rest) = text.split_once('\n').ok_or_else(malformed)?;
        let (id, mut rest) = rest.split_once('\n').ok_or_else(malformed)?;
        let id = id.parse().map_err(|_| malformed())?;
        if written != order.text() {
            return Err(PageError::CursorOrder { argument });
        }
        let mut keys = Vec::with_capacity(order.0.len());
        for item in &order.0 {
            let (key, behind) = split_key(rest).ok_or_else(malformed)?;
            if key.is_some_and(|key| !is_key(item.key.key_type(), key)) {
                return Err(malformed());
            }
            keys.push(key.map(str::to_owned));
            rest = behind;
        }
        if !rest.is_empty() {
            return Err(malformed());
        }
        Ok(Cursor {
            order: written.to_owned(),
            keys,
            id,
        })
    }
}

/// The first value of a cursor's text and what follows it.
fn split_key(text: &str) -> Option<(Option<&str>, &str)> {
    if let Some(rest) = text.strip_prefix("-\n") {
        return Some((None, rest));
    }
    let (length, rest) = text.split_once(':')?;
    let (key, rest) = rest.split_at_checked(length.parse().ok()?)?;
    Some((Some(key), rest.strip_prefix('\n')?))
}

fn is_key(kind: KeyType, text: &str) -> bool {
    match kind {
        KeyType::Time => instant(text).is_some(),
        KeyType::Number => is_number(text),
        KeyType::Boolean => matches!(text, "true" | "false"),
        KeyType::Text => !text.contains('\0'),
    }
}

/// The instant that a cursor's text names. Dates that PostgreSQL's timestamps can hold: the years 1 to 9999 are enough for
/// events.
#[must_use]
pub fn instant(micros: &str) -> Option<NaiveDateTime> {
    use chrono::Datelike;
    let date = DateTime::from_timestamp_micros(micros.parse().ok()?)?.naive_utc();
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Rows wanted, 0 to [`MOST_ROWS`], of a numbered page 1 to [`MOST_ROWS_OF_A_NUMBER`].
    pub rows: u32,
    /// Rows passed over before it: only of a numbered page, which is what DHIS2's clients ask for.
    pub skip: i64,
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
    /// A number of a page, or its size, below 1 or beyond what a page may be.
    #[error("{argument} must be between 1 and {most}, got {value}")]
    Number {
        /// The parameter.
        argument: &'static str,
        /// Its value.
        value: i64,
        /// The highest that is answered.
        most: i64,
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
        order: &EventOrder,
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
            skip: 0,
            reading,
            from,
        })
    }

    /// The page with a number, from 1. It passes over the rows before it one by one: for clients that know no cursors.
    ///
    /// # Errors
    /// [`PageError::Number`] for a number or size below 1 or too large.
    pub fn numbered(number: i64, size: i64) -> Result<Self, PageError> {
        let check = |argument, value, most| {
            (1..=most)
                .contains(&value)
                .then_some(())
                .ok_or(PageError::Number {
                    argument,
                    value,
                    most,
                })
        };
        check("page", number, i64::from(i32::MAX))?;
        check("pageSize", size, i64::from(MOST_ROWS_OF_A_NUMBER))?;
        Ok(Page {
            rows: u32::try_from(size).unwrap_or(MOST_ROWS_OF_A_NUMBER),
            skip: (number - 1) * size,
            reading: Reading::Forward,
            from: None,
        })
    }

    /// The first rows, or those behind a row.
    #[must_use]
    pub fn after(rows: u32, from: Option<Cursor>) -> Self {
        Page {
            rows,
            skip: 0,
            reading: Reading::Forward,
            from,
        }
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
mod tests;
