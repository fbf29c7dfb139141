//! The adapter's paths and parameters, tried as the schema's arguments are.

use std::collections::BTreeSet;

use actix_web::{http::Method, test::TestRequest};

use super::{
    STRANGERS,
    hostile::{counts, texts},
    known::Rule,
    rest_known::{NAMELESS, PROBES, in_source},
    shows_nothing,
    world::{UNKNOWN, World},
};
use crate::support::{Answer, Server};

/// A request as a probe writes it: method, path, and a body where there is one.
fn request(text: &str) -> TestRequest {
    let (method, rest) = text.split_once(' ').expect("a method");
    let (path, body) = rest.split_once(' ').unwrap_or((rest, ""));
    let method: Method = method.parse().expect("a method");
    let request = TestRequest::default().method(method).uri(path);
    match body {
        "" => request,
        body => request
            .insert_header(("content-type", "application/json"))
            .set_payload(body.to_owned()),
    }
}

async fn send(server: &Server, username: &str, text: &str) -> Answer {
    let client = server.user(username);
    server.execute("SAVEPOINT question");
    let answer = server.send(client.sign(request(text))).await;
    server.execute("ROLLBACK TO SAVEPOINT question");
    assert!(
        !answer.status.is_server_error(),
        "{username}: {text}: {}",
        answer.text()
    );
    answer
}

async fn told(server: &Server, username: &str, text: &str, id: &str) -> String {
    let answer = send(server, username, text).await;
    format!("{} {}", answer.status, answer.text().replace(id, "ID"))
}

/// What the adapter says when it refuses, or nothing at all.
fn is_refusal(answer: &str) -> bool {
    let body = answer.find('{').map_or("null", |place| &answer[place..]);
    let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    !answer.starts_with("200")
        || ["events", "singleEvents", "trackerEvents"]
            .iter()
            .all(|list| shows_nothing(&body[list]))
}

#[actix_web::test]
async fn no_path_and_no_parameter_tells_a_stranger_of_an_object() {
    let server = Server::start();
    let world = World::make(&server);
    let source = in_source();
    let known: BTreeSet<String> = PROBES
        .iter()
        .map(|probe| probe.name)
        .chain(NAMELESS.iter().copied())
        .map(str::to_owned)
        .collect();
    let mut faults: Vec<String> = source
        .difference(&known)
        .map(|name| format!("{name} is new: say in rest_known.rs what it may name"))
        .collect();
    let bodies = |name: &&String| name.starts_with("POST ");
    faults.extend(
        known
            .difference(&source)
            .filter(|name| !bodies(name))
            .map(|name| format!("{name} is gone")),
    );
    let mut named = 0;
    for probe in PROBES {
        let mut is_telling = false;
        for (object, rule) in probe.objects {
            named += 1;
            let real = world.id(object);
            let asked = |id: &str| world.fill_text(probe.request, id);
            for username in STRANGERS {
                let real = told(&server, username, &asked(real), real).await;
                let usual = told(&server, username, &asked(UNKNOWN), UNKNOWN).await;
                match rule {
                    Rule::Secret if real != usual => faults.push(format!(
                        "{} tells {username} of {object}:\n  {real}\n  {usual}",
                        probe.request
                    )),
                    Rule::Refused(why) if real != usual && !is_refusal(&real) => {
                        faults.push(format!(
                            "{} shows {username} {object} ({why}): {real}",
                            probe.request
                        ));
                    }
                    _ => {}
                }
            }
            let admin = told(&server, "admin", &asked(real), real).await;
            is_telling |= admin != told(&server, "admin", &asked(UNKNOWN), UNKNOWN).await
                || matches!(rule, Rule::Open(_));
        }
        // A temporary ownership is not for those who may see everything.
        if !is_telling && !probe.request.contains("override") {
            faults.push(format!("{}: not even admin is told", probe.request));
        }
    }
    println!(
        "{} paths and parameters of the adapter; {named} tried with objects",
        source.len()
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[actix_web::test]
async fn hostile_texts_in_paths_and_parameters_are_only_texts() {
    let server = Server::with_own_data("clinigraph_hostile_rest");
    let world = World::make(&server);
    let admin = server.user("admin");
    let before = counts(&server);
    let (mut tried, mut faults) = (0, Vec::new());
    let others = NAMELESS.iter().filter(|name| !name.starts_with('/'));
    let others =
        others.map(|name| format!("GET /api/tracker/events?program=<OPD>&pageSize=1&{name}=@"));
    let requests = PROBES
        .iter()
        .map(|probe| probe.request.to_owned())
        .chain(others);
    for request_text in requests {
        for text in texts()
            .iter()
            .filter(|text| text.len() <= 100 || !request_text.contains("/@"))
        {
            tried += 1;
            let asked = world.fill_hostile(&request_text, text);
            let answer = server.send(admin.sign(request(&asked))).await;
            if answer.status.is_server_error() {
                let shown: String = text.chars().take(30).collect();
                faults.push(format!(
                    "{request_text} with {shown:?}: {} {}",
                    answer.status,
                    answer.text()
                ));
            }
        }
    }
    println!("{tried} hostile requests");
    let after = counts(&server);
    for (table, rows) in after.as_object().expect("counts") {
        if *rows != before[table] {
            faults.push(format!("{table}: {} rows became {rows}", before[table]));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
