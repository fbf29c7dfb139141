//! Cells of a working list: an event's values with the names that people read.

use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject};
use storage::{data_elements::DataElement, events::EventRow};

use super::{context, error::fail, org_units::OrgUnit};
use crate::loaders::{DataElementUid, OptionCode, OrgUnitUid};

/// One value of an event.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Cell {
    /// Data element: the column.
    column: ID,
    /// Value as it is stored; null when the event has none.
    raw: Option<String>,
    #[graphql(skip)]
    element: Option<DataElement>,
}

#[ComplexObject]
impl Cell {
    /// Name of the column: the data element's form name where there is one; null for a data element that is gone.
    async fn name(&self) -> Option<&str> {
        let element = self.element.as_ref()?;
        Some(element.formname.as_ref().unwrap_or(&element.name))
    }

    /// Value as people read it: the option's name, the org unit's name, else the stored value; null when there is none.
    async fn display(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        let raw = self.raw.clone()?;
        let named = match &self.element {
            Some(DataElement {
                optionsetid: Some(set),
                ..
            }) => option_name(ctx, *set, &raw).await,
            Some(element) if element.valuetype == "ORGANISATION_UNIT" => {
                unit(ctx, &raw).await.map(|unit| unit.map(|unit| unit.name))
            }
            _ => Ok(None),
        };
        Some(named.map(|name| name.unwrap_or(raw)))
    }

    /// The org unit that a value of type `ORGANISATION_UNIT` names; null for others.
    async fn org_unit(&self, ctx: &Context<'_>) -> Option<Result<OrgUnit>> {
        let element = self
            .element
            .as_ref()
            .filter(|element| element.valuetype == "ORGANISATION_UNIT");
        let raw = element.and(self.raw.as_ref())?;
        unit(ctx, raw)
            .await
            .transpose()
            .map(|unit| unit.map(OrgUnit))
    }
}

async fn option_name(ctx: &Context<'_>, set: i64, code: &str) -> Result<Option<String>> {
    let option = context(ctx)
        .loader
        .load_one(OptionCode(set, code.to_owned()))
        .await
        .map_err(fail)?;
    Ok(option.map(|option| option.name))
}

async fn unit(ctx: &Context<'_>, uid: &str) -> Result<Option<storage::org_units::OrgUnit>> {
    context(ctx)
        .loader
        .load_one(OrgUnitUid(uid.to_owned()))
        .await
        .map_err(fail)
}

/// The cells of an event: the columns asked for, in their order, or every value that it has.
pub(super) async fn of_event(
    ctx: &Context<'_>,
    event: &EventRow,
    columns: Option<Vec<ID>>,
) -> Result<Vec<Cell>> {
    let uids = columns.map_or_else(
        || event.data_elements(),
        |columns| columns.into_iter().map(|id| id.0).collect(),
    );
    let keys = uids.iter().cloned().map(DataElementUid);
    let mut elements = context(ctx).loader.load_many(keys).await.map_err(fail)?;
    let cell = |uid: String| Cell {
        raw: event.value(&uid).map(str::to_owned),
        element: elements.remove(&DataElementUid(uid.clone())),
        column: ID(uid),
    };
    Ok(uids.into_iter().map(cell).collect())
}
