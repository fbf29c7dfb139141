//! The text of a cursor, for orders of every type of key.

#![no_main]

use std::sync::LazyLock;

use domain::{
    event::{
        EventOrder,
        filter::Column,
        order::{OrderField, OrderItem, OrderKey},
        value::ValueType,
    },
    page::{Cursor, Direction, Page},
};
use libfuzzer_sys::fuzz_target;

static ORDERS: LazyLock<[EventOrder; 3]> = LazyLock::new(|| {
    let item = |key| OrderItem {
        key,
        direction: Direction::Descending,
    };
    let number = Column {
        id: 1,
        uid: "dataElement".to_owned(),
        value_type: ValueType::Number,
    };
    [
        EventOrder::default(),
        EventOrder::by_occurred_date(Direction::Descending),
        EventOrder(vec![
            item(OrderKey::DataElement(number)),
            item(OrderKey::Field(OrderField::FollowUp)),
            item(OrderKey::Field(OrderField::Status)),
            item(OrderKey::Field(OrderField::OccurredAt)),
        ]),
    ]
});

fuzz_target!(|text: &str| {
    for order in ORDERS.iter() {
        // With the order's own words in front most texts come further than to the first line.
        for text in [text.to_owned(), format!("{}\n{text}", order.text())] {
            let page = Page::new(Some(1), Some(&text), None, None, order);
            let Ok(cursor) = Cursor::parse("after", &text, order) else {
                assert!(page.is_err());
                continue;
            };
            let again = Cursor::parse("after", &cursor.to_text(), order);
            assert_eq!(again, Ok(cursor));
        }
    }
});
