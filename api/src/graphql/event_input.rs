//! An event as clients write it.

use async_graphql::{ID, InputObject, Json, MaybeUndefined};
use serde_json::{Map, Value, json};

use super::{events::EventStatus, scalars::DateTime};

/// A data value to write.
#[derive(Debug, Clone, InputObject)]
pub struct ValueInput {
    /// Data element.
    pub column: ID,
    /// Value as text; null takes the stored one away.
    pub value: Option<String>,
    /// Whether it was recorded by someone else.
    #[graphql(default)]
    pub provided_elsewhere: bool,
}

/// A note to add.
#[derive(Debug, Clone, InputObject)]
pub struct NoteInput {
    /// Identifier; made when absent.
    pub id: Option<ID>,
    /// The text.
    pub text: String,
}

/// An event to write. Members left out of an update stay as they are; null empties them.
#[derive(Debug, Clone, InputObject)]
pub struct EventInput {
    /// Identifier. For a new event made when absent; given, it makes a retry safe. Required to update.
    pub id: Option<ID>,
    /// Program; that of the stage when absent.
    pub program: Option<ID>,
    /// Stage; of a single event the first of its program when absent. Never changes.
    pub program_stage: Option<ID>,
    /// Unit where it happened. Required for a new event.
    pub org_unit: Option<ID>,
    /// Enrolment of a tracker event. Never changes.
    pub enrollment: Option<ID>,
    /// State; ACTIVE for a new event when absent.
    pub status: Option<EventStatus>,
    /// When it happened.
    pub occurred_at: MaybeUndefined<DateTime>,
    /// When it is due; tracker events only.
    pub scheduled_at: MaybeUndefined<DateTime>,
    /// When it was completed; the time of writing when absent. Needs the status COMPLETED.
    pub completed_at: Option<DateTime>,
    /// Option combination; the default one when absent.
    pub attribute_option_combo: Option<ID>,
    /// Category options, instead of their combination.
    pub attribute_category_options: Option<Vec<ID>>,
    /// `GeoJSON` of the stage's feature type.
    pub geometry: MaybeUndefined<Json<Value>>,
    /// Person it is assigned to.
    pub assigned_user: MaybeUndefined<ID>,
    /// Data values, laid over the stored ones.
    pub values: Option<Vec<ValueInput>>,
    /// Notes to add.
    pub notes: Option<Vec<NoteInput>>,
    /// `updatedAt` of the event as the client read it: when it was changed since, the update is refused with CONFLICT.
    pub updated_at: Option<DateTime>,
}

impl EventInput {
    /// The members that are given, as an import payload names them.
    #[must_use]
    pub fn members(self) -> Map<String, Value> {
        let mut members = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        };
        put("event", self.id.map(|id| json!(id.as_str())));
        put("program", self.program.map(|id| json!(id.as_str())));
        put(
            "programStage",
            self.program_stage.map(|id| json!(id.as_str())),
        );
        put("orgUnit", self.org_unit.map(|id| json!(id.as_str())));
        put("enrollment", self.enrollment.map(|id| json!(id.as_str())));
        put(
            "status",
            self.status
                .map(|status| json!(domain::event::EventStatus::from(status).name())),
        );
        put(
            "occurredAt",
            maybe(self.occurred_at, |date| json!(date.to_rfc3339())),
        );
        put(
            "scheduledAt",
            maybe(self.scheduled_at, |date| json!(date.to_rfc3339())),
        );
        put(
            "completedAt",
            self.completed_at.map(|date| json!(date.to_rfc3339())),
        );
        put(
            "attributeOptionCombo",
            self.attribute_option_combo.map(|id| json!(id.as_str())),
        );
        let options = self.attribute_category_options.map(|ids| {
            let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
            json!(ids.join(","))
        });
        put("attributeCategoryOptions", options);
        put("geometry", maybe(self.geometry, |shape| shape.0));
        put(
            "assignedUser",
            maybe(self.assigned_user, |id| json!({ "uid": id.as_str() })),
        );
        let value = |value: ValueInput| {
            json!({
                "dataElement": value.column.as_str(),
                "value": value.value,
                "providedElsewhere": value.provided_elsewhere,
            })
        };
        put(
            "dataValues",
            self.values
                .map(|list| list.into_iter().map(value).collect()),
        );
        let note = |note: NoteInput| json!({ "note": note.id.as_ref().map(|id| id.as_str()), "value": note.text });
        put(
            "notes",
            self.notes.map(|list| list.into_iter().map(note).collect()),
        );
        members
    }
}

/// Nothing when a member is left out, null when it is null.
fn maybe<T>(member: MaybeUndefined<T>, value: impl FnOnce(T) -> Value) -> Option<Value> {
    match member {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(Value::Null),
        MaybeUndefined::Value(member) => Some(value(member)),
    }
}
