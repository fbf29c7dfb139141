//! The parameters of a request, read as tolerantly as DHIS2 reads them: unknown names are ignored, empty values are
//! absent, lists may be repeated or joined.

use actix_web::web;
use chrono::{NaiveDateTime, NaiveTime};
use domain::{
    event::filter::{TimeBounds, end_of_day},
    moment, uid,
};

use super::error::{Answer, Refusal};

/// The decoded parameters of a request, in their order.
#[derive(Debug, Default)]
pub struct QueryString(Vec<(String, String)>);

impl QueryString {
    /// Reads the text behind the `?`.
    ///
    /// # Errors
    /// 400 when it is not a query string.
    pub fn parse(text: &str) -> Answer<Self> {
        web::Query::<Vec<(String, String)>>::from_query(text)
            .map(|pairs| QueryString(pairs.into_inner()))
            .map_err(|error| {
                Refusal::bad_request(format!("the query string is not valid: {error}"))
            })
    }

    /// The first value of a parameter that is not blank.
    #[must_use]
    pub fn text<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.values(name).next()
    }

    /// All values of a parameter with commas between them, as if it had been given once.
    #[must_use]
    pub fn joined(&self, name: &str) -> String {
        self.values(name).collect::<Vec<_>>().join(",")
    }

    /// The values of a parameter that are not blank, in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(known, value)| known == name && !value.trim().is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// `true` or `false`; `usual` when absent.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn boolean(&self, name: &str, usual: bool) -> Answer<bool> {
        Ok(self.optional_boolean(name)?.unwrap_or(usual))
    }

    /// `true` or `false`; `None` when absent.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn optional_boolean(&self, name: &str) -> Answer<Option<bool>> {
        self.parsed(name, "it must be true or false", |text| {
            match text.to_ascii_lowercase().as_str() {
                "true" | "on" | "yes" | "1" => Some(true),
                "false" | "off" | "no" | "0" => Some(false),
                _ => None,
            }
        })
    }

    /// A number of at least 1; `None` when absent.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn positive(&self, name: &str) -> Answer<Option<u32>> {
        self.parsed(name, "it must be a whole number of at least 1", |text| {
            text.parse().ok().filter(|number| *number > 0)
        })
    }

    /// An identifier; `None` when absent.
    ///
    /// # Errors
    /// 400 when it is not well-formed.
    pub fn uid(&self, name: &str) -> Answer<Option<String>> {
        self.parsed(name, UID_RULE, |text| {
            uid::is_valid(text).then(|| text.to_owned())
        })
    }

    /// Identifiers with `,` or, as older clients send them, `;` between them.
    ///
    /// # Errors
    /// 400 when one is not well-formed.
    pub fn uids(&self, name: &str) -> Answer<Vec<String>> {
        let joined = self.joined(name);
        let items = joined.split([',', ';']).map(str::trim);
        items
            .filter(|item| !item.is_empty())
            .map(|item| match uid::is_valid(item) {
                true => Ok(item.to_owned()),
                false => Err(invalid(name, item, UID_RULE)),
            })
            .collect()
    }

    /// One of the words that `read` knows; `None` when absent.
    ///
    /// # Errors
    /// 400 for any other, which `rule` explains.
    pub fn parsed<T>(
        &self,
        name: &str,
        rule: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Answer<Option<T>> {
        self.text(name)
            .map(|text| read(text.trim()).ok_or_else(|| invalid(name, text, rule)))
            .transpose()
    }

    /// The instants between `{prefix}After` and `{prefix}Before`. A day alone means its beginning in the first and its
    /// end in the second; without a zone an instant is the server's, which is UTC.
    ///
    /// # Errors
    /// 400 when one is not a date.
    pub fn bounds(&self, prefix: &str) -> Answer<TimeBounds> {
        const RULE: &str = "it must be a date such as 2026-01-31 or 2026-01-31T12:00:00";
        Ok(TimeBounds {
            from: self.parsed(&format!("{prefix}After"), RULE, beginning)?,
            to: self.parsed(&format!("{prefix}Before"), RULE, end)?,
        })
    }
}

const UID_RULE: &str = "a UID has 11 letters and digits and starts with a letter";

fn invalid(name: &str, value: &str, rule: &str) -> Refusal {
    Refusal::bad_request(format!(
        "Value '{value}' is not valid for parameter {name}: {rule}"
    ))
}

/// A moment, its day written as `2026`, `2026-01`, `2026-01-31` or `20260131`, its time as `10`, `10:30` or longer, behind
/// `T` or a blank.
fn beginning(text: &str) -> Option<NaiveDateTime> {
    let text = text.replace(' ', "T");
    let (day, time) = text.split_once('T').unwrap_or((&text, "00:00"));
    let day = match (day.len(), day.bytes().all(|byte| byte.is_ascii_digit())) {
        (4, true) => format!("{day}-01-01"),
        (8, true) => format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]),
        (7, false) => format!("{day}-01"),
        _ => day.to_owned(),
    };
    let (hour, rest) = time.split_at_checked(time.len().min(2))?;
    let minutes = if rest.starts_with(':') { "" } else { ":00" };
    moment::parse(&format!("{day}T{hour}{minutes}{rest}"))
}

/// As [`beginning`], but of a day, month or year alone it is the end.
fn end(text: &str) -> Option<NaiveDateTime> {
    let first = beginning(text)?;
    if text.contains(['T', ' ']) {
        return Some(first);
    }
    let day = first.date();
    let last_month = match text.len() {
        4 => chrono::Months::new(12),
        7 => chrono::Months::new(1),
        _ => return Some(end_of_day(day)),
    };
    let next = day.checked_add_months(last_month)?.and_time(NaiveTime::MIN);
    Some(end_of_day(next.date().pred_opt()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> QueryString {
        QueryString::parse(text).expect("a query string")
    }

    #[test]
    fn lists_may_be_repeated_joined_and_empty() {
        let query =
            read("events=XKrcfuM4Hcw%2CM4pNmLabtXl;Hq3Kc6HK4OZ&events=D9PbzJY8bJM&page=&a=+");
        assert_eq!(query.uids("events").map(|uids| uids.len()), Ok(4));
        assert_eq!(query.positive("page"), Ok(None));
        assert_eq!(query.text("a"), None);
        assert_eq!(
            read("filter=a%3Aeq%3A1&filter=b").joined("filter"),
            "a:eq:1,b"
        );
        for (text, name) in [("u=x", "u"), ("u=XKrcfuM4Hcw,x", "u")] {
            assert!(read(text).uids(name).is_err(), "{text}");
        }
        for text in ["page=0", "page=-1", "page=x"] {
            assert!(read(text).positive("page").is_err(), "{text}");
        }
        assert!(read("paging=maybe").boolean("paging", true).is_err());
    }

    #[test]
    fn a_day_reaches_from_its_beginning_to_its_end() {
        let bounds = |after: &str, before: &str| {
            let bounds = read(&format!("occurredAfter={after}&occurredBefore={before}"))
                .bounds("occurred")
                .expect("dates");
            let text = |moment: Option<NaiveDateTime>| moment.map(|moment| moment.to_string());
            (text(bounds.from), text(bounds.to))
        };
        let some = |from: &str, to: &str| (Some(from.to_owned()), Some(to.to_owned()));
        assert_eq!(
            bounds("2026-01-01", "2026-01-31"),
            some("2026-01-01 00:00:00", "2026-01-31 23:59:59.999999")
        );
        assert_eq!(
            bounds("2026-02", "2026-02"),
            some("2026-02-01 00:00:00", "2026-02-28 23:59:59.999999")
        );
        assert_eq!(
            bounds("2026", "2026"),
            some("2026-01-01 00:00:00", "2026-12-31 23:59:59.999999")
        );
        assert_eq!(
            bounds("2026-01-01T02:00:00%2B02:00", "2026-01-31T10:00"),
            some("2026-01-01 00:00:00", "2026-01-31 10:00:00")
        );
        assert_eq!(
            bounds("20260101", "20260131"),
            some("2026-01-01 00:00:00", "2026-01-31 23:59:59.999999")
        );
        assert_eq!(
            bounds("2026-01-01T10", "2026-01-31+10%3A30%3A00Z"),
            some("2026-01-01 10:00:00", "2026-01-31 10:30:00")
        );
        assert_eq!(
            bounds("20260101T10Z", "2026-01-31T10%2B02:00"),
            some("2026-01-01 10:00:00", "2026-01-31 08:00:00")
        );
        for wrong in [
            "31.01.2026",
            "2026-01-01T",
            "2026-01-01T24",
            "2026-01-01Taä",
            "20260132",
            "202601",
            "2026-",
        ] {
            let bounds = read(&format!("occurredAfter={wrong}")).bounds("occurred");
            assert!(bounds.is_err(), "{wrong}");
        }
    }
}
