//! Observations over time.

use std::collections::BTreeMap;

use async_graphql::{Context, Enum, Result, SimpleObject};
use chrono::{Datelike, NaiveDate};
use domain::suppression;
use storage::analytics::observations::{self, Point};

use super::{
    context,
    data_version::DataVersion,
    diagnosis_rows::Count,
    error::{fail, refuse},
    log_read,
    scalars::Date,
    stay_filter::{self, StayFilter},
};

use crate::guard::What;

/// Most buckets of a trend.
const MOST_BUCKETS: i64 = 1_000;

/// Length of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "observations::Bucket")]
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

/// Figures of the observations of one bucket.
#[derive(Debug, Clone, SimpleObject)]
pub struct ObservationPoint {
    /// First day of the bucket, which may lie before the period.
    starts_on: Date,
    /// Observations.
    count: Count,
    /// Distinct patients.
    patients: Count,
    /// Observations with a number, which the figures below are of; they are null without numbers and where too few patients
    /// stand behind them.
    numbers: Count,
    /// Mean.
    mean: Option<f64>,
    /// Smallest value.
    min: Option<f64>,
    /// Largest value.
    max: Option<f64>,
    /// 10 % of the values do not exceed it; between neighbours linear, like the others.
    percentile10: Option<f64>,
    /// Lower quartile.
    percentile25: Option<f64>,
    /// Median.
    median: Option<f64>,
    /// Upper quartile.
    percentile75: Option<f64>,
    /// 90 % of the values do not exceed it.
    percentile90: Option<f64>,
}

/// Observations of one unit: values of different units are never put together.
#[derive(Debug, Clone, SimpleObject)]
pub struct ObservationSeries {
    /// Unit (UCUM); null when none was sent.
    unit: Option<String>,
    /// Buckets with observations, in order of time.
    points: Vec<ObservationPoint>,
}

/// Observations of a code over time.
#[derive(SimpleObject)]
pub struct ObservationTrend {
    /// The code.
    code: String,
    /// A series for each unit, the most frequent first.
    series: Vec<ObservationSeries>,
    /// The data version that was published when the observations were read.
    as_of: DataVersion,
}

/// Answers `observationTrend`.
pub(super) async fn of_code(
    ctx: &Context<'_>,
    code: String,
    filter: StayFilter,
    bucket: Bucket,
) -> Result<ObservationTrend> {
    let request = context(ctx);
    if code.trim().is_empty() {
        return Err(refuse("code is empty"));
    }
    let filter = stay_filter::read(ctx, filter).await?;
    let days = match bucket {
        Bucket::Day => 1,
        Bucket::Week => 7,
        Bucket::Month => 28,
        Bucket::Quarter => 90,
        Bucket::Year => 365,
    };
    if filter.period.days() / days > MOST_BUCKETS {
        return Err(refuse(format!(
            "the period has more than {MOST_BUCKETS} buckets; ask for a longer bucket"
        )));
    }
    let bucket: observations::Bucket = bucket.into();
    log_read(ctx, What::of_analytics(format!("{code}: {filter}"))).await?;
    let question = format!("observations {code:?} {bucket:?} {filter:?}");
    let asked = code.clone();
    let found = request.shared.analytics.ask_live(question, move |conn| {
        observations::trend(conn, &asked, &filter, bucket)
    });
    let (version, points) = found.await.map_err(fail)?;
    request.saw_data_version(version.data_version_id);
    let minimum = request.shared.minimum_cell;
    let mut units: BTreeMap<&str, Vec<&Point>> = BTreeMap::new();
    for point in points.iter() {
        units.entry(&point.unit).or_default().push(point);
    }
    let mut series: Vec<(i64, ObservationSeries)> = units
        .into_iter()
        .map(|(unit, points)| {
            let count = points.iter().map(|point| point.observations).sum();
            (count, series(unit, &points, bucket, minimum))
        })
        .collect();
    series.sort_by_key(|(count, _)| -count);
    Ok(ObservationTrend {
        code,
        series: series.into_iter().map(|(_, series)| series).collect(),
        as_of: DataVersion(version),
    })
}

/// The points of a unit. Those that one longer bucket would add up are one family: none of them is hidden alone.
fn series(
    unit: &str,
    points: &[&Point],
    bucket: observations::Bucket,
    minimum: u32,
) -> ObservationSeries {
    let mut families: BTreeMap<(i32, u32), Vec<usize>> = BTreeMap::new();
    for (place, point) in points.iter().enumerate() {
        families
            .entry(family(point.starts_on, bucket))
            .or_default()
            .push(place);
    }
    let mut is_hidden = vec![false; points.len()];
    for places in families.values() {
        let patients: Vec<i64> = places.iter().map(|&place| points[place].patients).collect();
        for (&place, hidden) in places.iter().zip(suppression::hidden(&patients, minimum)) {
            is_hidden[place] = hidden;
        }
    }
    let points = points.iter().zip(is_hidden);
    ObservationSeries {
        unit: (!unit.is_empty()).then(|| unit.to_owned()),
        points: points
            .map(|(point, is_hidden)| shown(point, is_hidden))
            .collect(),
    }
}

/// The longer bucket that a bucket lies in.
fn family(day: NaiveDate, bucket: observations::Bucket) -> (i32, u32) {
    match bucket {
        observations::Bucket::Day => (day.year(), day.month()),
        observations::Bucket::Month => (day.year(), day.month0() / 3),
        observations::Bucket::Quarter => (day.year(), 0),
        observations::Bucket::Week | observations::Bucket::Year => (0, 0),
    }
}

fn shown(point: &Point, is_hidden: bool) -> ObservationPoint {
    let figure = |figure: Option<f64>| figure.filter(|_| !is_hidden);
    let percentiles = point.percentiles.as_deref().unwrap_or_default();
    let percentile = |place: usize| figure(percentiles.get(place).copied());
    ObservationPoint {
        starts_on: Date(point.starts_on),
        count: Count::new(point.observations, is_hidden),
        patients: Count::new(point.patients, is_hidden),
        numbers: Count::new(point.numbers, is_hidden),
        mean: figure(point.mean),
        min: figure(point.minimum),
        max: figure(point.maximum),
        percentile10: percentile(0),
        percentile25: percentile(1),
        median: percentile(2),
        percentile75: percentile(3),
        percentile90: percentile(4),
    }
}
