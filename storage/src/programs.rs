//! Programs, their stages and the columns of their working lists.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use domain::access::Caller;

use crate::{
    Connection, Result,
    access::sharing,
    schema::{program, programstage},
    sql::{Statement, Value},
};

/// A program.
#[derive(Debug, Clone, HasQuery)]
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
    /// Category combination of its events; `None` means the default one.
    pub categorycomboid: Option<i64>,
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

/// A stage of a program.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = programstage)]
pub struct Stage {
    /// Internal key.
    pub programstageid: i64,
    /// DHIS2 identifier.
    pub uid: String,
    /// Name.
    pub name: String,
    /// Key of the program; `None` for a stage that no program lists.
    pub programid: Option<i64>,
    /// Place within the program; `None` sorts last.
    pub sort_order: Option<i32>,
    /// Whether an enrolment may have several events of it.
    pub repeatable: bool,
    /// Whether events may be assigned to a person.
    pub enableuserassignment: bool,
    /// DHIS2 sharing settings.
    pub sharing: serde_json::Value,
}

impl Stage {
    /// Whether a caller may read the stage's data.
    #[must_use]
    pub fn is_data_readable(&self, caller: &Caller) -> bool {
        sharing(&self.sharing).may_read_data(caller)
    }
}

/// A data element as a column of a stage's working list.
#[derive(Debug, Clone, QueryableByName)]
pub struct Column {
    /// Key of the stage.
    #[diesel(sql_type = BigInt)]
    pub programstageid: i64,
    /// Identifier of the data element.
    #[diesel(sql_type = Text)]
    pub uid: String,
    /// Name of the data element.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Name used in forms and list heads; `None` means the name.
    #[diesel(sql_type = Nullable<Text>)]
    pub formname: Option<String>,
    /// DHIS2 value type.
    #[diesel(sql_type = Text)]
    pub valuetype: String,
    /// Key of the option set; `None` for free values.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub optionsetid: Option<i64>,
    /// Whether a value is required.
    #[diesel(sql_type = Bool)]
    pub compulsory: bool,
    /// Whether lists show it at once.
    #[diesel(sql_type = Bool)]
    pub displayinreports: bool,
    /// Place in forms and lists.
    #[diesel(sql_type = Nullable<Integer>)]
    pub sort_order: Option<i32>,
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

/// Stages of programs, in the order of each program.
///
/// # Errors
/// When the query fails.
pub fn stages_of(conn: &mut Connection, programs: &[i64]) -> Result<Vec<Stage>> {
    Ok(Stage::query()
        .filter(programstage::programid.eq_any(programs))
        .order((
            programstage::sort_order.asc().nulls_last(),
            programstage::programstageid,
        ))
        .load(conn)?)
}

/// Stages by key.
///
/// # Errors
/// When the query fails.
pub fn stages_by_ids(conn: &mut Connection, ids: &[i64]) -> Result<Vec<Stage>> {
    Ok(Stage::query()
        .filter(programstage::programstageid.eq_any(ids))
        .load(conn)?)
}

/// Columns of stages, in the order of each stage.
///
/// # Errors
/// When the query fails.
pub fn columns_of(conn: &mut Connection, stages: &[i64]) -> Result<Vec<Column>> {
    let mut statement = Statement::new(
        "SELECT s.programstageid, d.uid, d.name, d.formname, d.valuetype, d.optionsetid,
                s.compulsory, s.displayinreports, s.sort_order
           FROM programstagedataelement s JOIN dataelement d USING (dataelementid)
          WHERE s.programstageid = ANY(",
    );
    statement.bind(Value::Ints(stages.to_vec()));
    statement.push(") ORDER BY s.sort_order NULLS LAST, s.programstagedataelementid");
    Ok(statement.load(conn)?)
}

#[derive(QueryableByName)]
struct SharingRow {
    #[diesel(sql_type = diesel::sql_types::Jsonb)]
    sharing: serde_json::Value,
}

/// Whether a caller may read entities of a kind.
///
/// # Errors
/// When the query fails.
pub fn is_entity_type_readable(conn: &mut Connection, caller: &Caller, id: i64) -> Result<bool> {
    let row: SharingRow =
        diesel::sql_query("SELECT sharing FROM trackedentitytype WHERE trackedentitytypeid = $1")
            .bind::<BigInt, _>(id)
            .get_result(conn)?;
    Ok(sharing(&row.sharing).may_read_data(caller))
}
