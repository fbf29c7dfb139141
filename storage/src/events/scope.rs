//! What a caller may list of a program, resolved before the page query and independent of any event.

use std::collections::HashMap;

use diesel::{
    prelude::*,
    sql_types::{BigInt, Jsonb, Nullable, Text},
};
use domain::{
    access::{AccessLevel, Caller},
    event::{EventKind, Refusal, refusal::Part},
};
use serde::Deserialize;
use serde_json::Value;

use super::columns::{Attribute, Element, read_attributes, read_elements};
use crate::{Connection, Error, Result, access};

/// A program as one caller may read it. Valid as long as the metadata version under which it was resolved.
#[derive(Debug, Clone)]
pub struct ProgramScope {
    /// Internal key.
    pub programid: i64,
    /// DHIS2 identifier.
    pub uid: String,
    /// Which table holds its events.
    pub kind: EventKind,
    /// How far beyond the capture scope it is seen.
    pub access_level: AccessLevel,
    /// Keys and identifiers of the stages whose data the caller may read, in order.
    pub stages: Vec<(i64, String)>,
    /// Identifiers of the other stages.
    pub hidden_stages: Vec<String>,
    /// Option combinations the caller may read; `None` when that is all of them.
    pub option_combos: Option<Vec<i64>>,
    /// Data elements of the stages, by identifier.
    pub elements: HashMap<String, Element>,
    /// Attributes of the program and of its kind of tracked entity, by identifier.
    pub attributes: HashMap<String, Attribute>,
    /// Data elements, of any program, that the caller may not see: their values are left out of every event.
    pub hidden_elements: Vec<String>,
}

impl ProgramScope {
    /// Keys of the stages to list: all, or the one asked for.
    ///
    /// # Errors
    /// [`Error::Refused`] when the program has no such stage, or the caller may not read it.
    pub fn stage_ids(&self, stage: Option<&str>) -> Result<Vec<i64>> {
        let Some(uid) = stage else {
            return Ok(self.stages.iter().map(|(id, _)| *id).collect());
        };
        if let Some((id, _)) = self.stages.iter().find(|(_, stage)| stage == uid) {
            return Ok(vec![*id]);
        }
        let refusal = if self.hidden_stages.iter().any(|stage| stage == uid) {
            Refusal::forbidden(
                Part::ProgramStage,
                format!("{uid}: you may not read its data"),
            )
        } else {
            let program = &self.uid;
            Refusal::bad(
                Part::ProgramStage,
                format!("{uid} is not a stage of program {program}"),
            )
        };
        Err(refusal.into())
    }
}

/// Everything of a program that decides what a caller sees, before the caller is looked at.
#[derive(QueryableByName)]
struct ProgramRow {
    #[diesel(sql_type = BigInt)]
    programid: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    accesslevel: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    categorycomboid: Option<i64>,
    #[diesel(sql_type = Jsonb)]
    sharing: Value,
    #[diesel(sql_type = Nullable<Jsonb>)]
    entity_sharing: Option<Value>,
    #[diesel(sql_type = Jsonb)]
    stages: Value,
    #[diesel(sql_type = Jsonb)]
    elements: Value,
    #[diesel(sql_type = Jsonb)]
    attributes: Value,
    #[diesel(sql_type = Jsonb)]
    restricted: Value,
}

/// One statement, so that a list that is opened for the first time does not wait for eight.
const PROGRAM: &str = "
SELECT p.programid, p.type AS kind, p.accesslevel, p.categorycomboid, p.sharing, t.sharing AS entity_sharing,
       coalesce((SELECT jsonb_agg(jsonb_build_object('id', s.programstageid, 'uid', s.uid, 'sharing', s.sharing)
                                  ORDER BY s.sort_order NULLS LAST, s.programstageid)
                   FROM programstage s WHERE s.programid = p.programid), '[]') AS stages,
       coalesce((SELECT jsonb_agg(jsonb_build_object('id', d.dataelementid, 'uid', d.uid, 'type', d.valuetype,
                                                     'sharing', d.sharing))
                   FROM dataelement d
                  WHERE d.dataelementid IN (SELECT l.dataelementid FROM programstagedataelement l
                                              JOIN programstage s USING (programstageid)
                                             WHERE s.programid = p.programid)), '[]') AS elements,
       coalesce((SELECT jsonb_agg(jsonb_build_object('id', a.trackedentityattributeid, 'uid', a.uid, 'type', a.valuetype,
                                                     'sharing', a.sharing, 'least', a.mincharacterstosearch,
                                                     'blocked', a.blockedsearchoperators))
                   FROM trackedentityattribute a
                  WHERE a.trackedentityattributeid IN
                        (SELECT l.trackedentityattributeid FROM program_attributes l WHERE l.programid = p.programid
                          UNION SELECT l.trackedentityattributeid FROM trackedentitytypeattribute l
                                 WHERE l.trackedentitytypeid = p.trackedentitytypeid)), '[]') AS attributes,
       coalesce((SELECT jsonb_agg(jsonb_build_object('uid', d.uid, 'sharing', d.sharing))
                   FROM dataelement d WHERE left(d.sharing->>'public', 1) <> 'r'), '[]') AS restricted
  FROM program p LEFT JOIN trackedentitytype t USING (trackedentitytypeid) WHERE p.uid = $1";

/// Resolves a program for a caller.
///
/// # Errors
/// [`Error::Refused`] for an unknown program, or when the caller may not read it, its kind of tracked entity, or any of
/// its stages.
pub fn resolve(conn: &mut Connection, caller: &Caller, program: &str) -> Result<ProgramScope> {
    let row: Option<ProgramRow> = diesel::sql_query(PROGRAM)
        .bind::<Text, _>(program)
        .get_result(conn)
        .optional()?;
    let row =
        row.ok_or_else(|| Refusal::bad(Part::Program, format!("{program} does not exist")))?;
    check_readable(caller, program, &row)?;
    let (kind, access_level) = read_settings(program, &row)?;
    let (stages, hidden_stages) = read_stages(caller, kind, row.stages)?;
    if stages.is_empty() {
        let text = format!("{program}: you may not read the data of any of its stages");
        return Err(Refusal::forbidden(Part::Program, text).into());
    }
    Ok(ProgramScope {
        programid: row.programid,
        uid: program.to_owned(),
        kind,
        access_level,
        stages,
        hidden_stages,
        option_combos: access::readable_option_combos(conn, caller, row.categorycomboid)?,
        elements: read_elements(caller, row.elements)?,
        attributes: read_attributes(caller, row.attributes)?,
        hidden_elements: read_hidden(caller, row.restricted)?,
    })
}

fn check_readable(caller: &Caller, program: &str, row: &ProgramRow) -> Result<()> {
    let sharing = access::sharing(&row.sharing);
    if !sharing.may_read(caller) || !sharing.may_read_data(caller) {
        let text = format!("{program}: you may not read its data");
        return Err(Refusal::forbidden(Part::Program, text).into());
    }
    let entity = row.entity_sharing.as_ref().map(access::sharing);
    if entity.is_some_and(|sharing| !sharing.may_read_data(caller)) {
        let text = format!("{program}: you may not read its kind of tracked entity");
        return Err(Refusal::forbidden(Part::Program, text).into());
    }
    Ok(())
}

fn read_settings(program: &str, row: &ProgramRow) -> Result<(EventKind, AccessLevel)> {
    let kind = EventKind::of_program_type(&row.kind);
    let level = AccessLevel::parse(&row.accesslevel);
    kind.zip(level).ok_or_else(|| Error::Corrupt {
        table: "program",
        detail: format!(
            "{program} has type {} and access level {}",
            row.kind, row.accesslevel
        ),
    })
}

/// Keys and identifiers of stages.
type Stages = Vec<(i64, String)>;

/// Stages that a caller may read, and the identifiers of the others. A single event hangs on its program alone.
fn read_stages(caller: &Caller, kind: EventKind, json: Value) -> Result<(Stages, Vec<String>)> {
    #[derive(Deserialize)]
    struct Stage {
        id: i64,
        uid: String,
        sharing: Value,
    }
    let stages: Vec<Stage> = read("programstage", json)?;
    let (readable, hidden): (Vec<Stage>, Vec<Stage>) = stages.into_iter().partition(|stage| {
        let sharing = access::sharing(&stage.sharing);
        kind == EventKind::Single || (sharing.may_read(caller) && sharing.may_read_data(caller))
    });
    Ok((
        readable
            .into_iter()
            .map(|stage| (stage.id, stage.uid))
            .collect(),
        hidden.into_iter().map(|stage| stage.uid).collect(),
    ))
}

fn read_hidden(caller: &Caller, json: Value) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Restricted {
        uid: String,
        sharing: Value,
    }
    let elements: Vec<Restricted> = read("dataelement", json)?;
    let hidden = elements
        .into_iter()
        .filter(|element| !access::sharing(&element.sharing).may_read(caller));
    Ok(hidden.map(|element| element.uid).collect())
}

/// Reads what the statement above put together.
pub(super) fn read<T: serde::de::DeserializeOwned>(table: &'static str, json: Value) -> Result<T> {
    serde_json::from_value(json).map_err(|error| Error::Corrupt {
        table,
        detail: error.to_string(),
    })
}
