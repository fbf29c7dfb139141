//! Columns in memory, the comparison of clinics, and patient flow, beside plain SQL and beside a view of months.

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Date},
};
use domain::{
    columns::{Columns, kpis::Measure},
    stay::StayFilter,
};
use storage::{
    Connection,
    analytics::{Source, flow, kpis, quality, source},
};

use crate::{
    Result,
    database::Database,
    diagnoses::{Question, build_seed_views, questions},
    report::{Report, grouped, megabytes, ms, seconds, times},
    timing::{self, FAST, SLOW, Timing},
};

/// Reads the columns and reports what that takes.
pub fn load(report: &mut Report, database: &mut Database) -> Result<Columns> {
    eprintln!("columns …");
    let conn = &mut database.conn;
    let (loaded, time) = timing::once(|| Ok(source::load(conn, usize::MAX)?))?;
    let columns = loaded.ok_or("the columns outgrew all memory")?;
    report.heading(2, "Columns");
    report.paragraph(&format!(
        "{} stays of {} persons were read into {} in {}.",
        grouped(columns.len() as i64),
        grouped(columns.people().into()),
        megabytes(columns.bytes() as i64),
        seconds(time)
    ));
    Ok(columns)
}

/// Measures and reports.
pub fn measure(report: &mut Report, database: &mut Database, columns: &Columns) -> Result<()> {
    build_seed_views(database)?;
    let conn = &mut database.conn;
    let questions = questions(conn)?;
    compare_kpis(report, conn, columns, &questions)?;
    compare_flow(report, conn, columns, &questions)?;
    faults(report, conn, columns)
}

#[derive(Debug, PartialEq, QueryableByName)]
struct NaiveKpis {
    #[diesel(sql_type = BigInt)]
    clinic_id: i64,
    #[diesel(sql_type = BigInt)]
    patients: i64,
    #[diesel(sql_type = BigInt)]
    stays: i64,
    #[diesel(sql_type = BigInt)]
    discharges: i64,
    #[diesel(sql_type = BigInt)]
    days: i64,
    #[diesel(sql_type = BigInt)]
    deaths: i64,
}

fn load_sql<T>(conn: &mut Connection, text: &str, filter: &StayFilter) -> Result<Vec<T>>
where
    T: QueryableByName<diesel::pg::Pg> + 'static,
{
    Ok(diesel::sql_query(text)
        .bind::<Date, _>(filter.period.from)
        .bind::<Date, _>(filter.period.to)
        .bind::<Array<BigInt>, _>(&filter.clinics)
        .load(conn)?)
}

/// Ours answers 26 KPIs for the group and each clinic; plain SQL only those that one pass finds.
fn compare_kpis(
    report: &mut Report,
    conn: &mut Connection,
    columns: &Columns,
    questions: &[Question],
) -> Result<()> {
    report.heading(2, "Comparison of clinics");
    report.paragraph(
        "One period, the group and each clinic. *Columns* and *database* answer all KPIs, medians and readmissions included; \
         *naive* only patients, admissions, discharges, bed days and deaths; *by month* sums the seed's second view, which \
         knows neither filters nor odd days and counts patients too often.",
    );
    let mut rows = Vec::new();
    for question in questions {
        eprintln!("  clinics, {} …", question.name);
        let filter = &question.filter;
        let naive = include_str!("naive_comparison.sql").replace(":stays", question.condition);
        let ours = |source: &mut Source<'_>| kpis::of_clinics(source, filter, filter.period);
        let expected: Vec<NaiveKpis> = load_sql(conn, &naive, filter)?;
        let found = ours(&mut Source::memory(columns))?;
        let row = |clinic_id: i64, kpis: &domain::columns::kpis::Kpis| {
            let amount = |measure| kpis.get(measure).amount as i64;
            NaiveKpis {
                clinic_id,
                patients: kpis.get(Measure::Stays).patients.into(),
                stays: amount(Measure::Stays),
                discharges: amount(Measure::Discharges),
                days: amount(Measure::DischargedBedDays),
                deaths: amount(Measure::Deaths),
            }
        };
        let mut all = vec![row(0, &found.group)];
        all.extend(found.clinics.iter().map(|(key, kpis)| row(*key, kpis)));
        let is_equal = all
            .iter()
            .all(|row| row.stays + row.discharges == 0 || expected.contains(row));
        let fast = Timing::of(FAST, || Ok(ours(&mut Source::memory(columns))?))?;
        let middle = Timing::of(SLOW, || Ok(ours(&mut Source::Database(conn))?))?;
        let slow = Timing::of(SLOW, || load_sql::<NaiveKpis>(conn, &naive, filter))?;
        let by_month = match question.name {
            "nine months" | "sixty months" | "one clinic" => {
                let text = include_str!("seed_comparison.sql");
                let timing = Timing::of(FAST, || load_sql::<NaiveKpis>(conn, text, filter))?;
                ms(timing.median())
            }
            _ => "cannot".to_owned(),
        };
        rows.push(vec![
            question.name.to_owned(),
            ms(fast.median()),
            ms(fast.percentile(95)),
            ms(middle.median()),
            ms(slow.median()),
            by_month,
            times(slow.median(), fast.median()),
            if is_equal { "yes" } else { "**no**" }.to_owned(),
        ]);
    }
    report.table(
        &[
            "question",
            "columns p50, ms",
            "columns p95",
            "database p50",
            "naive p50",
            "by month p50",
            "naive ÷ columns",
            "equal",
        ],
        &rows,
    );
    Ok(())
}

#[derive(QueryableByName)]
struct Links {
    #[diesel(sql_type = BigInt)]
    links: i64,
    #[diesel(sql_type = BigInt)]
    stays: i64,
    #[diesel(sql_type = BigInt)]
    patients: i64,
}

fn compare_flow(
    report: &mut Report,
    conn: &mut Connection,
    columns: &Columns,
    questions: &[Question],
) -> Result<()> {
    report.heading(2, "Patient flow");
    report.paragraph(
        "Four stages, the twelve stations that most stays visit. *Guarded* leads ways of fewer than five patients through \
         other nodes. *Naive* is a window over `station_transfers` that counts links and distinct patients with every station \
         shown; both are compared with all stations shown: number of links, and stays and patients summed over them.",
    );
    let mut rows = Vec::new();
    for question in questions {
        eprintln!("  flow, {} …", question.name);
        let filter = &question.filter;
        let naive = include_str!("naive_flow.sql").replace(":where", question.condition);
        let shape = |top_stations, minimum| flow::Shape {
            stages: 4,
            top_stations,
            minimum,
        };
        let ours =
            |source: &mut Source<'_>, shape: flow::Shape| flow::of_stays(source, filter, shape);
        let found = ours(&mut Source::memory(columns), shape(usize::MAX, 0))?;
        let sum = |of: &dyn Fn(&domain::columns::Figures) -> u32| -> i64 {
            found
                .links
                .iter()
                .map(|link| i64::from(of(&link.figures)))
                .sum()
        };
        let expected: Vec<Links> = load_sql(conn, &naive, filter)?;
        let is_equal = expected.first().is_some_and(|expected| {
            expected.links == found.links.len() as i64
                && expected.stays == sum(&|figures| figures.stays)
                && expected.patients == sum(&|figures| figures.patients)
        });
        let fast = Timing::of(FAST, || {
            Ok(ours(&mut Source::memory(columns), shape(12, 0))?)
        })?;
        let guarded = Timing::of(FAST, || {
            Ok(ours(&mut Source::memory(columns), shape(12, 5))?)
        })?;
        let middle = Timing::of(SLOW, || {
            Ok(ours(&mut Source::Database(conn), shape(12, 0))?)
        })?;
        let slow = Timing::of(SLOW, || load_sql::<Links>(conn, &naive, filter))?;
        rows.push(vec![
            question.name.to_owned(),
            ms(fast.median()),
            ms(guarded.median()),
            ms(guarded.percentile(95)),
            ms(middle.median()),
            ms(slow.median()),
            times(slow.median(), guarded.median()),
            if is_equal { "yes" } else { "**no**" }.to_owned(),
        ]);
    }
    report.table(
        &[
            "question",
            "columns p50, ms",
            "guarded p50",
            "guarded p95",
            "database p50",
            "naive p50",
            "naive ÷ guarded",
            "equal",
        ],
        &rows,
    );
    Ok(())
}

fn faults(report: &mut Report, conn: &mut Connection, columns: &Columns) -> Result<()> {
    eprintln!("  data quality …");
    report.heading(2, "Data quality");
    report.paragraph(
        "Faults of all clinics, asked for the first time. Those of diagnoses and observations are counted by the refresh.",
    );
    let today = chrono::Utc::now().date_naive();
    let of_stays = |source: &mut Source<'_>| quality::of_stays(source, today);
    let found = of_stays(&mut Source::memory(columns))?;
    let is_equal = found == of_stays(&mut Source::Database(conn))?;
    let timings = [
        (
            "stays, columns",
            Timing::of(FAST, || Ok(of_stays(&mut Source::memory(columns))?))?,
        ),
        (
            "stays, database",
            Timing::of(SLOW, || Ok(of_stays(&mut Source::Database(conn))?))?,
        ),
        (
            "diagnoses and observations",
            Timing::of(FAST, || Ok(quality::of_rows(conn)?))?,
        ),
    ];
    let rows: Vec<Vec<String>> = timings
        .iter()
        .map(|(name, timing)| {
            let (median, late) = (timing.median(), timing.percentile(95));
            vec![(*name).to_owned(), ms(median), ms(late)]
        })
        .collect();
    report.table(&["faults of", "p50, ms", "p95"], &rows);
    report.paragraph(match is_equal {
        true => "Columns and database found the same faults of stays.",
        false => "**Columns and database found different faults of stays.**",
    });
    Ok(())
}
