//! Chains of station contacts beside a plain way to build them.

use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::*;

/// A contact: ward, begin and end in hours after admission.
type Visit = (u32, i64, Option<i64>);

/// The chain of a stay of some hours, worked out step by step.
fn plain(mut visits: Vec<Visit>, hours: Option<i64>) -> Vec<Visit> {
    let last = hours.unwrap_or(i64::MAX);
    visits.retain(|&(_, start, end)| end.is_none_or(|end| end >= 0) && start <= last);
    for visit in &mut visits {
        visit.1 = visit.1.max(0);
        visit.2 = match (visit.2, hours) {
            (None, hours) => hours,
            (Some(end), _) => Some(end.min(last)),
        };
    }
    let lasting: Vec<Visit> = visits
        .iter()
        .copied()
        .filter(|visit| visit.2 != Some(visit.1))
        .collect();
    visits.retain(|&(_, start, end)| {
        let is_covered = || {
            lasting
                .iter()
                .any(|other| other.1 <= start && other.2.is_none_or(|end| end >= start))
        };
        end != Some(start) || !is_covered()
    });
    visits.sort_by_key(|&(ward, start, end)| (start, end.unwrap_or(i64::MAX), ward));
    let mut chain: Vec<Visit> = Vec::new();
    for (ward, start, end) in visits {
        match chain.last_mut() {
            Some(last) if last.0 == ward => {
                last.2 = last.2.zip(end).map(|(one, other)| one.max(other));
            }
            _ => chain.push((ward, start, end)),
        }
    }
    chain
}

#[test]
fn chains_are_those_of_the_plain_way() {
    let admission: DateTime<Utc> = "2024-03-01T08:00:00Z".parse().expect("an instant");
    let at = |hours: i64| (admission + TimeDelta::hours(hours)).to_rfc3339();
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut site = Site::new();
    // The wards are known before, so that their keys are in the order of their numbers.
    let wards = (0..4).map(|ward| {
        json!({"resourceType": "Encounter", "id": format!("first{ward}"), "status": "finished", "class": {"code": "IMP"}, "partOf": {"reference": "Encounter/first"},
            "type": [{"coding": [{"code": "versorgungsstellenkontakt"}]}], "subject": {"reference": "Patient/p"},
            "period": {"start": at(ward)}, "location": [{"location": {"display": ward.to_string()}}]})
    });
    let mut resources: Vec<Value> = wards.collect();
    resources.push(stay("first", json!({})));
    let mut expected = Vec::new();
    for number in 0..300 {
        let id = format!("{number:03}");
        let hours = random
            .random_bool(0.9)
            .then(|| random.random_range(0..24_i64));
        let period = hours.map_or_else(
            || json!({"start": at(0)}),
            |hours| json!({"start": at(0), "end": at(hours)}),
        );
        let status = if hours.is_some() {
            "finished"
        } else {
            "in-progress"
        };
        resources.push(stay(&id, json!({"period": period, "status": status})));
        let visits: Vec<Visit> = (0..random.random_range(0..6))
            .map(|_| {
                let start = random.random_range(-3..26_i64);
                let end = random
                    .random_bool(0.85)
                    .then(|| start + random.random_range(0..9));
                (random.random_range(0..4), start, end)
            })
            .collect();
        for (place, (ward, start, end)) in visits.iter().enumerate() {
            let period = end.map_or_else(
                || json!({"start": at(*start)}),
                |end| json!({"start": at(*start), "end": at(end)}),
            );
            resources.push(stay(
                &format!("{id}-{place}"),
                json!({"partOf": {"reference": format!("Encounter/{id}")}, "type": [{"coding": [{"code": "versorgungsstellenkontakt"}]}],
                    "period": period, "location": [{"location": {"display": ward.to_string()}}]}),
            ));
        }
        for (place, (ward, start, end)) in (1..).zip(plain(visits, hours)) {
            expected.push(format!(
                "{id} {place} {ward} {start} {}",
                end.map_or("open".to_owned(), |end| end.to_string())
            ));
        }
    }
    let report = site.deliver(&resources);
    let found = site.texts(
        "SELECT concat_ws(' ', b.fhir_id, sequence, identifier_value,
                          (extract(epoch FROM started_at - admitted_at) / 3600)::integer,
                          coalesce((extract(epoch FROM ended_at - admitted_at) / 3600)::integer::text, 'open'))
         FROM station_transfers JOIN encounters b USING (encounter_id) JOIN stations USING (station_id)
         WHERE b.fhir_id <> 'first' ORDER BY b.fhir_id, sequence",
    );
    assert!(found.len() > 300, "{}", found.len());
    assert_eq!(found, expected);
    for rule in ["STATION_OUTSIDE", "STATION_GAP", "STATION_PARALLEL"] {
        assert!(
            report.findings.iter().any(|finding| finding.0 == rule),
            "{rule}: {:?}",
            report.findings
        );
    }
}
