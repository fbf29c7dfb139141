//! `eventFilters` and `programStageWorkingLists`: saved views of working lists in DHIS2's JSON.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, http::header, web};
use serde_json::{Value, json};
use storage::saved_views::{self, Refused, SavedView, ViewKind, Wanted, Written};

use super::{
    authenticate,
    error::{Answer, Refusal},
    event_json,
    fields::Fields,
    pager::pager,
    parameters::{self, PageOf},
    query_string::QueryString,
};
use crate::{caller::Shared, guard::What};

/// The members of a view in a list when the client does not say.
const USUAL_FIELDS: &str = "id,displayName";

/// Both kinds with their paths.
const KINDS: [(ViewKind, &str); 2] = [
    (ViewKind::EventFilter, "eventFilters"),
    (ViewKind::WorkingList, "programStageWorkingLists"),
];

/// Registers both kinds.
pub fn configure(routes: &mut web::ServiceConfig) {
    for (kind, name) in KINDS {
        routes.service(
            web::resource([format!("/{name}"), format!("/{name}.json")])
                .route(web::get().to(move |request, shared| list(request, shared, kind)))
                .route(web::post().to(move |request, shared, body| {
                    write(request, shared, kind, Action::Create, body)
                })),
        );
        routes.service(
            web::resource(format!("/{name}/{{uid}}"))
                .route(web::get().to(move |request, shared| one(request, shared, kind)))
                .route(web::put().to(move |request, shared, body| {
                    write(request, shared, kind, Action::Update, body)
                }))
                .route(web::delete().to(move |request, shared, body| {
                    write(request, shared, kind, Action::Delete, body)
                })),
        );
    }
}

/// What is done to a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Create,
    Update,
    Delete,
}

async fn list(request: HttpRequest, shared: web::Data<Shared>, kind: ViewKind) -> Answer {
    let context = authenticate(&request, &shared).await?;
    let query = QueryString::parse(request.query_string())?;
    let page = parameters::page(&query)?;
    let wanted = wanted(&query)?;
    let caller = Arc::clone(&context.caller);
    let views = context.db().run("saved views", move |conn| {
        saved_views::list(conn, kind, &caller, &wanted)
    });
    let views = views.await?;
    let fields = Fields::parse(query.text("fields").unwrap_or(USUAL_FIELDS));
    let shown = |view: &SavedView| fields.shape(view_json(kind, view));
    let Some(page) = page else {
        let all: Vec<Value> = views.iter().map(shown).collect();
        return Ok(respond(StatusCode::OK, &json!({ name(kind): all })));
    };
    // Views of a program are few: the database hands out all that the caller may read, and a page is cut from them.
    let page = PageOf {
        total: true,
        ..page
    };
    let skipped = (page.number as usize - 1).saturating_mul(page.size as usize);
    let rows: Vec<Value> = views
        .iter()
        .skip(skipped)
        .take(page.size as usize)
        .map(shown)
        .collect();
    let more = views.len() > skipped.saturating_add(rows.len()) && !rows.is_empty();
    let total = i64::try_from(views.len()).ok();
    let pager = pager(&request, page, more, total);
    Ok(respond(
        StatusCode::OK,
        &json!({ "pager": pager, name(kind): rows }),
    ))
}

async fn one(request: HttpRequest, shared: web::Data<Shared>, kind: ViewKind) -> Answer {
    let context = authenticate(&request, &shared).await?;
    let query = QueryString::parse(request.query_string())?;
    let uid = path_uid(&request);
    let caller = Arc::clone(&context.caller);
    let asked = uid.clone();
    let view = context.db().run("saved view", move |conn| {
        saved_views::by_uid(conn, kind, &caller, &asked)
    });
    let view = view.await?.ok_or_else(|| missing(kind, &uid))?;
    let fields = Fields::parse(query.text("fields").unwrap_or("*"));
    Ok(respond(
        StatusCode::OK,
        &fields.shape(view_json(kind, &view)),
    ))
}

async fn write(
    request: HttpRequest,
    shared: web::Data<Shared>,
    kind: ViewKind,
    action: Action,
    body: web::Bytes,
) -> Answer {
    let context = authenticate(&request, &shared).await?;
    let uid = path_uid(&request);
    let body: Value = match action {
        Action::Delete => Value::Null,
        _ => serde_json::from_slice(&body)
            .map_err(|error| Refusal::bad_request(format!("the body is not JSON: {error}")))?,
    };
    if action != Action::Delete && !body.is_object() {
        return Err(Refusal::bad_request("the body must be an object"));
    }
    let (caller, named) = (Arc::clone(&context.caller), uid.clone());
    let written = context
        .db()
        .run("write saved view", move |conn| match action {
            Action::Create => saved_views::create(conn, kind, &caller, &body),
            Action::Update => saved_views::update(conn, kind, &caller, &named, &body),
            Action::Delete => saved_views::delete(conn, kind, &caller, &named),
        });
    let written = written.await?;
    if let Ok(uid) = &written {
        context.log_act(What::of_one(uid)).await?;
    }
    report(kind, action, &uid, written)
}

/// DHIS2's answer to a write.
fn report(kind: ViewKind, action: Action, uid: &str, written: Written) -> Answer {
    let status = match action {
        Action::Create => StatusCode::CREATED,
        Action::Update | Action::Delete => StatusCode::OK,
    };
    let uid = match written {
        Ok(uid) => uid,
        Err(Refused::NotFound) => return Err(missing(kind, uid)),
        Err(Refused::Forbidden) => {
            return Err(Refusal::forbidden(format!(
                "You don't have the proper permissions to change {} {uid}",
                class(kind)
            )));
        }
        Err(Refused::Rules(broken)) => {
            return Err(Refusal::new(StatusCode::CONFLICT, broken.join(" ")));
        }
    };
    let body = json!({
        "httpStatus": status.canonical_reason(), "httpStatusCode": status.as_u16(), "status": "OK",
        "response": {
            "responseType": "ObjectReport", "uid": uid, "klass": format!("org.hisp.dhis.programstagefilter.{}", class(kind)),
            "errorReports": [],
        },
    });
    Ok(respond(status, &body))
}

fn missing(kind: ViewKind, uid: &str) -> Refusal {
    Refusal {
        error_code: Some("E1005".to_owned()),
        ..Refusal::not_found(format!("{} with id {uid} could not be found.", class(kind)))
    }
}

fn respond(status: StatusCode, body: &Value) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(body)
}

fn path_uid(request: &HttpRequest) -> String {
    request
        .match_info()
        .get("uid")
        .unwrap_or_default()
        .to_owned()
}

fn name(kind: ViewKind) -> &'static str {
    match kind {
        ViewKind::EventFilter => "eventFilters",
        ViewKind::WorkingList => "programStageWorkingLists",
    }
}

/// DHIS2's name of one.
fn class(kind: ViewKind) -> &'static str {
    match kind {
        ViewKind::EventFilter => "EventFilter",
        ViewKind::WorkingList => "ProgramStageWorkingList",
    }
}

/// Reads `filter=property:operator:value`; all of them must hold.
fn wanted(query: &QueryString) -> Answer<Wanted> {
    let mut wanted = Wanted::default();
    for filter in query.values("filter") {
        let mut parts = filter.splitn(3, ':');
        let (Some(property), Some(operator), Some(value)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(Refusal::bad_request(format!(
                "filter {filter} is not of the form property:operator:value"
            )));
        };
        let values: Vec<String> = match operator {
            "eq" => vec![value.to_owned()],
            "in" => {
                let list = value
                    .strip_prefix('[')
                    .and_then(|list| list.strip_suffix(']'));
                list.unwrap_or(value)
                    .split(',')
                    .map(|item| item.trim().to_owned())
                    .collect()
            }
            "like" | "ilike" if matches!(property, "name" | "displayName") => {
                wanted.name_contains = Some(value.to_owned());
                continue;
            }
            _ => {
                return Err(Refusal::bad_request(format!(
                    "operator {operator} of filter {filter} is not known for {property}"
                )));
            }
        };
        let set = match property {
            "program" | "program.id" => &mut wanted.programs,
            "programStage" | "programStage.id" => &mut wanted.stages,
            "id" => &mut wanted.uids,
            "name" | "displayName" => &mut wanted.names,
            _ => {
                return Err(Refusal::bad_request(format!(
                    "property {property} of filter {filter} is not known"
                )));
            }
        };
        match set {
            None => *set = Some(values),
            Some(known) => known.retain(|item| values.contains(item)),
        }
    }
    Ok(wanted)
}

/// A view with all its members.
fn view_json(kind: ViewKind, view: &SavedView) -> Value {
    let mut json = json!({
        "id": view.uid, "name": view.name, "displayName": view.name,
        "created": event_json::instant(view.created), "lastUpdated": event_json::instant(view.lastupdated),
        "sharing": view.sharing, "publicAccess": view.sharing["public"], "user": { "id": view.sharing["owner"] },
        "access": {
            "read": true, "update": view.is_writable, "write": view.is_writable, "delete": view.is_writable,
            "manage": view.is_writable, "externalize": false,
        },
    });
    let optional = [("code", &view.code), ("description", &view.description)];
    for (name, value) in optional {
        if let Some(value) = value {
            json[name] = value.as_str().into();
        }
    }
    match kind {
        ViewKind::EventFilter => {
            json["program"] = view.program.as_str().into();
            if let Some(stage) = &view.program_stage {
                json["programStage"] = stage.as_str().into();
            }
            json["eventQueryCriteria"] = view.criteria.clone();
        }
        ViewKind::WorkingList => {
            json["program"] = json!({ "id": view.program });
            json["programStage"] = json!({ "id": view.program_stage });
            json["programStageQueryCriteria"] = view.criteria.clone();
        }
    }
    json
}
