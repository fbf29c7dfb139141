//! Objects whose fields are at hand are written straight away.
//!
//! The library makes a future for each field of each object. A page has hundreds of events, cells and units with nothing to
//! wait for, and those futures would take longer than the query of the page.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, InputType, Name, OutputType, Positioned, ServerResult, Value,
    indexmap::IndexMap,
    parser::types::{Field, Selection},
    registry::Registry,
};

use crate::caller::RequestContext;

/// An object that knows some of its fields without waiting.
pub trait FieldsAtHand: OutputType {
    /// The value of a field; `None` for one that must be resolved.
    fn field_at_hand(&self, asked: &Asked<'_>) -> Option<Value>;
}

/// A field that a document asks of an object.
pub struct Asked<'a> {
    object: &'a ContextSelectionSet<'a>,
    field: &'a Positioned<Field>,
}

impl<'a> Asked<'a> {
    /// Its name in the schema.
    #[must_use]
    pub fn name(&self) -> &'a str {
        &self.field.node.name.node
    }

    /// The request that it is part of.
    #[must_use]
    pub fn request(&self) -> &'a RequestContext {
        self.object
            .data_unchecked::<std::sync::Arc<RequestContext>>()
    }

    /// An argument; `None` for one that must be read by the library, which says what is wrong with it.
    #[must_use]
    pub fn argument<T: InputType>(&self, name: &str) -> Option<T> {
        let field = self.object.with_field(self.field);
        field.param_value(name, None).ok().map(|(_, value)| value)
    }

    /// The field's value where that is an object; `None` when a field of it must be resolved.
    #[must_use]
    pub fn object<T: FieldsAtHand>(&self, value: &T) -> Option<Value> {
        let below = &self.field.node.selection_set;
        fields(value, &self.object.with_selection_set(below))
    }
}

/// The fields asked of an object; `None` when one of them must be resolved.
fn fields<T: FieldsAtHand>(object: &T, ctx: &ContextSelectionSet<'_>) -> Option<Value> {
    let mut fields = IndexMap::with_capacity(ctx.item.node.items.len());
    collect(object, ctx, &mut fields)?;
    Some(Value::Object(fields))
}

/// Adds the fields of a selection; `None` when one of them must be resolved. What has directives is, and what is asked for
/// twice, since the library puts the fields below together.
fn collect<T: FieldsAtHand>(
    object: &T,
    ctx: &ContextSelectionSet<'_>,
    fields: &mut IndexMap<Name, Value>,
) -> Option<()> {
    for selection in &ctx.item.node.items {
        if !selection.node.directives().is_empty() {
            return None;
        }
        let (condition, below) = match &selection.node {
            Selection::Field(field) => {
                let asked = Asked { object: ctx, field };
                let value = match asked.name() {
                    "__typename" => Value::from(object.introspection_type_name()),
                    _ => object.field_at_hand(&asked)?,
                };
                let key = field.node.response_key().node.clone();
                if fields.insert(key, value).is_some() {
                    return None;
                }
                continue;
            }
            Selection::InlineFragment(fragment) => {
                let fragment = &fragment.node;
                (fragment.type_condition.as_ref(), &fragment.selection_set)
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                let fragment = &ctx.query_env.fragments.get(name)?.node;
                (Some(&fragment.type_condition), &fragment.selection_set)
            }
        };
        let is_of_type = condition.is_none_or(|condition| {
            let name = condition.node.on.node.as_str();
            name == object.introspection_type_name() || name == T::type_name()
        });
        if !is_of_type {
            return None;
        }
        collect(object, &ctx.with_selection_set(below), fields)?;
    }
    Some(())
}

/// The object, of the same type in the schema.
pub struct AtHand<T>(pub T);

impl<T: FieldsAtHand> OutputType for AtHand<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        self.0.introspection_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        match fields(&self.0, ctx) {
            Some(fields) => Ok(fields),
            // Boxed, so that those with all fields at hand stay small.
            None => Box::pin(self.0.resolve(ctx, field)).await,
        }
    }
}
