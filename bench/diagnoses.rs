//! Diagnoses: our figures beside plain SQL over the base tables and beside a view of months.

mod error;
mod naive;

use chrono::{Datelike, Days, NaiveDate};
use diesel::{connection::SimpleConnection, prelude::*, sql_types::Date};
use domain::{
    icd10::Level,
    stay::{DateBasis, DiagnosisRole, Period, Sex, StayFilter},
};
use storage::{Connection, analytics::diagnoses};

use self::{error::Error, naive::Figures};
use crate::{
    Result,
    database::{Database, numbers},
    report::{Report, ms, times},
    timing::{FAST, SLOW, Timing},
};

/// Measures and reports.
pub fn measure(report: &mut Report, database: &mut Database) -> Result<()> {
    database.step("first refresh of the seed's two views", |conn| {
        conn.batch_execute(include_str!("seed_views.sql"))?;
        // What our own refresh takes for itself.
        conn.batch_execute("SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'")?;
        conn.batch_execute("REFRESH MATERIALIZED VIEW seed.icd10_aggregation")?;
        conn.batch_execute("REFRESH MATERIALIZED VIEW seed.clinic_comparison")?;
        conn.batch_execute("RESET work_mem; RESET maintenance_work_mem")?;
        Ok(conn.batch_execute("ANALYZE seed.icd10_aggregation; ANALYZE seed.clinic_comparison")?)
    })?;
    let conn = &mut database.conn;
    let period = nine_months(conn)?;
    let clinics = numbers(
        conn,
        "SELECT clinic_id AS number FROM encounters GROUP BY 1 ORDER BY count(*) DESC",
    )?;
    report.heading(2, "Diagnoses");
    report.paragraph(&format!(
        "Distinct patients and stays by node, admissions from {} to {}. *Ours* is `storage::analytics::diagnoses::by_node`, \
         which also answers bed days and the total; *naive* is `COUNT(DISTINCT)` over `encounters` and `conditions`; \
         *by month* sums the distinct patients that a materialized view keeps for each month, clinic and chapter or code.",
        period.from, period.to
    ));
    compare_exact(report, conn, period, &clinics)?;
    compare_by_month(report, conn, period, &clinics)
}

/// January to September of the last year that has all of it.
fn nine_months(conn: &mut Connection) -> Result<Period> {
    #[derive(QueryableByName)]
    struct Last {
        #[diesel(sql_type = Date)]
        day: NaiveDate,
    }
    let last: Last =
        diesel::sql_query("SELECT max(admission_date) AS day FROM encounters").get_result(conn)?;
    let end = |year| NaiveDate::from_ymd_opt(year, 9, 30).filter(|end| *end <= last.day);
    let year = last.day.year();
    let to = end(year).or_else(|| end(year - 1)).ok_or("no such year")?;
    let from = to.with_day(1).and_then(|day| day.with_month(1));
    Ok(Period {
        from: from.ok_or("no such day")?,
        to,
    })
}

fn filter(period: Period, clinics: &[i64]) -> StayFilter {
    StayFilter {
        period,
        basis: DateBasis::Admission,
        clinics: clinics.to_vec(),
        sexes: Vec::new(),
        age_groups: Vec::new(),
        admission_types: Vec::new(),
        discharge_types: Vec::new(),
        stations: Vec::new(),
        diagnosis: None,
        role: DiagnosisRole::Any,
        case_kind: None,
    }
}

const LEVELS: [(&str, Level); 4] = [
    ("chapters", Level::Chapter),
    ("three characters", Level::Three),
    ("four characters", Level::Four),
    ("five characters", Level::Five),
];

/// Every level and filter: ours must be the naive figures.
fn compare_exact(
    report: &mut Report,
    conn: &mut Connection,
    period: Period,
    clinics: &[i64],
) -> Result<()> {
    let odd = Period {
        from: period.from + Days::new(9),
        to: period.to - Days::new(13),
    };
    let mut women = filter(period, clinics);
    women.sexes = vec![Sex::Female];
    let filters = [
        ("all clinics", filter(period, clinics)),
        ("one clinic", filter(period, &clinics[..1])),
        (
            "two clinics",
            filter(period, &clinics[..clinics.len().min(2)]),
        ),
        ("odd days, all clinics", filter(odd, clinics)),
        ("women, all clinics", women),
    ];
    let mut rows = Vec::new();
    for (filter_name, filter) in &filters {
        for (level_name, level) in LEVELS {
            eprintln!("  {level_name}, {filter_name} …");
            let naive = naive::exact(Some(level), filter);
            let exact = naive::load(conn, &naive, filter)?;
            let ours: Figures = diagnoses::by_node(conn, filter, level, None)?
                .nodes
                .into_iter()
                .map(|node| (node.node, (node.patients, node.stays)))
                .collect();
            let fast = Timing::of(FAST, || Ok(diagnoses::by_node(conn, filter, level, None)?))?;
            let slow = Timing::of(SLOW, || naive::load(conn, &naive, filter))?;
            rows.push(vec![
                format!("{level_name}, {filter_name}"),
                exact.len().to_string(),
                ms(fast.median()),
                ms(fast.percentile(95)),
                ms(slow.median()),
                ms(slow.percentile(95)),
                format!("{} / {}", fast.runs(), slow.runs()),
                times(slow.median(), fast.median()),
                if ours == exact { "yes" } else { "**no**" }.to_owned(),
            ]);
        }
    }
    report.table(
        &[
            "question",
            "nodes",
            "ours p50, ms",
            "ours p95",
            "naive p50, ms",
            "naive p95",
            "runs",
            "naive ÷ ours",
            "equal",
        ],
        &rows,
    );
    Ok(())
}

/// The view of months: its speed and its error.
fn compare_by_month(
    report: &mut Report,
    conn: &mut Connection,
    period: Period,
    clinics: &[i64],
) -> Result<()> {
    let mut rows = Vec::new();
    for (filter_name, clinics) in [("all clinics", clinics), ("one clinic", &clinics[..1])] {
        let filter = filter(period, clinics);
        for (name, level) in [("chapters", Some(Level::Chapter)), ("codes as coded", None)] {
            let exact = naive::exact(level, &filter);
            let summed = naive::summed(level.is_some());
            let error = Error::of(
                &naive::load(conn, &summed, &filter)?,
                &naive::load(conn, &exact, &filter)?,
            );
            let timing = Timing::of(FAST, || naive::load(conn, &summed, &filter))?;
            rows.push(vec![
                format!("{name}, {filter_name}"),
                ms(timing.median()),
                ms(timing.percentile(95)),
                error.total(),
                error.mean(),
                error.worst(),
                error.wrong(),
            ]);
        }
    }
    report.paragraph(
        "The view of months against the naive figures: patients too many, over all nodes together, for a node on average, \
         and for the worst node.",
    );
    report.table(
        &[
            "by month",
            "p50, ms",
            "p95",
            "too many, all",
            "mean of nodes",
            "worst node",
            "wrong nodes",
        ],
        &rows,
    );
    Ok(())
}
