//! Files and names that are made to harm.

use super::*;

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
async fn a_drawing_with_a_script_goes_out_where_it_cannot_run() {
    let server = server();
    let admin = server.user("admin");
    let unit = unit(&server, "OPD", "clerk", true);
    let drawing =
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(document.domain)</script></svg>";
    let uid = sent(&server, &admin, ("a.svg", "image/svg+xml"), drawing).await;
    stored(
        &server,
        &admin,
        ("fileevent01", &unit),
        ("pictureAAAA", &uid),
    )
    .await;
    let answer = get(&server, &admin, &path("fileevent01", "pictureAAAA", "file")).await;
    assert_eq!(answer.body, drawing);
    let policy = answer.header("content-security-policy");
    for part in ["default-src 'none'", "script-src 'none'", "sandbox"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("x-frame-options"), "DENY");
    let image = get(
        &server,
        &admin,
        &path("fileevent01", "pictureAAAA", "image"),
    )
    .await;
    assert_eq!(image.status, StatusCode::BAD_REQUEST);
}
