//! What a caller may list of a program, resolved before the page query and independent of any event.

use std::{collections::HashMap, sync::Arc};

use domain::{
    access::{AccessLevel, Caller},
    event::{EventKind, Refusal, refusal::Part},
};

use super::columns::{Attribute, Element};
use crate::{
    Connection, Error, Result, attributes,
    data_elements::DataElement,
    programs::{self, Definition, Stage},
};

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
    /// The program itself, the same for every caller.
    pub definition: Arc<Definition>,
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

/// Resolves a program for a caller.
///
/// # Errors
/// As [`of`]; when the query fails.
pub fn resolve(conn: &mut Connection, caller: &Caller, program: &str) -> Result<ProgramScope> {
    let found = programs::definitions(conn, &[program.to_owned()])?.pop();
    of(caller, program, found.map(Arc::new))
}

/// What a caller may list of the program with an identifier, from what is known of it.
///
/// # Errors
/// [`Error::Refused`] for an unknown program, or when the caller may not read it, its kind of tracked entity, or any of
/// its stages.
pub fn of(
    caller: &Caller,
    program: &str,
    definition: Option<Arc<Definition>>,
) -> Result<ProgramScope> {
    let definition = definition
        .ok_or_else(|| Refusal::bad(Part::Program, format!("{program} does not exist")))?;
    check_readable(caller, &definition)?;
    let (kind, access_level) = read_settings(&definition)?;
    // A single event hangs on its program alone.
    let (stages, hidden_stages): (Vec<_>, Vec<_>) = definition.stages.iter().partition(|stage| {
        let sharing = &stage.sharing;
        kind == EventKind::Single || (sharing.may_read(caller) && sharing.may_read_data(caller))
    });
    if stages.is_empty() {
        let text = format!("{program}: you may not read the data of any of its stages");
        return Err(Refusal::forbidden(Part::Program, text).into());
    }
    let element = |element: &DataElement| Ok((element.uid.clone(), Element::of(caller, element)?));
    let attribute = |attribute: &Arc<attributes::Attribute>| {
        Ok((attribute.uid.clone(), Attribute::of(caller, attribute)?))
    };
    let hidden = definition.restricted.iter();
    let hidden = hidden.filter(|element| !element.sharing.may_read(caller));
    let key = |stage: &Arc<Stage>| (stage.programstageid, stage.uid.clone());
    Ok(ProgramScope {
        programid: definition.program.programid,
        uid: definition.program.uid.clone(),
        kind,
        access_level,
        stages: stages.into_iter().map(key).collect(),
        hidden_stages: hidden_stages
            .into_iter()
            .map(|stage| stage.uid.clone())
            .collect(),
        option_combos: definition.readable_option_combos(caller),
        elements: definition.elements().map(element).collect::<Result<_>>()?,
        attributes: definition
            .attributes
            .iter()
            .map(attribute)
            .collect::<Result<_>>()?,
        hidden_elements: hidden.map(|element| element.uid.clone()).collect(),
        definition,
    })
}

fn check_readable(caller: &Caller, definition: &Definition) -> Result<()> {
    let program = &definition.program;
    let entity = definition.entity_sharing.as_ref();
    let what = if !program.is_readable(caller) || !program.is_data_readable(caller) {
        "its data"
    } else if entity.is_some_and(|sharing| !sharing.may_read_data(caller)) {
        "its kind of tracked entity"
    } else {
        return Ok(());
    };
    let text = format!("{}: you may not read {what}", program.uid);
    Err(Refusal::forbidden(Part::Program, text).into())
}

fn read_settings(definition: &Definition) -> Result<(EventKind, AccessLevel)> {
    let program = &definition.program;
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
