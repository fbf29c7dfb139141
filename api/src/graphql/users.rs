//! People and the caller.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use super::{context, org_units::OrgUnit};

/// A person.
pub struct User(pub Arc<storage::users::User>);

/// A person who uses the system.
#[Object]
impl User {
    /// DHIS2 identifier.
    async fn id(&self) -> ID {
        ID(self.0.uid.clone())
    }

    /// Name used to sign in.
    async fn username(&self) -> &str {
        &self.0.username
    }

    /// First name.
    async fn first_name(&self) -> &str {
        &self.0.firstname
    }

    /// Family name.
    async fn surname(&self) -> &str {
        &self.0.surname
    }

    /// First name and family name.
    async fn name(&self) -> String {
        format!("{} {}", self.0.firstname, self.0.surname)
    }

    /// Units in which the person enters data, each with everything below. Only of the caller; null for others.
    async fn capture_org_units(&self, ctx: &Context<'_>) -> Option<Vec<OrgUnit>> {
        let caller = &context(ctx).caller;
        own(ctx, self.0.userinfoid, &caller.capture)
    }

    /// Units in which the person may search, each with everything below. Only of the caller; null for others.
    async fn search_org_units(&self, ctx: &Context<'_>) -> Option<Vec<OrgUnit>> {
        let caller = &context(ctx).caller;
        own(ctx, self.0.userinfoid, caller.effective_search())
    }

    /// Units whose analytics the person sees, each with everything below. Only of the caller; null for others.
    async fn data_view_org_units(&self, ctx: &Context<'_>) -> Option<Vec<OrgUnit>> {
        let caller = &context(ctx).caller;
        own(ctx, self.0.userinfoid, caller.effective_data_view())
    }

    /// Authorities of all roles, sorted; ALL is the superuser's. Only of the caller; null for others.
    async fn authorities(&self, ctx: &Context<'_>) -> Option<Vec<String>> {
        let caller = &context(ctx).caller;
        (caller.id == self.0.userinfoid).then(|| caller.authorities.iter().cloned().collect())
    }
}

fn own(ctx: &Context<'_>, user: i64, units: &[i64]) -> Option<Vec<OrgUnit>> {
    let request = context(ctx);
    if request.caller.id != user {
        return None;
    }
    let found = units.iter().filter_map(|id| request.unit(*id));
    Some(found.map(OrgUnit).collect())
}
