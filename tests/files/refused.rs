//! What is refused, and how it is said.

use super::*;

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
        (
            "",
            form(&[("domain", "", "", b"ICON")]),
            400,
            "Required part 'file' is not present.",
        ),
        ("", b"--".to_vec(), 400, "the body is no form"),
        ("", form(&file)[..90].to_vec(), 400, "the body is no form"),
        (
            "",
            form(&file)[..form(&file).len() - 22].to_vec(),
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
