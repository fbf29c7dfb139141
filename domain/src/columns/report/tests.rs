//! Nothing that a report hides follows from what it shows, on random stays: checked by solving.

use std::collections::HashSet;

use chrono::{Days, NaiveDate};
use proptest::prelude::*;

use super::*;
use crate::{
    columns::{
        ADMISSION_TYPES, Columns, DISCHARGE_TYPES, Selection, StayRow, kpis::KpiCount, pass,
    },
    month::Month,
    stay::{DateBasis, Period, StayFilter},
    suppression::{is_small, tests::is_derivable},
};

/// Person, clinic, first day, nights, way of admission and of discharge.
type Stay = (i64, i64, u64, Option<u64>, usize, usize);

fn stay() -> impl Strategy<Value = Stay> {
    let nights = prop::option::weighted(0.95, 0_u64..40);
    (
        1_i64..60,
        1_i64..4,
        0_u64..460,
        nights,
        0..6_usize,
        0..5_usize,
    )
}

fn columns(mut stays: Vec<Stay>) -> Columns {
    stays.sort_unstable();
    let first = NaiveDate::from_ymd_opt(2024, 11, 1).expect("a day");
    let mut columns = Columns::new(HashSet::new());
    for (person, clinic, from, nights, way_in, way_out) in stays {
        let admission = first + Days::new(from);
        let row = StayRow {
            clinic,
            person,
            admission,
            discharge: nights.map(|nights| admission + Days::new(nights)),
            admission_type: ADMISSION_TYPES[way_in],
            discharge_type: nights.map_or("OPEN", |_| DISCHARGE_TYPES[way_out]),
            case_kind: "FULL",
            sex: "FEMALE",
            age: Some(40),
            codes: &[],
            main_codes: &[],
            stations: &[],
        };
        columns.push(&row).expect("known names");
    }
    columns
}

/// Group and clinics in a period.
fn counted(columns: &Columns, period: Period) -> Vec<Kpis> {
    let filter = StayFilter::all(period, DateBasis::Discharge, vec![1, 2, 3]);
    let selection = Selection::new(&filter, columns);
    let count = pass::run(KpiCount::new(&[period]), columns, &selection, 1);
    let found = count.into_periods().remove(0);
    std::iter::once(found.group).chain(found.clinics).collect()
}

/// Measures whose sums everybody knows.
const CHECKED: [Measure; 5] = [
    Measure::Admissions,
    Measure::Discharges,
    Measure::Deaths,
    Measure::CensusBefore,
    Measure::CensusAfter,
];

/// The cells of a report, one for each checked measure of each row; rows are the months' groups and clinics and the year.
struct Cells {
    amounts: Vec<Amount>,
    unknown: Vec<bool>,
}

impl Cells {
    fn push(&mut self, kpis: &Kpis, hidden: &[Measure]) -> usize {
        let first = self.amounts.len();
        for measure in CHECKED {
            self.amounts.push(kpis.get(measure));
            self.unknown.push(hidden.contains(&measure));
        }
        first
    }
}

fn check(
    months: &[Vec<Kpis>],
    year: &Kpis,
    of_year: usize,
    minimum: u32,
) -> Result<(), TestCaseError> {
    let figures = Figures {
        months: months.iter().map(|month| month.iter().collect()).collect(),
        year,
        months_of_year: of_year,
    };
    let hidden = hidden(&figures, minimum);
    let mut cells = Cells {
        amounts: Vec::new(),
        unknown: Vec::new(),
    };
    let mut equations: Vec<Vec<(usize, i64)>> = Vec::new();
    let mut groups = Vec::new();
    for (month, hidden) in months.iter().zip(&hidden.months) {
        let rows = month.iter().zip(hidden);
        let rows: Vec<usize> = rows
            .map(|(kpis, hidden)| cells.push(kpis, hidden))
            .collect();
        for place in 0..CHECKED.len() {
            if rows.len() > 1 {
                let parts = rows[1..].iter().map(|row| (row + place, -1));
                equations.push(std::iter::once((rows[0] + place, 1)).chain(parts).collect());
            }
        }
        for row in &rows {
            equations.push(vec![(row + 3, 1), (*row, 1), (row + 1, -1), (row + 4, -1)]);
        }
        groups.push(rows[0]);
    }
    let all = cells.push(year, &hidden.year);
    for pair in groups.windows(2) {
        equations.push(vec![(pair[0] + 4, 1), (pair[1] + 3, -1)]);
    }
    for place in 0..3 {
        let parts = groups[groups.len() - of_year..].iter();
        let parts = parts.map(|row| (row + place, -1));
        equations.push(std::iter::once((all + place, 1)).chain(parts).collect());
    }
    // The equations are true, else the check would be worth nothing.
    for equation in &equations {
        let terms = equation
            .iter()
            .map(|(cell, sign)| cells.amounts[*cell].amount as i64 * sign);
        prop_assert_eq!(terms.sum::<i64>(), 0);
    }
    for (place, amount) in cells.amounts.iter().enumerate() {
        prop_assert!(cells.unknown[place] || !is_small(amount.patients.into(), minimum));
        prop_assert!(!cells.unknown[place] || !is_derivable(&equations, &cells.unknown, place));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_hidden_figure_of_a_report_follows_from_its_sums(stays in prop::collection::vec(stay(), 20..500), month in 0_u32..3, minimum in 2_u32..8) {
        let columns = columns(stays);
        let last = Month::of(NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day")).before(month);
        let months: Vec<Vec<Kpis>> = (0..TREND_MONTHS as u32).rev().map(|back| {
            let mut all = counted(&columns, last.before(back).period());
            all.truncate(if back < 2 { usize::MAX } else { 1 });
            all
        }).collect();
        let year = counted(&columns, last.year_to_date()).remove(0);
        check(&months, &year, last.number() as usize, minimum)?;
    }

    #[test]
    fn no_hidden_category_follows_from_the_others(stays in prop::collection::vec(stay(), 1..200), minimum in 2_u32..8) {
        let columns = columns(stays);
        let period = Period { from: NaiveDate::from_ymd_opt(2025, 1, 1).expect("a day"), to: NaiveDate::from_ymd_opt(2025, 4, 30).expect("a day") };
        let kpis = counted(&columns, period).remove(0);
        let figures = Figures { months: vec![vec![&kpis]], year: &kpis, months_of_year: 1 };
        let measures = hidden(&figures, minimum).year;
        for division in DIVISIONS {
            let parts = division.parts(&kpis);
            let is_hidden = division.hidden(&kpis, &measures, minimum);
            let sum: u64 = parts.iter().map(|part| part.amount).sum();
            prop_assert_eq!(sum, kpis.get(division.whole()).amount);
            if measures.contains(&division.whole()) {
                prop_assert!(is_hidden.iter().all(|hidden| *hidden));
                continue;
            }
            for (category, part) in parts.iter().enumerate() {
                prop_assert!(is_hidden[category] || !is_small(part.patients.into(), minimum));
                if let Some(measure) = division.measure(category) {
                    let agrees = is_hidden[category] == measures.contains(&measure);
                    prop_assert!(agrees || is_hidden.iter().all(|hidden| *hidden));
                }
            }
            let unknown: Vec<&Amount> = parts.iter().zip(&is_hidden).filter(|(part, hidden)| **hidden && part.amount > 0).map(|(part, _)| part).collect();
            let rest: u64 = unknown.iter().map(|part| part.amount).sum();
            let others = unknown.len().saturating_sub(1) as u64;
            prop_assert!(unknown.is_empty() || is_hidden.iter().all(|hidden| *hidden) || unknown.len() > 1 && rest - others >= u64::from(minimum));
        }
    }
}
