//! `GET …/tracker/jobs/{uid}` and its report: what became of an import that a client did not wait for.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;
use storage::{import::tracker::ReportMode, tracker_jobs::Job};

use super::{
    authenticate,
    error::{Answer, Refusal},
    query_string::QueryString,
    tracker_import::report_mode,
};
use crate::caller::Shared;

/// Notices about a job, newest first.
pub async fn job(request: HttpRequest, shared: web::Data<Shared>) -> Answer {
    let job = find(&request, &shared).await?;
    let notice =
        |time: chrono::DateTime<chrono::Utc>, level: &str, message: &str, completed: bool| {
            json!({
                "uid": job.uid,
                "id": job.uid,
                "level": level,
                "category": "TRACKER_IMPORT_JOB",
                "time": time.format("%Y-%m-%dT%H:%M:%S%.3f").to_string(),
                "message": message,
                "completed": completed,
            })
        };
    let mut notices = Vec::new();
    if let Some(finished) = job.finished {
        notices.push(match &job.failure {
            None => notice(finished, "INFO", "Import:Done", true),
            Some(failure) => notice(finished, "ERROR", failure, true),
        });
    }
    notices.push(notice(job.created, "INFO", "Import:Start", false));
    Ok(HttpResponse::Ok().json(notices))
}

/// The report of a job, as its caller would have had it by waiting.
pub async fn report(request: HttpRequest, shared: web::Data<Shared>) -> Answer {
    let mode = report_mode(&QueryString::parse(request.query_string())?)?;
    let job = find(&request, &shared).await?;
    if let Some(failure) = job.failure {
        return Ok(HttpResponse::Ok().json(json!({ "status": "ERROR", "message": failure })));
    }
    let mut report = job
        .report
        .ok_or_else(|| Refusal::not_found(format!("job {} has no report yet", job.uid)))?;
    if mode == ReportMode::Errors {
        report["validationReport"]["warningReports"] = json!([]);
    }
    Ok(HttpResponse::Ok().json(report))
}

async fn find(request: &HttpRequest, shared: &Shared) -> Answer<Job> {
    let context = authenticate(request, shared).await?;
    let (uid, user) = (
        request.match_info().query("uid").to_owned(),
        context.caller.id,
    );
    let wanted = uid.clone();
    let found = context.db().run("job", move |conn| {
        storage::tracker_jobs::find(conn, &wanted, user)
    });
    let found = found.await?;
    found.ok_or_else(|| Refusal::not_found(format!("there is no tracker job {uid}")))
}
