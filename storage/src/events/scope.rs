//! What a caller may list of a program, resolved before the page query and independent of any event.

use diesel::prelude::*;
use domain::{
    access::{AccessLevel, Caller},
    event::EventKind,
};

use crate::{
    Connection, Error, Result, access,
    programs::{self, Program},
};

/// A program as one caller may read it. Valid as long as the metadata version under which it was resolved.
#[derive(Debug, Clone)]
pub struct ProgramScope {
    /// Which table holds its events.
    pub kind: EventKind,
    /// How far beyond the capture scope it is seen.
    pub access_level: AccessLevel,
    /// Keys and identifiers of the stages whose data the caller may read, in order.
    pub stages: Vec<(i64, String)>,
    /// Option combinations the caller may read; `None` when that is all of them.
    pub option_combos: Option<Vec<i64>>,
}

impl ProgramScope {
    /// Keys of the stages to list: all, or the one asked for.
    ///
    /// # Errors
    /// [`Error::Input`] when the program has no such stage that the caller may read.
    pub fn stage_ids(&self, stage: Option<&str>) -> Result<Vec<i64>> {
        let Some(uid) = stage else {
            return Ok(self.stages.iter().map(|(id, _)| *id).collect());
        };
        match self.stages.iter().find(|(_, stage)| stage == uid) {
            Some((id, _)) => Ok(vec![*id]),
            None => Err(Error::Input(format!(
                "programStage {uid} is not a stage of this program"
            ))),
        }
    }
}

/// Resolves a program for a caller.
///
/// # Errors
/// [`Error::Input`] for an unknown program; [`Error::Forbidden`] when the caller may not read its data, its kind of
/// tracked entity, or any of its stages.
pub fn resolve(conn: &mut Connection, caller: &Caller, program: &str) -> Result<ProgramScope> {
    let unknown = || Error::Input(format!("program {program} does not exist"));
    let program = programs::by_uid(conn, program)?.ok_or_else(unknown)?;
    check_readable(conn, caller, &program)?;
    let (kind, access_level) = read_settings(&program)?;
    let mut stages = programs::stages_of(conn, &[program.programid])?;
    if kind == EventKind::Tracker {
        stages.retain(|stage| stage.is_data_readable(caller));
    }
    if stages.is_empty() {
        return Err(Error::Forbidden(format!(
            "you may not read the data of any stage of program {}",
            program.uid
        )));
    }
    Ok(ProgramScope {
        kind,
        access_level,
        stages: stages
            .into_iter()
            .map(|stage| (stage.programstageid, stage.uid))
            .collect(),
        option_combos: access::readable_option_combos(conn, caller, program.categorycomboid)?,
    })
}

fn check_readable(conn: &mut Connection, caller: &Caller, program: &Program) -> Result<()> {
    if !program.is_data_readable(caller) {
        return Err(Error::Forbidden(format!(
            "you may not read the data of program {}",
            program.uid
        )));
    }
    if let Some(entity_type) = program.trackedentitytypeid
        && !programs::is_entity_type_readable(conn, caller, entity_type)?
    {
        return Err(Error::Forbidden(format!(
            "you may not read the tracked entities of program {}",
            program.uid
        )));
    }
    Ok(())
}

fn read_settings(program: &Program) -> Result<(EventKind, AccessLevel)> {
    let kind = EventKind::of_program_type(&program.kind);
    let level = AccessLevel::parse(&program.accesslevel);
    kind.zip(level).ok_or_else(|| Error::Corrupt {
        table: "program",
        detail: format!(
            "{} has type {} and access level {}",
            program.uid, program.kind, program.accesslevel
        ),
    })
}

#[derive(QueryableByName)]
struct ProgramOf {
    #[diesel(sql_type = diesel::sql_types::Text)]
    program: String,
}

/// Identifier of the program that a stage belongs to; `None` for a stage of no program.
///
/// # Errors
/// When the query fails.
pub fn program_of_stage(conn: &mut Connection, stage: i64) -> Result<Option<String>> {
    let row: Option<ProgramOf> = diesel::sql_query(
        "SELECT p.uid AS program FROM programstage JOIN program p USING (programid) WHERE programstageid = $1",
    )
    .bind::<diesel::sql_types::BigInt, _>(stage)
    .get_result(conn)
    .optional()?;
    Ok(row.map(|row| row.program))
}
