//! The metadata that tracker objects refer to, read once: one query for each kind.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use domain::event::ValueType;
use serde_json::{Value, json};

use super::option_combos::OptionCombos;
use crate::{
    Connection, Error, Result,
    schema::{
        optionvalue, organisationunit, program, program_organisationunits, programstage,
        programstagedataelement, relationshiptype, trackedentityattribute, trackedentitytype,
        userinfo,
    },
};

/// Everything that references can lead to, by uid.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) programs: HashMap<String, Program>,
    pub(super) stages: HashMap<String, Stage>,
    pub(super) units: HashMap<String, i64>,
    pub(super) entity_types: HashMap<String, EntityType>,
    pub(super) attributes: HashMap<String, Field>,
    pub(super) data_elements: HashMap<String, Field>,
    pub(super) relationship_types: HashMap<String, RelationshipType>,
    pub(super) option_combos: OptionCombos,
    /// Codes of each option set.
    pub(super) options: HashMap<i64, HashSet<String>>,
    pub(super) users: HashMap<String, i64>,
    pub(super) usernames: HashMap<String, i64>,
}

#[derive(Debug)]
pub(super) struct Program {
    pub(super) id: i64,
    pub(super) registration: bool,
    pub(super) combo: i64,
    pub(super) enrollment_combo: i64,
    pub(super) entity_type: Option<i64>,
    pub(super) incident_date: bool,
    pub(super) once: bool,
    pub(super) feature_type: String,
    /// Stage with the lowest order.
    pub(super) first_stage: Option<String>,
}

#[derive(Debug)]
pub(super) struct Stage {
    pub(super) id: i64,
    pub(super) program: Option<String>,
    pub(super) repeatable: bool,
    pub(super) assignment: bool,
    pub(super) always_validated: bool,
    pub(super) feature_type: String,
    /// Whether each of its data elements is compulsory.
    pub(super) elements: HashMap<String, bool>,
}

#[derive(Debug)]
pub(super) struct EntityType {
    pub(super) id: i64,
    pub(super) feature_type: String,
}

/// A data element or an attribute.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) id: i64,
    pub(super) value_type: Option<ValueType>,
    pub(super) option_set: Option<i64>,
}

#[derive(Debug)]
pub(super) struct RelationshipType {
    pub(super) id: i64,
    pub(super) from: Value,
    pub(super) to: Value,
}

/// The person who imports.
#[derive(Debug)]
pub(super) struct Importing {
    pub(super) id: i64,
    pub(super) username: String,
    /// As it is kept with what the person stores.
    pub(super) info: Value,
}

impl Importing {
    pub(super) fn load(conn: &mut Connection, username: &str) -> Result<Self> {
        let row: Option<(i64, String, String, String)> = userinfo::table
            .filter(userinfo::username.eq(username))
            .select((
                userinfo::userinfoid,
                userinfo::uid,
                userinfo::firstname,
                userinfo::surname,
            ))
            .first(conn)
            .optional()?;
        let (id, uid, first_name, surname) =
            row.ok_or_else(|| Error::Input(format!("there is no user named {username}")))?;
        let info = json!({"id": id, "uid": uid, "username": username, "firstName": first_name, "surname": surname});
        Ok(Importing {
            id,
            username: username.to_owned(),
            info,
        })
    }
}

impl Metadata {
    pub(super) fn load(conn: &mut Connection) -> Result<Self> {
        let option_combos = OptionCombos::load(conn)?;
        let mut programs = programs(conn, option_combos.default_combo())?;
        let stages = stages(conn, &mut programs)?;
        let users: Vec<(String, String, i64)> = userinfo::table
            .select((userinfo::uid, userinfo::username, userinfo::userinfoid))
            .load(conn)?;
        let units = organisationunit::table
            .select((organisationunit::uid, organisationunit::organisationunitid));
        let units: Vec<(String, i64)> = units.load(conn)?;
        Ok(Metadata {
            programs,
            stages,
            units: units.into_iter().collect(),
            entity_types: entity_types(conn)?,
            attributes: attributes(conn)?,
            data_elements: data_elements(conn)?,
            relationship_types: relationship_types(conn)?,
            option_combos,
            options: options(conn)?,
            usernames: users
                .iter()
                .map(|(_, username, id)| (username.clone(), *id))
                .collect(),
            users: users.into_iter().map(|(uid, _, id)| (uid, id)).collect(),
        })
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

#[derive(HasQuery)]
#[diesel(table_name = program)]
struct ProgramRow {
    uid: String,
    programid: i64,
    #[diesel(column_name = type_)]
    kind: String,
    categorycomboid: Option<i64>,
    enrollmentcategorycomboid: Option<i64>,
    trackedentitytypeid: Option<i64>,
    displayincidentdate: bool,
    onlyenrollonce: bool,
    featuretype: String,
}

fn programs(conn: &mut Connection, default_combo: i64) -> Result<HashMap<String, Program>> {
    let rows = ProgramRow::query().load(conn)?;
    let programs = rows.into_iter().map(|row| {
        let program = Program {
            id: row.programid,
            registration: row.kind == "WITH_REGISTRATION",
            combo: row.categorycomboid.unwrap_or(default_combo),
            enrollment_combo: row.enrollmentcategorycomboid.unwrap_or(default_combo),
            entity_type: row.trackedentitytypeid,
            incident_date: row.displayincidentdate,
            once: row.onlyenrollonce,
            feature_type: row.featuretype,
            first_stage: None,
        };
        (row.uid, program)
    });
    Ok(programs.collect())
}

#[derive(HasQuery)]
#[diesel(table_name = programstage)]
struct StageRow {
    uid: String,
    programstageid: i64,
    programid: Option<i64>,
    repeatable: bool,
    enableuserassignment: bool,
    validationstrategy: String,
    featuretype: String,
}

/// Reads the stages, and tells each program its first one.
fn stages(
    conn: &mut Connection,
    programs: &mut HashMap<String, Program>,
) -> Result<HashMap<String, Stage>> {
    let mut elements: HashMap<i64, HashMap<String, bool>> = HashMap::new();
    let uses: Vec<(i64, String, bool)> = programstagedataelement::table
        .inner_join(crate::schema::dataelement::table)
        .select((
            programstagedataelement::programstageid,
            crate::schema::dataelement::uid,
            programstagedataelement::compulsory,
        ))
        .load(conn)?;
    for (stage, element, compulsory) in uses {
        elements
            .entry(stage)
            .or_default()
            .insert(element, compulsory);
    }
    let program_uids: HashMap<i64, String> = programs
        .iter()
        .map(|(uid, program)| (program.id, uid.clone()))
        .collect();
    let order = (
        programstage::sort_order.asc().nulls_last(),
        programstage::programstageid,
    );
    let mut stages = HashMap::new();
    for row in StageRow::query().order(order).load(conn)? {
        let program = row.programid.and_then(|id| program_uids.get(&id).cloned());
        if let Some(program) = program.as_ref().and_then(|uid| programs.get_mut(uid)) {
            program.first_stage.get_or_insert_with(|| row.uid.clone());
        }
        let stage = Stage {
            id: row.programstageid,
            program,
            repeatable: row.repeatable,
            assignment: row.enableuserassignment,
            always_validated: row.validationstrategy == "ON_UPDATE_AND_INSERT",
            feature_type: row.featuretype,
            elements: elements.remove(&row.programstageid).unwrap_or_default(),
        };
        stages.insert(row.uid, stage);
    }
    Ok(stages)
}

fn entity_types(conn: &mut Connection) -> Result<HashMap<String, EntityType>> {
    use trackedentitytype as t;
    let rows: Vec<(String, i64, String)> = t::table
        .select((t::uid, t::trackedentitytypeid, t::featuretype))
        .load(conn)?;
    let types = rows
        .into_iter()
        .map(|(uid, id, feature_type)| (uid, EntityType { id, feature_type }));
    Ok(types.collect())
}

fn attributes(conn: &mut Connection) -> Result<HashMap<String, Field>> {
    use trackedentityattribute as t;
    let columns = (
        t::uid,
        t::trackedentityattributeid,
        t::valuetype,
        t::optionsetid,
    );
    Ok(fields(t::table.select(columns).load(conn)?))
}

fn data_elements(conn: &mut Connection) -> Result<HashMap<String, Field>> {
    use crate::schema::dataelement as t;
    let columns = (t::uid, t::dataelementid, t::valuetype, t::optionsetid);
    Ok(fields(t::table.select(columns).load(conn)?))
}

fn fields(rows: Vec<(String, i64, String, Option<i64>)>) -> HashMap<String, Field> {
    let fields = rows.into_iter().map(|(uid, id, value_type, option_set)| {
        // A value type that this program does not know limits nothing.
        let value_type = ValueType::parse(&value_type);
        (
            uid,
            Field {
                id,
                value_type,
                option_set,
            },
        )
    });
    fields.collect()
}

fn relationship_types(conn: &mut Connection) -> Result<HashMap<String, RelationshipType>> {
    use relationshiptype as t;
    let columns = (
        t::uid,
        t::relationshiptypeid,
        t::fromconstraint,
        t::toconstraint,
    );
    let rows: Vec<(String, i64, Value, Value)> = t::table.select(columns).load(conn)?;
    let types = rows
        .into_iter()
        .map(|(uid, id, from, to)| (uid, RelationshipType { id, from, to }));
    Ok(types.collect())
}

fn options(conn: &mut Connection) -> Result<HashMap<i64, HashSet<String>>> {
    let columns = (optionvalue::optionsetid, optionvalue::code);
    let rows: Vec<(i64, String)> = optionvalue::table.select(columns).load(conn)?;
    let mut options: HashMap<i64, HashSet<String>> = HashMap::new();
    for (set, code) in rows {
        options.entry(set).or_default().insert(code);
    }
    Ok(options)
}
