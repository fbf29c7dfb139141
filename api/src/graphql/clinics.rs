//! Clinics, as far as the caller's data-view scope reaches.

use async_graphql::{Context, ID, Object, Result};
use domain::access::Caller;
use domain::org_unit::Tree;

use super::{
    at_hand::AtHand,
    context,
    error::fail,
    org_units::{self, OrgUnit},
};
use crate::caller::RequestContext;

/// A clinic.
#[derive(Debug, Clone)]
pub struct Clinic(pub(crate) storage::clinics::Clinic);

/// An org unit that delivers clinical data.
#[Object]
impl Clinic {
    /// Identifier of the org unit.
    async fn id(&self) -> ID {
        ID(self.0.uid.clone())
    }

    /// Name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// IANA time zone in which its days are counted.
    async fn time_zone(&self) -> &str {
        &self.0.time_zone
    }

    /// Beds in operation; null when not known.
    async fn beds(&self) -> Option<i32> {
        self.0.beds
    }

    /// The org unit.
    async fn org_unit(&self, ctx: &Context<'_>) -> Result<AtHand<OrgUnit>> {
        org_units::required(ctx, self.0.clinic_id)
    }
}

/// The clinics that the caller may see, by name.
pub(super) async fn visible(ctx: &Context<'_>) -> Result<Vec<storage::clinics::Clinic>> {
    of_caller(context(ctx)).await.map_err(fail)
}

/// The clinics that the caller may see, by name.
///
/// # Errors
/// When the database fails.
pub(crate) async fn of_caller(
    request: &RequestContext,
) -> storage::Result<Vec<storage::clinics::Clinic>> {
    let mut clinics = request.db().run("clinics", storage::clinics::list).await?;
    clinics.retain(|clinic| is_visible(&request.tree, &request.caller, clinic.clinic_id));
    Ok(clinics)
}

fn is_visible(tree: &Tree, caller: &Caller, clinic: i64) -> bool {
    caller.is_superuser() || tree.contains(&tree.below(caller.effective_data_view()), clinic)
}

/// The clinics that the caller may see, as the schema shows them.
pub(super) async fn list(ctx: &Context<'_>) -> Result<Vec<Clinic>> {
    Ok(visible(ctx).await?.into_iter().map(Clinic).collect())
}
