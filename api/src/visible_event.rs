//! One event by identifier, under the rules that a list obeys.

use domain::{
    access,
    event::{EventKind, refusal::Category},
};
use storage::{Error, Result, events::EventRow};

use crate::caller::RequestContext;

impl RequestContext {
    /// The event with an identifier, whichever table holds it; `None` when there is none or a list would not show it.
    ///
    /// # Errors
    /// When a query fails.
    pub async fn find_event(&self, uid: &str) -> Result<Option<(EventKind, EventRow)>> {
        let uid = uid.to_owned();
        let found = self.db().run("event by uid", move |conn| {
            let Some((kind, row)) = storage::events::lookup::by_uid(conn, &uid)? else {
                return Ok(None);
            };
            let program = storage::events::scope::program_of_stage(conn, row.programstageid)?;
            Ok(program.map(|program| (kind, row, program)))
        });
        let Some((kind, row, program)) = found.await? else {
            return Ok(None);
        };
        let scope = match self.program_scope(&program).await {
            Err(Error::Refused(refusal)) if refusal.category == Category::Forbidden => {
                return Ok(None);
            }
            scope => scope?,
        };
        let visible = access::visible_units(&self.tree, &self.caller, scope.access_level);
        let unit = row
            .ownerorganisationunitid
            .unwrap_or(row.organisationunitid);
        let is_visible = self.tree.contains(&visible, unit)
            && scope
                .stages
                .iter()
                .any(|(stage, _)| *stage == row.programstageid)
            && scope
                .option_combos
                .as_ref()
                .is_none_or(|combos| combos.contains(&row.attributeoptioncomboid));
        Ok(is_visible.then_some((kind, row)))
    }
}
