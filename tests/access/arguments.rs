//! Every argument of the schema that holds a text or an identifier, with the way to it through input objects.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::support::Server;

/// A member of an input object, or an argument of a field.
#[derive(Debug, Clone)]
pub struct Step {
    /// Where it stands: `Query.events` or `EventFilter`.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// Whether it takes a list.
    pub is_list: bool,
}

/// An argument, or a member of an input object below one.
#[derive(Debug, Clone)]
pub struct Argument {
    /// `Query.events(filter).EventFilter.ids`.
    pub path: String,
    /// The field: `Query.events`.
    pub field: String,
    /// From the argument down.
    pub steps: Vec<Step>,
    /// `ID`, `String` or `JSON`.
    pub kind: String,
}

impl Argument {
    /// Whether it belongs to a subscription.
    pub fn is_live(&self) -> bool {
        self.field.starts_with("Subscription.")
    }

    /// `Query.events(program)` or `EventFilter.ids`: what many paths end in.
    pub fn end(&self) -> String {
        match &self.steps[..] {
            [_] => self.path.clone(),
            [.., last] => format!("{}.{}", last.owner, last.name),
            [] => String::new(),
        }
    }
}

const SCHEMA: &str = "{ __schema { types { name kind
  fields { name args { name type { ...T } } } inputFields { name type { ...T } } } } }
  fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }";

/// Reads them from a server.
pub async fn arguments(server: &Server) -> Vec<Argument> {
    let data = server.user("admin").data(SCHEMA, json!({})).await;
    let types = data["__schema"]["types"].as_array().expect("types");
    let by_name: HashMap<&str, &Value> = types
        .iter()
        .map(|kind| (kind["name"].as_str().expect("a name"), kind))
        .collect();
    let mut found = Vec::new();
    let objects = types.iter().filter(|kind| kind["kind"] == "OBJECT");
    for object in objects {
        let owner = object["name"].as_str().expect("a name");
        if owner.starts_with("__") {
            continue;
        }
        for field in object["fields"].as_array().into_iter().flatten() {
            let field_name = format!("{owner}.{}", field["name"].as_str().expect("a name"));
            for argument in field["args"].as_array().into_iter().flatten() {
                let name = argument["name"].as_str().expect("a name");
                let path = format!("{field_name}({name})");
                descend(
                    &by_name,
                    &field_name,
                    (&path, &field_name),
                    argument,
                    &[],
                    &mut found,
                );
            }
        }
    }
    found
}

fn descend(
    types: &HashMap<&str, &Value>,
    field: &str,
    (path, owner): (&str, &str),
    member: &Value,
    above: &[Step],
    found: &mut Vec<Argument>,
) {
    let (kind, is_list) = innermost(&member["type"]);
    let step = Step {
        owner: owner.to_owned(),
        name: member["name"].as_str().expect("a name").to_owned(),
        is_list,
    };
    let steps = [above, &[step]].concat();
    let name = kind["name"].as_str().expect("a name");
    match kind["kind"].as_str() {
        Some("INPUT_OBJECT") => {
            let members = types[name]["inputFields"].as_array().expect("members");
            for member in members {
                let path = format!("{path}.{name}.{}", member["name"].as_str().expect("a name"));
                descend(types, field, (&path, name), member, &steps, found);
            }
        }
        Some("SCALAR") if ["ID", "String", "JSON"].contains(&name) => found.push(Argument {
            path: path.to_owned(),
            field: field.to_owned(),
            steps,
            kind: name.to_owned(),
        }),
        _ => {}
    }
}

/// The named type within lists and non-nulls, and whether there was a list.
fn innermost(kind: &Value) -> (&Value, bool) {
    let (mut kind, mut is_list) = (kind, false);
    while !kind["ofType"].is_null() {
        is_list |= kind["kind"] == "LIST";
        kind = &kind["ofType"];
    }
    (kind, is_list)
}
