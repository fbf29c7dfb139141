//! Where a child stands among children of its age or length: z-scores by the WHO Child Growth Standards, by the LMS method
//! with which DHIS2 and WHO's own programs compute them.

use std::{collections::HashMap, sync::LazyLock};

use super::Problem;

/// What is measured, and against what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Standard {
    WeightForAge,
    HeightForAge,
    WeightForHeight,
}

/// Power of the Box-Cox transformation, median, coefficient of variation.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Lms {
    l: f64,
    m: f64,
    s: f64,
}

/// The rows of a table, the first of which is that of `first`.
#[derive(Debug)]
struct Table {
    first: usize,
    rows: Vec<Lms>,
}

/// The tables by their name and sex.
static TABLES: LazyLock<HashMap<(&str, &str), Table>> =
    LazyLock::new(|| read(include_str!("growth.txt")));

/// Words for boys; every other one stands for girls, as in DHIS2.
const BOYS: [&str; 8] = ["male", "MALE", "Male", "ma", "m", "M", "0", "false"];

/// Tenth of a centimetre from which children stand while they are measured, so that another standard holds.
const STANDING: usize = 870;

/// A thousand-millionth of a tenth is an error of the calculation.
const DUST: f64 = 1e-9;

fn read(text: &'static str) -> HashMap<(&'static str, &'static str), Table> {
    let mut tables: Vec<((&str, &str), Table)> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let parts: Vec<&str> = line.split(' ').collect();
        let [name, sex, last] = parts[..] else {
            continue;
        };
        if let (Ok(l), Ok(m), Ok(s)) = (name.parse(), sex.parse(), last.parse()) {
            if let Some((_, table)) = tables.last_mut() {
                table.rows.push(Lms { l, m, s });
            }
        } else if let Ok(first) = last.parse() {
            let rows = Vec::new();
            tables.push(((name, sex), Table { first, rows }));
        }
    }
    tables.into_iter().collect()
}

impl Standard {
    fn name(self) -> &'static str {
        match self {
            Self::WeightForAge => "WFA",
            Self::HeightForAge => "HFA",
            Self::WeightForHeight => "WFH",
        }
    }

    /// The z-score of a measure (kg or cm) at an age in whole months or a length in cm, to two places.
    pub(super) fn z_score(self, at: f64, measure: f64, sex: &str) -> Result<f64, Problem> {
        let sex = if BOYS.contains(&sex) { "M" } else { "F" };
        let table = TABLES.get(&(self.name(), sex)).ok_or(Problem::Growth)?;
        let lms = match self {
            Self::WeightForHeight => table.between(at),
            _ => whole(at).and_then(|month| table.row(month)),
        };
        let z = lms.ok_or(Problem::Growth)?.z_score(measure);
        if !z.is_finite() {
            return Err(Problem::Growth);
        }
        // Of two zeros, the one without a sign.
        Ok((z * 100.0).round_ties_even() / 100.0 + 0.0)
    }
}

impl Table {
    fn row(&self, key: usize) -> Option<Lms> {
        self.rows.get(key.checked_sub(self.first)?).copied()
    }

    /// The row of a length, between two tenths of a centimetre one between theirs.
    fn between(&self, length: f64) -> Option<Lms> {
        let floor = (length * 10.0 + DUST).floor();
        let part = length * 10.0 - floor;
        let tenths = whole(floor)?;
        let lower = self.row(tenths)?;
        if part < DUST {
            return Some(lower);
        }
        // What is measured lying is not mixed with what is measured standing: its curve goes on as it went.
        if tenths + 1 == STANDING {
            let before = self.row(tenths - 1)?;
            return Some(before.towards(lower, 1.0 + part));
        }
        Some(lower.towards(self.row(tenths + 1)?, part))
    }
}

/// A number without a fraction, as a key of a table.
fn whole(number: f64) -> Option<usize> {
    if number.fract() != 0.0 || !(0.0..1e6).contains(&number) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole, small and not negative"
    )]
    Some(number as usize)
}

impl Lms {
    /// What lies a part of the way to another row.
    fn towards(self, other: Lms, part: f64) -> Lms {
        let between = |from: f64, to: f64| from + part * (to - from);
        Lms {
            l: between(self.l, other.l),
            m: between(self.m, other.m),
            s: between(self.s, other.s),
        }
    }

    /// Beyond three standard deviations the score goes on in steps of the distance from the second to the third, as WHO
    /// wants it: few children were measured there.
    fn z_score(self, measure: f64) -> f64 {
        let ratio = measure / self.m;
        let z = if self.l == 0.0 {
            ratio.ln() / self.s
        } else {
            (ratio.powf(self.l) - 1.0) / (self.l * self.s)
        };
        let third = self.measure_at(3.0_f64.copysign(z));
        let second = self.measure_at(2.0_f64.copysign(z));
        if z > 3.0 {
            3.0 + (measure - third) / (third - second)
        } else if z < -3.0 {
            -3.0 + (measure - third) / (second - third)
        } else {
            z
        }
    }

    fn measure_at(self, z: f64) -> f64 {
        if self.l == 0.0 {
            self.m * (self.s * z).exp()
        } else {
            self.m * (1.0 + self.l * self.s * z).powf(1.0 / self.l)
        }
    }
}

#[cfg(test)]
mod tests;
