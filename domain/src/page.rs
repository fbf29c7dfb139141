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
mod tests {
    use super::*;
    use proptest::prelude::*;

    use crate::event::{
        filter::Column,
        order::{OrderField, OrderItem, OrderKey},
        value::ValueType,
    };

    /// By a text, a number and the date.
    fn order(direction: Direction) -> EventOrder {
        let column = |uid: &str, value_type| Column {
            id: 1,
            uid: uid.to_owned(),
            value_type,
        };
        EventOrder(
            [
                OrderKey::DataElement(column("DATAEL00001", ValueType::Text)),
                OrderKey::Attribute(column("ATTRIB00001", ValueType::Number)),
                OrderKey::Field(OrderField::OccurredAt),
            ]
            .map(|key| OrderItem { key, direction })
            .into(),
        )
    }

    proptest! {
        #[test]
        fn a_cursor_reads_back(
            word in prop::option::of("[^\0]{0,20}"),
            number in prop::option::of(any::<i32>()),
            seconds in prop::option::of(-62_000_000_000_i64..253_000_000_000),
            id: i64,
        ) {
            let order = order(Direction::Ascending);
            let keys = vec![
                word,
                number.map(|number| number.to_string()),
                seconds.map(|seconds| (seconds * 1_000_000).to_string()),
            ];
            let cursor = Cursor { order: order.text(), keys, id };
            prop_assert_eq!(Cursor::parse("after", &cursor.to_text(), &order), Ok(cursor.clone()));
            let other = Cursor::parse("after", &cursor.to_text(), &self::order(Direction::Descending));
            prop_assert_eq!(other, Err(PageError::CursorOrder { argument: "after" }));
        }

        #[test]
        fn any_text_is_a_cursor_or_a_clear_error(text in "(?s).{0,40}") {
            let order = order(Direction::Ascending);
            let _ = Cursor::parse("after", &text, &order);
            let _ = Cursor::parse("after", &format!("{}\n1\n{text}", order.text()), &order);
        }

        #[test]
        fn a_page_never_holds_more_than_asked(rows in 0_i64..=1_000, found in 0_usize..1_100) {
            let page = Page::new(Some(rows), None, None, None, &EventOrder::default())?;
            let (cut, more) = page.cut((0..found).collect::<Vec<_>>());
            prop_assert!(cut.len() <= rows as usize);
            prop_assert_eq!(more, found > rows as usize);
        }
    }

    #[test]
    fn limits_and_directions_are_checked() {
        let order = EventOrder::by_occurred_date(Direction::Ascending);
        let page = |first, after, last, before| Page::new(first, after, last, before, &order);
        let refused = |argument| Err(PageError::Cursor { argument });
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
        assert_eq!(page(None, Some("nonsense"), None, None), refused("after"));
        let far = "occurredAt:asc\n1\n18:999999999999999999\n";
        assert_eq!(page(None, Some(far), None, None), refused("after"));
        let wrong = "occurredAt:asc\n1\n1:x\n";
        assert_eq!(page(None, None, None, Some(wrong)), refused("before"));
    }

    #[test]
    fn numbered_pages_pass_over_those_before() {
        assert_eq!(
            Page::numbered(3, 15).map(|page| (page.skip, page.fetch())),
            Ok((30, 16))
        );
        for (number, size, argument) in
            [(0, 15, "page"), (1, 0, "pageSize"), (1, 50_001, "pageSize")]
        {
            let refused = Page::numbered(number, size);
            assert!(
                matches!(refused, Err(PageError::Number { argument: named, .. }) if named == argument)
            );
        }
    }
}
