//! Stays by month of admission, to see whether a delivery loses too many.

use std::collections::BTreeMap;

use diesel::{prelude::*, sql_types::BigInt};

use super::Count;
use crate::{
    Connection, Error, Result,
    import::fhir::settings::{FEW, Settings},
};

/// Number of stays by month of admission, as `2024-03`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Months(pub BTreeMap<String, u64>);

impl Months {
    /// Counts the stays that are stored of a clinic.
    ///
    /// # Errors
    /// When the statement fails.
    pub fn of(conn: &mut Connection, clinic: i64) -> Result<Self> {
        let rows: Vec<Count> = diesel::sql_query(
            "SELECT to_char(admission_date, 'YYYY-MM') AS label, sum(stays)::bigint AS count
             FROM (SELECT admission_date, count(*) AS stays FROM encounters WHERE clinic_id = $1 GROUP BY 1) days
             GROUP BY 1",
        )
        .bind::<BigInt, _>(clinic)
        .load(conn)?;
        Ok(Months(
            rows.into_iter()
                .map(|row| (row.label, row.count.cast_unsigned()))
                .collect(),
        ))
    }

    /// Compares what was stored with what would be.
    ///
    /// # Errors
    /// [`Error::DeliveryRefused`] when a month loses more than it may.
    pub fn check(&self, after: &Months, settings: &Settings) -> Result<()> {
        let is_too_much = |before: u64, after: u64| {
            let lost = before.saturating_sub(after);
            lost >= FEW && lost as f64 * 100.0 > settings.max_lost * before as f64
        };
        let mut wrong: Vec<String> = Vec::new();
        for (month, &before) in &self.0 {
            let after = after.0.get(month).copied().unwrap_or_default();
            if is_too_much(before, after) {
                wrong.push(format!("{month}: {after} instead of {before}"));
            }
        }
        // A small clinic may lose all it has in months of a few stays.
        let (all, left): (u64, u64) = (self.0.values().sum(), after.0.values().sum());
        if wrong.is_empty() && is_too_much(all, left) {
            return Err(Error::DeliveryRefused(format!(
                "all months together lose more than {} % of their stays: {left} instead of {all}",
                settings.max_lost
            )));
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let months = wrong.len();
        wrong.truncate(10);
        Err(Error::DeliveryRefused(format!(
            "{months} months lose more than {} % of their stays: {}",
            settings.max_lost,
            wrong.join("; ")
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_may_lose_a_few_stays_or_a_small_share() {
        let months = |counts: &[(&str, u64)]| {
            Months(
                counts
                    .iter()
                    .map(|(month, count)| ((*month).to_owned(), *count))
                    .collect(),
            )
        };
        let before = months(&[("2024-01", 1000), ("2024-02", 25), ("2024-03", 100)]);
        let check = |after: &Months| before.check(after, &Settings::default());
        assert!(check(&before).is_ok());
        assert!(
            check(&months(&[
                ("2024-01", 910),
                ("2024-02", 6),
                ("2024-03", 100)
            ]))
            .is_ok()
        );
        let refused =
            check(&months(&[("2024-01", 899), ("2024-03", 80)])).map_err(|error| error.to_string());
        assert_eq!(
            refused,
            Err("3 months lose more than 10 % of their stays: 2024-01: 899 instead of 1000; 2024-02: 0 instead of 25; 2024-03: 80 instead of 100".to_owned())
        );
    }

    #[test]
    fn a_clinic_of_few_stays_may_not_lose_them_all() {
        let month = |stays: u64| {
            let month = |number: u32| (format!("2024-{number:02}"), stays);
            Months((1..=12).map(month).collect())
        };
        let check = |after: u64| month(15).check(&month(after), &Settings::default());
        assert!(check(14).is_ok());
        assert_eq!(
            check(13).map_err(|error| error.to_string()),
            Err(
                "all months together lose more than 10 % of their stays: 156 instead of 180"
                    .to_owned()
            )
        );
    }
}
