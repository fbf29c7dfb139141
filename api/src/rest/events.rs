//! `GET …/tracker/events`, `singleEvents` and `trackerEvents`: lists as pages and files, and one event by identifier.

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use chrono::Utc;
use domain::{access::OrgUnitMode, event::request::Endpoint, page::Page, uid};

use super::{
    authenticate,
    error::{Answer, Refusal},
    event_json::FullEvent,
    export::{Export, View},
    fields::Fields,
    format::{Content, Format},
    load::{self, Reader},
    names::Names,
    pager::pager,
    parameters::{self, PageOf},
    query_string::QueryString,
};
use crate::{
    caller::{RequestContext, Shared},
    guard::What,
};

/// The members of an event when the client does not say.
const USUAL_FIELDS: &str = "*,!relationships";

/// Registers the three doors.
pub fn configure(routes: &mut web::ServiceConfig) {
    for (name, endpoint) in [
        ("events", Endpoint::Events),
        ("singleEvents", Endpoint::SingleEvents),
        ("trackerEvents", Endpoint::TrackerEvents),
    ] {
        routes.route(
            &format!("/tracker/{name}"),
            web::get().to(move |request, shared| list(request, shared, endpoint)),
        );
        routes.route(
            &format!("/tracker/{name}{{suffix:\\.[a-z.]+}}"),
            web::get().to(move |request, shared| list(request, shared, endpoint)),
        );
        routes.route(
            &format!("/tracker/{name}/{{uid}}"),
            web::get().to(move |request, shared| event(request, shared, endpoint)),
        );
    }
}

/// Events of a list.
async fn list(request: HttpRequest, shared: web::Data<Shared>, endpoint: Endpoint) -> Answer {
    let format = match request.match_info().get("suffix") {
        None => Format::accepted(&request),
        Some(suffix) => Format::of_suffix(suffix)
            .ok_or_else(|| Refusal::not_found(format!("events cannot be had as {suffix}")))?,
    };
    let context = authenticate(&request, &shared).await?;
    let query = QueryString::parse(request.query_string())?;
    let page = parameters::page(&query)?.filter(|_| format.is_paged());
    let asked = parameters::list(endpoint, &query, Utc::now().naive_utc())?;
    let names = Names::new(parameters::schemes(&query)?);
    let wanted = match format.content {
        Content::Json => fields(&query),
        Content::Csv => Fields::parse("*,!notes,!relationships"),
    };
    let reader = reader(&context, wanted);
    let view = View {
        endpoint,
        format,
        header: !query.boolean("skipHeader", false)?,
    };
    let scope = context
        .program_scope(storage::events::request::program(&asked)?)
        .await?;
    let (tree, caller) = (Arc::clone(&context.tree), Arc::clone(&context.caller));
    let read = What {
        program: Some(scope.uid.clone()),
        org_unit: asked.org_unit.clone(),
        mode: asked.org_unit_mode.map(OrgUnitMode::name),
        ..What::default()
    };
    if let Some(page) = page {
        return answer_page(
            &request,
            &context,
            (view, reader, read),
            names,
            page,
            move |conn| storage::events::request::resolve(conn, &scope, &caller, &tree, &asked),
        )
        .await;
    }
    let resolved = context.db().run("resolve list", move |conn| {
        storage::events::request::resolve(conn, &scope, &caller, &tree, &asked)
    });
    Export::new(reader, resolved.await?, view, names)?
        .respond(Arc::new(context), read)
        .await
}

/// One page of a list: resolved, read and written in one run.
async fn answer_page(
    request: &HttpRequest,
    context: &RequestContext,
    (view, reader, read): (View, Reader, What),
    mut names: Names,
    page: PageOf,
    resolve: impl FnOnce(&mut storage::Connection) -> storage::Result<storage::events::Listing>
    + Send
    + 'static,
) -> Answer {
    let wanted = Page::numbered(page.number.into(), page.size.into())
        .map_err(|error| Refusal::bad_request(error.to_string()))?;
    let (key, format) = (view.key(), view.format);
    let run = context.db().run("list events", move |conn| {
        let listing = resolve(conn)?;
        let (rows, more) = storage::events::list(conn, &listing, &wanted)?;
        let total = match page.total {
            true => Some(storage::events::count(conn, &listing, None)?),
            false => None,
        };
        let events = load::complete(conn, &reader, listing.kind, rows, &mut names)?;
        let shown = names.check().map(|()| {
            let json = |event: &FullEvent| event.to_json(view.endpoint, &names, &reader.fields);
            events.iter().map(json).collect::<Vec<_>>()
        });
        Ok((shown, more, total))
    });
    let (shown, more, total) = run.await?;
    let shown = shown?;
    let rows = Some(shown.len());
    context.log_read(What { rows, ..read }).await?;
    let pager = pager(request, page, more, total);
    let body = serde_json::json!({ "pager": pager, key: shown });
    Ok(format.response().body(body.to_string()))
}

/// One event, under the rules that a list obeys.
async fn event(request: HttpRequest, shared: web::Data<Shared>, endpoint: Endpoint) -> Answer {
    let context = authenticate(&request, &shared).await?;
    let uid = request.match_info().query("uid").to_owned();
    if !uid::is_valid(&uid) {
        return Err(Refusal::bad_request(format!(
            "Value '{uid}' is not valid for path parameter uid: a UID has 11 letters and digits and starts with a letter"
        )));
    }
    let query = QueryString::parse(request.query_string())?;
    let reader = reader(&context, fields(&query));
    let mut names = Names::new(parameters::schemes(&query)?);
    let unknown = || Refusal::not_found(format!("Event with id {uid} could not be found."));
    let found = context.find_event(&uid).await?;
    let (kind, row) = found
        .map(|(program, row)| (program.kind, row))
        .filter(|(kind, _)| endpoint.kind().is_none_or(|wanted| wanted == *kind))
        .ok_or_else(unknown)?;
    let run = context.db().run("event details", move |conn| {
        let events = load::complete(conn, &reader, kind, vec![row], &mut names)?;
        let shown = names.check().map(|()| {
            let event = events.first();
            event.map(|event| event.to_json(endpoint, &names, &reader.fields))
        });
        Ok(shown)
    });
    let shown = run.await??.ok_or_else(unknown)?;
    context.log_read(What::of_one(&uid)).await?;
    Ok(Format::JSON.response().body(shown.to_string()))
}

fn reader(context: &RequestContext, fields: Fields) -> Reader {
    Reader {
        caller: Arc::clone(&context.caller),
        tree: Arc::clone(&context.tree),
        fields: Arc::new(fields),
    }
}

fn fields(query: &QueryString) -> Fields {
    match query.joined("fields").as_str() {
        "" => Fields::parse(USUAL_FIELDS),
        text => Fields::parse(text),
    }
}
