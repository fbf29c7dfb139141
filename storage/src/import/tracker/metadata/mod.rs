//! The metadata that tracker objects refer to, read once for many imports: one query for each kind.

mod load;
mod rules;

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use domain::{
    access::{AccessLevel, Caller, Sharing},
    event::ValueType,
    expiry::PeriodType,
    org_unit::Tree,
};
use serde_json::{Value, json};

pub(super) use self::rules::{OfProgram, Rules};
use super::{option_combos::OptionCombos, payload::EventStatus};
use crate::{
    Connection, Error, Result,
    schema::{program_organisationunits, userinfo},
};

/// Everything that the references of a payload can lead to, by uid. Valid as long as the metadata version under which it
/// was loaded.
#[derive(Debug)]
pub struct Metadata {
    pub(super) tree: Tree,
    pub(super) programs: HashMap<String, Program>,
    pub(super) stages: HashMap<String, Stage>,
    pub(super) entity_types: HashMap<String, EntityType>,
    pub(super) attributes: HashMap<String, Field>,
    pub(super) data_elements: HashMap<String, Field>,
    pub(super) relationship_types: HashMap<String, RelationshipType>,
    pub(super) option_combos: OptionCombos,
    /// Codes of each option set.
    pub(super) options: HashMap<i64, HashSet<String>>,
    pub(super) users: HashMap<String, i64>,
    pub(super) usernames: HashMap<String, i64>,
    pub(super) rules: Rules,
}

#[derive(Debug)]
pub(super) struct Program {
    pub(super) id: i64,
    pub(super) uid: String,
    pub(super) registration: bool,
    pub(super) access_level: AccessLevel,
    pub(super) sharing: Sharing,
    pub(super) combo: i64,
    pub(super) enrollment_combo: i64,
    pub(super) entity_type: Option<i64>,
    pub(super) incident_date: bool,
    pub(super) once: bool,
    pub(super) feature_type: Option<String>,
    /// When its events close; `None` for never.
    pub(super) expiry: Option<(PeriodType, u32)>,
    /// Days after which a completion is final; `None` for never.
    pub(super) completion_expiry: Option<u32>,
    /// Days for which a category option is still used after its end.
    pub(super) option_grace: i64,
    pub(super) change_log: bool,
    /// Whether each of its attributes is mandatory, by key.
    pub(super) attributes: HashMap<i64, bool>,
    /// Stage with the lowest order.
    pub(super) first_stage: Option<String>,
}

#[derive(Debug)]
pub(super) struct Stage {
    pub(super) id: i64,
    pub(super) uid: String,
    pub(super) program: Option<String>,
    pub(super) sharing: Sharing,
    pub(super) repeatable: bool,
    pub(super) assignment: bool,
    /// Whether its form is closed after completion.
    pub(super) closes: bool,
    pub(super) always_validated: bool,
    pub(super) feature_type: Option<String>,
    /// Whether each of its data elements is compulsory.
    pub(super) elements: HashMap<String, bool>,
}

impl Stage {
    /// Whether an event of a status has its values checked.
    pub(super) fn validates(&self, status: EventStatus) -> bool {
        match status {
            EventStatus::Completed => true,
            status => self.always_validated && !status.is_planned(),
        }
    }
}

#[derive(Debug)]
pub(super) struct EntityType {
    pub(super) id: i64,
    pub(super) sharing: Sharing,
    pub(super) feature_type: Option<String>,
    /// Keys of the attributes that every entity of the type has.
    pub(super) mandatory: Vec<i64>,
}

/// A data element or an attribute.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) id: i64,
    pub(super) value_type: Option<ValueType>,
    pub(super) option_set: Option<i64>,
    /// Whether no two tracked entities have the same value of it.
    pub(super) unique: bool,
}

impl Field {
    /// Whether its values name files.
    pub(super) fn is_file(&self) -> bool {
        self.option_set.is_none() && self.value_type.is_some_and(ValueType::is_file)
    }
}

#[derive(Debug)]
pub(super) struct RelationshipType {
    pub(super) id: i64,
    pub(super) sharing: Sharing,
    pub(super) from: Value,
    pub(super) to: Value,
}

/// The person who imports, as kept with what the person stores.
pub(super) struct Importing {
    pub(super) id: i64,
    pub(super) username: String,
    pub(super) info: Value,
}

impl Importing {
    pub(super) fn load(conn: &mut Connection, caller: &Caller) -> Result<Self> {
        let (first_name, surname): (String, String) = userinfo::table
            .filter(userinfo::userinfoid.eq(caller.id))
            .select((userinfo::firstname, userinfo::surname))
            .first(conn)
            .optional()?
            .ok_or_else(|| Error::Input(format!("there is no user named {}", caller.username)))?;
        let info = json!({
            "id": caller.id,
            "uid": caller.uid,
            "username": caller.username,
            "firstName": first_name,
            "surname": surname,
        });
        Ok(Importing {
            id: caller.id,
            username: caller.username.clone(),
            info,
        })
    }
}

impl Metadata {
    /// Key of the unit with an identifier.
    pub(super) fn unit(&self, uid: &str) -> Option<i64> {
        self.tree.find(uid).map(|unit| unit.id)
    }

    /// The kind of tracked entity that a program is about.
    pub(super) fn type_of(&self, program: &Program) -> Option<&EntityType> {
        let id = program.entity_type?;
        self.entity_types.values().find(|kind| kind.id == id)
    }

    /// A program by key.
    pub(super) fn program(&self, id: i64) -> Option<&Program> {
        self.programs.values().find(|program| program.id == id)
    }

    /// A stage by key, with its program.
    pub(super) fn stage(&self, id: i64) -> Option<(&Stage, &Program)> {
        let stage = self.stages.values().find(|stage| stage.id == id)?;
        Some((stage, self.programs.get(stage.program.as_ref()?)?))
    }
}

/// Which of the programs and units are assigned to each other.
pub(super) fn assigned(
    conn: &mut Connection,
    programs: &[i64],
    units: &[i64],
) -> Result<HashSet<(i64, i64)>> {
    use program_organisationunits as assignment;
    let pairs: Vec<(i64, i64)> = assignment::table
        .filter(
            assignment::programid
                .eq_any(programs)
                .and(assignment::organisationunitid.eq_any(units)),
        )
        .select((assignment::programid, assignment::organisationunitid))
        .load(conn)?;
    Ok(pairs.into_iter().collect())
}
