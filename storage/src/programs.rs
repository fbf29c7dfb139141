//! Programs.

mod definition;

use diesel::{prelude::*, sql_types::Text};
use domain::access::Caller;
use serde::Deserialize;

pub use self::definition::{Column, Definition, Stage, definitions};

use crate::{
    Connection, Result,
    access::sharing,
    schema::{program, programstage},
    sql::{Statement, Value},
};

/// A program.
#[derive(Debug, Clone, Deserialize, HasQuery)]
#[diesel(table_name = program)]
pub struct Program {
    /// Internal key.
    pub programid: i64,
    /// DHIS2 identifier.
    pub uid: String,
    /// Code; `None` when not given.
    pub code: Option<String>,
    /// Name.
    pub name: String,
    /// Short name.
    pub shortname: String,
    /// `WITH_REGISTRATION` or `WITHOUT_REGISTRATION`.
    #[diesel(column_name = type_)]
    pub kind: String,
    /// OPEN, AUDITED, PROTECTED or CLOSED.
    pub accesslevel: String,
    /// Kind of tracked entity; `None` for event programs.
    pub trackedentitytypeid: Option<i64>,
    /// DHIS2 sharing settings.
    pub sharing: serde_json::Value,
}

impl Program {
    /// Whether a caller may see the program itself.
    #[must_use]
    pub fn is_readable(&self, caller: &Caller) -> bool {
        sharing(&self.sharing).may_read(caller)
    }

    /// Whether a caller may read the program's data.
    #[must_use]
    pub fn is_data_readable(&self, caller: &Caller) -> bool {
        sharing(&self.sharing).may_read_data(caller)
    }
}

/// The program with an identifier.
///
/// # Errors
/// When the query fails.
pub fn by_uid(conn: &mut Connection, uid: &str) -> Result<Option<Program>> {
    Ok(Program::query()
        .filter(program::uid.eq(uid))
        .first(conn)
        .optional()?)
}

/// Programs a caller may see whose name contains `search`, by name.
///
/// # Errors
/// When the query fails.
pub fn list(conn: &mut Connection, caller: &Caller, search: Option<&str>) -> Result<Vec<Program>> {
    let mut programs: Vec<Program> = Program::query()
        .order((program::name, program::uid))
        .load(conn)?;
    let wanted = search.map(str::to_lowercase);
    programs.retain(|program| {
        program.is_readable(caller)
            && wanted
                .as_ref()
                .is_none_or(|wanted| program.name.to_lowercase().contains(wanted))
    });
    Ok(programs)
}

/// Key of a stage.
#[derive(Debug, Clone, Copy, HasQuery)]
#[diesel(table_name = programstage)]
pub struct StageKey {
    /// Internal key.
    pub programstageid: i64,
}

/// Stages of programs, in the order of each program.
///
/// # Errors
/// When the query fails.
pub fn stages_of(conn: &mut Connection, programs: &[i64]) -> Result<Vec<StageKey>> {
    Ok(StageKey::query()
        .filter(programstage::programid.eq_any(programs))
        .order((
            programstage::sort_order.asc().nulls_last(),
            programstage::programstageid,
        ))
        .load(conn)?)
}

/// Identifier of a data element of a stage.
#[derive(Debug, Clone, QueryableByName)]
pub struct ColumnUid {
    /// DHIS2 identifier.
    #[diesel(sql_type = Text)]
    pub uid: String,
}

/// Columns of stages, in the order of each stage.
///
/// # Errors
/// When the query fails.
pub fn columns_of(conn: &mut Connection, stages: &[i64]) -> Result<Vec<ColumnUid>> {
    let mut statement = Statement::new(
        "SELECT d.uid FROM programstagedataelement s JOIN dataelement d USING (dataelementid)
          WHERE s.programstageid = ANY(",
    );
    statement.bind(Value::Ints(stages.to_vec()));
    statement.push(") ORDER BY s.sort_order NULLS LAST, s.programstagedataelementid");
    Ok(statement.load(conn)?)
}
