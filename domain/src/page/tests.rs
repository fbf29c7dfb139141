//! Cursors read back, limits hold.

use super::*;
use proptest::prelude::*;

use crate::event::{
    filter::Column,
    order::{OrderField, OrderItem, OrderKey},
    value::ValueType,
};

/// By a text, a number and the date.
fn order(direction: Direction) -> EventOrder {
    let column = |uid: &str, value_type| Column {
        id: 1,
        uid: uid.to_owned(),
        value_type,
    };
    EventOrder(
        [
            OrderKey::DataElement(column("DATAEL00001", ValueType::Text)),
            OrderKey::Attribute(column("ATTRIB00001", ValueType::Number)),
            OrderKey::Field(OrderField::OccurredAt),
        ]
        .map(|key| OrderItem { key, direction })
        .into(),
    )
}

proptest! {
    #[test]
    fn a_cursor_reads_back(
        word in prop::option::of("[^\0]{0,20}"),
        number in prop::option::of(any::<i32>()),
        seconds in prop::option::of(-62_000_000_000_i64..253_000_000_000),
        id: i64,
    ) {
        let order = order(Direction::Ascending);
        let keys = vec![
            word,
            number.map(|number| number.to_string()),
            seconds.map(|seconds| (seconds * 1_000_000).to_string()),
        ];
        let cursor = Cursor { order: order.text(), keys, id };
        prop_assert_eq!(Cursor::parse("after", &cursor.to_text(), &order), Ok(cursor.clone()));
        let other = Cursor::parse("after", &cursor.to_text(), &self::order(Direction::Descending));
        prop_assert_eq!(other, Err(PageError::CursorOrder { argument: "after" }));
    }

    #[test]
    fn any_text_is_a_cursor_or_a_clear_error(text in "(?s).{0,40}") {
        let order = order(Direction::Ascending);
        let _ = Cursor::parse("after", &text, &order);
        let _ = Cursor::parse("after", &format!("{}\n1\n{text}", order.text()), &order);
    }

    #[test]
    fn a_page_never_holds_more_than_asked(rows in 0_i64..=1_000, found in 0_usize..1_100) {
        let page = Page::new(Some(rows), None, None, None, &EventOrder::default())?;
        let (cut, more) = page.cut((0..found).collect::<Vec<_>>());
        prop_assert!(cut.len() <= rows as usize);
        prop_assert_eq!(more, found > rows as usize);
    }
}

#[test]
fn limits_and_directions_are_checked() {
    let order = EventOrder::by_occurred_date(Direction::Ascending);
    let page = |first, after, last, before| Page::new(first, after, last, before, &order);
    let refused = |argument| Err(PageError::Cursor { argument });
    assert_eq!(
        page(Some(100_000), None, None, None),
        Err(PageError::Rows {
            argument: "first",
            value: 100_000
        })
    );
    assert_eq!(
        page(None, None, Some(-1), None),
        Err(PageError::Rows {
            argument: "last",
            value: -1
        })
    );
    assert_eq!(
        page(Some(1), None, Some(1), None),
        Err(PageError::BothDirections)
    );
    assert_eq!(page(None, Some("nonsense"), None, None), refused("after"));
    let far = "occurredAt:asc\n1\n18:999999999999999999\n";
    assert_eq!(page(None, Some(far), None, None), refused("after"));
    let wrong = "occurredAt:asc\n1\n1:x\n";
    assert_eq!(page(None, None, None, Some(wrong)), refused("before"));
}

#[test]
fn numbered_pages_pass_over_those_before() {
    assert_eq!(
        Page::numbered(3, 15).map(|page| (page.skip, page.fetch())),
        Ok((30, 16))
    );
    for (number, size, argument) in [(0, 15, "page"), (1, 0, "pageSize"), (1, 50_001, "pageSize")] {
        let refused = Page::numbered(number, size);
        assert!(
            matches!(refused, Err(PageError::Number { argument: named, .. }) if named == argument)
        );
    }
}
