//! Writes tracked entities with their attributes, enrolments and owners.

use rand::Rng;

use super::{
    Plan,
    copy::Loader,
    names,
    random::{Kind, Stream, one_of, stream, uid},
};
use crate::{
    Result,
    schema::{
        enrollment, programownershiphistory, trackedentity, trackedentityattributevalue,
        trackedentityprogramowner,
    },
};

/// Minute of the day at which entities are registered and enrolled.
const MORNING: u16 = 540;

/// Writes them all; keys are places counted from 1.
pub(super) fn load(loader: &mut Loader<'_>, plan: &Plan) -> Result<()> {
    load_entities(loader, plan)?;
    load_attributes(loader, plan)?;
    load_enrollments(loader, plan)?;
    load_owners(loader, plan)?;
    load_history(loader, plan)
}

fn load_entities(loader: &mut Loader<'_>, plan: &Plan) -> Result<()> {
    use trackedentity as t;
    let columns = (
        t::trackedentityid,
        t::uid,
        t::created,
        t::lastupdated,
        t::organisationunitid,
        t::trackedentitytypeid,
        t::createdbyuserinfo,
        t::lastupdatedbyuserinfo,
    );
    loader.copy_large("tracked entities", t::table, columns, |rows| {
        for (entity, id) in plan.register.entities.iter().zip(1..) {
            let created = plan.calendar.at(entity.day, MORNING);
            let snapshot = plan.snapshot(plan.user(id));
            rows.field(id)
                .field(uid(Kind::TrackedEntity, id))
                .field(created)
                .field(created);
            rows.field(plan.unit(entity.facility))
                .field(plan.metadata.entity_type);
            rows.field(snapshot).field(snapshot).end()?;
        }
        Ok(())
    })
}

fn load_attributes(loader: &mut Loader<'_>, plan: &Plan) -> Result<()> {
    use trackedentityattributevalue as t;
    let columns = (
        t::trackedentityid,
        t::trackedentityattributeid,
        t::value,
        t::created,
        t::lastupdated,
        t::storedby,
    );
    loader.copy_large("attribute values", t::table, columns, |rows| {
        let mut random = stream(plan.seed, Stream::Attributes);
        for (entity, id) in plan.register.entities.iter().zip(1..) {
            let created = plan.calendar.at(entity.day, MORNING);
            let given = if entity.is_woman {
                &names::FEMALE
            } else {
                &names::MALE
            };
            let age = random.random_range(5_700..16_000);
            let birth = plan.calendar.date(entity.day) - chrono::Days::new(age);
            let values = [
                (*one_of(given, &mut random)).to_owned(),
                (*one_of(&names::FAMILY, &mut random)).to_owned(),
                birth.to_string(),
                if entity.is_woman { "F" } else { "M" }.to_owned(),
            ];
            for (value, attribute) in values.iter().zip(plan.metadata.first_attribute..) {
                rows.field(id)
                    .field(attribute)
                    .text(value)
                    .field(created)
                    .field(created);
                rows.field(&plan.user(id).username).end()?;
            }
        }
        Ok(())
    })
}

fn load_enrollments(loader: &mut Loader<'_>, plan: &Plan) -> Result<()> {
    use enrollment as t;
    let columns = (
        t::enrollmentid,
        t::uid,
        t::created,
        t::lastupdated,
        t::occurreddate,
        t::enrollmentdate,
        t::completeddate,
        t::completedby,
        t::status,
        t::trackedentityid,
        t::programid,
        t::organisationunitid,
        t::attributeoptioncomboid,
        t::storedby,
        t::createdbyuserinfo,
        t::lastupdatedbyuserinfo,
    );
    loader.copy_large("enrolments", t::table, columns, |rows| {
        for (enrolled, id) in plan.register.enrollments.iter().zip(1..) {
            let (program, ownership) = plan.register.of(enrolled, plan);
            let created = plan.calendar.at(enrolled.day, MORNING);
            let completed = enrolled.completed.map(|day| plan.calendar.at(day, MORNING));
            let day = plan.calendar.at(enrolled.day, 0);
            let user = plan.user(id);
            let status = match completed {
                Some(_) if id.is_multiple_of(20) => "CANCELLED",
                Some(_) => "COMPLETED",
                None => "ACTIVE",
            };
            rows.field(id)
                .field(uid(Kind::Enrollment, id))
                .field(created)
                .field(completed.unwrap_or(created));
            rows.field(day).field(day).optional(completed);
            rows.optional(completed.map(|_| &user.username))
                .field(status);
            rows.field(ownership.entity + 1).field(program.id);
            rows.field(plan.unit(ownership.owner_on(enrolled.day)))
                .field(plan.metadata.default_combo);
            rows.field(&user.username)
                .field(plan.snapshot(user))
                .field(plan.snapshot(user))
                .end()?;
        }
        Ok(())
    })
}

fn load_owners(loader: &mut Loader<'_>, plan: &Plan) -> Result<()> {
    use trackedentityprogramowner as t;
    let columns = (
        t::trackedentityprogramownerid,
        t::trackedentityid,
        t::programid,
        t::organisationunitid,
        t::created,
        t::lastupdated,
        t::createdby,
    );
    loader.copy_large("owners", t::table, columns, |rows| {
        for (ownership, id) in plan.register.ownerships.iter().zip(1..) {
            let program = &plan.metadata.tracker_programs[usize::from(ownership.program)];
            let updated = ownership.transfer.map_or(ownership.since, |(_, day)| day);
            rows.field(id)
                .field(ownership.entity + 1)
                .field(program.id)
                .field(plan.unit(ownership.owner()));
            rows.field(plan.calendar.at(ownership.since, MORNING))
                .field(plan.calendar.at(updated, MORNING));
            rows.field(&plan.user(id).username).end()?;
        }
        Ok(())
    })
}

fn load_history(loader: &mut Loader<'_>, plan: &Plan) -> Result<()> {
    use programownershiphistory as t;
    let columns = (
        t::programownershiphistoryid,
        t::programid,
        t::trackedentityid,
        t::organisationunitid,
        t::startdate,
        t::enddate,
        t::createdby,
    );
    let transferred = || {
        plan.register
            .ownerships
            .iter()
            .filter_map(|ownership| Some((ownership, ownership.transfer?.1)))
    };
    loader.copy_large("former owners", t::table, columns, |rows| {
        for ((ownership, until), id) in transferred().zip(1..) {
            let program = &plan.metadata.tracker_programs[usize::from(ownership.program)];
            rows.field(id)
                .field(program.id)
                .field(ownership.entity + 1)
                .field(plan.unit(ownership.first));
            rows.field(plan.calendar.at(ownership.since, MORNING))
                .field(plan.calendar.at(until, MORNING));
            rows.field(&plan.user(id).username).end()?;
        }
        Ok(())
    })
}
