//! DHIS2's text form of an order: `field[:asc|desc]`, several with commas between them.

use super::request::OrderRequest;
use crate::page::Direction;

/// Why a text is not an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderTextError {
    /// An item has more than a name and a direction, or no name.
    #[error("'{0}' is not valid: the formats are 'field:direction' and 'field'")]
    Form(String),
    /// There is no such direction.
    #[error("'{0}' is not a valid sort direction: the directions are asc and desc")]
    Direction(String),
}

/// Reads the items of an order; without a direction the smallest comes first. Empty items are left out.
///
/// # Errors
/// One [`OrderTextError`] for each rule of the grammar.
pub fn parse(text: &str) -> Result<Vec<OrderRequest>, OrderTextError> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(read_item)
        .collect()
}

fn read_item(item: &str) -> Result<OrderRequest, OrderTextError> {
    let (name, direction) = item.split_once(':').unwrap_or((item, "asc"));
    let direction = direction.trim();
    if name.trim().is_empty() || direction.contains(':') {
        return Err(OrderTextError::Form(item.to_owned()));
    }
    let direction = match direction.to_ascii_lowercase().as_str() {
        "asc" => Direction::Ascending,
        "desc" => Direction::Descending,
        _ => return Err(OrderTextError::Direction(direction.to_owned())),
    };
    Ok(OrderRequest {
        name: name.trim().to_owned(),
        direction,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn items_and_directions_are_read() {
        let item = |name: &str, direction| OrderRequest {
            name: name.to_owned(),
            direction,
        };
        assert_eq!(
            parse("occurredAt:desc, status,DATAEL00001:ASC,"),
            Ok(vec![
                item("occurredAt", Direction::Descending),
                item("status", Direction::Ascending),
                item("DATAEL00001", Direction::Ascending),
            ])
        );
        assert_eq!(parse(""), Ok(vec![]));
        assert_eq!(
            parse("status:up"),
            Err(OrderTextError::Direction("up".to_owned()))
        );
        for wrong in ["a:asc:desc", ":asc"] {
            assert_eq!(parse(wrong), Err(OrderTextError::Form(wrong.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in r"[a-c:,\PC]{0,40}") {
            let _ = parse(&text);
        }
    }
}
