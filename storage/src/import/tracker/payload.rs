//! The payload and its objects, as clients send them. Flattens nested objects and fills in what nesting says.

use std::collections::HashSet;

use domain::uid;
use rand::RngCore;
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

use super::{
    code::Code,
    importer::{Fault, Item},
    report::TrackerType,
};
use crate::import::dhis2::{
    object::{self, Raw},
    timestamp::Timestamp,
};

/// A tracker payload whose objects are not looked into yet.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Payload {
    tracked_entities: Vec<Raw>,
    enrollments: Vec<Raw>,
    events: Vec<Raw>,
    relationships: Vec<Raw>,
}

/// The objects of a payload, each kind in one list.
#[derive(Debug, Default)]
pub(super) struct Flat {
    pub(super) tracked_entities: Vec<Item>,
    pub(super) enrollments: Vec<Item>,
    pub(super) events: Vec<Item>,
    pub(super) relationships: Vec<Item>,
    /// Objects that could not even be named.
    pub(super) broken: Vec<(TrackerType, i64, Option<String>, Fault)>,
}

/// What may be nested in an object, and its uid.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Nesting {
    tracked_entity: Option<Value>,
    enrollment: Option<Value>,
    event: Option<Value>,
    relationship: Option<Value>,
    enrollments: Vec<Raw>,
    events: Vec<Raw>,
    relationships: Vec<Raw>,
}

impl Payload {
    /// A payload of events.
    pub(super) fn of_events(events: Vec<Raw>) -> Self {
        Payload {
            events,
            ..Payload::default()
        }
    }

    /// Flattens the payload: what is nested in an object stands before what follows in the kind's own list.
    pub(super) fn flatten(self) -> Flat {
        let mut flat = Flat::default();
        flat.add(TrackerType::TrackedEntity, self.tracked_entities, None);
        flat.add(TrackerType::Enrollment, self.enrollments, None);
        flat.add(TrackerType::Event, self.events, None);
        flat.add(TrackerType::Relationship, self.relationships, None);
        // A relationship is exported under both of its ends.
        let mut seen = HashSet::new();
        flat.relationships
            .retain(|item| seen.insert(item.uid.clone()));
        flat
    }
}

impl Flat {
    /// How many objects there are.
    pub(super) fn len(&self) -> usize {
        self.tracked_entities.len()
            + self.enrollments.len()
            + self.events.len()
            + self.relationships.len()
    }

    fn add(&mut self, kind: TrackerType, list: Vec<Raw>, parent: Option<&str>) {
        for (line, raw) in (1..).zip(list) {
            let nesting: Nesting = match object::read(&raw) {
                Ok(nesting) => nesting,
                Err(fault) => {
                    self.broken.push((kind, line, None, fault.into()));
                    continue;
                }
            };
            let own = match kind {
                TrackerType::TrackedEntity => nesting.tracked_entity,
                TrackerType::Enrollment => nesting.enrollment.clone(),
                TrackerType::Event => nesting.event,
                TrackerType::Relationship => nesting.relationship,
            };
            let uid = match own
                .as_ref()
                .and_then(Value::as_str)
                .filter(|uid| !uid.is_empty())
            {
                None => random_uid(),
                Some(uid) if uid::is_valid(uid) => uid.to_owned(),
                Some(wrong) => {
                    let message = format!(
                        "`{}` must be a letter and 10 letters or digits",
                        kind.name()
                    );
                    let fault = Fault::new(Code::E1048, message);
                    self.broken
                        .push((kind, line, Some(wrong.to_owned()), fault));
                    continue;
                }
            };
            // Kinds are in the order in which they hang on each other: so nothing nests deeper than there are kinds.
            let nested = [
                (TrackerType::Enrollment, nesting.enrollments),
                (TrackerType::Event, nesting.events),
                (TrackerType::Relationship, nesting.relationships),
            ];
            for (inner, list) in nested {
                if inner > kind {
                    self.add(inner, list, Some(&uid));
                }
            }
            // An event says in which enrolment it is, wherever it stands.
            let named = nesting.enrollment.filter(|_| kind == TrackerType::Event);
            let named = named
                .as_ref()
                .and_then(Value::as_str)
                .filter(|uid| !uid.is_empty());
            let parent = named.or(parent).map(str::to_owned);
            let item = Item {
                line,
                uid,
                parent,
                raw,
            };
            match kind {
                TrackerType::TrackedEntity => self.tracked_entities.push(item),
                TrackerType::Enrollment => self.enrollments.push(item),
                TrackerType::Event => self.events.push(item),
                TrackerType::Relationship => self.relationships.push(item),
            }
        }
    }
}

/// A new uid.
pub(crate) fn random_uid() -> String {
    uid::from_number(rand::rng().next_u64())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TrackedEntity {
    pub(super) tracked_entity_type: Option<String>,
    pub(super) org_unit: Option<String>,
    #[serde(default)]
    pub(super) inactive: bool,
    #[serde(default)]
    pub(super) potential_duplicate: bool,
    pub(super) created_at_client: Option<Timestamp>,
    pub(super) updated_at_client: Option<Timestamp>,
    pub(super) geometry: Option<Geometry>,
    #[serde(default)]
    pub(super) attributes: Vec<AttributeValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Enrollment {
    pub(super) tracked_entity: Option<String>,
    pub(super) program: Option<String>,
    pub(super) org_unit: Option<String>,
    #[serde(default)]
    pub(super) status: EnrollmentStatus,
    pub(super) enrolled_at: Option<Timestamp>,
    pub(super) occurred_at: Option<Timestamp>,
    pub(super) completed_at: Option<Timestamp>,
    pub(super) created_at_client: Option<Timestamp>,
    pub(super) updated_at_client: Option<Timestamp>,
    #[serde(default)]
    pub(super) follow_up: bool,
    pub(super) geometry: Option<Geometry>,
    #[serde(default)]
    pub(super) attributes: Vec<AttributeValue>,
    #[serde(default)]
    pub(super) notes: Vec<Note>,
    pub(super) attribute_option_combo: Option<Value>,
    pub(super) attribute_category_options: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    #[serde(default)]
    pub(super) status: EventStatus,
    pub(super) program: Option<String>,
    pub(super) program_stage: Option<String>,
    pub(super) enrollment: Option<String>,
    pub(super) org_unit: Option<String>,
    pub(super) occurred_at: Option<Timestamp>,
    pub(super) scheduled_at: Option<Timestamp>,
    pub(super) completed_at: Option<Timestamp>,
    pub(super) created_at_client: Option<Timestamp>,
    pub(super) updated_at_client: Option<Timestamp>,
    pub(super) attribute_option_combo: Option<Value>,
    pub(super) attribute_category_options: Option<String>,
    pub(super) geometry: Option<Geometry>,
    pub(super) assigned_user: Option<AssignedUser>,
    #[serde(default)]
    pub(super) data_values: Vec<DataValue>,
    #[serde(default)]
    pub(super) notes: Vec<Note>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Relationship {
    pub(super) relationship_type: Option<String>,
    pub(super) created_at_client: Option<Timestamp>,
    pub(super) from: Option<Map<String, Value>>,
    pub(super) to: Option<Map<String, Value>>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum EnrollmentStatus {
    #[default]
    Active,
    Completed,
    Cancelled,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum EventStatus {
    #[default]
    Active,
    Completed,
    Visited,
    Schedule,
    Overdue,
    Skipped,
}

#[derive(Debug, Deserialize)]
pub(super) struct AttributeValue {
    pub(super) attribute: String,
    pub(super) value: Option<Scalar>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DataValue {
    pub(super) data_element: String,
    pub(super) value: Option<Scalar>,
    #[serde(default)]
    pub(super) provided_elsewhere: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Note {
    pub(super) note: Option<String>,
    pub(super) value: Option<String>,
    pub(super) stored_by: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AssignedUser {
    pub(super) uid: Option<String>,
    pub(super) username: Option<String>,
}

/// A text; numbers and truth values are taken as their text.
#[derive(Debug)]
pub(super) struct Scalar(pub(super) String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Scalar(text)),
            value @ (Value::Number(_) | Value::Bool(_)) => Ok(Scalar(value.to_string())),
            _ => Err(de::Error::invalid_type(
                de::Unexpected::Other("no scalar"),
                &"a text",
            )),
        }
    }
}

/// `GeoJSON` with a type and coordinates.
#[derive(Debug)]
pub(super) struct Geometry(pub(super) Value);

impl<'de> Deserialize<'de> for Geometry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if value["type"].is_string() && value["coordinates"].is_array() {
            return Ok(Geometry(value));
        }
        Err(de::Error::invalid_value(
            de::Unexpected::Other("no geometry"),
            &"a GeoJSON geometry",
        ))
    }
}

impl Geometry {
    /// DHIS2's feature type of the geometry.
    pub(super) fn feature_type(&self) -> String {
        let name = self.0["type"].as_str().unwrap_or_default();
        match name {
            "MultiPolygon" => "MULTI_POLYGON".to_owned(),
            _ => name.to_uppercase(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_objects_know_their_parents() {
        let payload: Payload = serde_json::from_str(
            r#"{"trackedEntities": [{"trackedEntity": "entity00001", "enrollments": [{"events": [{"event": "event000001"}, {"event": "wrong"}]}],
                                     "relationships": [{"relationship": "relation001"}]}],
                "events": [{"event": "event000002"}], "relationships": [{"relationship": "relation001"}]}"#,
        )
        .expect("a payload");
        let flat = payload.flatten();
        assert_eq!(flat.enrollments[0].parent.as_deref(), Some("entity00001"));
        assert!(uid::is_valid(&flat.enrollments[0].uid));
        let events: Vec<_> = flat
            .events
            .iter()
            .map(|event| (event.uid.as_str(), event.parent.as_deref()))
            .collect();
        assert_eq!(
            events,
            [
                ("event000001", Some(flat.enrollments[0].uid.as_str())),
                ("event000002", None)
            ]
        );
        assert_eq!(flat.relationships.len(), 1);
        assert_eq!(flat.broken[0].3.code, Code::E1048);
    }

    #[test]
    fn objects_within_each_other_without_end_are_not_followed() {
        let text = format!(
            "{{\"events\": [{}{}]}}",
            "{\"events\": [".repeat(20_000),
            "]}".repeat(20_000)
        );
        let payload: Payload = serde_json::from_str(&text).expect("a payload");
        let flat = payload.flatten();
        assert_eq!((flat.len(), flat.broken.len()), (1, 0));
    }
}
