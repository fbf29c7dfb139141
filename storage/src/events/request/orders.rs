//! The order of a list: fields that its kind has, data elements and attributes that exist.

use domain::{
    event::{
        EventKind, EventOrder, ListRequest, Refusal,
        order::{OrderField, OrderItem, OrderKey},
        refusal::Part,
        request::OrderRequest,
    },
    page::Direction,
    uid,
};

use super::{super::order_keys::MOST_KEYS, Asked};
use crate::Result;

/// Whether a name of an order can only be a data element or attribute.
pub(super) fn is_column(name: &str) -> bool {
    OrderField::parse(name).is_none() && uid::is_valid(name)
}

/// The order asked for, else DHIS2's: single events newest first by the date they occurred, tracker events newest stored
/// first.
pub(super) fn resolve(
    asked: &Asked<'_>,
    kind: EventKind,
    request: &ListRequest,
) -> Result<EventOrder> {
    if request.order.is_empty() {
        return Ok(match kind {
            EventKind::Single => EventOrder::by_occurred_date(Direction::Descending),
            EventKind::Tracker => EventOrder::default(),
        });
    }
    check_names(&request.order)?;
    let item = |item: &OrderRequest| {
        Ok(OrderItem {
            key: key(asked, kind, request, &item.name)?,
            direction: item.direction,
        })
    };
    Ok(EventOrder(
        request.order.iter().map(item).collect::<Result<_>>()?,
    ))
}

fn check_names(order: &[OrderRequest]) -> Result<()> {
    if order.len() > MOST_KEYS {
        let text = format!("names more than {MOST_KEYS} items");
        return Err(Refusal::bad(Part::Order, text).into());
    }
    let names = || order.iter().map(|item| item.name.as_str());
    let mut unknown: Vec<&str> = names()
        .filter(|name| OrderField::parse(name).is_none() && !uid::is_valid(name))
        .collect();
    unknown.sort_unstable();
    unknown.dedup();
    if !unknown.is_empty() {
        let text = format!(
            "cannot be by {}: neither a field nor an identifier",
            unknown.join(", ")
        );
        return Err(Refusal::bad(Part::Order, text).into());
    }
    let mut repeated: Vec<&str> = names()
        .enumerate()
        .filter(|(place, name)| names().take(*place).any(|before| before == *name))
        .map(|(_, name)| name)
        .collect();
    repeated.dedup();
    if !repeated.is_empty() {
        let text = format!("names {} more than once", repeated.join(", "));
        return Err(Refusal::bad(Part::Order, text).into());
    }
    Ok(())
}

fn key(asked: &Asked<'_>, kind: EventKind, request: &ListRequest, name: &str) -> Result<OrderKey> {
    let is_typed_list = request.endpoint.kind().is_some();
    let refuse = |text: String| Refusal::bad(Part::Order, text);
    match OrderField::parse(name) {
        Some(field) if !field.is_of(kind) => {
            Err(refuse(format!("cannot be by {name}: single events have none")).into())
        }
        Some(field) if is_typed_list && !field.is_of_typed_lists() => {
            Err(refuse(format!("of this list cannot be by {name}")).into())
        }
        Some(field) => Ok(OrderKey::Field(field)),
        None => {
            let element = asked.element(name).map(|element| element.column.clone());
            let attribute = asked
                .attribute(name)
                .map(|attribute| attribute.column.clone());
            match (element, attribute, kind) {
                (Some(column), _, _) => Ok(OrderKey::DataElement(column)),
                (None, Some(column), EventKind::Tracker) => Ok(OrderKey::Attribute(column)),
                (None, _, EventKind::Single) => Err(refuse(format!(
                    "cannot be by {name}: there is no such data element"
                ))
                .into()),
                (None, None, EventKind::Tracker) => Err(refuse(format!(
                    "cannot be by {name}: there is no such data element or attribute"
                ))
                .into()),
            }
        }
    }
}
