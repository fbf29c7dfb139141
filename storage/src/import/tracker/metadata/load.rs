//! Reading the metadata, one query for each kind.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use domain::{access::AccessLevel, event::ValueType, expiry::PeriodType};
use serde_json::Value;

use super::{EntityType, Field, Metadata, OptionCombos, Program, RelationshipType, Rules, Stage};
use crate::{
    Connection, Error, Result,
    access::sharing,
    org_units,
    schema::{
        optionvalue, program, program_attributes, programstage, programstagedataelement,
        relationshiptype, trackedentityattribute, trackedentitytype, trackedentitytypeattribute,
        userinfo,
    },
};

impl Metadata {
    /// Reads everything: some twenty statements.
    ///
    /// # Errors
    /// When a query fails, or [`Error::Corrupt`] without a default category combination.
    pub fn load(conn: &mut Connection) -> Result<Self> {
        let option_combos = OptionCombos::load(conn)?;
        let mut programs = programs(conn, option_combos.default_combo())?;
        let stages = stages(conn, &mut programs)?;
        let users: Vec<(String, String, i64)> = userinfo::table
            .select((userinfo::uid, userinfo::username, userinfo::userinfoid))
            .load(conn)?;
        Ok(Metadata {
            programs,
            stages,
            tree: org_units::tree(conn)?,
            entity_types: entity_types(conn)?,
            attributes: attributes(conn)?,
            data_elements: data_elements(conn)?,
            relationship_types: relationship_types(conn)?,
            option_combos,
            options: options(conn)?,
            rules: Rules::load(conn)?,
            usernames: users
                .iter()
                .map(|(_, username, id)| (username.clone(), *id))
                .collect(),
            users: users.into_iter().map(|(uid, _, id)| (uid, id)).collect(),
        })
    }
}

#[derive(HasQuery)]
#[diesel(table_name = program)]
struct ProgramRow {
    uid: String,
    programid: i64,
    #[diesel(column_name = type_)]
    kind: String,
    accesslevel: String,
    sharing: Value,
    expirydays: i32,
    completeeventsexpirydays: i32,
    expiryperiodtype: Option<String>,
    opendaysaftercoenddate: i32,
    enablechangelog: bool,
    categorycomboid: Option<i64>,
    enrollmentcategorycomboid: Option<i64>,
    trackedentitytypeid: Option<i64>,
    displayincidentdate: bool,
    onlyenrollonce: bool,
    featuretype: Option<String>,
}

fn programs(conn: &mut Connection, default_combo: i64) -> Result<HashMap<String, Program>> {
    let mut attributes: HashMap<i64, HashMap<i64, bool>> = HashMap::new();
    let rows: Vec<(i64, i64, bool)> = program_attributes::table
        .select((
            program_attributes::programid,
            program_attributes::trackedentityattributeid,
            program_attributes::mandatory,
        ))
        .load(conn)?;
    for (program, attribute, mandatory) in rows {
        let of_program = attributes.entry(program).or_default();
        of_program.insert(attribute, mandatory);
    }
    let rows = ProgramRow::query().load(conn)?;
    let programs = rows.into_iter().map(|row| {
        let attributes = attributes.remove(&row.programid).unwrap_or_default();
        let uid = row.uid.clone();
        Ok((uid, row.program(default_combo, attributes)?))
    });
    programs.collect()
}

/// A number of days; `None` for 0, which means that there is no limit.
fn limit(days: i32) -> Option<u32> {
    u32::try_from(days).ok().filter(|days| *days > 0)
}

impl ProgramRow {
    fn program(self, default_combo: i64, attributes: HashMap<i64, bool>) -> Result<Program> {
        let access_level = AccessLevel::parse(&self.accesslevel);
        let period = self.expiryperiodtype.as_deref().and_then(PeriodType::parse);
        Ok(Program {
            id: self.programid,
            access_level: access_level.ok_or_else(|| Error::Corrupt {
                table: "program",
                detail: format!("{} has access level {}", self.uid, self.accesslevel),
            })?,
            uid: self.uid,
            registration: self.kind == "WITH_REGISTRATION",
            sharing: sharing(&self.sharing),
            combo: self.categorycomboid.unwrap_or(default_combo),
            enrollment_combo: self.enrollmentcategorycomboid.unwrap_or(default_combo),
            entity_type: self.trackedentitytypeid,
            incident_date: self.displayincidentdate,
            once: self.onlyenrollonce,
            feature_type: self.featuretype,
            expiry: period.zip(limit(self.expirydays)),
            completion_expiry: limit(self.completeeventsexpirydays),
            option_grace: self.opendaysaftercoenddate.into(),
            change_log: self.enablechangelog,
            attributes,
            first_stage: None,
        })
    }
}

#[derive(HasQuery)]
#[diesel(table_name = programstage)]
struct StageRow {
    uid: String,
    programstageid: i64,
    programid: Option<i64>,
    sharing: Value,
    repeatable: bool,
    enableuserassignment: bool,
    blockentryform: bool,
    validationstrategy: String,
    featuretype: Option<String>,
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
            uid: row.uid.clone(),
            program,
            sharing: sharing(&row.sharing),
            closes: row.blockentryform,
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
    let mut mandatory: HashMap<i64, Vec<i64>> = HashMap::new();
    let rows: Vec<(i64, i64)> = trackedentitytypeattribute::table
        .filter(trackedentitytypeattribute::mandatory)
        .select((
            trackedentitytypeattribute::trackedentitytypeid,
            trackedentitytypeattribute::trackedentityattributeid,
        ))
        .load(conn)?;
    for (kind, attribute) in rows {
        mandatory.entry(kind).or_default().push(attribute);
    }
    let rows: Vec<(String, i64, Option<String>, Value)> = t::table
        .select((t::uid, t::trackedentitytypeid, t::featuretype, t::sharing))
        .load(conn)?;
    let types = rows.into_iter().map(|(uid, id, feature_type, shared)| {
        let entity_type = EntityType {
            id,
            sharing: sharing(&shared),
            feature_type,
            mandatory: mandatory.remove(&id).unwrap_or_default(),
        };
        (uid, entity_type)
    });
    Ok(types.collect())
}

fn attributes(conn: &mut Connection) -> Result<HashMap<String, Field>> {
    use trackedentityattribute as t;
    let columns = (
        t::uid,
        t::trackedentityattributeid,
        t::valuetype,
        t::optionsetid,
        t::uniquefield,
    );
    Ok(fields(t::table.select(columns).load(conn)?))
}

fn data_elements(conn: &mut Connection) -> Result<HashMap<String, Field>> {
    use crate::schema::dataelement as t;
    let columns = (t::uid, t::dataelementid, t::valuetype, t::optionsetid);
    let rows: Vec<(String, i64, String, Option<i64>)> = t::table.select(columns).load(conn)?;
    let rows = rows
        .into_iter()
        .map(|(uid, id, value_type, options)| (uid, id, value_type, options, false));
    Ok(fields(rows.collect()))
}

fn fields(rows: Vec<(String, i64, String, Option<i64>, bool)>) -> HashMap<String, Field> {
    let fields = rows
        .into_iter()
        .map(|(uid, id, value_type, option_set, unique)| {
            // A value type that this program does not know limits nothing.
            let value_type = ValueType::parse(&value_type);
            (
                uid,
                Field {
                    id,
                    value_type,
                    option_set,
                    unique,
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
        t::sharing,
        t::fromconstraint,
        t::toconstraint,
    );
    let rows: Vec<(String, i64, Value, Value, Value)> = t::table.select(columns).load(conn)?;
    let types = rows.into_iter().map(|(uid, id, shared, from, to)| {
        let kind = RelationshipType {
            id,
            sharing: sharing(&shared),
            from,
            to,
        };
        (uid, kind)
    });
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
