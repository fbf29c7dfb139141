//! What the person who imports may write, by DHIS2's rules. Superusers may write everything.

use std::collections::HashSet;

use diesel::{prelude::*, sql_types::BigInt};
use domain::{
    access::{AccessLevel, Caller, Sharing},
    org_unit::{Tree, UnitSet},
};

use super::{
    code::Code,
    importer::Fault,
    metadata::{EntityType, Program, Stage},
};
use crate::{Connection, Result};

/// Authority to change what has expired.
pub(super) const EDIT_EXPIRED: &str = "F_EDIT_EXPIRED";
/// Authority to take back the completion of an event.
pub(super) const UNCOMPLETE: &str = "F_UNCOMPLETE_EVENT";
/// Authority to delete a tracked entity that has enrolments.
pub(super) const CASCADE_ENTITY: &str = "F_TEI_CASCADE_DELETE";
/// Authority to delete an enrolment that has events.
pub(super) const CASCADE_ENROLLMENT: &str = "F_ENROLLMENT_CASCADE_DELETE";

/// A person with the units below which they capture and search.
pub(super) struct Rights<'a> {
    pub(super) caller: &'a Caller,
    tree: &'a Tree,
    capture: UnitSet,
    search: UnitSet,
    /// Program and tracked entity of each temporary ownership that is valid now.
    temporary: HashSet<(i64, i64)>,
}

#[derive(QueryableByName)]
struct Temporary {
    #[diesel(sql_type = BigInt)]
    programid: i64,
    #[diesel(sql_type = BigInt)]
    trackedentityid: i64,
}

impl<'a> Rights<'a> {
    pub(super) fn load(
        conn: &mut Connection,
        caller: &'a Caller,
        tree: &'a Tree,
    ) -> Result<Rights<'a>> {
        let temporary: Vec<Temporary> = if caller.is_superuser() {
            Vec::new()
        } else {
            diesel::sql_query(
                "SELECT programid, trackedentityid FROM programtempowner WHERE userid = $1 AND validtill > now()",
            )
            .bind::<BigInt, _>(caller.id)
            .load(conn)?
        };
        Ok(Rights {
            caller,
            tree,
            capture: tree.below(&caller.capture),
            search: tree.below(caller.effective_search()),
            temporary: temporary
                .into_iter()
                .map(|row| (row.programid, row.trackedentityid))
                .collect(),
        })
    }

    pub(super) fn check_capture(&self, unit: i64) -> Option<Fault> {
        let allowed = self.caller.is_superuser() || self.tree.contains(&self.capture, unit);
        deny(
            allowed,
            Code::E1000,
            "the org unit is outside your capture scope",
        )
    }

    pub(super) fn check_search(&self, unit: i64, code: Code) -> Option<Fault> {
        let allowed = self.caller.is_superuser() || self.tree.contains(&self.search, unit);
        deny(allowed, code, "the org unit is outside your search scope")
    }

    pub(super) fn check_program_write(&self, program: &Program) -> Option<Fault> {
        let allowed = program.sharing.may_write_data(self.caller);
        deny(
            allowed,
            Code::E1091,
            "you may not write data of the program",
        )
    }

    pub(super) fn check_program_read(&self, program: &Program) -> Option<Fault> {
        let allowed = program.sharing.may_read_data(self.caller);
        deny(allowed, Code::E1096, "you may not read data of the program")
    }

    pub(super) fn check_stage_write(&self, stage: &Stage) -> Option<Fault> {
        let allowed = stage.sharing.may_write_data(self.caller);
        deny(
            allowed,
            Code::E1095,
            "you may not write data of the program stage",
        )
    }

    pub(super) fn check_type_write(&self, entity_type: &EntityType) -> Option<Fault> {
        let allowed = entity_type.sharing.may_write_data(self.caller);
        deny(
            allowed,
            Code::E1001,
            "you may not write tracked entities of this type",
        )
    }

    pub(super) fn check_type_read(&self, entity_type: Option<&EntityType>) -> Option<Fault> {
        let allowed = entity_type.is_none_or(|kind| kind.sharing.may_read_data(self.caller));
        deny(
            allowed,
            Code::E1104,
            "you may not read tracked entities of the program's type",
        )
    }

    /// A fault for each option, in their order and each once, under which the person may not write.
    pub(super) fn check_options<'s>(
        &self,
        options: impl Iterator<Item = (&'s str, &'s Sharing)>,
    ) -> Vec<Fault> {
        let mut closed: Vec<&str> = options
            .filter(|(_, sharing)| !sharing.may_write_data(self.caller))
            .map(|(uid, _)| uid)
            .collect();
        let mut seen = HashSet::new();
        closed.retain(|uid| seen.insert(*uid));
        let fault = |uid| {
            let message = format!("you may not write data of category option {uid}");
            Fault::new(Code::E1099, message)
        };
        closed.into_iter().map(fault).collect()
    }

    /// Whether the person reaches what `unit` owns of a tracked entity within a program.
    pub(super) fn owns(&self, program: &Program, entity: i64, unit: i64) -> bool {
        let captures = || self.tree.contains(&self.capture, unit);
        self.caller.is_superuser()
            || match program.access_level {
                AccessLevel::Open | AccessLevel::Audited => self.tree.contains(&self.search, unit),
                AccessLevel::Protected => {
                    captures() || self.temporary.contains(&(program.id, entity))
                }
                AccessLevel::Closed => captures(),
            }
    }

    /// Whether the person sees a program's lists of a unit; for a protected program those of any unit, while they hold
    /// something of it by temporary ownership.
    pub(super) fn sees(&self, program: &Program, unit: i64) -> bool {
        let captures = || self.tree.contains(&self.capture, unit);
        let mut temporary = self.temporary.iter();
        self.caller.is_superuser()
            || (program.sharing.may_read_data(self.caller)
                && match program.access_level {
                    AccessLevel::Open | AccessLevel::Audited => {
                        self.tree.contains(&self.search, unit)
                    }
                    AccessLevel::Protected => {
                        captures() || temporary.any(|(of, _)| *of == program.id)
                    }
                    AccessLevel::Closed => captures(),
                })
    }

    pub(super) fn check_owner(&self, program: &Program, entity: i64, unit: i64) -> Option<Fault> {
        deny(
            self.owns(program, entity, unit),
            Code::E1102,
            "the tracked entity is owned by an org unit outside your scope",
        )
    }
}

fn deny(allowed: bool, code: Code, message: &str) -> Option<Fault> {
    (!allowed).then(|| Fault::new(code, message))
}
