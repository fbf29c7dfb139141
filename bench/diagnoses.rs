//! Diagnoses: our figures beside plain SQL over the base tables and beside a view of months.

mod error;
mod naive;

use chrono::{Datelike, Days, NaiveDate};
use diesel::{connection::SimpleConnection, prelude::*, sql_types::Date};
use domain::{
    columns::{Columns, codes::Kind},
    icd10::{Level, Node},
    stay::{AgeGroup, DateBasis, Period, Sex, StayFilter},
};
use storage::{
    Connection,
    analytics::{Source, diagnoses},
};

use self::{error::Error, naive::Figures};
use crate::{
    Result,
    database::{Database, numbers},
    report::{Report, ms, times},
    timing::{FAST, SLOW, Timing},
};

/// Builds the views that the analytics came from.
pub fn build_seed_views(database: &mut Database) -> Result<()> {
    database.step("first refresh of the seed's two views", |conn| {
        conn.batch_execute(include_str!("seed_views.sql"))?;
        // What our own refresh takes for itself.
        conn.batch_execute("SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'")?;
        conn.batch_execute("REFRESH MATERIALIZED VIEW seed.icd10_aggregation")?;
        conn.batch_execute("REFRESH MATERIALIZED VIEW seed.clinic_comparison")?;
        conn.batch_execute("RESET work_mem; RESET maintenance_work_mem")?;
        Ok(conn.batch_execute("ANALYZE seed.icd10_aggregation; ANALYZE seed.clinic_comparison")?)
    })
}

/// Measures and reports.
pub fn measure(report: &mut Report, database: &mut Database, columns: &Columns) -> Result<()> {
    build_seed_views(database)?;
    let conn = &mut database.conn;
    let questions = questions(conn)?;
    report.heading(2, "Diagnoses");
    let period = questions[0].filter.period;
    report.paragraph(&format!(
        "Distinct patients, stays and bed days by node, admissions from {} to {} unless another period is named. *Columns* is \
         `storage::analytics::diagnoses::tree` over columns in memory, all levels down to the one asked for; *database* the \
         same over `analytics.stay_facts`, which serves while columns are read and for data that outgrow memory; *naive* is \
         `COUNT(DISTINCT)` over `encounters` and `conditions`. No answer is kept between runs.",
        period.from, period.to
    ));
    compare_exact(report, conn, columns, &questions)?;
    compare_by_month(report, conn, period, &questions[0].filter.clinics)
}

/// A question with its conditions for plain SQL, on `encounters e`.
pub struct Question {
    pub name: &'static str,
    pub filter: StayFilter,
    pub condition: &'static str,
}

/// Month ranges, odd days, and three filters.
pub fn questions(conn: &mut Connection) -> Result<Vec<Question>> {
    let period = nine_months(conn)?;
    let clinics = numbers(
        conn,
        "SELECT clinic_id AS number FROM encounters GROUP BY 1 ORDER BY count(*) DESC",
    )?;
    let odd = Period {
        from: period.from + Days::new(9),
        to: period.to - Days::new(13),
    };
    let five_years = Period {
        from: period.from - chrono::Months::new(51),
        to: period.to,
    };
    let all = |period| StayFilter::all(period, DateBasis::Admission, clinics.clone());
    let question = |name, filter, condition| Question {
        name,
        filter,
        condition,
    };
    let mut one_clinic = all(period);
    one_clinic.clinics.truncate(1);
    let mut women = all(period);
    women.sexes = vec![Sex::Female];
    let mut old_emergencies = all(odd);
    old_emergencies.admission_types = vec!["EMERGENCY"];
    old_emergencies.age_groups = vec![AgeGroup::Years {
        from: 75,
        to: i16::MAX,
    }];
    let mut hearts = all(five_years);
    hearts.diagnosis = Node::parse("IX");
    Ok(vec![
        question("nine months", all(period), "true"),
        question("sixty months", all(five_years), "true"),
        question("one clinic", one_clinic, "true"),
        question("odd days", all(odd), "true"),
        question(
            "women",
            women,
            "EXISTS (SELECT FROM patients p WHERE p.clinic_id = e.clinic_id
                AND p.patient_pseudo_id = e.patient_pseudo_id AND p.sex = 'FEMALE')",
        ),
        question(
            "emergencies of 75 and more, odd days",
            old_emergencies,
            "e.admission_type = 'EMERGENCY' AND e.age_at_admission >= 75",
        ),
        question(
            "stays with a code of IX, sixty months",
            hearts,
            "EXISTS (SELECT FROM conditions x WHERE x.encounter_id = e.encounter_id
                AND x.icd10_chapter = 'IX')",
        ),
    ])
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

/// Levels, and nodes to look below.
const LEVELS: [(&str, Level, Option<&str>); 5] = [
    ("chapters", Level::Chapter, None),
    ("blocks of IX", Level::Block, Some("IX")),
    ("three characters", Level::Three, None),
    ("four characters", Level::Four, None),
    ("five characters", Level::Five, None),
];

/// Every level and filter: ours must be the naive figures.
fn compare_exact(
    report: &mut Report,
    conn: &mut Connection,
    columns: &Columns,
    questions: &[Question],
) -> Result<()> {
    let mut rows = Vec::new();
    for question in questions {
        for (level_name, level, under) in LEVELS {
            eprintln!("  {level_name}, {} …", question.name);
            let naive = naive::exact(Some(level), under, question.condition);
            let filter = &question.filter;
            let exact = naive::load(conn, &naive, filter)?;
            let ours = |source: &mut Source<'_>| diagnoses::tree(source, filter, level);
            let is_equal = [
                figures(&ours(&mut Source::memory(columns))?, level, under),
                figures(&ours(&mut Source::Database(conn))?, level, under),
            ] == [exact.clone(), exact.clone()];
            let fast = Timing::of(FAST, || Ok(ours(&mut Source::memory(columns))?))?;
            let middle = Timing::of(SLOW, || Ok(ours(&mut Source::Database(conn))?))?;
            let slow = Timing::of(SLOW, || naive::load(conn, &naive, filter))?;
            rows.push(vec![
                format!("{level_name}, {}", question.name),
                exact.len().to_string(),
                ms(fast.median()),
                ms(fast.percentile(95)),
                ms(middle.median()),
                ms(slow.median()),
                ms(slow.percentile(95)),
                format!("{} / {} / {}", fast.runs(), middle.runs(), slow.runs()),
                times(slow.median(), fast.median()),
                if is_equal { "yes" } else { "**no**" }.to_owned(),
            ]);
        }
    }
    report.table(
        &[
            "question",
            "nodes",
            "columns p50, ms",
            "columns p95",
            "database p50",
            "naive p50",
            "naive p95",
            "runs",
            "naive ÷ columns",
            "equal",
        ],
        &rows,
    );
    Ok(())
}

/// Patients and stays of the nodes of a level, below a node when one is given.
fn figures(tree: &diagnoses::DiagnosisTree, level: Level, under: Option<&str>) -> Figures {
    let is_below = |parent: Option<usize>| {
        under.is_none_or(|under| parent.is_some_and(|parent| tree.nodes[parent].code == under))
    };
    tree.nodes
        .iter()
        .filter(|node| node.kind == Kind::Node && node.level == level && is_below(node.parent))
        .map(|node| {
            let figures = node.figures;
            (
                node.code.clone(),
                (figures.patients.into(), figures.stays.into()),
            )
        })
        .collect()
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
        let filter = StayFilter::all(period, DateBasis::Admission, clinics.to_vec());
        for (name, level) in [("chapters", Some(Level::Chapter)), ("codes as coded", None)] {
            let exact = naive::exact(level, None, "true");
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
        "The view of months, which sums the distinct patients of each month, clinic and chapter or code, against the naive \
         figures: patients too many, over all nodes together, for a node on average, and for the worst node.",
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
