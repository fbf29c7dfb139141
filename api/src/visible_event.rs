//! One event by identifier, under the rules that a list obeys.

use std::sync::Arc;

use domain::event::{EventKind, refusal::Category};
use storage::{
    Error, Result,
    events::{EventRow, lookup},
};

use crate::caller::RequestContext;

impl RequestContext {
    /// The event with an identifier, whichever table holds it; `None` when there is none or a list would not show it.
    ///
    /// # Errors
    /// When a query fails.
    pub async fn find_event(&self, uid: &str) -> Result<Option<(EventKind, EventRow)>> {
        let (asked, uid) = (uid.to_owned(), uid.to_owned());
        let program = self.db().run("program of event", move |conn| {
            lookup::program_of_event(conn, &asked)
        });
        let Some(program) = program.await? else {
            return Ok(None);
        };
        let scope = match self.program_scope(&program).await {
            Err(Error::Refused(refusal)) if refusal.category == Category::Forbidden => {
                return Ok(None);
            }
            scope => scope?,
        };
        let (caller, tree) = (Arc::clone(&self.caller), Arc::clone(&self.tree));
        let found = self.db().run("event by uid", move |conn| {
            let row = lookup::find(conn, &scope, &caller, &tree, &uid)?;
            Ok(row.map(|row| (scope.kind, row)))
        });
        found.await
    }
}
