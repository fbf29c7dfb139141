//! Nothing is told to a caller without access, whichever argument names it: every argument of the schema and every path and
//! parameter of the adapter is tried with an object that exists and with one that does not.
//!
//! What there is to try is read from the schema and from the adapter's source. An argument that the tables here do not know
//! fails the test, as does an entry for one that is gone.

mod arguments;
mod documents;
mod hostile;
mod known;
mod live;
mod rest;
mod rest_known;
mod world;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::Server;
use arguments::arguments;
use known::Rule;
use world::{UNKNOWN, World};

/// People who may see nothing of the objects that are asked for.
const STRANGERS: [&str; 2] = ["nobody", "clerk"];

/// Status and body of an answer, with the identifier that was asked for taken out. What a write did is undone.
async fn answer(server: &Server, username: &str, document: &str, id: &str) -> String {
    let client = server.user(username);
    server.execute("SAVEPOINT question");
    let answer = client.send(document, json!({})).await;
    server.execute("ROLLBACK TO SAVEPOINT question");
    let text = answer.text();
    assert!(
        !text.contains("\"INTERNAL\"") && !answer.status.is_server_error(),
        "{username}: {text}\n{document}"
    );
    format!("{} {}", answer.status, text.replace(id, "ID"))
}

/// Whether an answer shows nothing but why the question is refused.
fn is_empty(answer: &str) -> bool {
    let body = answer.find('{').map_or("null", |place| &answer[place..]);
    let body: Value = serde_json::from_str(body).expect("JSON");
    shows_nothing(&body["data"])
}

fn shows_nothing(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            let mut members = members.iter();
            members.all(|(name, value)| name == "errors" || shows_nothing(value))
        }
        Value::Array(items) => items.iter().all(shows_nothing),
        Value::Number(number) => number.as_u64() == Some(0),
        Value::String(_) => false,
        Value::Null | Value::Bool(_) => true,
    }
}

#[actix_web::test]
async fn no_argument_of_the_schema_tells_a_stranger_of_an_object() {
    let server = Server::start();
    let world = World::make(&server);
    let arguments = arguments(&server).await;
    let mut faults = known::unknown(&arguments);
    let (mut named, mut open) = (0, BTreeSet::new());
    for argument in arguments.iter().filter(|argument| !argument.is_live()) {
        let objects = known::of(argument);
        let mut is_telling = objects.is_empty();
        for (object, rule) in objects {
            named += 1;
            let real = world.id(object);
            for (place, template) in documents::templates(argument).iter().enumerate() {
                let asked = |id: &str| world.fill(template, id);
                for username in STRANGERS {
                    let told = answer(&server, username, &asked(real), real).await;
                    let usual = answer(&server, username, &asked(UNKNOWN), UNKNOWN).await;
                    let path = &argument.path;
                    match rule {
                        Rule::Secret if told != usual => faults.push(format!(
                            "{path} tells {username} of {object} ({place}):\n  {told}\n  {usual}"
                        )),
                        Rule::Open(why) => {
                            open.insert(format!("{object}: {why}"));
                        }
                        Rule::Refused(why) if told != usual && !is_empty(&told) => {
                            faults
                                .push(format!("{path} shows {username} {object} ({why}): {told}"));
                        }
                        _ => {}
                    }
                }
                is_telling |= tells_admin(&world, template, real).await;
            }
        }
        if !is_telling {
            faults.push(format!("{}: not even admin is told", argument.path));
        }
    }
    let texts = arguments.len();
    println!(
        "{texts} arguments of the schema hold texts or identifiers; {named} tried with objects"
    );
    println!("open to everybody who signs in: {open:#?}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Whether the answer to a person who may see everything is another one for the object: else the question asks nothing.
async fn tells_admin(world: &World<'_>, template: &str, real: &str) -> bool {
    let mut told = Vec::new();
    for id in [real, UNKNOWN] {
        told.push(answer(world.server, "admin", &world.fill(template, id), id).await);
    }
    told[0] != told[1]
}
