//! Diagnoses by node of the ICD-10 tree: distinct patients, stays and bed days, exact for every filter.
//!
//! Whole months of admission are answered from roll-ups, everything else from the facts. Both give the same numbers; a
//! test holds them against each other and against plain SQL over the base tables.

use std::collections::{HashMap, HashSet};

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use domain::{
    icd10::{Level, Node},
    stay::{DiagnosisRole, StayFilter},
};

use super::{
    stays,
    version::{self, DataVersion, snapshot},
};
use crate::{
    Connection, Error, Result,
    sql::{Statement, Value},
};

/// What is known of the stays with a diagnosis, or of all stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, QueryableByName)]
pub struct Figures {
    /// Chapter number, block or code; empty for all stays.
    #[diesel(sql_type = Text)]
    pub node: String,
    /// Distinct patients.
    #[diesel(sql_type = BigInt)]
    pub patients: i64,
    /// Stays.
    #[diesel(sql_type = BigInt)]
    pub stays: i64,
    /// Stays with a discharge.
    #[diesel(sql_type = BigInt)]
    pub finished: i64,
    /// Bed days of the finished stays.
    #[diesel(sql_type = BigInt)]
    pub bed_days: i64,
}

/// An answer from one data version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnoses {
    /// The version.
    pub version: DataVersion,
    /// The nodes of the level that occur, in byte order.
    pub nodes: Vec<Figures>,
    /// All stays that the filter selects, coded or not.
    pub total: Figures,
}

/// Figures of all nodes of a level, below a node when one is given.
///
/// # Errors
/// [`Error::Input`] before the first refresh, else when a query fails.
pub fn by_node(
    conn: &mut Connection,
    filter: &StayFilter,
    level: Level,
    under: Option<&Node>,
) -> Result<Diagnoses> {
    snapshot(conn, |conn| {
        let version = version::current(conn)?.ok_or_else(|| {
            Error::Input(
                "no data version has been published yet; run `clinigraph refresh`".to_owned(),
            )
        })?;
        let (nodes, total) = if filter.is_rolled_up() {
            (
                rolled_up(level.number(), filter, under),
                rolled_up(0, filter, None),
            )
        } else {
            (from_facts(level, filter, under), total_from_facts(filter))
        };
        let nodes = nodes.load(conn)?;
        let total: Option<Figures> = total.get_result(conn).optional()?;
        Ok(Diagnoses {
            version,
            nodes,
            total: total.unwrap_or_default(),
        })
    })
}

/// Whole months of admission: sums of the roll-ups, and a distinct count over the few patients of several clinics.
pub(crate) fn rolled_up(level: i16, filter: &StayFilter, under: Option<&Node>) -> Statement {
    let mut query = Statement::new(
        "WITH stays AS (SELECT node, sum(stays)::bigint AS stays, sum(finished)::bigint AS finished, sum(bed_days)::bigint AS bed_days FROM analytics.diagnosis_months WHERE ",
    );
    push_months(&mut query, level, filter, under);
    query.push(
        " GROUP BY node), patients AS (SELECT node, sum(patients)::bigint AS patients FROM (",
    );
    query.push("SELECT node, patients FROM analytics.diagnosis_patient_months WHERE ");
    push_months(&mut query, level, filter, under);
    query
        .push(" AND previous_month < ")
        .bind(Value::Day(filter.period.from));
    query.push(" UNION ALL SELECT node, count(DISTINCT person) FROM analytics.diagnosis_shared_patients WHERE ");
    push_months(&mut query, level, filter, under);
    query.push(" GROUP BY node) parts GROUP BY node)");
    query.push(" SELECT node, patients, stays, finished, bed_days FROM stays JOIN patients USING (node) ORDER BY node");
    query
}

fn push_months(query: &mut Statement, level: i16, filter: &StayFilter, under: Option<&Node>) {
    query
        .push("level = ")
        .bind(Value::Int(level.into()))
        .push("::smallint");
    query
        .push(" AND month BETWEEN ")
        .bind(Value::Day(filter.period.from));
    query.push(" AND ").bind(Value::Day(filter.period.to));
    query
        .push(" AND clinic_id = ANY(")
        .bind(Value::Ints(filter.clinics.clone()))
        .push(")");
    if let Some(node) = under {
        let (first, last) = node.bounds();
        query
            .push(" AND node BETWEEN ")
            .bind(Value::Text(first))
            .push(" AND ")
            .bind(Value::Text(last));
    }
}

/// Any days and any properties of stays, from the facts: each stay once for each node.
pub(crate) fn from_facts(level: Level, filter: &StayFilter, under: Option<&Node>) -> Statement {
    let node = match level {
        Level::Chapter => "d.chapter",
        Level::Block => "d.block",
        Level::Three => "d.three",
        Level::Four => "d.four",
        Level::Five => "d.five",
    };
    let mut query = Statement::new("SELECT node, ");
    query
        .push(FIGURES)
        .push(" FROM (SELECT node, person, ")
        .push(FIGURES_OF_PERSON)
        .push(" FROM (SELECT ");
    // The code that opens a node stands for it; unless the filter may leave that code out and keep others of the node.
    let is_opened = filter.role == DiagnosisRole::Any
        && under.is_none_or(|node| node.level.number() <= level.number());
    if !is_opened {
        query.push("DISTINCT ");
    }
    query
        .push(node)
        .push(" COLLATE \"C\" AS node, s.encounter_id, s.person, s.length_of_stay");
    query.push(
        " FROM analytics.stay_facts s JOIN analytics.diagnosis_facts d USING (encounter_id) WHERE ",
    );
    stays::push_conditions(&mut query, filter);
    query.push(" AND ").push(node).push(" IS NOT NULL");
    if is_opened {
        query
            .push(" AND d.new_from_level <= ")
            .bind(Value::Int(level.number().into()));
    }
    if filter.role == DiagnosisRole::Main {
        query.push(" AND d.is_main");
    }
    if let Some(under) = under {
        let (first, last) = under.bounds();
        query
            .push(" AND d.code BETWEEN ")
            .bind(Value::Text(first))
            .push(" AND ")
            .bind(Value::Text(last));
    }
    query.push(") stays GROUP BY node, person) persons GROUP BY node ORDER BY node");
    query
}

fn total_from_facts(filter: &StayFilter) -> Statement {
    let mut query = Statement::new("SELECT '' AS node, ");
    query
        .push(FIGURES)
        .push(" FROM (SELECT s.person, ")
        .push(FIGURES_OF_PERSON)
        .push(" FROM analytics.stay_facts s WHERE ");
    stays::push_conditions(&mut query, filter);
    query.push(" GROUP BY s.person) persons");
    query
}

/// Persons first, then their figures together: counting distinct in one step would sort every stay.
const FIGURES_OF_PERSON: &str = "count(*) AS stays, count(length_of_stay) AS finished, coalesce(sum(length_of_stay), 0) AS bed_days";
const FIGURES: &str = "count(*) AS patients, coalesce(sum(stays), 0)::bigint AS stays, coalesce(sum(finished), 0)::bigint AS finished, coalesce(sum(bed_days), 0)::bigint AS bed_days";

#[derive(QueryableByName)]
struct TitleRow {
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    title: String,
}

/// Titles of codes as imported data give them; codes without one are absent.
///
/// # Errors
/// When the query fails.
pub fn titles(conn: &mut Connection, codes: &[String]) -> Result<HashMap<String, String>> {
    let mut query = Statement::new("SELECT code, title FROM icd10_titles WHERE code = ANY(");
    query.bind(Value::Texts(codes.to_vec())).push(")");
    let rows: Vec<TitleRow> = query.load(conn)?;
    Ok(rows.into_iter().map(|row| (row.code, row.title)).collect())
}

#[derive(QueryableByName)]
struct CodeRow {
    #[diesel(sql_type = Text)]
    code: String,
}

/// Those of some codes below which finer codes occur in the data.
///
/// # Errors
/// When the query fails.
pub fn with_finer_codes(
    conn: &mut Connection,
    level: Level,
    codes: &[String],
) -> Result<HashSet<String>> {
    let Some(below) = level.below() else {
        return Ok(HashSet::new());
    };
    let mut query = Statement::new("SELECT code FROM unnest(");
    query.bind(Value::Texts(codes.to_vec()));
    query.push(
        ") AS asked (code) WHERE EXISTS (SELECT FROM analytics.diagnosis_months m WHERE m.level = ",
    );
    query.bind(Value::Int(below.number().into()));
    query.push("::smallint AND m.node BETWEEN (asked.code COLLATE \"C\") AND (asked.code || '~' COLLATE \"C\"))");
    let rows: Vec<CodeRow> = query.load(conn)?;
    Ok(rows.into_iter().map(|row| row.code).collect())
}
