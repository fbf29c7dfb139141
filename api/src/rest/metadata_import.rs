//! `POST …/metadata`: DHIS2's metadata payload, stored before the answer.

use std::io::BufReader;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use domain::authority::METADATA_IMPORT;
use serde_json::{Value, json};
use storage::import::{BadLine, Report, metadata};

use super::{
    authenticate,
    body::{self, BodyLimit},
    error::{Answer, Refusal},
    query_string::QueryString,
};
use crate::{caller::Shared, guard::What};

/// Registers the import.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes.route("/metadata", web::post().to(import));
}

async fn import(
    request: HttpRequest,
    body: web::Payload,
    shared: web::Data<Shared>,
    limit: web::Data<BodyLimit>,
) -> Answer {
    let context = authenticate(&request, &shared).await?;
    context.require(METADATA_IMPORT, "importing metadata")?;
    let query = QueryString::parse(request.query_string())?;
    let strategy = query.text("importStrategy").unwrap_or("CREATE_AND_UPDATE");
    if !matches!(strategy, "CREATE_AND_UPDATE" | "CREATE" | "UPDATE") {
        return Err(Refusal::bad_request(
            "importStrategy must be CREATE_AND_UPDATE; metadata are not deleted here",
        ));
    }
    let partly = query.parsed(
        "atomicMode",
        "it must be ALL, NONE or OBJECT",
        |text| match text {
            "ALL" => Some(false),
            "NONE" | "OBJECT" => Some(true),
            _ => None,
        },
    )?;
    let partly = partly.unwrap_or(false);
    let parse = |chunks| metadata::Payload::read(BufReader::with_capacity(1 << 16, chunks));
    let payload = body::read(body, *limit.get_ref(), parse).await?;
    context.db().begin_anew();
    let run = context.db().run("import metadata", move |conn| {
        metadata::import(conn, &payload, partly)
    });
    let (report, bad) = run.await?;
    shared.feed.change_rights();
    let act = What {
        rows: usize::try_from(report.created + report.updated).ok(),
        ..What::default()
    };
    context.log_act(act).await?;
    let refused = !bad.is_empty() && !partly;
    let status = if refused {
        StatusCode::CONFLICT
    } else {
        StatusCode::OK
    };
    Ok(HttpResponse::build(status).json(answer(status, &report, &bad)))
}

fn answer(status: StatusCode, report: &Report, bad: &[BadLine]) -> Value {
    let word = if bad.is_empty() { "OK" } else { "ERROR" };
    let stats = |created: u64, updated: u64, ignored: u64| {
        json!({ "created": created, "updated": updated, "deleted": 0, "ignored": ignored,
                "total": created + updated + ignored })
    };
    let kinds = report.kinds.iter().map(|(kind, created, updated, unchanged)| {
        json!({ "klass": kind, "stats": stats(*created, updated + unchanged, 0) })
    });
    let errors = bad.iter().map(|bad| {
        json!({
            "message": bad.message,
            "errorCode": bad.rule,
            "errorKlass": bad.resource_type,
            "mainId": bad.resource_id,
        })
    });
    let (updated, ignored) = (report.updated + report.unchanged, bad.len() as u64);
    json!({
        "httpStatus": status.canonical_reason(),
        "httpStatusCode": status.as_u16(),
        "status": word,
        "response": {
            "responseType": "ImportReport",
            "status": word,
            "stats": stats(report.created, updated, ignored),
            "typeReports": kinds.collect::<Vec<_>>(),
            "errorReports": errors.collect::<Vec<_>>(),
            "notices": report.notices,
        },
    })
}
