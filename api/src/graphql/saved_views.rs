//! Saved views of working lists.

use async_graphql::{ID, Json, SimpleObject};

use super::scalars::{DateTime, instant};

/// A saved view of a working list.
#[derive(SimpleObject)]
pub struct SavedView {
    /// DHIS2 identifier.
    id: ID,
    /// Name.
    name: String,
    /// What it is for; null when not given.
    description: Option<String>,
    /// Identifier of the stage that it lists; null for the only one.
    program_stage: Option<ID>,
    /// Filters, order and columns in DHIS2's form: `eventQueryCriteria` or `programStageQueryCriteria`.
    criteria: Json<serde_json::Value>,
    /// Whether the caller may change and delete it.
    is_writable: bool,
    /// When it was last changed.
    updated_at: DateTime,
}

impl From<&storage::saved_views::SavedView> for SavedView {
    fn from(view: &storage::saved_views::SavedView) -> Self {
        SavedView {
            id: ID(view.uid.clone()),
            name: view.name.clone(),
            description: view.description.clone(),
            program_stage: view.program_stage.clone().map(ID),
            criteria: Json(view.criteria.clone()),
            is_writable: view.is_writable,
            updated_at: instant(view.lastupdated),
        }
    }
}
