//! Writes stays.

use chrono::{Datelike, NaiveDate, TimeDelta};
use diesel::QueryResult;

use super::{
    Plan,
    clinics::pseudonym,
    copy::{Loader, Rows},
    hospital::{CaseKind, Person, Stay},
    keys::{ADMISSIONS, ENDINGS},
};
use crate::{Result, schema::encounters};

/// Writes the stays; keys are their places, from 1.
pub(super) fn load(loader: &mut Loader<'_>, plan: &Plan) -> Result<()> {
    use encounters as t;
    let columns = (
        t::encounter_id,
        t::clinic_id,
        t::patient_pseudo_id,
        t::fhir_id,
        t::admission_number,
        t::admission_date,
        t::discharge_date,
        t::admitted_at,
        t::discharged_at,
        t::admission_type,
        t::admission_source_code,
        t::admission_reason_code,
        t::discharge_type,
        t::discharge_reason_code,
        t::case_kind,
        t::age_at_admission,
        t::status,
        t::fhir_updated_at,
        t::fhir_version,
    );
    loader.copy_large("stays", t::table, columns, |rows| {
        for (stay, id) in plan.hospital.stays.iter().zip(1..) {
            row(rows, plan, stay, id)?;
        }
        Ok(())
    })
}

fn row(rows: &mut Rows<'_>, plan: &Plan, stay: &Stay, id: u32) -> QueryResult<()> {
    let calendar = &plan.calendar;
    let date = calendar.date(stay.day);
    let (admitted, left) = (stay.admitted(calendar), stay.left(calendar));
    let discharged = (!stay.is_open()).then_some(left);
    let admission = &ADMISSIONS[usize::from(stay.admission)];
    let (ending, reason, _) = ENDINGS[usize::from(stay.ending)];
    rows.field(id)
        .field(plan.clinic(stay.clinic))
        .field(pseudonym(stay.person));
    rows.field(format_args!("encounter-{id:07}"));
    rows.field(format_args!("F{}{id:07}", date.year()))
        .field(date);
    rows.optional(discharged.map(|_| calendar.date(stay.day + stay.nights)))
        .instant(admitted);
    match discharged {
        Some(instant) => rows.instant(instant),
        None => rows.null(),
    };
    rows.field(admission.kind)
        .optional(admission.source)
        .optional(admission.reason);
    rows.field(ending)
        .optional(reason)
        .field(match stay.case_kind {
            CaseKind::Full => "FULL",
            CaseKind::Day => "DAY",
            CaseKind::Home => "HOME",
        });
    rows.optional(age(&plan.hospital.persons[stay.person as usize], date));
    rows.field(match discharged {
        Some(_) => "finished",
        None if id.is_multiple_of(50) => "onleave",
        None => "in-progress",
    });
    rows.instant(left + TimeDelta::hours(9))
        .field(1 + i32::from(discharged.is_some()))
        .end()
}

/// Completed years, by the month of birth.
fn age(person: &Person, date: NaiveDate) -> Option<i32> {
    let (year, month) = person.birth?;
    Some(date.year() - i32::from(year) - i32::from(date.month() < u32::from(month)))
}
