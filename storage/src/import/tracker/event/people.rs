//! The people of an event: who writes it, who completed it, to whom it is assigned.

use chrono::NaiveDateTime;

use super::{
    super::{
        code::Code,
        events::Stored,
        importer::{Fault, Importer},
        metadata::Metadata,
        payload::{Event, EventStatus},
        rights::UNCOMPLETE,
    },
    place::Place,
};

/// What the person who imports may not do.
pub(super) fn check_rights(
    importer: &Importer,
    place: &Place,
    event: &Event,
    option_combo: i64,
    stored: Option<&Stored>,
) -> Vec<Fault> {
    let before = stored.map(|stored| stored.option_combo);
    let mut faults = write_faults(importer, place, [Some(option_combo), before]);
    faults.extend(check_units(importer, place, event, stored));
    let reopens = event.status != EventStatus::Completed
        && stored.is_some_and(|stored| stored.status == "COMPLETED");
    if reopens && !importer.rights.caller.has_authority(UNCOMPLETE) {
        let message = format!("taking back a completion needs the authority {UNCOMPLETE}");
        faults.push(Fault::new(Code::E1083, message));
    }
    faults
}

/// What forbids to write an event at a place, whatever its unit: sharing, ownership, the option combinations that it has
/// and had.
pub(in super::super) fn write_faults(
    importer: &Importer,
    place: &Place,
    combos: [Option<i64>; 2],
) -> Vec<Fault> {
    let rights = &importer.rights;
    let mut faults = Vec::new();
    match place.enrollment {
        None => faults.extend(rights.check_program_write(place.program)),
        Some(enrollment) => {
            faults.extend(rights.check_stage_write(place.stage));
            faults.extend(rights.check_program_read(place.program));
            faults.extend(rights.check_type_read(importer.metadata.type_of(place.program)));
            faults.extend(rights.check_owner(place.program, enrollment.entity, enrollment.owner));
        }
    }
    let option_combos = &importer.metadata.option_combos;
    let combos = combos.into_iter().flatten();
    faults.extend(rights.check_options(combos.flat_map(|combo| option_combos.shared(combo))));
    faults
}

/// Checks the new unit, and the old one: the person must capture in both. A tracker event that stays where it is belongs to
/// the owner of its tracked entity, so its own unit may be any. One that is only planned may be placed within the search
/// scope.
fn check_units(
    importer: &Importer,
    place: &Place,
    event: &Event,
    stored: Option<&Stored>,
) -> Option<Fault> {
    let rights = &importer.rights;
    let moves = stored.is_none_or(|stored| stored.unit != place.unit);
    if place.enrollment.is_some() && !moves {
        return None;
    }
    let is_plan = event.status == EventStatus::Schedule && event.data_values.is_empty();
    let check = |unit| match place.enrollment {
        Some(_) if is_plan => rights.check_search(unit, Code::E1105),
        _ => rights.check_capture(unit),
    };
    check(place.unit).or_else(|| check(stored?.unit))
}

/// The assignee: the username counts, the uid only when there is none. With a warning where the stage allows none.
pub(super) fn assignee(
    metadata: &Metadata,
    place: &Place,
    event: &Event,
) -> Result<(Option<i64>, Option<Fault>), Fault> {
    let given = |text: &&String| !text.is_empty();
    let Some(user) = &event.assigned_user else {
        return Ok((None, None));
    };
    let named = user.username.as_ref().filter(given);
    let found = match (named, user.uid.as_ref().filter(given)) {
        (Some(username), _) => metadata.usernames.get(username),
        (None, Some(uid)) => metadata.users.get(uid),
        (None, None) => return Ok((None, None)),
    };
    let found = found.ok_or_else(|| Fault::new(Code::E1118, "`assignedUser` does not exist"))?;
    if place.stage.assignment {
        return Ok((Some(*found), None));
    }
    let message =
        "the program stage does not allow events to be assigned; stored without `assignedUser`";
    Ok((None, Some(Fault::new(Code::E1120, message))))
}

/// When and by whom it was completed: set when it becomes complete, kept while it is.
pub(super) fn completion(
    importer: &Importer,
    event: &Event,
    stored: Option<&Stored>,
) -> (Option<NaiveDateTime>, Option<String>) {
    if event.status != EventStatus::Completed {
        return (None, None);
    }
    match stored.filter(|stored| stored.completion().is_some()) {
        Some(stored) => (stored.completed_on, stored.completed_by.clone()),
        None => {
            let date = event.completed_at.map_or(importer.now, |moment| moment.0);
            (Some(date), Some(importer.user.username.clone()))
        }
    }
}
