//! `POST …/tracker/events/{uid}/note` and `GET …/tracker/events/{uid}/changeLogs`: what is kept beside an event.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use domain::event::EventKind;
use serde::Deserialize;
use serde_json::{Value, json};
use storage::events::change_log::{self, Change};

use super::{
    authenticate,
    error::{Answer, Refusal},
    pager::pager,
    parameters::PageOf,
    query_string::QueryString,
};
use crate::{
    caller::{RequestContext, Shared},
    guard::What,
};

/// Changes of a page when the client does not say.
const USUAL_SIZE: u32 = 50;
/// Most changes of a page.
const MOST: u32 = 1_000;

/// Registers both.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/tracker/events/{uid}/note", web::post().to(note))
        .route(
            "/tracker/events/{uid}/changeLogs",
            web::get().to(change_logs),
        );
}

#[derive(Debug, Deserialize)]
struct NewNote {
    note: Option<String>,
    value: Option<String>,
}

/// Adds a note to an event that the caller may see.
async fn note(request: HttpRequest, body: web::Bytes, shared: web::Data<Shared>) -> Answer {
    let context = authenticate(&request, &shared).await?;
    let note: NewNote = serde_json::from_slice(&body)
        .map_err(|error| Refusal::bad_request(format!("the body is no note: {error}")))?;
    let (kind, row) = visible(&request, &context).await?;
    let caller = Arc::clone(&context.caller);
    let add = context.db().run("add note", move |conn| {
        let text = note.value.unwrap_or_default();
        let event = (kind, row.eventid);
        storage::events::notes::add(conn, event, note.note.as_deref(), &text, &caller)
    });
    let uid = add.await?;
    Ok(HttpResponse::Ok().json(json!({
        "httpStatus": "OK",
        "httpStatusCode": 200,
        "status": "OK",
        "message": format!("Note {uid} was added."),
        "uid": uid,
    })))
}

/// Changes of an event that the caller may see, newest first.
async fn change_logs(request: HttpRequest, shared: web::Data<Shared>) -> Answer {
    let context = authenticate(&request, &shared).await?;
    let query = QueryString::parse(request.query_string())?;
    let page = PageOf {
        number: query.positive("page")?.unwrap_or(1),
        size: query.positive("pageSize")?.unwrap_or(USUAL_SIZE).min(MOST),
        total: false,
    };
    let (kind, row) = visible(&request, &context).await?;
    let (number, size) = (i64::from(page.number), i64::from(page.size));
    let read = context.db().run("change log", move |conn| {
        change_log::of_event(conn, kind, row.eventid, ((number - 1) * size, size))
    });
    let mut changes = read.await?;
    let more = changes.len() > page.size as usize;
    changes.truncate(page.size as usize);
    let changes: Vec<Value> = changes.iter().map(shown).collect();
    let read = What {
        rows: Some(changes.len()),
        ..What::of_one(request.match_info().query("uid"))
    };
    context.log_read(read).await?;
    let pager = pager(&request, page, more, None);
    Ok(HttpResponse::Ok().json(json!({ "pager": pager, "changeLogs": changes })))
}

fn shown(change: &Change) -> Value {
    let mut values = json!({});
    for (name, value) in [
        ("previousValue", &change.previousvalue),
        ("currentValue", &change.currentvalue),
    ] {
        if let Some(value) = value {
            values[name] = json!(value);
        }
    }
    let what = match (&change.data_element, &change.eventfield) {
        (Some(data_element), _) => {
            values["dataElement"] = json!(data_element);
            json!({ "dataValue": values })
        }
        (None, field) => {
            values["field"] = json!(field);
            json!({ "eventField": values })
        }
    };
    json!({
        "createdBy": {
            "uid": change.user,
            "username": change.createdby,
            "firstName": change.firstname,
            "surname": change.surname,
        },
        "createdAt": change.created.format("%Y-%m-%dT%H:%M:%S%.3f").to_string(),
        "type": change.changelogtype,
        "change": what,
    })
}

async fn visible(
    request: &HttpRequest,
    context: &RequestContext,
) -> Answer<(EventKind, storage::events::EventRow)> {
    let uid = request.match_info().query("uid");
    let found = context.find_event(uid).await?;
    let found = found.map(|(program, row)| (program.kind, row));
    found.ok_or_else(|| Refusal::not_found(format!("Event with id {uid} could not be found.")))
}
