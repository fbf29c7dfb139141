//! Contents of files over HTTP: sent, named by an event, read by whoever may read the event, and by nobody else.

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

#[actix_web::test]
async fn a_file_is_sent_named_by_an_event_and_read_back() {
    let server = server();
    let admin = server.user("admin");
    let content = b"Befund: ohne Befund.\r\n\0\xFF not text";
    let answer = send(&server, &admin, ("letter.txt", "text/plain"), content).await;
    let body = answer.json();
    assert_eq!(
        (answer.status, &body["httpStatusCode"], &body["status"]),
        (StatusCode::ACCEPTED, &json!(202), &json!("OK"))
    );
    assert_eq!(body["response"]["responseType"], "FileResource");
    let file = &body["response"]["fileResource"];
    let uid = file["id"].as_str().expect("an identifier");
    let md5 = server.id(&format!(
        "SELECT md5('\\x{}'::bytea) AS id",
        content
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    ));
    for (member, value) in [
        ("name", json!("letter.txt")),
        ("displayName", json!("letter.txt")),
        ("contentType", json!("text/plain")),
        ("contentLength", json!(content.len())),
        ("contentMd5", json!(md5)),
        ("storageStatus", json!("STORED")),
        ("domain", json!("DATA_VALUE")),
        ("hasMultipleStorageFiles", json!(false)),
        ("assigned", json!(false)),
    ] {
        assert_eq!(file[member], value, "{member}: {file:#}");
    }
    let unit = unit(&server, "OPD", "clerk", true);
    stored(
        &server,
        &admin,
        ("fileevent01", &unit),
        ("documentAAA", uid),
    )
    .await;
    for prefix in ["/api", "/api/43"] {
        let path = path("fileevent01", "documentAAA", "file").replacen("/api", prefix, 1);
        let answer = get(&server, &admin, &path).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!(answer.body, content);
        for (name, value) in [
            ("content-type", "text/plain"),
            ("content-disposition", "filename=letter.txt"),
            ("etag", &format!("\"{uid}\"")),
            ("cache-control", "no-cache, must-revalidate, private"),
            ("x-content-type-options", "nosniff"),
            (
                "content-security-policy",
                "default-src 'none'; script-src 'none'; frame-ancestors 'none'; sandbox",
            ),
        ] {
            assert_eq!(answer.header(name), value, "{name}");
        }
    }
    for (tag, status) in [
        (format!("\"{uid}\""), StatusCode::NOT_MODIFIED),
        (format!("W/\"{uid}\""), StatusCode::NOT_MODIFIED),
        ("\"fileother00\"".to_owned(), StatusCode::OK),
    ] {
        let request = TestRequest::get()
            .uri(&path("fileevent01", "documentAAA", "file"))
            .insert_header((IF_NONE_MATCH, tag));
        let answer = server.send(admin.sign(request)).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.body.is_empty(), status == StatusCode::NOT_MODIFIED);
        assert_eq!(answer.header("etag"), format!("\"{uid}\""));
        assert!(answer.header("cache-control").contains("private"));
    }
    let known = get(&server, &admin, &format!("/api/fileResources/{uid}")).await;
    assert_eq!(known.json()["assigned"], true);
    let few = format!("/api/fileResources/{uid}?fields=id,name");
    assert_eq!(
        get(&server, &admin, &few).await.json(),
        json!({ "id": uid, "name": "letter.txt" })
    );
    let cells = admin
        .data(
            "{ event(id: \"fileevent01\") { cells(columns: [\"documentAAA\"]) { display file { id name contentType size } } } }",
            json!({}),
        )
        .await;
    assert_eq!(
        cells["event"]["cells"],
        json!([{ "display": "letter.txt", "file": {
            "id": uid, "name": "letter.txt", "contentType": "text/plain", "size": content.len() } }])
    );
}

#[actix_web::test]
async fn a_file_of_a_tracker_event_is_read_as_one_of_a_single_event() {
    let server = server();
    let admin = server.user("admin");
    let uid = sent(&server, &admin, ("a.pdf", "application/pdf"), b"%PDF").await;
    let event = server.id(
        "SELECT e.uid AS id FROM trackerevent e JOIN programstage USING (programstageid) JOIN program p USING (programid)
          WHERE p.code = 'ANC' AND NOT e.deleted AND e.status = 'ACTIVE' ORDER BY e.eventid",
    );
    let changed = admin
        .data(
            "mutation ($event: ID!, $value: String!) {
               updateEvent(id: $event, changes: { values: [{ dataElement: \"documentAAA\", value: $value }] }) { errors { code message } } }",
            json!({ "event": event, "value": uid }),
        )
        .await;
    assert_eq!(changed["updateEvent"]["errors"], json!([]), "{changed}");
    let answer = get(&server, &admin, &path(&event, "documentAAA", "file")).await;
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (StatusCode::OK, &b"%PDF"[..])
    );
}

#[actix_web::test]
async fn a_picture_comes_in_four_sizes() {
    let server = server();
    let admin = server.user("admin");
    let unit = unit(&server, "OPD", "clerk", true);
    for (number, kind, format) in [
        (1, ("x-ray.png", "image/png"), ImageFormat::Png),
        (2, ("wound.jpg", "image/jpeg"), ImageFormat::Jpeg),
    ] {
        let content = picture(1_100, 550, format);
        let uid = sent(&server, &admin, kind, &content).await;
        let event = format!("fileevent0{number}");
        stored(&server, &admin, (&event, &unit), ("pictureAAAA", &uid)).await;
        let whole = path(&event, "pictureAAAA", "image");
        for (dimension, size) in [
            ("?dimension=small", (256, 128)),
            ("?dimension=MEDIUM", (512, 256)),
            ("?dimension=large", (1_024, 512)),
            ("?dimension=original", (1_100, 550)),
            ("", (1_100, 550)),
        ] {
            let answer = get(&server, &admin, &format!("{whole}{dimension}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            assert_eq!(answer.header("content-type"), kind.1);
            assert_eq!(answer.header("etag"), format!("\"{uid}\""));
            let shown = image::load_from_memory_with_format(&answer.body, format);
            let shown = shown.unwrap_or_else(|error| panic!("{dimension}: {error}"));
            assert_eq!((shown.width(), shown.height()), size, "{dimension}");
            assert_eq!(answer.body == content, size.0 == 1_100);
        }
        let answer = get(&server, &admin, &path(&event, "pictureAAAA", "file")).await;
        assert_eq!(answer.body, content);
    }
}

#[actix_web::test]
async fn what_is_asked_wrongly_or_is_not_there_is_said_as_dhis2_says_it() {
    let server = server();
    let admin = server.user("admin");
    let unit = unit(&server, "OPD", "clerk", true);
    let text = sent(&server, &admin, ("a.txt", "text/plain"), b"text").await;
    stored(
        &server,
        &admin,
        ("fileevent01", &unit),
        ("documentAAA", &text),
    )
    .await;
    let broken = sent(
        &server,
        &admin,
        ("a.png", "image/png"),
        b"\x89PNG no picture",
    )
    .await;
    stored(
        &server,
        &admin,
        ("fileevent02", &unit),
        ("pictureAAAA", &broken),
    )
    .await;
    stored(&server, &admin, ("fileevent03", &unit), ("documentAAA", "")).await;
    // As data that were moved over from DHIS2 may be: a value without its file, a file without its content, no text.
    server.execute(
        "INSERT INTO fileresource (uid, name, contenttype, contentlength, contentmd5, storagekey, isassigned, fileresourceowner)
         VALUES ('filenocontA', 'a', 'text/plain', 3, '', 'old', true, 'fileevent05');
         INSERT INTO singleevent (uid, programstageid, organisationunitid, attributeoptioncomboid, occurreddate, status, deleted, eventdatavalues,
                created, lastupdated)
         SELECT v.uid, programstageid, organisationunitid, attributeoptioncomboid, occurreddate, status, false, v.data::jsonb, created, lastupdated
           FROM singleevent e, (VALUES ('fileevent04', '{\"documentAAA\": {\"value\": \"filemissing\"}}'),
                ('fileevent05', '{\"documentAAA\": {\"value\": \"filenocontA\"}}'),
                ('fileevent06', '{\"documentAAA\": {\"value\": null}}')) AS v (uid, data) WHERE e.uid = 'fileevent01'",
    );
    let element = server.id(
        "SELECT d.uid AS id FROM dataelement d WHERE d.valuetype = 'TEXT' ORDER BY d.dataelementid",
    );
    for (asked, status, message) in [
        (
            path("fileevent01", "documentAAA", "file?dimension=small"),
            400,
            "Request parameter 'dimension' is only supported for images",
        ),
        (
            path("fileevent01", "documentAAA", "image"),
            400,
            "File is not an image",
        ),
        (
            path("fileevent02", "pictureAAAA", "image?dimension=tiny"),
            400,
            "Value 'tiny' is not valid",
        ),
        (
            path("fileevent02", "pictureAAAA", "image?dimension=small"),
            400,
            "Image is not stored using multiple dimensions",
        ),
        (
            path("fileevent99", "documentAAA", "file"),
            404,
            "Event with id fileevent99 could not be found.",
        ),
        (
            path("fileevent01", "nothing0000", "file"),
            404,
            "DataElement with id nothing0000 could not be found.",
        ),
        (
            path("fileevent01", &element, "file"),
            404,
            &format!("Data element {element} is not a file (or image)."),
        ),
        (
            path("fileevent03", "documentAAA", "file"),
            404,
            "Event fileevent03 with data element documentAAA could not be found.",
        ),
        (
            path("fileevent06", "documentAAA", "file"),
            404,
            "DataValue for data element documentAAA could not be found.",
        ),
        (
            path("fileevent04", "documentAAA", "file"),
            404,
            "FileResource with id filemissing could not be found.",
        ),
        (
            path("fileevent05", "documentAAA", "file"),
            409,
            "Content is being processed and is not available yet, try again later",
        ),
    ] {
        let answer = get(&server, &admin, &asked).await;
        let body = answer.json();
        assert_eq!(answer.status.as_u16(), status, "{asked}: {body}");
        let told = body["message"].as_str().unwrap_or_default();
        assert!(told.starts_with(message), "{asked}: {told}");
    }
    // What is no picture, though it says so, is kept as it is.
    let answer = get(
        &server,
        &admin,
        &path("fileevent02", "pictureAAAA", "image"),
    )
    .await;
    assert_eq!(answer.body, b"\x89PNG no picture");
    let pending = get(&server, &admin, "/api/fileResources/filenocontA").await;
    assert_eq!(pending.json()["storageStatus"], "PENDING");
}

#[actix_web::test]
async fn only_who_may_read_the_value_is_given_its_file() {
    let server = server();
    let (admin, clerk) = (server.user("admin"), server.user("clerk"));
    let own = unit(&server, "OPD", "clerk", true);
    let foreign = unit(&server, "OPD", "clerk", false);
    let mut files = Vec::new();
    for (event, unit, element) in [
        ("fileevent01", &own, "documentAAA"),
        ("fileevent02", &foreign, "documentAAA"),
        ("fileevent03", &own, "hiddenfileA"),
    ] {
        let uid = sent(&server, &admin, ("secret.txt", "text/plain"), b"secret").await;
        stored(&server, &admin, (event, unit), (element, &uid)).await;
        files.push(uid);
    }
    files.push(sent(&server, &admin, ("secret.txt", "text/plain"), b"secret").await);
    let answer = get(&server, &clerk, &path("fileevent01", "documentAAA", "file")).await;
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (StatusCode::OK, &b"secret"[..])
    );
    for (event, element) in [
        ("fileevent02", "documentAAA"),
        ("fileevent03", "hiddenfileA"),
        ("fileevent01", "hiddenfileA"),
    ] {
        for kind in ["file", "image"] {
            let answer = get(&server, &clerk, &path(event, element, kind)).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{event} {element}");
            assert!(!answer.text().contains("secret") && !answer.text().contains("is not a file"));
        }
        let answer = get(&server, &admin, &path(event, element, "file")).await;
        assert_ne!(answer.text().contains("secret"), event == "fileevent01");
    }
    // Of the others nobody learns by their identifiers: neither names, nor whether they are there.
    for (place, uid) in files.iter().enumerate() {
        for end in ["", "/data"] {
            let asked = get(&server, &clerk, &format!("/api/fileResources/{uid}{end}")).await;
            let expected = match (place, end) {
                (0, "") => 200,
                (0, _) => 403,
                _ => 404,
            };
            assert_eq!(
                asked.status.as_u16(),
                expected,
                "{place} {end} {}",
                asked.text()
            );
            let unknown = format!("/api/fileResources/filemissing{end}");
            let unknown = get(&server, &clerk, &unknown).await;
            assert_eq!(
                asked.text().replace(uid, "") == unknown.text().replace("filemissing", ""),
                expected == 404
            );
        }
        let data = get(&server, &admin, &format!("/api/fileResources/{uid}/data")).await;
        assert_eq!(data.status, StatusCode::FORBIDDEN);
    }
    // Who sent it knows of it, and takes it back from nobody by naming it.
    let mine = sent(&server, &clerk, ("mine.txt", "text/plain"), b"mine").await;
    let known = get(&server, &clerk, &format!("/api/fileResources/{mine}")).await;
    assert_eq!(known.status, StatusCode::OK);
    for (foreign, code) in [(&files[1], "E1009"), (&files[0], "E1009")] {
        let report = store(
            &server,
            &clerk,
            ("fileevent09", &own),
            ("documentAAA", foreign),
        )
        .await;
        let errors = &report["validationReport"]["errorReports"];
        assert_eq!(texts(errors, "errorCode"), [code], "{report:#}");
    }
    let report = store(
        &server,
        &clerk,
        ("fileevent09", &own),
        ("documentAAA", "filemissing"),
    )
    .await;
    let errors = &report["validationReport"]["errorReports"];
    assert_eq!(texts(errors, "errorCode"), ["E1084"]);
    assert_eq!(
        errors[0]["message"],
        "File: `filemissing`, could not find file (data element documentAAA)"
    );
}

#[actix_web::test]
async fn files_for_everybody_are_served_by_their_identifiers() {
    let server = server();
    let (admin, clerk) = (server.user("admin"), server.user("clerk"));
    let content = picture(600, 300, ImageFormat::Png);
    let name = "; filename=\"house.png\"";
    for (domain, told) in [
        ("ORG_UNIT", StatusCode::OK),
        ("USER_AVATAR", StatusCode::NOT_FOUND),
        ("MESSAGE_ATTACHMENT", StatusCode::NOT_FOUND),
    ] {
        // As the Capture app sends it: everything in the form.
        let body = form(&[
            ("domain", "", "", domain.as_bytes()),
            ("file", name, "Content-Type: image/png\r\n", &content),
        ]);
        let answer = post_form(&server, &admin, "/api/43/fileResources", body).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
        let file = answer.json()["response"]["fileResource"].clone();
        assert_eq!(file["domain"], domain);
        let uid = file["id"].as_str().expect("an identifier");
        let asked = format!("/api/fileResources/{uid}/data");
        assert_eq!(get(&server, &clerk, &asked).await.status, told, "{domain}");
        assert_eq!(get(&server, &admin, &asked).await.body, content);
        let small = get(&server, &admin, &format!("{asked}?dimension=small")).await;
        let small = image::load_from_memory(&small.body).expect("a picture");
        let expected = if domain == "MESSAGE_ATTACHMENT" {
            600
        } else {
            256
        };
        assert_eq!(small.width(), expected, "{domain}");
    }
}

#[actix_web::test]
async fn what_may_not_be_kept_is_refused() {
    let server = Server::with(|settings| settings.limits.max_file_size = 1);
    let admin = server.user("admin");
    let large = vec![b'x'; 1024 * 1024 + 1];
    let huge = vec![b'x'; 3 * 1024 * 1024];
    let long = format!("{}.txt", "x".repeat(230));
    for ((name, media_type), content, code, message) in [
        (
            ("a.txt", "text/plain"),
            &b""[..],
            "",
            "Could not read file or file is empty.",
        ),
        (
            ("a.txt", "text/html; charset=utf-8"),
            b"x",
            "E6101",
            "File type not allowed",
        ),
        (
            ("a.HTML", "text/plain"),
            b"x",
            "E6101",
            "File type not allowed",
        ),
        (
            ("a.exe", "application/octet-stream"),
            b"MZ",
            "E6101",
            "File type not allowed",
        ),
        (
            ("a.txt", "text/plain"),
            &large,
            "",
            "File size can't be bigger than 1048576 bytes (--max-file-size)",
        ),
        (
            ("a.txt", "text/plain"),
            &huge,
            "",
            "File size can't be bigger than 1048576 bytes (--max-file-size)",
        ),
        (
            (&long, "text/plain"),
            b"x",
            "",
            "the name of the file is longer than 230 characters",
        ),
    ] {
        let answer = send(&server, &admin, (name, media_type), content).await;
        let body = answer.json();
        assert_eq!(
            answer.status,
            StatusCode::CONFLICT,
            "{name} {media_type} {body}"
        );
        assert_eq!(body["message"], message);
        assert_eq!(body["errorCode"].as_str().unwrap_or_default(), code);
    }
    let file = [(
        "file",
        "; filename=\"a.txt\"",
        "Content-Type: text/plain\r\n",
        &b"x"[..],
    )];
    let with = |name: &'static str, value: &'static [u8]| form(&[(name, "", "", value), file[0]]);
    let taken = post_form(
        &server,
        &admin,
        "/api/fileResources?uid=0123456789a",
        form(&file),
    )
    .await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.text());
    for (query, body, status, message) in [
        (
            "?uid=0123456789a",
            form(&file),
            409,
            "FileResource already exists: `0123456789a`",
        ),
        (
            "",
            with("uid", b"0123456789a"),
            409,
            "FileResource already exists: `0123456789a`",
        ),
        (
            "?uid=short",
            form(&file),
            400,
            "Value of parameter uid is not valid",
        ),
        (
            "",
            with("uid", b"'; DROP TAB"),
            400,
            "Value of parameter uid is not valid",
        ),
        (
            "?domain=JOB_DATA",
            form(&file),
            400,
            "Value 'JOB_DATA' is not valid for parameter domain",
        ),
        (
            "",
            with("domain", b"\xFF"),
            400,
            "the part domain is no text",
        ),
        (
            "?domain=USER_AVATAR",
            form(&file),
            409,
            "Invalid content type",
        ),
        ("", form(&[]), 400, "Required part 'file' is not present."),
        ("", b"--".to_vec(), 400, "the body is no form"),
        ("", form(&file)[..90].to_vec(), 400, "the body is no form"),
        (
            "",
            form(&file)[..form(&file).len() - 24].to_vec(),
            400,
            "the form breaks off",
        ),
    ] {
        let answer = post_form(&server, &admin, &format!("/api/fileResources{query}"), body).await;
        let told = answer.json();
        assert_eq!(answer.status.as_u16(), status, "{query} {told}");
        let told = told["message"].as_str().unwrap_or_default();
        assert!(told.starts_with(message), "{query} {told}");
    }
    let json = TestRequest::post()
        .uri("/api/fileResources")
        .insert_header((CONTENT_TYPE, "application/json"))
        .set_payload("{}");
    let answer = server.send(admin.sign(json)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
    let nobody = TestRequest::post()
        .uri("/api/fileResources")
        .set_payload("x");
    assert_eq!(server.send(nobody).await.status, StatusCode::UNAUTHORIZED);
    let kept = server.ids("SELECT uid AS id FROM fileresource");
    assert_eq!(kept, ["0123456789a"]);
}

#[actix_web::test]
async fn a_picture_that_would_take_all_memory_is_kept_and_not_opened() {
    let server = server();
    let admin = server.user("admin");
    let unit = unit(&server, "OPD", "clerk", true);
    // The header of a PNG that promises 60,000 by 60,000 pixels.
    let mut bomb = b"\x89PNG\r\n\x1a\n".to_vec();
    let header = [
        &b"IHDR"[..],
        &60_000_u32.to_be_bytes(),
        &60_000_u32.to_be_bytes(),
        &[8, 6, 0, 0, 0],
    ]
    .concat();
    let mut sum = flate2::Crc::new();
    sum.update(&header);
    bomb.extend(13_u32.to_be_bytes());
    bomb.extend(&header);
    bomb.extend(sum.sum().to_be_bytes());
    bomb.extend(b"\0\0\0\x0AIDAT and so on");
    let began = std::time::Instant::now();
    let answer = send(&server, &admin, ("bomb.png", "image/png"), &bomb).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
    let file = answer.json()["response"]["fileResource"].clone();
    assert_eq!(file["hasMultipleStorageFiles"], false);
    let uid = file["id"].as_str().expect("an identifier");
    stored(
        &server,
        &admin,
        ("fileevent01", &unit),
        ("pictureAAAA", uid),
    )
    .await;
    let image = path("fileevent01", "pictureAAAA", "image");
    assert_eq!(get(&server, &admin, &image).await.body, bomb);
    let small = get(&server, &admin, &format!("{image}?dimension=small")).await;
    assert_eq!(small.status, StatusCode::BAD_REQUEST);
}

#[actix_web::test]
async fn any_name_is_kept_and_none_leaves_its_header() {
    let server = server();
    let admin = server.user("admin");
    let unit = unit(&server, "OPD", "clerk", true);
    let names = [
        (
            "a \\\"b\\\" c.txt",
            "a \"b\" c.txt",
            "filename=\"a \\\"b\\\" c.txt\"",
        ),
        (
            "a%0D%0ASet-Cookie: b.txt",
            "a%0D%0ASet-Cookie: b.txt",
            "filename=\"a%0D%0ASet-Cookie: b.txt\"",
        ),
        (
            "R\u{f6}ntgen \u{1F469}.txt",
            "R\u{f6}ntgen \u{1F469}.txt",
            "filename=\"R_ntgen _.txt\"; filename*=UTF-8''R%C3%B6ntgen%20%F0%9F%91%A9.txt",
        ),
        ("../../etc/passwd", "passwd", "filename=passwd"),
        ("", "untitled", "filename=untitled"),
        ("';--.txt", "';--.txt", "filename=\"';--.txt\""),
    ];
    for (number, (sent_as, kept, shown)) in names.into_iter().enumerate() {
        let uid = sent(&server, &admin, (sent_as, "text/plain"), b"x").await;
        let event = format!("fileevent0{number}");
        stored(&server, &admin, (&event, &unit), ("documentAAA", &uid)).await;
        let known = get(&server, &admin, &format!("/api/fileResources/{uid}")).await;
        assert_eq!(known.json()["name"], kept);
        let answer = get(&server, &admin, &path(&event, "documentAAA", "file")).await;
        assert_eq!(answer.header("content-disposition"), shown);
        assert!(answer.headers.get("set-cookie").is_none());
    }
    for raw in ["a\r\nSet-Cookie: b", "a\0b"] {
        let answer = send(&server, &admin, (raw, "text/plain"), b"x").await;
        assert!(!answer.status.is_server_error(), "{}", answer.text());
    }
    // A name that came by another way.
    server.execute("UPDATE fileresource SET name = E'a\\r\\nSet-Cookie: b', contenttype = E'text/html\\r\\n' WHERE fileresourceid =
        (SELECT min(fileresourceid) FROM fileresource)");
    let answer = get(&server, &admin, &path("fileevent00", "documentAAA", "file")).await;
    assert_eq!(
        answer.header("content-disposition"),
        "filename=\"a__Set-Cookie: b\""
    );
    assert!(answer.header("content-security-policy").contains("sandbox"));
}

#[actix_web::test]
async fn files_that_nothing_names_are_removed_after_a_while() {
    let server = server();
    let admin = server.user("admin");
    let unit = unit(&server, "OPD", "clerk", true);
    let mut files = Vec::new();
    for _ in 0..4 {
        files.push(sent(&server, &admin, ("a.txt", "text/plain"), b"text").await);
    }
    for file in &files[..2] {
        let place = (format!("file{}", &file[4..]), unit.clone());
        stored(&server, &admin, (&place.0, &place.1), ("documentAAA", file)).await;
    }
    let remove = |hours| {
        server
            .storage(|conn| storage::files::remove_unassigned(conn, hours))
            .expect("an answer")
    };
    let left = || server.ids("SELECT uid AS id FROM fileresource ORDER BY fileresourceid");
    assert_eq!((remove(2), left().len()), (0, 4));
    server.execute(&format!(
        "UPDATE fileresource SET lastupdated = lastupdated - interval '3 hours' WHERE uid <> '{}'",
        files[3]
    ));
    assert_eq!(remove(2), 1);
    assert_eq!(left(), [&files[0], &files[1], &files[3]].map(String::clone));
    // A value that is taken away frees its file, from then on.
    let event = format!("file{}", &files[0][4..]);
    stored(&server, &admin, (&event, &unit), ("documentAAA", "")).await;
    assert_eq!(remove(2), 0);
    server.execute("UPDATE fileresource SET lastupdated = lastupdated - interval '3 hours'");
    assert_eq!((remove(2), left()), (2, vec![files[1].clone()]));
    let contents = server.rows("SELECT count(*) AS n FROM fileresourcecontent");
    assert_eq!(contents[0]["n"], 1);
}

#[actix_web::test]
async fn reading_and_sending_files_is_in_the_audit_log() {
    let server = Server::with_own_data("clinigraph_audit_files");
    server.execute(SETUP);
    let admin = server.user("admin");
    let unit = unit(&server, "OPD", "clerk", true);
    let uid = sent(&server, &admin, ("Frau Muster.txt", "text/plain"), b"text").await;
    stored(
        &server,
        &admin,
        ("fileevent01", &unit),
        ("documentAAA", &uid),
    )
    .await;
    get(&server, &admin, &path("fileevent01", "documentAAA", "file")).await;
    get(&server, &admin, &format!("/api/fileResources/{uid}")).await;
    server.drain().await;
    let log = server.rows(
        "SELECT kind, operation, subject FROM audit WHERE username = 'admin' ORDER BY auditid",
    );
    let log: Vec<String> = log
        .iter()
        .map(|entry| {
            format!(
                "{} {} {}",
                entry["kind"], entry["operation"], entry["subject"]
            )
        })
        .collect();
    let line = |kind: &str, operation: &str, subject: &str| {
        format!("{:?} {:?} {:?}", kind, operation, subject)
    };
    for expected in [
        line("ACT", "POST /api/fileResources", &uid),
        line(
            "READ",
            "GET /api/tracker/events/{uid}/dataValues/{dataElement}/{kind:file|image}",
            "fileevent01",
        ),
        line("READ", "GET /api/fileResources/{uid}", &uid),
    ] {
        assert!(log.contains(&expected), "{expected}\n{log:#?}");
    }
    assert!(!log.concat().contains("Muster"));
}

#[test]
fn a_file_goes_out_with_its_length_and_as_it_is() {
    let (url, token) = generated("clinigraph_files");
    let server = Program::serve(&url, &[]);
    server.until_ready();
    let bearer = format!("Bearer {token}");
    let content = "a text that would be packed ".repeat(1_000);
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "multipart/form-data; boundary=b"),
        ("Accept-Encoding", "gzip"),
    ];
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\n{content}\r\n--b--\r\n"
    );
    let reply = server.send("POST /api/fileResources?domain=DOCUMENT", &headers, &body);
    assert_eq!(reply.status, 202, "{reply:?}");
    let reply = server.send(
        "POST /api/fileResources?domain=DOCUMENT&uid=fileaddress",
        &headers,
        &body,
    );
    assert_eq!(reply.status, 202, "{reply:?}");
    let reply = server.send("GET /api/fileResources/fileaddress/data", &headers, "");
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.header("content-length"),
        Some(content.len().to_string().as_str())
    );
    assert_eq!(reply.body, content);
}
