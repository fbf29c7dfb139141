//! The units of a list: those asked for, those of them that the caller sees, and what was lent to the caller beyond.

use diesel::{prelude::*, sql_types::BigInt};
use domain::{
    access::{self, AccessLevel, Caller, OrgUnitMode, ScopeError},
    event::{EventKind, ListRequest, Refusal, refusal::Part},
    org_unit::{Tree, UnitSet},
};

use super::super::{page::Lent, scope::ProgramScope};
use crate::{
    Connection, Result,
    sql::{Statement, Value},
};

/// Units of a list, in keys.
pub(super) struct Units {
    /// Those that the caller sees; `None` for every unit.
    pub visible: Option<Vec<i64>>,
    /// Enrolments that the caller sees beyond them.
    pub lent: Option<Lent>,
}

pub(super) fn resolve(
    conn: &mut Connection,
    scope: &ProgramScope,
    caller: &Caller,
    tree: &Tree,
    request: &ListRequest,
) -> Result<Units> {
    let unit = match &request.org_unit {
        None => None,
        Some(uid) => Some(
            tree.find(uid)
                .ok_or_else(|| Refusal::bad(Part::OrgUnit, format!("{uid} does not exist")))?,
        ),
    };
    let mode = request.org_unit_mode.unwrap_or(match unit {
        Some(_) => OrgUnitMode::Selected,
        None => OrgUnitMode::Accessible,
    });
    let refused = |error: ScopeError| error.refusal();
    let visible = access::scope(tree, caller, scope.access_level, mode, unit).map_err(refused)?;
    let asked = access::asked(tree, caller, mode, unit).map_err(refused)?;
    let is_cut = visible != asked && mode != OrgUnitMode::Capture;
    let may_be_lent =
        scope.access_level == AccessLevel::Protected && scope.kind == EventKind::Tracker;
    let lent = if is_cut && may_be_lent {
        lent(conn, scope, caller, keys(tree, &asked))?
    } else {
        None
    };
    Ok(Units {
        visible: keys(tree, &visible),
        lent,
    })
}

/// Keys of a set of units; `None` when it holds every unit.
fn keys(tree: &Tree, units: &UnitSet) -> Option<Vec<i64>> {
    if tree.is_everything(units) {
        return None;
    }
    Some(tree.units(units).map(|unit| unit.id).collect())
}

#[derive(QueryableByName)]
struct Enrollment {
    #[diesel(sql_type = BigInt)]
    enrollmentid: i64,
}

/// Enrolments of the tracked entities whose ownership the caller holds for a time; `None` when there are none.
fn lent(
    conn: &mut Connection,
    scope: &ProgramScope,
    caller: &Caller,
    units: Option<Vec<i64>>,
) -> Result<Option<Lent>> {
    let mut query = Statement::new(
        "SELECT DISTINCT n.enrollmentid FROM programtempowner o JOIN enrollment n USING (trackedentityid, programid)
          WHERE o.userid = ",
    );
    query
        .bind(Value::Int(caller.id))
        .push(" AND o.programid = ")
        .bind(Value::Int(scope.programid))
        .push(" AND o.validtill > localtimestamp ORDER BY n.enrollmentid");
    let enrollments: Vec<Enrollment> = query.load(conn)?;
    if enrollments.is_empty() {
        return Ok(None);
    }
    Ok(Some(Lent {
        enrollments: enrollments
            .into_iter()
            .map(|row| row.enrollmentid)
            .collect(),
        units,
    }))
}
