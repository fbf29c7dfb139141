//! Lists as files: CSV, packed forms, and everything without pages.

use std::io::{Cursor, Read as _};

use actix_web::{http::header::ACCEPT, test::TestRequest};
use serde_json::{Value, json};

use crate::{
    rest::{get, newest, program},
    support::{Server, texts},
};

#[actix_web::test]
async fn csv_holds_a_line_for_each_value_and_every_packing_the_same() {
    let server = Server::start();
    let admin = server.user("admin");
    let path = |ending: &str| {
        format!(
            "/api/tracker/events{ending}?program={}&order=occurredAt:desc&pageSize=2",
            program(&server, "OPD")
        )
    };
    let plain = get(&server, &admin, &path(".csv")).await;
    assert_eq!(
        plain.header("content-type"),
        "application/csv; charset=UTF-8"
    );
    assert_eq!(
        plain.header("content-disposition"),
        "attachment; filename=events.csv"
    );
    let text = plain.text();
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().expect("a header").split(',').collect();
    assert_eq!(
        (columns.len(), columns[0], columns[23]),
        (30, "event", "dataElement")
    );
    let counted = server.rows(
        "SELECT sum(greatest(1, (SELECT count(*) FROM jsonb_object_keys(e.eventdatavalues)))) AS lines
           FROM singleevent e JOIN programstage s USING (programstageid) JOIN program p USING (programid)
          WHERE p.code = 'OPD' AND NOT e.deleted",
    );
    assert_eq!(json!(lines.count()), counted[0]["lines"]);

    let gzip = get(&server, &admin, &path(".csv.gz")).await;
    assert_eq!(gzip.header("content-type"), "application/csv+gzip");
    assert_eq!(gzip.header("content-transfer-encoding"), "binary");
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(gzip.body.as_slice())
        .read_to_string(&mut unpacked)
        .expect("gzip");
    assert_eq!(unpacked, text);

    let zip = get(&server, &admin, &path(".csv.zip")).await;
    assert_eq!(
        zip.header("content-disposition"),
        "attachment; filename=events.csv.zip"
    );
    let mut archive = zip::ZipArchive::new(Cursor::new(zip.body)).expect("a zip");
    let mut unpacked = String::new();
    archive
        .by_name("events.csv")
        .expect("a file")
        .read_to_string(&mut unpacked)
        .expect("text");
    assert_eq!(unpacked, text);

    let accepted = TestRequest::get()
        .uri(&format!("{}&skipHeader=true", path("")))
        .insert_header((ACCEPT, "text/csv"));
    let accepted = server.send(admin.sign(accepted)).await.text();
    assert_eq!(
        accepted.as_str(),
        &text[text.find('\n').expect("a line") + 1..]
    );
    let unknown = get(&server, &admin, &path(".xml")).await;
    assert_eq!(unknown.status.as_u16(), 404);
}

#[actix_web::test]
async fn an_export_without_pages_holds_every_event_in_order() {
    let server = Server::start();
    let admin = server.user("admin");
    let path = |ending: &str, more: &str| {
        format!(
            "/api/tracker/events{ending}?program={}&order=occurredAt:desc&fields=event{more}",
            program(&server, "OPD")
        )
    };
    let all = newest(&server, "OPD", "singleevent");
    assert!(all.len() > 1_000, "one batch is not enough to test with");
    let body = get(&server, &admin, &path("", "&paging=false"))
        .await
        .json();
    assert_eq!(texts(&body["events"], "event"), all);
    assert!(body.get("pager").is_none());
    let packed = get(&server, &admin, &path(".json.gz", "")).await;
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(packed.body.as_slice())
        .read_to_string(&mut unpacked)
        .expect("gzip");
    let body: Value = serde_json::from_str(&unpacked).expect("JSON");
    assert_eq!(texts(&body["events"], "event"), all);
}
