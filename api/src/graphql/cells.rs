//! Cells of a working list: an event's values with the names that people read.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject, Value};
use storage::{
    data_elements::DataElement, events::EventRow, option_sets::OptionSet, programs::Definition,
};

use super::{
    at_hand::{Asked, AtHand, FieldsAtHand},
    context,
    error::fail,
    org_units::OrgUnit,
};
use crate::{
    caller::RequestContext,
    loaders::{DataElementUid, FileUid},
};

/// One value of an event.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Cell {
    /// Data element: the column.
    column: ID,
    /// Value as it is stored; null when the event has none.
    raw: Option<String>,
    /// The data element, where a stage of the program has it.
    #[graphql(skip)]
    element: Option<Arc<DataElement>>,
}

#[ComplexObject]
impl Cell {
    /// Name of the column: the data element's form name where there is one; null for a data element that is gone.
    async fn name(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        let element = self.element(ctx).await.transpose()?;
        Some(element.map(|element| element.label().to_owned()))
    }

    /// Value as people read it: the name of the option, org unit or file, else the stored value; null when there is none.
    async fn display(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        let raw = self.raw.as_deref()?;
        let named = self.name_of(ctx, raw).await;
        Some(named.map(|name| name.unwrap_or_else(|| raw.to_owned())))
    }

    /// The org unit that a value of type `ORGANISATION_UNIT` names; null for others.
    async fn org_unit(&self, ctx: &Context<'_>) -> Option<Result<OrgUnit>> {
        let raw = self.raw.as_deref()?;
        match self.element(ctx).await {
            Err(error) => Some(Err(error)),
            Ok(Some(element)) if element.valuetype == "ORGANISATION_UNIT" => {
                context(ctx).unit_by_uid(raw).map(|unit| Ok(OrgUnit(unit)))
            }
            Ok(_) => None,
        }
    }

    /// The file that a value of type `FILE_RESOURCE` or IMAGE names; null for others, and for a file that is gone.
    async fn file(&self, ctx: &Context<'_>) -> Option<Result<FileResource>> {
        let raw = self.raw.clone()?;
        match self.element(ctx).await {
            Err(error) => Some(Err(error)),
            Ok(Some(element)) if names_file(&element.valuetype) => {
                let file = context(ctx).loader.load_one(FileUid(raw)).await;
                let file = file.map_err(fail).transpose()?;
                Some(file.map(FileResource))
            }
            Ok(_) => None,
        }
    }
}

impl FieldsAtHand for Cell {
    fn field_at_hand(&self, asked: &Asked<'_>) -> Option<Value> {
        let request = asked.request();
        let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
        match asked.name() {
            "column" => Some(Value::from(self.column.as_str())),
            "raw" => Some(text(self.raw.as_deref())),
            "name" => Some(Value::from(self.element_at_hand(request)?.label())),
            "display" => {
                let Some(raw) = &self.raw else {
                    return Some(Value::Null);
                };
                let element = self.element_at_hand(request)?;
                let options = element.option_set.as_deref();
                if options.is_none() && names_file(&element.valuetype) {
                    return None;
                }
                let named = name_at_hand(request, &element.valuetype, options, raw);
                Some(Value::from(named.as_deref().unwrap_or(raw)))
            }
            _ => None,
        }
    }
}

/// A file that a value names.
pub struct FileResource(Arc<storage::files::FileResource>);

/// A file that a value names, without its content.
#[Object]
impl FileResource {
    /// DHIS2 identifier.
    async fn id(&self) -> ID {
        ID(self.0.uid.clone())
    }

    /// Name of the file as it was sent.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Media type, e.g. image/png.
    async fn content_type(&self) -> &str {
        &self.0.contenttype
    }

    /// Size, bytes.
    async fn size(&self) -> i64 {
        self.0.contentlength
    }
}

fn names_file(value_type: &str) -> bool {
    matches!(value_type, "FILE_RESOURCE" | "IMAGE")
}

impl Cell {
    /// The data element; `None` for one that is gone or that the caller may not see.
    async fn element(&self, ctx: &Context<'_>) -> Result<Option<Arc<DataElement>>> {
        let request = context(ctx);
        let element = match &self.element {
            Some(element) => Some(Arc::clone(element)),
            None => {
                let key = DataElementUid(self.column.0.clone());
                request.loader.load_one(key).await.map_err(fail)?
            }
        };
        Ok(element.filter(|element| element.is_readable(&request.caller)))
    }

    /// The data element where a stage of the program has it and the caller may see it.
    fn element_at_hand(&self, request: &RequestContext) -> Option<&DataElement> {
        let element = self.element.as_deref();
        element.filter(|element| element.is_readable(&request.caller))
    }

    async fn name_of(&self, ctx: &Context<'_>, raw: &str) -> Result<Option<String>> {
        let Some(element) = self.element(ctx).await? else {
            return Ok(None);
        };
        name_of_value(ctx, &element.valuetype, element.option_set.as_deref(), raw).await
    }
}

/// The name of the option, unit or file that a value names; `None` for values that name nothing.
pub(super) async fn name_of_value(
    ctx: &Context<'_>,
    value_type: &str,
    options: Option<&OptionSet>,
    raw: &str,
) -> Result<Option<String>> {
    if options.is_none() && names_file(value_type) {
        let key = FileUid(raw.to_owned());
        let file = context(ctx).loader.load_one(key).await.map_err(fail)?;
        return Ok(file.map(|file| file.name.clone()));
    }
    Ok(name_at_hand(context(ctx), value_type, options, raw))
}

/// The name of the option or unit that a value names; `None` for values that name neither.
fn name_at_hand(
    request: &RequestContext,
    value_type: &str,
    options: Option<&OptionSet>,
    raw: &str,
) -> Option<String> {
    match options {
        Some(options) => options.name_of(raw).map(str::to_owned),
        None if value_type == "ORGANISATION_UNIT" => {
            request.unit_by_uid(raw).map(|unit| unit.name.clone())
        }
        None => None,
    }
}

/// The cells of an event: the columns asked for, in their order, or every value that it has.
pub(super) fn of_event(
    program: &Definition,
    event: &EventRow,
    columns: Option<Vec<ID>>,
) -> Vec<AtHand<Cell>> {
    let columns = columns.unwrap_or_else(|| event.data_elements().into_iter().map(ID).collect());
    let wanted: Vec<&str> = columns.iter().map(|column| column.as_str()).collect();
    let texts = event.eventdatavalues.texts(&wanted);
    let cell = |(column, raw): (ID, Option<String>)| {
        AtHand(Cell {
            element: program.element(&column).cloned(),
            column,
            raw,
        })
    };
    columns.into_iter().zip(texts).map(cell).collect()
}
