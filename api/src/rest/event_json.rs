//! An event in DHIS2's JSON. Members without a value are left out; instants have no zone and milliseconds.

use chrono::NaiveDateTime;
use domain::{event::request::Endpoint, id_scheme::Kind, moment};
use serde_json::{Map, Value, json};
use storage::events::{EventRow, details::EventDetails, notes::Note, relationships::Relationship};

use super::{
    fields::Fields,
    names::{Names, Wanted},
};

/// An event with everything that an answer may show of it.
#[derive(Debug)]
pub struct FullEvent {
    /// Its row.
    pub row: EventRow,
    /// Identifiers, people, times of the client.
    pub details: EventDetails,
    /// Its notes, in order; empty when they were not asked for.
    pub notes: Vec<Note>,
    /// Its relationships; empty when they were not asked for.
    pub relationships: Vec<Relationship>,
}

impl FullEvent {
    /// Values of data elements with what is known of each, by identifier.
    pub fn values(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.row.eventdatavalues.as_object().into_iter().flatten()
    }

    /// Adds the objects that an answer names to those that have to be looked up.
    pub fn add_wanted(&self, names: &Names, fields: &Fields, wanted: &mut Wanted) {
        let mut add = |kind: Kind, member: &str, uid: Option<&String>| {
            if let Some(uid) = uid
                && names.translates(kind)
                && fields.wants(member)
            {
                wanted.entry(kind).or_default().insert(uid.clone());
            }
        };
        let details = &self.details;
        add(Kind::Program, "program", details.program.as_ref());
        add(
            Kind::ProgramStage,
            "programStage",
            Some(&details.program_stage),
        );
        add(Kind::OrganisationUnit, "orgUnit", Some(&details.org_unit));
        add(
            Kind::CategoryOptionCombo,
            "attributeOptionCombo",
            Some(&details.option_combo),
        );
        for option in &details.options {
            add(
                Kind::CategoryOption,
                "attributeCategoryOptions",
                Some(option),
            );
        }
        for (uid, _) in self.values() {
            add(Kind::DataElement, "dataValues", Some(uid));
        }
    }

    /// Identifiers of the options with commas between them, under their names.
    #[must_use]
    pub fn options(&self, names: &Names) -> String {
        let options = self.details.options.iter();
        let named: Vec<&str> = options
            .map(|uid| names.of(Kind::CategoryOption, uid))
            .collect();
        named.join(",")
    }

    /// The event as an endpoint shows it, cut to the wanted fields.
    #[must_use]
    pub fn to_json(&self, endpoint: Endpoint, names: &Names, fields: &Fields) -> Value {
        let mut members = Members {
            fields,
            members: Map::new(),
        };
        let (row, details) = (&self.row, &self.details);
        members.put("event", row.uid.as_str());
        members.put("status", row.status.as_str());
        let program = details.program.as_deref();
        members.put_some("program", program.map(|uid| names.of(Kind::Program, uid)));
        members.put(
            "orgUnit",
            names.of(Kind::OrganisationUnit, &details.org_unit),
        );
        members.put_some("occurredAt", row.occurreddate.map(instant));
        members.put("deleted", details.deleted);
        members.put("createdAt", instant(row.created));
        members.put_some("createdAtClient", details.createdatclient.map(instant));
        members.put("updatedAt", instant(row.lastupdated));
        members.put_some("updatedAtClient", details.lastupdatedatclient.map(instant));
        let combo = names.of(Kind::CategoryOptionCombo, &details.option_combo);
        members.put("attributeOptionCombo", combo);
        members.put_some("completedBy", details.completedby.as_deref());
        members.put_some("completedAt", row.completeddate.map(instant));
        members.put_some("geometry", details.geometry.clone());
        members.put_some("assignedUser", details.assigned_user.as_ref().map(assigned));
        members.put_some("createdBy", details.createdbyuserinfo.as_ref().map(person));
        members.put_some(
            "updatedBy",
            details.lastupdatedbyuserinfo.as_ref().map(person),
        );
        if endpoint != Endpoint::SingleEvents {
            let stage = names.of(Kind::ProgramStage, &details.program_stage);
            members.put("programStage", stage);
            members.put_some("enrollment", details.enrollment.as_deref());
            members.put_some("trackedEntity", details.tracked_entity.as_deref());
            members.put_some("scheduledAt", row.scheduleddate.map(instant));
            members.put("followUp", details.followup.unwrap_or(false));
        }
        if endpoint.kind().is_none() {
            members.put("attributeCategoryOptions", self.options(names));
        }
        members.put_list("dataValues", || self.data_values(names));
        members.put_list("notes", || self.notes.iter().map(note).collect());
        members.put_list("relationships", || {
            self.relationships.iter().map(relationship).collect()
        });
        fields.shape(Value::Object(members.members))
    }

    fn data_values(&self, names: &Names) -> Vec<Value> {
        let value = |(uid, stored): (&String, &Value)| {
            let mut shown = Map::new();
            let mut put = |name: &str, value: Option<Value>| {
                if let Some(value) = value {
                    shown.insert(name.to_owned(), value);
                }
            };
            put("dataElement", Some(names.of(Kind::DataElement, uid).into()));
            put("value", stored.get("value").cloned());
            put(
                "createdAt",
                stored_instant(stored, "created").map(Value::from),
            );
            put(
                "updatedAt",
                stored_instant(stored, "lastUpdated").map(Value::from),
            );
            let elsewhere = stored.get("providedElsewhere").and_then(Value::as_bool);
            put("providedElsewhere", Some(elsewhere.unwrap_or(false).into()));
            put(
                "createdBy",
                stored.get("createdByUserInfo").and_then(known_person),
            );
            put(
                "updatedBy",
                stored.get("lastUpdatedByUserInfo").and_then(known_person),
            );
            Value::Object(shown)
        };
        self.values().map(value).collect()
    }
}

/// Members of an object, only those that are wanted and have a value.
struct Members<'a> {
    fields: &'a Fields,
    members: Map<String, Value>,
}

impl Members<'_> {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        if self.fields.wants(name) {
            self.members.insert(name.to_owned(), value.into());
        }
    }

    fn put_some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    fn put_list(&mut self, name: &str, list: impl FnOnce() -> Vec<Value>) {
        if self.fields.wants(name) {
            self.members.insert(name.to_owned(), list().into());
        }
    }
}

/// An instant as DHIS2 writes it: no zone, milliseconds.
#[must_use]
pub fn instant(moment: NaiveDateTime) -> String {
    moment.format("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

/// An instant that is kept as text within a value.
pub(super) fn stored_moment(stored: &Value, name: &str) -> Option<NaiveDateTime> {
    moment::parse(stored.get(name)?.as_str()?)
}

fn stored_instant(stored: &Value, name: &str) -> Option<String> {
    stored_moment(stored, name).map(instant)
}

/// A person as kept beside what they did; keys and codes are not shown.
fn person(stored: &Value) -> Value {
    let mut shown = Map::new();
    for name in ["uid", "username", "firstName", "surname"] {
        if let Some(text) = stored.get(name).filter(|text| text.is_string()) {
            shown.insert(name.to_owned(), text.clone());
        }
    }
    Value::Object(shown)
}

fn known_person(stored: &Value) -> Option<Value> {
    stored.is_object().then(|| person(stored))
}

fn assigned(user: &Value) -> Value {
    let mut shown = person(user);
    let text = |name: &str| user.get(name).and_then(Value::as_str).unwrap_or_default();
    shown["displayName"] = format!("{} {}", text("firstName"), text("surname"))
        .trim()
        .into();
    shown
}

fn note(note: &Note) -> Value {
    let mut shown = json!({
        "note": note.uid,
        "storedAt": instant(note.created),
        "value": note.notetext,
    });
    if let Some(username) = &note.creator {
        shown["storedBy"] = username.as_str().into();
    }
    if let Some(user) = &note.created_by {
        shown["createdBy"] = person(user);
    }
    shown
}

fn relationship(relationship: &Relationship) -> Value {
    let end = |end: &Value| {
        let kind = end["kind"].as_str().unwrap_or_default();
        json!({ kind: { kind: end["uid"] } })
    };
    let mut shown = json!({
        "relationship": relationship.uid,
        "relationshipType": relationship.type_uid,
        "relationshipName": relationship.type_name,
        "bidirectional": relationship.bidirectional,
        "createdAt": instant(relationship.created),
        "updatedAt": instant(relationship.lastupdated),
        "from": end(&relationship.from_end),
        "to": end(&relationship.to_end),
    });
    if let Some(moment) = relationship.createdatclient {
        shown["createdAtClient"] = instant(moment).into();
    }
    shown
}
