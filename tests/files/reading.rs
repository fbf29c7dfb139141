//! What was sent comes back as it is, in the sizes that a picture has.

use super::*;

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
               updateEvent(input: { id: $event, values: [{ column: \"documentAAA\", value: $value }] }) { errors { code message } } }",
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
