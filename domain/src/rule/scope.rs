//! What an expression is about: an event or an enrolment, the other events of the enrolment, and what is the same for all.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use chrono::{NaiveDate, NaiveDateTime};

use super::{Problem, Type, Value};

/// An event as rules see it.
#[derive(Debug, Clone)]
pub struct Event {
    /// Identifier.
    pub uid: String,
    /// Identifier of its stage.
    pub stage: String,
    /// DHIS2's word for its status.
    pub status: String,
    /// When it happened, else when it is due.
    pub date: Option<NaiveDateTime>,
    /// When it was stored first; decides between events of one moment.
    pub created: NaiveDateTime,
    /// When it is due.
    pub due: Option<NaiveDate>,
    /// When it was completed.
    pub completed: Option<NaiveDate>,
    /// Identifier of its unit.
    pub unit: String,
    /// Values by data element.
    pub values: HashMap<String, String>,
}

/// An enrolment as rules see it.
#[derive(Debug, Clone)]
pub struct Enrollment {
    /// Identifier.
    pub uid: String,
    /// DHIS2's word for its status.
    pub status: String,
    /// Day of enrolment.
    pub date: NaiveDate,
    /// Day of the incident; that of enrolment when there is none.
    pub incident: NaiveDate,
    /// Identifier of its unit.
    pub unit: String,
    /// Values of the tracked entity, by attribute.
    pub attributes: HashMap<String, String>,
}

/// What the rules of a program know of the program.
#[derive(Debug, Default)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Names of its stages, by identifier.
    pub stages: HashMap<String, String>,
    /// Its variables, by name.
    pub variables: HashMap<String, Variable>,
}

/// A variable of a program.
#[derive(Debug)]
pub struct Variable {
    /// Where its value comes from.
    pub source: Source,
    /// Type of its value.
    pub kind: Type,
    /// Names of options by code, when rules see names instead of codes.
    pub options: HashMap<String, String>,
}

/// Where the value of a variable comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Data element in the newest event that has it.
    Newest(String),
    /// Data element in the newest event of a stage that has it: data element, stage.
    NewestOfStage(String, String),
    /// Data element in the event itself.
    Current(String),
    /// Data element in the newest event before this one.
    Previous(String),
    /// Attribute of the tracked entity.
    Attribute(String),
    /// Rules that were run before.
    Calculated,
}

/// What is the same for every object of an import.
#[derive(Debug, Default)]
pub struct World<'a> {
    /// Today.
    pub today: NaiveDate,
    /// Identifiers of the roles of the person who imports.
    pub roles: HashSet<String>,
    /// Identifiers of the person's groups.
    pub groups: HashSet<String>,
    /// Values of the constants, by identifier.
    pub constants: Option<&'a HashMap<String, f64>>,
    /// Identifiers of the units of each unit group, by its identifier and its code.
    pub unit_groups: Option<&'a HashMap<String, HashSet<String>>>,
    /// Codes of units, by identifier.
    pub unit_codes: Option<&'a HashMap<String, String>>,
}

/// What the expressions of one run of rules are about.
#[derive(Debug)]
pub struct Scope<'a> {
    /// What is the same for all.
    pub world: &'a World<'a>,
    /// The program.
    pub program: &'a Program,
    /// The enrolment; `None` for a single event.
    pub enrollment: Option<&'a Enrollment>,
    /// The event; `None` while the enrolment itself is looked at.
    pub event: Option<&'a Event>,
    /// Every event that may be seen, this one included, newest first.
    pub events: &'a [&'a Event],
    /// What rules assigned before, by name of the variable or identifier of the field.
    pub assigned: HashMap<String, Option<String>>,
}

/// Puts events into the order in which rules look at them.
pub fn newest_first(events: &mut [&Event]) {
    events.sort_by_key(|event| Reverse(age(event)));
}

fn age(event: &Event) -> (Option<NaiveDateTime>, NaiveDateTime) {
    (event.date, event.created)
}

impl<'a> Scope<'a> {
    /// Value of a variable; what its type is without a value when it has none.
    pub(super) fn value(&self, name: &str) -> Result<Value, Problem> {
        let variable = self.program.variables.get(name);
        if let Some(assigned) = self.assigned.get(name) {
            let assigned = assigned.as_deref().filter(|text| !text.is_empty());
            let kind = variable.map_or(Type::Text, |variable| variable.kind);
            return Value::typed(assigned, kind);
        }
        let variable = variable.ok_or_else(|| Problem::Variable(name.to_owned()))?;
        let stored = self.newest(&variable.source).map(|(text, _)| text);
        let named = stored.map(|code| variable.options.get(code).map_or(code, String::as_str));
        Value::typed(named, variable.kind)
    }

    /// Whether a variable has a value. One that does not exist has none.
    pub(super) fn has_value(&self, name: &str) -> bool {
        if let Some(assigned) = self.assigned.get(name) {
            return assigned.is_some();
        }
        let variable = self.program.variables.get(name);
        variable.is_some_and(|variable| self.newest(&variable.source).is_some())
    }

    /// Every value that a variable has or had.
    pub(super) fn candidates(&self, name: &str) -> Result<Vec<&'a str>, Problem> {
        if self.assigned.contains_key(name) {
            return Ok(Vec::new());
        }
        let source = &self.variable(name)?.source;
        Ok(match source {
            Source::Previous(_) if self.newest(source).is_none() => Vec::new(),
            Source::Newest(element) | Source::Previous(element) => {
                self.history(element, None).map(|(text, _)| text).collect()
            }
            Source::NewestOfStage(element, stage) => {
                let history = self.history(element, Some(stage));
                history.map(|(text, _)| text).collect()
            }
            _ => self
                .newest(source)
                .map(|(text, _)| text)
                .into_iter()
                .collect(),
        })
    }

    /// Day of the event from which a variable has its value.
    pub(super) fn last_event_date(&self, name: &str) -> Result<Option<NaiveDate>, Problem> {
        if self.assigned.contains_key(name) {
            return Ok(None);
        }
        let newest = self.newest(&self.variable(name)?.source);
        Ok(newest.and_then(|(_, date)| date))
    }

    fn variable(&self, name: &str) -> Result<&'a Variable, Problem> {
        let variable = self.program.variables.get(name);
        variable.ok_or_else(|| Problem::Variable(name.to_owned()))
    }

    /// The value that counts, and the day of its event.
    fn newest(&self, source: &Source) -> Option<(&'a str, Option<NaiveDate>)> {
        match source {
            Source::Newest(element) => self.history(element, None).next(),
            Source::NewestOfStage(element, stage) => self.history(element, Some(stage)).next(),
            Source::Current(element) => {
                let event = self.event?;
                Some((event.values.get(element)?, day(event)))
            }
            Source::Previous(element) => {
                let now = age(self.event?);
                let before = self.events.iter().filter(|event| age(event) < now);
                let mut with_value = before
                    .filter_map(|event| Some((event.values.get(element)?.as_str(), day(event))));
                with_value.next()
            }
            Source::Attribute(attribute) => {
                let value = self.enrollment?.attributes.get(attribute)?;
                Some((value, Some(self.world.today)))
            }
            Source::Calculated => None,
        }
    }

    /// Values of a data element, newest first, each with the day of its event.
    fn history<'s>(
        &'s self,
        element: &'s str,
        stage: Option<&'s str>,
    ) -> impl Iterator<Item = (&'a str, Option<NaiveDate>)> + 's {
        let of_stage = move |event: &&&'a Event| stage.is_none_or(|stage| event.stage == stage);
        let events: &'a [&'a Event] = self.events;
        events
            .iter()
            .filter(of_stage)
            .filter_map(move |event| Some((event.values.get(element)?.as_str(), day(event))))
    }

    /// Value of a constant.
    pub(super) fn constant(&self, uid: &str) -> Result<f64, Problem> {
        let constant = self
            .world
            .constants
            .and_then(|constants| constants.get(uid));
        constant
            .copied()
            .ok_or_else(|| Problem::Constant(uid.to_owned()))
    }

    /// Identifier of the unit that the object belongs to.
    fn unit(&self) -> Option<&'a str> {
        let of_event = self.event.map(|event| event.unit.as_str());
        of_event.or_else(|| self.enrollment.map(|enrollment| enrollment.unit.as_str()))
    }

    /// Whether the unit is in a group, named by identifier or code.
    pub(super) fn is_in_unit_group(&self, group: &str) -> bool {
        let members = self.world.unit_groups.and_then(|groups| groups.get(group));
        let unit = self.unit();
        members.is_some_and(|members| unit.is_some_and(|unit| members.contains(unit)))
    }

    /// What `V{…}` stands for.
    pub(super) fn environment(&self, name: &str) -> Result<Value, Problem> {
        let date = |date: Option<NaiveDate>| date.map_or(Value::Null, Value::Date);
        let text = |text: Option<&str>| Value::Text(text.unwrap_or_default().to_owned());
        let (event, enrollment) = (self.event, self.enrollment);
        let stage = event.map(|event| event.stage.as_str());
        Ok(match name {
            "current_date" => Value::Date(self.world.today),
            "environment" => text(Some("Server")),
            "event_count" => {
                let count = u32::try_from(self.events.len()).unwrap_or(u32::MAX);
                Value::Number(f64::from(count))
            }
            "enrollment_count" | "tei_count" => {
                Value::Number(f64::from(u8::from(enrollment.is_some())))
            }
            "event_date" | "execution_date" => date(event.and_then(day)),
            "due_date" | "scheduled_date" => date(event.and_then(|event| event.due)),
            "completed_date" => date(event.and_then(|event| event.completed)),
            "event_id" => text(event.map(|event| event.uid.as_str())),
            "event_status" => text(event.map(|event| event.status.as_str())),
            "program_stage_id" => text(stage),
            "program_stage_name" => {
                let name = stage.and_then(|stage| self.program.stages.get(stage));
                text(name.map(String::as_str))
            }
            "program_name" => text(Some(&self.program.name)),
            "enrollment_date" => date(enrollment.map(|enrollment| enrollment.date)),
            "incident_date" => date(enrollment.map(|enrollment| enrollment.incident)),
            "enrollment_id" => text(enrollment.map(|enrollment| enrollment.uid.as_str())),
            "enrollment_status" => text(enrollment.map(|enrollment| enrollment.status.as_str())),
            "org_unit" => text(self.unit()),
            "orgunit_code" => {
                let codes = self.world.unit_codes.zip(self.unit());
                text(
                    codes
                        .and_then(|(codes, unit)| codes.get(unit))
                        .map(String::as_str),
                )
            }
            _ => return Err(Problem::Variable(name.to_owned())),
        })
    }
}

fn day(event: &Event) -> Option<NaiveDate> {
    event.date.map(|date| date.date())
}
