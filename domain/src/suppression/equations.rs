//! Tables whose cells are bound by sums: rows, columns, and figures that follow from others.

use super::is_small;

/// A sum of cells that everybody knows to be zero: places and signs.
pub type Equation = Vec<(usize, i64)>;

/// Cells bound by equations.
#[derive(Debug, Clone, Default)]
pub struct Cells {
    /// Patients behind each cell.
    pub patients: Vec<i64>,
    /// Cells that are hidden whatever the patients behind them.
    pub also_hidden: Vec<usize>,
    /// What everybody knows of them.
    pub equations: Vec<Equation>,
}

/// Calculations are made modulo this prime: with coefficients of 1 and -1 that finds what fractions would.
const PRIME: i64 = 2_147_483_647;

impl Cells {
    /// Adds a cell and returns its place.
    pub fn push(&mut self, patients: i64) -> usize {
        self.patients.push(patients);
        self.patients.len() - 1
    }

    /// Which cells are hidden, so that none of them follows from those that are shown, and no sum of hidden cells that
    /// follows leaves one of them below the minimum.
    #[must_use]
    pub fn hidden(&self, minimum: u32) -> Vec<bool> {
        let mut hidden: Vec<bool> = self
            .patients
            .iter()
            .map(|&patients| is_small(patients, minimum))
            .collect();
        if minimum > 1 {
            for &place in &self.also_hidden {
                hidden[place] = true;
            }
        }
        loop {
            let exposed = self.exposed(&hidden, minimum);
            let more: Vec<usize> = exposed
                .iter()
                .filter_map(|cells| {
                    let companions = cells
                        .iter()
                        .filter_map(|&cell| self.companion(cell, &hidden));
                    companions.min_by_key(|&place| self.rank(place))
                })
                .collect();
            if more.is_empty() {
                return hidden;
            }
            for place in more {
                hidden[place] = true;
            }
        }
    }

    /// The shown cell with the fewest patients that shares an equation with a hidden one; one without patients only where
    /// there is no other.
    fn companion(&self, cell: usize, hidden: &[bool]) -> Option<usize> {
        let touching = self
            .equations
            .iter()
            .filter(|equation| equation.iter().any(|(place, _)| *place == cell));
        touching
            .flatten()
            .map(|(place, _)| *place)
            .filter(|&place| !hidden[place])
            .min_by_key(|&place| self.rank(place))
    }

    /// Which cells join the hidden ones sooner.
    fn rank(&self, place: usize) -> (bool, i64, usize) {
        let patients = self.patients[place];
        (patients == 0, patients, place)
    }

    /// Sets of hidden cells that the equations tell too much of: single cells that they determine, and cells whose sum they
    /// determine and leaves each of them below the minimum. Gauss-Jordan elimination leaves a row of such cells.
    fn exposed(&self, hidden: &[bool], minimum: u32) -> Vec<Vec<usize>> {
        let places: Vec<usize> = (0..hidden.len()).filter(|&place| hidden[place]).collect();
        let column = |place: usize| places.binary_search(&place).ok();
        let mut rows: Vec<Vec<i64>> = Vec::new();
        for equation in &self.equations {
            let mut row = vec![0; places.len()];
            for (place, sign) in equation {
                if let Some(column) = column(*place) {
                    row[column] = (row[column] + sign).rem_euclid(PRIME);
                }
            }
            rows.push(row);
        }
        // Sums are looked for in the equations as they are too, where elimination may have mixed them.
        let mut eliminated = rows.clone();
        eliminate(&mut eliminated, places.len());
        let is_sum = |row: &Vec<i64>| {
            let mut values = row.iter().filter(|value| **value != 0);
            values
                .next()
                .is_some_and(|first| values.all(|value| value == first))
        };
        let sums = rows.iter().chain(&eliminated).filter(|row| is_sum(row));
        let cells = sums.map(|row| -> Vec<usize> {
            let columns = (0..row.len()).filter(|&column| row[column] != 0);
            columns.map(|column| places[column]).collect()
        });
        cells
            .filter(|cells| !self.is_open(cells, minimum))
            .collect()
    }

    /// Whether a known sum of cells leaves each of them open up to the minimum and beyond, the others being 1 at least.
    fn is_open(&self, cells: &[usize], minimum: u32) -> bool {
        let sum: i64 = cells.iter().map(|&cell| self.patients[cell]).sum();
        let others = cells.len() as i64 - 1;
        others > 0 && sum - others >= i64::from(minimum)
    }
}

fn eliminate(rows: &mut [Vec<i64>], columns: usize) {
    let mut top = 0;
    for column in 0..columns {
        let Some(pivot) = (top..rows.len()).find(|&row| rows[row][column] != 0) else {
            continue;
        };
        rows.swap(top, pivot);
        let inverse = power(rows[top][column], PRIME - 2);
        for value in &mut rows[top] {
            *value = *value * inverse % PRIME;
        }
        let pivot_row = rows[top].clone();
        for (place, row) in rows.iter_mut().enumerate() {
            let factor = row[column];
            if place != top && factor != 0 {
                for (value, pivot) in row.iter_mut().zip(&pivot_row) {
                    *value = (*value - factor * pivot).rem_euclid(PRIME);
                }
            }
        }
        top += 1;
    }
}

fn power(mut base: i64, mut exponent: i64) -> i64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % PRIME;
        }
        base = base * base % PRIME;
        exponent >>= 1;
    }
    result
}
