//! Runs the program rules over the good objects of a chunk, after every other rule: what they warn of and refuse goes into the
//! report, what they assign into the objects. Programs without rules cost a look into a map.
//!
//! The rules themselves and their language are in [`domain::rule`].

pub(super) mod enrollments;
pub(super) mod events;
mod findings;
mod known;
pub(super) mod schedule;

use std::collections::HashSet;

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use domain::rule::World;

use super::{
    importer::Importer,
    metadata::{OfProgram, Program},
};
use crate::Result;

/// The rules to run over objects of a program; `None` when there are none or the import shall not run any.
fn rules_of<'a>(importer: &Importer<'a>, program: &Program) -> Option<&'a OfProgram> {
    let skipped = importer.parameters.skip_rule_engine || importer.skips_rules();
    let metadata = importer.metadata;
    metadata.rules.of(program.id).filter(|_| !skipped)
}

/// What is the same for every object.
fn world<'a>(importer: &mut Importer<'a>) -> Result<World<'a>> {
    #[derive(QueryableByName)]
    struct Role {
        #[diesel(sql_type = Text)]
        uid: String,
    }
    let roles: Vec<Role> = diesel::sql_query(
        "SELECT r.uid FROM userrole r JOIN userrolemembers m ON m.userroleid = r.userroleid WHERE m.userinfoid = $1",
    )
    .bind::<BigInt, _>(importer.user.id)
    .load(importer.conn)?;
    let rules = &importer.metadata.rules;
    Ok(World {
        today: importer.now.date(),
        roles: roles.into_iter().map(|role| role.uid).collect(),
        groups: HashSet::from_iter(importer.rights.caller.groups.iter().cloned()),
        constants: Some(&rules.constants),
        unit_groups: Some(&rules.unit_groups),
        unit_codes: Some(&rules.unit_codes),
    })
}
