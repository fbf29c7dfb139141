//! `POST …/tracker`: the import payload as JSON, or events as CSV; at once or as a job.

use std::{io::BufReader, sync::Arc};

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, http::header, web};
use domain::id_scheme::Kind;
use serde_json::{Value, json};
use storage::import::tracker::{
    self, AtomicMode, IdSchemes, ImportMode, ImportReport, Parameters, Payload, ReportMode,
    Strategy, ValidationMode,
};

use super::{
    authenticate,
    body::{self, BodyLimit},
    error::Answer,
    parameters,
    query_string::QueryString,
};
use crate::{
    caller::{RequestContext, Shared},
    guard::What,
};

/// Registers the import and its jobs.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/tracker", web::post().to(import))
        .route("/tracker/jobs/{uid}", web::get().to(super::jobs::job))
        .route(
            "/tracker/jobs/{uid}/report",
            web::get().to(super::jobs::report),
        );
}

async fn import(
    request: HttpRequest,
    body: web::Payload,
    shared: web::Data<Shared>,
    limit: web::Data<BodyLimit>,
) -> Answer {
    let context = authenticate(&request, &shared).await?;
    let query = QueryString::parse(request.query_string())?;
    let mut parameters = read_parameters(&query)?;
    let mode = report_mode(&query)?;
    let is_async = query.boolean("async", true)?;
    let payload = if is_csv(&request) {
        body::read(body, *limit.get_ref(), Payload::read_csv).await?
    } else {
        let parse = |chunks| Payload::read(BufReader::with_capacity(1 << 16, chunks));
        body::read(body, *limit.get_ref(), parse).await?
    };
    context.db().begin_anew();
    let schemes = parameters::schemes(&query)?.pairs();
    parameters.id_schemes = load_schemes(&context, schemes).await?;
    if !is_async {
        return Ok(answer(&run(&context, payload, parameters).await?, mode));
    }
    let user = context.caller.id;
    let begin = context.db().run("begin job", move |conn| {
        storage::tracker_jobs::begin(conn, user)
    });
    let uid = begin.await?;
    let response = accepted(&request, &uid);
    context.db().outlive_request();
    actix_web::rt::spawn(finish(context, uid, payload, parameters));
    Ok(response)
}

async fn load_schemes(
    context: &RequestContext,
    schemes: Vec<(Kind, domain::id_scheme::IdScheme)>,
) -> Answer<IdSchemes> {
    let load = context
        .db()
        .run("id schemes", move |conn| IdSchemes::load(conn, &schemes));
    Ok(load.await?)
}

/// A report, and whether the good objects were stored in spite of refused ones.
type Outcome = (ImportReport, bool);

async fn run(
    context: &RequestContext,
    payload: Payload,
    parameters: Parameters,
) -> storage::Result<Outcome> {
    let import = context.write("import tracker", parameters, |conn, request| {
        let report = tracker::import(conn, payload, request)?;
        let refused = report.is_refused(request.parameters);
        Ok((report, refused))
    });
    let (report, refused) = import.await?;
    let stored = report.stats.created + report.stats.updated + report.stats.deleted;
    let act = What {
        rows: usize::try_from(if refused { 0 } else { stored }).ok(),
        ..What::default()
    };
    context.log_act(act).await?;
    Ok((report, refused))
}

/// 409 when nothing was stored because of errors. With atomic mode OBJECT the good objects are stored and the answer is
/// 200, from whose report clients read which were not, though its status is ERROR.
fn answer((report, refused): &Outcome, mode: ReportMode) -> HttpResponse {
    let status = if *refused {
        StatusCode::CONFLICT
    } else {
        StatusCode::OK
    };
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(report.clone().shown(mode))
}

/// The answer to a client that does not wait: where its job is found.
fn accepted(request: &HttpRequest, uid: &str) -> HttpResponse {
    let connection = request.connection_info();
    let path = request.path().trim_end_matches('/');
    let location = format!(
        "{}://{}{path}/jobs/{uid}",
        connection.scheme(),
        connection.host()
    );
    HttpResponse::Ok()
        .insert_header((header::LOCATION, location.as_str()))
        .json(json!({
            "httpStatus": "OK",
            "httpStatusCode": 200,
            "status": "OK",
            "message": "Tracker job added",
            "response": { "responseType": "TrackerJob", "id": uid, "location": location },
        }))
}

async fn finish(context: RequestContext, uid: String, payload: Payload, parameters: Parameters) {
    let context = Arc::new(context);
    let outcome: Result<Value, String> = match run(&context, payload, parameters).await {
        Ok((report, _)) => serde_json::to_value(&report).map_err(|error| error.to_string()),
        Err(error) => {
            tracing::error!(job = uid, %error, cause = ?std::error::Error::source(&error).map(ToString::to_string), "the import failed");
            Err(error.to_string())
        }
    };
    let job = uid.clone();
    let end = context.db().run("end job", move |conn| {
        storage::tracker_jobs::end(conn, &job, outcome.as_ref().map_err(String::as_str))
    });
    if let Err(error) = end.await {
        tracing::error!(job = uid, %error, "the end of an import could not be recorded");
    }
}

fn is_csv(request: &HttpRequest) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    matches!(
        kind.split(';').next().unwrap_or_default().trim(),
        "text/csv" | "application/csv"
    )
}

/// Reads the parameters, in any case of their words.
fn read_parameters(query: &QueryString) -> Answer<Parameters> {
    let strategy = query.parsed(
        "importStrategy",
        "it must be CREATE, UPDATE, CREATE_AND_UPDATE or DELETE",
        |text| match text.to_ascii_uppercase().as_str() {
            "CREATE" => Some(Strategy::Create),
            "UPDATE" => Some(Strategy::Update),
            "CREATE_AND_UPDATE" => Some(Strategy::CreateAndUpdate),
            "DELETE" => Some(Strategy::Delete),
            _ => None,
        },
    )?;
    let atomic = query.parsed("atomicMode", "it must be ALL or OBJECT", |text| match text
        .to_ascii_uppercase()
        .as_str()
    {
        "ALL" => Some(AtomicMode::All),
        "OBJECT" => Some(AtomicMode::Object),
        _ => None,
    })?;
    let mode = query.parsed(
        "importMode",
        "it must be COMMIT or VALIDATE",
        |text| match text.to_ascii_uppercase().as_str() {
            "COMMIT" => Some(ImportMode::Commit),
            "VALIDATE" => Some(ImportMode::Validate),
            _ => None,
        },
    )?;
    let validation = query.parsed(
        "validationMode",
        "it must be FULL, FAIL_FAST or SKIP",
        |text| match text.to_ascii_uppercase().as_str() {
            "FULL" => Some(ValidationMode::Full),
            "FAIL_FAST" => Some(ValidationMode::FailFast),
            "SKIP" => Some(ValidationMode::Skip),
            _ => None,
        },
    )?;
    Ok(Parameters {
        strategy: strategy.unwrap_or_default(),
        atomic: atomic.unwrap_or_default(),
        mode: mode.unwrap_or_default(),
        validation: validation.unwrap_or_default(),
        skip_rule_engine: query.boolean("skipRuleEngine", false)?,
        ..Parameters::default()
    })
}

/// How much of a report is shown.
pub(super) fn report_mode(query: &QueryString) -> Answer<ReportMode> {
    let mode = query.parsed(
        "reportMode",
        "it must be ERRORS, WARNINGS or FULL",
        |text| match text.to_ascii_uppercase().as_str() {
            "ERRORS" => Some(ReportMode::Errors),
            "WARNINGS" => Some(ReportMode::Warnings),
            "FULL" => Some(ReportMode::Full),
            _ => None,
        },
    )?;
    Ok(mode.unwrap_or_default())
}
