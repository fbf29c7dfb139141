//! Writes clinics, stations and patients.

use super::{
    Plan,
    copy::Loader,
    hospital::{Person, Sex},
    names,
    random::{Kind, uid},
};
use crate::{
    Result,
    schema::{clinics, patients, stations},
};

/// Pseudonym of a person: the same in all clinics.
pub(super) fn pseudonym(person: u32) -> String {
    uid(Kind::Pseudonym, u64::from(person))
}

/// Writes them all.
pub(super) fn load(loader: &mut Loader<'_>, plan: &Plan) -> Result<()> {
    load_clinics(loader, plan)?;
    load_stations(loader, plan)?;
    load_patients(loader, plan)
}

fn load_clinics(loader: &mut Loader<'_>, plan: &Plan) -> Result<()> {
    let columns = (clinics::clinic_id, clinics::beds);
    loader.copy("clinics", clinics::table, columns, |rows| {
        for clinic in 0..names::CLINICS.len() as u8 {
            rows.field(plan.clinic(clinic))
                .field(plan.hospital.beds(clinic, &plan.calendar))
                .end()?;
        }
        Ok(())
    })
}

fn load_stations(loader: &mut Loader<'_>, plan: &Plan) -> Result<()> {
    let columns = (
        stations::station_id,
        stations::clinic_id,
        stations::identifier_value,
        stations::department_key,
    );
    loader.copy("stations", stations::table, columns, |rows| {
        for clinic in 0..names::CLINICS.len() as u8 {
            for (ward, (_, key)) in (0..).zip(names::WARDS) {
                rows.field(plan.station(clinic, ward))
                    .field(plan.clinic(clinic));
                rows.field(format_args!("S{:02}", ward + 1))
                    .field(key)
                    .end()?;
            }
        }
        Ok(())
    })
}

fn sex(person: &Person) -> &'static str {
    match person.sex {
        Sex::Female => "FEMALE",
        Sex::Male => "MALE",
        Sex::Other => "OTHER",
        Sex::Unknown => "UNKNOWN",
    }
}

/// A row in each clinic that knows the person.
fn load_patients(loader: &mut Loader<'_>, plan: &Plan) -> Result<()> {
    use patients as t;
    let columns = (
        t::clinic_id,
        t::patient_pseudo_id,
        t::sex,
        t::birth_year,
        t::birth_month,
        t::deceased_on,
        t::fhir_id,
        t::fhir_version,
    );
    loader.copy_large("patients", t::table, columns, |rows| {
        for (person, number) in plan.hospital.persons.iter().zip(0..) {
            for clinic in
                (0..names::CLINICS.len() as u8).filter(|clinic| person.clinics & (1 << clinic) != 0)
            {
                rows.field(plan.clinic(clinic))
                    .field(pseudonym(number))
                    .field(sex(person));
                rows.optional(person.birth.map(|(year, _)| year))
                    .optional(person.birth.map(|(_, month)| month));
                rows.optional(person.died.map(|day| plan.calendar.date(day)));
                rows.field(format_args!("patient-{:07}", number + 1))
                    .field(1)
                    .end()?;
            }
        }
        Ok(())
    })
}
