//! Who is given which file.

use super::*;

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
