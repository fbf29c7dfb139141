//! Arguments of subscriptions, over a socket: what the other tests here ask of queries and mutations.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    STRANGERS,
    arguments::{Argument, arguments},
    documents, hostile,
    known::{self, Rule},
    world::{UNKNOWN, World},
};
use crate::{
    sockets::{LiveServer, Socket},
    support::{Server, own_data},
};

/// How long a refusal may take. A subscription that is taken says nothing until something changes.
const SILENCE: Duration = Duration::from_secs(3);

/// What is told of a subscription; `taken` when nothing is.
async fn told(socket: &mut Socket, number: usize, document: &str) -> String {
    let id = format!("s{number}");
    socket.subscribe(&id, document, json!({})).await;
    while let Some(message) = socket.receive_within(SILENCE).await {
        if message["id"] == json!(id) {
            return json!([message["type"], message["payload"]]).to_string();
        }
    }
    socket.send(json!({ "id": id, "type": "complete" })).await;
    "taken".to_owned()
}

/// Subscriptions and what may be put into each of them.
async fn live(server: &Server) -> Vec<Argument> {
    let mut found = arguments(server).await;
    found.retain(Argument::is_live);
    assert!(found.len() > 1, "{found:?}");
    found
}

#[actix_web::test]
async fn hostile_texts_are_only_texts_in_subscriptions() {
    let url = own_data("clinigraph_hostile_live");
    let server = Server::at(&url);
    let world = World::make(&server);
    let open = LiveServer::at(url, |_| {});
    let mut socket = open.user("admin").await;
    let before = hostile::counts(&server);
    let (mut tried, mut refused) = (0, 0);
    let mut faults = Vec::new();
    for argument in live(&server).await {
        for template in documents::templates(&argument) {
            for text in hostile::texts() {
                let literal = serde_json::to_string(&text).expect("a literal");
                let document = world.fill_literal(&template, &literal);
                let answer = told(&mut socket, tried, &document).await;
                tried += 1;
                refused += usize::from(answer != "taken");
                if answer.contains("\"INTERNAL\"") || answer.contains("UNAVAILABLE") {
                    let shown: String = text.chars().take(30).collect();
                    faults.push(format!("{} with {shown:?}: {answer}", argument.path));
                }
            }
        }
    }
    println!("{tried} hostile texts in subscriptions, {refused} refused");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(hostile::counts(&server), before);
    // The socket still works.
    socket
        .subscribe("last", "{ me { username } }", json!({}))
        .await;
    let message = socket.receive().await;
    assert_eq!(
        message["payload"]["data"]["me"]["username"], "admin",
        "{message}"
    );
}

#[actix_web::test]
async fn no_argument_of_a_subscription_tells_a_stranger_of_an_object() {
    let url = own_data("clinigraph_access_live");
    let server = Server::at(&url);
    let world = World::make(&server);
    let open = LiveServer::at(url, |settings| settings.sockets = 8);
    let mut faults = Vec::new();
    let mut named = 0;
    for argument in live(&server).await {
        for (object, rule) in known::of(&argument) {
            named += 1;
            let real = world.id(object);
            for template in documents::templates(&argument) {
                let mut socket = open.user("admin").await;
                let of_real = told(&mut socket, 1, &world.fill(&template, real)).await;
                let usual = told(&mut socket, 2, &world.fill(&template, UNKNOWN)).await;
                assert_ne!(of_real, usual, "{template} asks nothing of {object}");
                for username in STRANGERS {
                    let mut socket = open.user(username).await;
                    let of_real = told(&mut socket, 1, &world.fill(&template, real)).await;
                    let usual = told(&mut socket, 2, &world.fill(&template, UNKNOWN)).await;
                    let (of_real, usual) =
                        (of_real.replace(real, "ID"), usual.replace(UNKNOWN, "ID"));
                    let path = &argument.path;
                    match rule {
                        Rule::Secret if of_real != usual => faults.push(format!(
                            "{path} tells {username} of {object}: {of_real} {usual}"
                        )),
                        Rule::Refused(why) if of_real != usual && !is_refusal(&of_real) => {
                            faults.push(format!(
                                "{path} shows {username} {object} ({why}): {of_real}"
                            ));
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    println!("{named} objects named in subscriptions");
    assert!(named > 0 && faults.is_empty(), "{}", faults.join("\n"));
}

/// Whether something told is an error without data.
fn is_refusal(told: &str) -> bool {
    let told: Value = serde_json::from_str(told).unwrap_or(Value::Null);
    told[0] == "error" && told[1].as_array().is_some_and(|errors| !errors.is_empty())
}
