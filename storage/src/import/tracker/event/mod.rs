//! The rules of events, in DHIS2's order and with its codes. A step that finds faults ends the check of its event.

pub(super) mod dates;
pub(super) mod people;
pub(super) mod place;
pub(super) mod repetition;
mod status;

use serde_json::{Map, Value, json};

use super::{
    Strategy,
    changes::{self, Change},
    code::Code,
    events::{Context, Store, Stored},
    files::{self, Namer, Naming},
    importer::{Fault, Importer, Read, settle},
    notes::NewNote,
    option_combos::Carrier,
    payload::Event,
    report::TrackerType,
    tracked_entities::check_geometry,
    values,
};
use place::Place;

/// A good event.
#[derive(Debug)]
pub(super) struct Accepted<'a> {
    pub(super) store: Store,
    pub(super) place: Place<'a>,
    pub(super) uid: String,
    pub(super) option_combo: i64,
    pub(super) row: Value,
    pub(super) notes: Vec<NewNote>,
    pub(super) changes: Vec<Change>,
    /// Files that it names from now on, and those that it names no more.
    pub(super) files: Naming,
}

/// Checks one event.
pub(super) fn check<'a>(
    importer: &mut Importer<'a>,
    item: &Read<Event>,
    context: &mut Context,
) -> Result<Accepted<'a>, Vec<Fault>> {
    let event = &item.object;
    let stored = context.stored.get(&item.uid);
    check_existence(importer, &item.uid, stored)?;
    let place = place::find(importer, item, context, stored)?;
    let store = Store::of(place.program);
    let strict = !importer.skips_rules();
    if strict {
        status::check_form(&place, event, stored)?;
    }
    let option_combos = &importer.metadata.option_combos;
    let option_combo = option_combos.resolve(
        Carrier::Event,
        place.program.combo,
        event.attribute_option_combo.as_ref(),
        event.attribute_category_options.as_deref(),
    )?;
    status::check_kind(store, event)?;
    if strict {
        settle(people::check_rights(
            importer,
            &place,
            event,
            option_combo,
            stored,
        ))?;
    }
    let assignee = people::assignee(importer.metadata, &place, event);
    let notes = importer.new_notes(&item.uid, &event.notes, &context.notes);
    let values = values::merge(
        stored.map_or(&Value::Null, |stored| &stored.values),
        &event.data_values,
        importer.now,
        &importer.user.info,
    );
    if strict {
        let mut faults = dates::check(importer, &place, event, stored);
        let grace = place.program.option_grace;
        let date = event.date().unwrap_or(importer.now);
        faults.extend(option_combos.check_period(option_combo, grace, date));
        faults.extend(
            check_geometry(event.geometry.as_ref(), place.stage.feature_type.as_deref()).err(),
        );
        faults.extend(notes.as_ref().err().cloned());
        let namer = Namer {
            uid: &item.uid,
            is_new: stored.is_none(),
        };
        let files = (&mut context.files, namer);
        faults.extend(values::data(
            importer.metadata,
            place.stage,
            event,
            &values,
            files,
        ));
        faults.extend(status::check_change(event, stored));
        faults.extend(assignee.as_ref().err().cloned());
        settle(faults)?;
    } else {
        dates::check_storable(store, event)?;
    }
    let ((assignee, warning), notes) = (assignee?, notes?);
    importer.claim(&notes);
    if let Some(warning) = warning {
        importer.warn(TrackerType::Event, &item.uid, warning);
    }
    let mut accepted = accept(importer, item, place, option_combo, stored);
    accepted.row["assigneduserid"] = json!(assignee);
    accepted.put_values(importer, event, stored, values);
    accepted.notes = notes;
    Ok(accepted)
}

/// An event that is as good as checked, without assignee, values and notes.
pub(super) fn accept<'a>(
    importer: &Importer,
    item: &Read<Event>,
    place: Place<'a>,
    option_combo: i64,
    stored: Option<&Stored>,
) -> Accepted<'a> {
    let mut row = row(importer, item, &place, stored);
    row["attributeoptioncomboid"] = json!(option_combo);
    row["assigneduserid"] = Value::Null;
    row["eventdatavalues"] = json!({});
    Accepted {
        store: Store::of(place.program),
        place,
        uid: item.uid.clone(),
        option_combo,
        row,
        notes: Vec::new(),
        changes: Vec::new(),
        files: Naming::default(),
    }
}

impl Accepted<'_> {
    /// Gives the event its values, and notes what changes by them and which files they name.
    pub(super) fn put_values(
        &mut self,
        importer: &Importer,
        event: &Event,
        stored: Option<&Stored>,
        values: Map<String, Value>,
    ) {
        self.changes = changes::of_event(importer, &self.place, event, stored, &values);
        self.files = files::of_event(importer.metadata, event, stored, &values);
        self.row["eventdatavalues"] = Value::Object(values);
    }
}

/// Checks that the event is there, or not, as the strategy asks, and as the client last saw it.
pub(super) fn check_existence(
    importer: &Importer,
    uid: &str,
    stored: Option<&Stored>,
) -> Result<(), Fault> {
    // Of what they may not see nobody learns whether it is there, by changing or deleting it.
    let changes = matches!(
        importer.parameters.strategy,
        Strategy::Update | Strategy::Delete
    );
    let stored = stored.filter(|stored| !changes || is_visible(importer, stored));
    if stored.is_some_and(|stored| stored.deleted) {
        let message = format!("event {uid} is deleted");
        return Err(Fault::new(Code::E1082, message));
    }
    let codes = (Code::E1030, Code::E1032);
    importer.check_existence(TrackerType::Event, uid, stored.is_some(), codes)?;
    let seen = importer.parameters.last_seen.get(uid);
    if let Some((stored, seen)) = stored.zip(seen)
        && stored.updated.and_utc().timestamp_millis() != seen.and_utc().timestamp_millis()
    {
        let present = stored.updated.format("%Y-%m-%dT%H:%M:%S%.3fZ");
        let message =
            format!("event {uid} was changed since you read it: its updatedAt is {present} now");
        return Err(Fault::new(Code::Conflict, message));
    }
    Ok(())
}

/// Whether the person who imports may see the lists in which an event stands.
pub(super) fn is_visible(importer: &Importer, stored: &Stored) -> bool {
    let of_stage = importer.metadata.stage(stored.stage);
    of_stage.is_none_or(|(_, program)| importer.rights.sees(program, stored.list_unit))
}

fn row(importer: &Importer, item: &Read<Event>, place: &Place, stored: Option<&Stored>) -> Value {
    let event = &item.object;
    let (completed_on, completed_by) = people::completion(importer, event, stored);
    let mut row = json!({
        "uid": item.uid,
        "createdatclient": event.created_at_client.map(|moment| moment.0),
        "lastupdatedatclient": event.updated_at_client.map(|moment| moment.0),
        "programstageid": place.stage.id,
        "deleted": false,
        "storedby": importer.user.username,
        "occurreddate": event.occurred_at.map(|moment| moment.0),
        "organisationunitid": place.unit,
        "status": event.status.text(),
        "completedby": completed_by,
        "completeddate": completed_on,
        "geometry": event.geometry.as_ref().map(|geometry| &geometry.0),
    });
    if let Some(enrollment) = &place.enrollment {
        row["enrollmentid"] = json!(enrollment.id);
        row["ownerorganisationunitid"] = json!(enrollment.owner);
        row["scheduleddate"] = json!(event.scheduled_at.map(|moment| moment.0));
    }
    importer.stamp(&mut row);
    row
}
