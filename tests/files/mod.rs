//! Contents of files over HTTP: sent, named by an event, read by whoever may read the event, and by nobody else.

mod hostile;
mod keeping;
mod readers;
mod reading;
mod refused;

use std::io::Cursor;

use actix_web::{
    http::{
        StatusCode,
        header::{CONTENT_TYPE, IF_NONE_MATCH},
    },
    test::TestRequest,
};
use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};

use crate::{
    program::Program,
    support::{Answer, Client, Server, texts},
    telemetry::generated,
};

/// Two data elements that name files, in every stage, and one that its owner alone may read.
const SETUP: &str = "
    INSERT INTO dataelement (uid, name, shortname, valuetype) VALUES ('pictureAAAA', 'Picture', 'Picture', 'IMAGE'),
        ('documentAAA', 'Document', 'Document', 'FILE_RESOURCE'), ('hiddenfileA', 'Hidden', 'Hidden', 'FILE_RESOURCE');
    UPDATE dataelement SET sharing = '{\"owner\": \"M5zQapPyTZI\", \"public\": \"--------\"}' WHERE uid = 'hiddenfileA';
    INSERT INTO programstagedataelement (uid, programstageid, dataelementid)
    SELECT left(d.uid, 3) || lpad(programstageid::text, 8, '0'), programstageid, dataelementid FROM programstage, dataelement d
     WHERE d.uid IN ('pictureAAAA', 'documentAAA', 'hiddenfileA');
    UPDATE metadataversion SET version = version + 1;";

fn server() -> Server {
    let server = Server::start();
    server.execute(SETUP);
    server
}

const BOUNDARY: &str = "----a-boundary";

/// A form of parts: name, what follows the name in the header, lines of the header, and the bytes.
fn form(parts: &[(&str, &str, &str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, more, headers, content) in parts {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n{headers}\r\n"
        );
        body.extend(head.bytes());
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    body
}

async fn post_form(server: &Server, client: &Client<'_>, path: &str, body: Vec<u8>) -> Answer {
    let request = TestRequest::post()
        .uri(path)
        .insert_header((
            CONTENT_TYPE,
            format!("multipart/form-data; boundary={BOUNDARY}"),
        ))
        .set_payload(body);
    server.send(client.sign(request)).await
}

async fn send(
    server: &Server,
    client: &Client<'_>,
    (name, media_type): (&str, &str),
    content: &[u8],
) -> Answer {
    let (name, media_type) = (
        format!("; filename=\"{name}\""),
        format!("Content-Type: {media_type}\r\n"),
    );
    let body = form(&[("file", &name, &media_type, content)]);
    post_form(server, client, "/api/fileResources", body).await
}

/// Sends a file and returns its identifier.
async fn sent(server: &Server, client: &Client<'_>, kind: (&str, &str), content: &[u8]) -> String {
    let answer = send(server, client, kind, content).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    let file = &answer.json()["response"]["fileResource"];
    file["id"].as_str().expect("an identifier").to_owned()
}

async fn get(server: &Server, client: &Client<'_>, path: &str) -> Answer {
    server.send(client.sign(TestRequest::get().uri(path))).await
}

/// A unit of a program where a person registers events, or where they do not.
fn unit(server: &Server, code: &str, username: &str, own: bool) -> String {
    let not = if own { "" } else { "NOT" };
    server.id(&format!(
        "SELECT u.uid AS id FROM organisationunit u JOIN program_organisationunits USING (organisationunitid) JOIN program p USING (programid)
          WHERE p.code = '{code}' AND {not} EXISTS (SELECT FROM usermembership m JOIN organisationunit c USING (organisationunitid)
                JOIN userinfo USING (userinfoid) WHERE username = '{username}' AND u.path LIKE c.path || '%') ORDER BY u.uid"
    ))
}

/// Stores an event of the program OPD whose data element has a value; what the import says.
async fn store(
    server: &Server,
    client: &Client<'_>,
    (event, unit): (&str, &str),
    (element, value): (&str, &str),
) -> Value {
    let place = &server.rows(
        "SELECT p.uid AS program, s.uid AS stage FROM program p JOIN programstage s USING (programid) WHERE p.code = 'OPD'",
    )[0];
    let payload = json!({"events": [{
        "event": event, "program": place["program"], "programStage": place["stage"], "orgUnit": unit,
        "occurredAt": "2026-11-01", "dataValues": [{ "dataElement": element, "value": value }],
    }]});
    let request = TestRequest::post()
        .uri("/api/tracker?async=false&skipRuleEngine=true")
        .insert_header((CONTENT_TYPE, "application/json"))
        .set_payload(payload.to_string());
    server.send(client.sign(request)).await.json()
}

async fn stored(server: &Server, client: &Client<'_>, place: (&str, &str), value: (&str, &str)) {
    let report = store(server, client, place, value).await;
    assert_eq!(report["status"], "OK", "{report:#}");
}

fn path(event: &str, element: &str, kind: &str) -> String {
    format!("/api/tracker/events/{event}/dataValues/{element}/{kind}")
}

fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([x as u8, y as u8, (x / 3 + y) as u8])
    });
    picture.write_to(&mut bytes, format).expect("a picture");
    bytes.into_inner()
}
