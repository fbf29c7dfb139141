//! The order of an answer's fields: that of the document, whichever field was answered first.

use async_graphql::{
    Name, Value,
    parser::types::{
        DocumentOperations, ExecutableDocument, FragmentDefinition, Selection, SelectionSet,
    },
};

/// Puts the fields of an answer into the order of the operation that it answers.
pub fn restore(data: &mut Value, document: &ExecutableDocument, operation: Option<&str>) {
    let operation = match &document.operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(operations) => match operation {
            Some(name) => operations.get(name),
            None => operations.values().next(),
        },
    };
    if let Some(operation) = operation {
        let mut keys = Keys::default();
        keys.add(&operation.node.selection_set.node, document);
        keys.order(data);
    }
}

/// Response keys in the order of the document, each with those below it.
#[derive(Default)]
struct Keys<'a> {
    keys: Vec<(&'a Name, Keys<'a>)>,
    /// A fragment that is spread again adds nothing, and may be spread very often.
    seen: Vec<*const FragmentDefinition>,
}

impl<'a> Keys<'a> {
    fn add(&mut self, set: &'a SelectionSet, document: &'a ExecutableDocument) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let key = &field.node.response_key().node;
                    let known = self.keys.iter().position(|(known, _)| *known == key);
                    let place = known.unwrap_or_else(|| {
                        self.keys.push((key, Keys::default()));
                        self.keys.len() - 1
                    });
                    self.keys[place]
                        .1
                        .add(&field.node.selection_set.node, document);
                }
                Selection::InlineFragment(fragment) => {
                    self.add(&fragment.node.selection_set.node, document);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = document.fragments.get(name)
                        && !self.seen.contains(&std::ptr::from_ref(&fragment.node))
                    {
                        self.seen.push(&raw const fragment.node);
                        self.add(&fragment.node.selection_set.node, document);
                    }
                }
            }
        }
    }

    fn order(&self, value: &mut Value) {
        match value {
            Value::List(items) => items.iter_mut().for_each(|item| self.order(item)),
            Value::Object(object) => {
                let mut fields = std::mem::take(object);
                for (key, below) in &self.keys {
                    if let Some((name, mut value)) = fields.swap_remove_entry(*key) {
                        below.order(&mut value);
                        object.insert(name, value);
                    }
                }
                // What no field asked for is no field: a scalar that is an object keeps its own order.
                object.extend(fields);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    fn restored(document: &str, answer: serde_json::Value) -> String {
        let document = parse_query(document).expect("a document");
        let mut data = Value::from_json(answer).expect("a value");
        restore(&mut data, &document, None);
        data.to_string()
    }

    #[test]
    fn fields_come_back_in_the_order_of_the_document() {
        let document = "{ list { b ...on T { c: x { e d } a } ...F } z { k } }
                        fragment F on T { b f c { g } ...F }";
        let answer = json!({
            "z": { "l": 1, "k": 2 },
            "list": [{ "a": 1, "b": 2, "c": { "d": 1, "e": 2, "g": 3 }, "f": 4 }, null, { "c": null, "b": 1 }],
        });
        assert_eq!(
            restored(document, answer),
            r#"{list: [{b: 2, c: {e: 2, d: 1, g: 3}, a: 1, f: 4}, null, {b: 1, c: null}], z: {k: 2, l: 1}}"#
        );
    }

    #[test]
    fn fragments_that_spread_each_other_again_and_again_cost_little() {
        let mut document = String::from("{ ...F0 }");
        for level in 0..40 {
            let next = level + 1;
            document += &format!(" fragment F{level} on Q {{ ...F{next} ...F{next} a{level} }}");
        }
        document += " fragment F40 on Q { z }";
        assert_eq!(
            restored(&document, json!({ "a0": 1, "a39": 2, "z": 3 })),
            "{z: 3, a39: 2, a0: 1}"
        );
    }
}
