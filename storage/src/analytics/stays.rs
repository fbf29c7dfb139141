//! Stays of the published data, as rows that columns take, and the conditions that select them in SQL.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::{
    pg::PgRowByRowLoadingMode,
    prelude::*,
    sql_types::{Array, BigInt, Date, Nullable, SmallInt, Text},
};
use domain::{
    columns::{Columns, SEX_NAMES, SEXES, StayRow},
    stay::{AgeGroup, DateBasis, DiagnosisRole, Period, StayFilter},
};

use crate::{
    Connection, Error, Result,
    sql::{Statement, Value},
};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    clinic_id: i64,
    #[diesel(sql_type = BigInt)]
    person: i64,
    #[diesel(sql_type = Date)]
    admission_date: NaiveDate,
    #[diesel(sql_type = Nullable<Date>)]
    discharge_date: Option<NaiveDate>,
    #[diesel(sql_type = Text)]
    admission_type: String,
    #[diesel(sql_type = Text)]
    discharge_type: String,
    #[diesel(sql_type = Text)]
    case_kind: String,
    #[diesel(sql_type = Text)]
    sex: String,
    #[diesel(sql_type = Nullable<SmallInt>)]
    age_at_admission: Option<i16>,
    #[diesel(sql_type = Array<Text>)]
    codes: Vec<String>,
    #[diesel(sql_type = Array<Text>)]
    main_codes: Vec<String>,
    #[diesel(sql_type = Array<BigInt>)]
    stations: Vec<i64>,
}

impl Row {
    fn stay(&self) -> StayRow<'_> {
        StayRow {
            clinic: self.clinic_id,
            person: self.person,
            admission: self.admission_date,
            discharge: self.discharge_date,
            admission_type: &self.admission_type,
            discharge_type: &self.discharge_type,
            case_kind: &self.case_kind,
            sex: &self.sex,
            age: self.age_at_admission,
            codes: &self.codes,
            main_codes: &self.main_codes,
            stations: &self.stations,
        }
    }
}

/// Reads stays in the order of persons into columns. `full` is asked between two persons whether the columns shall be
/// handed out and emptied; it may end the reading with an error.
pub(super) fn read(
    conn: &mut Connection,
    columns: &mut Columns,
    condition: &Statement,
    mut between: impl FnMut(&mut Columns) -> Result<()>,
) -> Result<()> {
    let mut query = Statement::new(
        "SELECT s.clinic_id, s.person, s.admission_date, s.discharge_date, s.admission_type, s.discharge_type, s.case_kind,
                s.sex, s.age_at_admission, s.codes, s.main_codes, s.stations
           FROM analytics.stay_facts s WHERE ",
    );
    query.append(condition);
    query.push(" ORDER BY s.person, s.admission_date, s.encounter_id");
    let mut last = None;
    for row in query.load_iter::<Row, PgRowByRowLoadingMode>(conn)? {
        let row = row?;
        if last != Some(row.person) {
            last = Some(row.person);
            between(columns)?;
        }
        columns.push(&row.stay()).map_err(|error| Error::Corrupt {
            table: "encounters",
            detail: error.to_string(),
        })?;
    }
    Ok(())
}

/// Columns without stays that know what all data say: which stations are intensive care units, and the last day.
pub(super) fn empty_columns(conn: &mut Connection) -> Result<Columns> {
    #[derive(QueryableByName)]
    struct Key {
        #[diesel(sql_type = BigInt)]
        station_id: i64,
    }
    #[derive(QueryableByName)]
    struct Last {
        #[diesel(sql_type = Nullable<Date>)]
        day: Option<NaiveDate>,
    }
    let keys: Vec<Key> = diesel::sql_query(
        "SELECT station_id FROM stations WHERE department_key LIKE '36%' ORDER BY 1",
    )
    .load(conn)?;
    let last: Last =
        diesel::sql_query("SELECT max(admission_date) AS day FROM analytics.stay_facts")
            .get_result(conn)?;
    let mut columns = Columns::new(
        keys.into_iter()
            .map(|key| key.station_id)
            .collect::<HashSet<_>>(),
    );
    columns.last_day = last.day.map_or(0, domain::columns::day_number);
    Ok(columns)
}

/// The stays of clinics that touch a period or begin within `days` after it.
pub(super) fn around(clinics: &[i64], period: Period, days: u64) -> Statement {
    let end = period.to.checked_add_days(chrono::Days::new(days));
    let mut condition = Statement::new("s.clinic_id = ANY(");
    condition
        .bind(Value::Ints(clinics.to_vec()))
        .push(") AND s.admission_date <= ")
        .bind(Value::Day(end.unwrap_or(period.to)))
        .push(" AND (s.discharge_date IS NULL OR s.discharge_date >= ")
        .bind(Value::Day(period.from))
        .push(")");
    condition
}

/// The stays that a filter selects.
pub(crate) fn selected(filter: &StayFilter) -> Statement {
    let mut query = Statement::new(match filter.basis {
        DateBasis::Admission => "s.admission_date",
        DateBasis::Discharge => "s.discharge_date",
    });
    query
        .push(" BETWEEN ")
        .bind(Value::Day(filter.period.from))
        .push(" AND ")
        .bind(Value::Day(filter.period.to))
        .push(" AND ");
    query.append(&with_properties(filter));
    query
}

/// The stays with the properties of a filter, whatever their days.
pub(super) fn with_properties(filter: &StayFilter) -> Statement {
    let mut query = Statement::new("s.clinic_id = ANY(");
    query.bind(Value::Ints(filter.clinics.clone())).push(")");
    let sexes = filter.sexes.iter().filter_map(|asked| {
        let place = SEXES.iter().position(|sex| sex == asked)?;
        Some(SEX_NAMES[place])
    });
    push_any(&mut query, " AND s.sex = ANY(", sexes);
    push_any(
        &mut query,
        " AND s.admission_type = ANY(",
        filter.admission_types.iter().copied(),
    );
    push_any(
        &mut query,
        " AND s.discharge_type = ANY(",
        filter.discharge_types.iter().copied(),
    );
    push_any(
        &mut query,
        " AND s.case_kind = ANY(",
        filter.case_kind.into_iter(),
    );
    push_ages(&mut query, &filter.age_groups);
    if !filter.stations.is_empty() {
        query
            .push(" AND s.stations && ")
            .bind(Value::Ints(filter.stations.clone()));
    }
    if let Some(node) = &filter.diagnosis {
        let (first, last) = node.bounds();
        query
            .push(" AND EXISTS (SELECT FROM unnest(")
            .push(match filter.role {
                DiagnosisRole::Any => "s.codes",
                DiagnosisRole::Main => "s.main_codes",
            })
            .push(") AS c (code) WHERE c.code COLLATE \"C\" BETWEEN ")
            .bind(Value::Text(first))
            .push(" AND ")
            .bind(Value::Text(last))
            .push(")");
    }
    query
}

fn push_any(
    query: &mut Statement,
    condition: &'static str,
    names: impl Iterator<Item = &'static str>,
) {
    let names: Vec<String> = names.map(str::to_owned).collect();
    if !names.is_empty() {
        query.push(condition).bind(Value::Texts(names)).push(")");
    }
}

fn push_ages(query: &mut Statement, groups: &[AgeGroup]) {
    for (place, group) in groups.iter().enumerate() {
        query.push(if place == 0 { " AND (" } else { " OR " });
        match *group {
            AgeGroup::Years { from, to } => {
                query
                    .push("s.age_at_admission BETWEEN ")
                    .bind(Value::Int(from.into()));
                query.push(" AND ").bind(Value::Int(to.into()));
            }
            AgeGroup::Unknown => {
                query.push("s.age_at_admission IS NULL");
            }
        }
    }
    if !groups.is_empty() {
        query.push(")");
    }
}
