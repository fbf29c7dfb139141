//! Objects whose fields are at hand are written straight away.
//!
//! The library makes a future for each field of each object. A page has hundreds of cells and units with nothing to wait
//! for, and those futures would take longer than the query of the page.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::{Field, Selection},
    registry::Registry,
};

use crate::caller::RequestContext;

/// An object that knows some of its fields without waiting.
pub trait FieldsAtHand: OutputType {
    /// The value of a field without arguments and without fields of its own; `None` for one that must be resolved.
    fn field_at_hand(&self, request: &RequestContext, name: &str) -> Option<Value>;
}

/// The object, of the same type in the schema.
pub struct AtHand<T>(pub T);

impl<T: FieldsAtHand> AtHand<T> {
    /// The fields asked for; `None` when one of them must be resolved, or there are fragments or directives.
    fn fields(&self, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
        let request = ctx.data_unchecked::<std::sync::Arc<RequestContext>>();
        let selections = &ctx.item.node.items;
        let mut fields = IndexMap::with_capacity(selections.len());
        for selection in selections {
            let Selection::Field(field) = &selection.node else {
                return None;
            };
            let field = &field.node;
            if !field.directives.is_empty() {
                return None;
            }
            let value = self.0.field_at_hand(request, &field.name.node)?;
            fields.insert(field.response_key().node.clone(), value);
        }
        Some(Value::Object(fields))
    }
}

impl<T: FieldsAtHand> OutputType for AtHand<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        match self.fields(ctx) {
            Some(fields) => Ok(fields),
            // Boxed, so that those with all fields at hand stay small.
            None => Box::pin(self.0.resolve(ctx, field)).await,
        }
    }
}
