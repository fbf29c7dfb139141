//! The stays that a filter selects, as conditions on `analytics.stay_facts s`.

use domain::stay::{AgeGroup, DateBasis, DiagnosisRole, Sex, StayFilter};

use crate::sql::{Statement, Value};

/// Appends the conditions of a filter, the first without `AND`.
pub(crate) fn push_conditions(query: &mut Statement, filter: &StayFilter) {
    let day = match filter.basis {
        DateBasis::Admission => "s.admission_date",
        DateBasis::Discharge => "s.discharge_date",
    };
    query
        .push(day)
        .push(" BETWEEN ")
        .bind(Value::Day(filter.period.from));
    query.push(" AND ").bind(Value::Day(filter.period.to));
    query
        .push(" AND s.clinic_id = ANY(")
        .bind(Value::Ints(filter.clinics.clone()))
        .push(")");
    push_any(
        query,
        " AND s.sex = ANY(",
        filter.sexes.iter().map(|sex| sex_name(*sex)),
    );
    push_any(
        query,
        " AND s.admission_type = ANY(",
        filter.admission_types.iter().copied(),
    );
    push_any(
        query,
        " AND s.discharge_type = ANY(",
        filter.discharge_types.iter().copied(),
    );
    push_any(
        query,
        " AND s.case_kind = ANY(",
        filter.case_kind.into_iter(),
    );
    push_ages(query, &filter.age_groups);
    if !filter.stations.is_empty() {
        query.push(" AND EXISTS (SELECT FROM station_transfers t WHERE t.encounter_id = s.encounter_id AND t.station_id = ANY(");
        query.bind(Value::Ints(filter.stations.clone())).push("))");
    }
    if let Some(node) = &filter.diagnosis {
        let (first, last) = node.bounds();
        query.push(" AND EXISTS (SELECT FROM analytics.diagnosis_facts x WHERE x.encounter_id = s.encounter_id AND x.code BETWEEN ");
        query
            .bind(Value::Text(first))
            .push(" AND ")
            .bind(Value::Text(last));
        if filter.role == DiagnosisRole::Main {
            query.push(" AND x.is_main");
        }
        query.push(")");
    }
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
        query
            .push("s.age_at_admission BETWEEN ")
            .bind(Value::Int(group.from.into()));
        query.push(" AND ").bind(Value::Int(group.to.into()));
    }
    if !groups.is_empty() {
        query.push(")");
    }
}

fn sex_name(sex: Sex) -> &'static str {
    match sex {
        Sex::Female => "FEMALE",
        Sex::Male => "MALE",
        Sex::Other => "OTHER",
        Sex::Unknown => "UNKNOWN",
    }
}
