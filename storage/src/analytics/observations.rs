//! Observations over time: figures of the values of one code, by bucket and unit.

use chrono::NaiveDate;
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Date, Double, Nullable, Text},
};
use domain::stay::StayFilter;

use super::stays;
use crate::{
    Connection, Result,
    sql::{Statement, Value},
};

/// Length of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// A day.
    Day,
    /// A week, from Monday.
    Week,
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
    /// A calendar year.
    Year,
}

/// Shares of the percentiles, in their order.
pub const PERCENTILES: [f64; 5] = [0.1, 0.25, 0.5, 0.75, 0.9];

/// Figures of one bucket and unit.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct Point {
    /// First day of the bucket.
    #[diesel(sql_type = Date)]
    pub starts_on: NaiveDate,
    /// Unit; empty when none was sent.
    #[diesel(sql_type = Text)]
    pub unit: String,
    /// Observations, with and without a number.
    #[diesel(sql_type = BigInt)]
    pub observations: i64,
    /// Those with a number, which the figures below are of.
    #[diesel(sql_type = BigInt)]
    pub numbers: i64,
    /// Distinct patients.
    #[diesel(sql_type = BigInt)]
    pub patients: i64,
    /// Mean; `None` without numbers.
    #[diesel(sql_type = Nullable<Double>)]
    pub mean: Option<f64>,
    /// Smallest.
    #[diesel(sql_type = Nullable<Double>)]
    pub minimum: Option<f64>,
    /// Largest.
    #[diesel(sql_type = Nullable<Double>)]
    pub maximum: Option<f64>,
    /// Percentiles of [`PERCENTILES`], between neighbours linear.
    #[diesel(sql_type = Nullable<Array<Double>>)]
    pub percentiles: Option<Vec<f64>>,
}

/// Figures of a code by bucket and unit, in that order. The filter's period is that of the observation's day; its other
/// conditions are those of the stay, and observations outside a stay are left out where there are any.
///
/// # Errors
/// When the query fails.
pub fn trend(
    conn: &mut Connection,
    code: &str,
    filter: &StayFilter,
    bucket: Bucket,
) -> Result<Vec<Point>> {
    Ok(query(code, filter, bucket).load(conn)?)
}

fn query(code: &str, filter: &StayFilter, bucket: Bucket) -> Statement {
    let mut query = Statement::new("SELECT date_trunc('");
    query.push(match bucket {
        Bucket::Day => "day",
        Bucket::Week => "week",
        Bucket::Month => "month",
        Bucket::Quarter => "quarter",
        Bucket::Year => "year",
    });
    query
        .push(
            "', o.observed_on::timestamp)::date AS starts_on, coalesce(o.unit, '') COLLATE \"C\" AS unit,
                count(*) AS observations, count(o.value_number) AS numbers, count(DISTINCT o.patient_pseudo_id) AS patients,
                avg(o.value_number) AS mean, min(o.value_number) AS minimum, max(o.value_number) AS maximum,
                percentile_cont(ARRAY[0.1, 0.25, 0.5, 0.75, 0.9]) WITHIN GROUP (ORDER BY o.value_number) AS percentiles
           FROM observations o WHERE o.code = ",
        )
        .bind(Value::Text(code.to_owned()))
        .push(" AND o.observed_on BETWEEN ")
        .bind(Value::Day(filter.period.from))
        .push(" AND ")
        .bind(Value::Day(filter.period.to))
        .push(" AND o.clinic_id = ANY(")
        .bind(Value::Ints(filter.clinics.clone()))
        .push(")");
    if has_properties(filter) {
        query.push(
            " AND o.encounter_id IN (SELECT s.encounter_id FROM analytics.stay_facts s WHERE ",
        );
        query.append(&stays::with_properties(filter)).push(")");
    }
    query.push(" GROUP BY 1, 2 ORDER BY 1, 2");
    query
}

/// Whether the filter asks for anything of stays.
fn has_properties(filter: &StayFilter) -> bool {
    let mut plain = StayFilter::all(filter.period, filter.basis, filter.clinics.clone());
    plain.role = filter.role;
    *filter != plain
}
