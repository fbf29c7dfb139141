//! `PUT …/tracker/ownership/transfer` and `POST …/tracker/ownership/override`.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::{
    authenticate,
    error::{Answer, Refusal},
    query_string::QueryString,
};
use crate::{caller::Shared, guard::What};

/// Registers both.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/tracker/ownership/transfer", web::put().to(transfer))
        .route("/tracker/ownership/override", web::post().to(take));
}

/// The first of some names of a parameter that has a value.
fn required(query: &QueryString, names: &[&str]) -> Answer<String> {
    let found = names.iter().find_map(|name| query.text(name));
    found
        .map(str::to_owned)
        .ok_or_else(|| Refusal::bad_request(format!("the parameter {} is required", names[0])))
}

/// Moves a tracked entity to another unit within a program.
async fn transfer(request: HttpRequest, shared: web::Data<Shared>) -> Answer {
    let context = authenticate(&request, &shared).await?;
    let query = QueryString::parse(request.query_string())?;
    let entity = required(&query, &["trackedEntity", "trackedEntityInstance"])?;
    let program = required(&query, &["program"])?;
    let unit = required(&query, &["orgUnit", "ou"])?;
    let (caller, tree) = (Arc::clone(&context.caller), Arc::clone(&context.tree));
    let act = What {
        org_unit: Some(unit.clone()),
        ..act(&entity, &program)
    };
    let transfer = context.db().run("transfer ownership", move |conn| {
        storage::ownership::transfer(conn, &caller, &tree, (&entity, &program, &unit))
    });
    transfer.await?;
    context.log_act(act).await?;
    Ok(done("Ownership transferred"))
}

/// Takes temporary access to a tracked entity of a protected program.
async fn take(request: HttpRequest, shared: web::Data<Shared>) -> Answer {
    let context = authenticate(&request, &shared).await?;
    let query = QueryString::parse(request.query_string())?;
    let entity = required(&query, &["trackedEntity", "trackedEntityInstance"])?;
    let program = required(&query, &["program"])?;
    let reason = required(&query, &["reason"])?;
    let (caller, tree) = (Arc::clone(&context.caller), Arc::clone(&context.tree));
    let act = act(&entity, &program);
    let take = context.db().run("temporary ownership", move |conn| {
        storage::ownership::grant_temporarily(conn, &caller, &tree, (&entity, &program, &reason))
    });
    let until = take.await?;
    context.log_act(act).await?;
    Ok(done(&format!(
        "Temporary ownership granted until {}",
        until.format("%Y-%m-%dT%H:%M:%S%.3f")
    )))
}

fn act(entity: &str, program: &str) -> What {
    What {
        program: Some(program.to_owned()),
        ..What::of_one(entity)
    }
}

fn done(message: &str) -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "httpStatus": "OK",
        "httpStatusCode": 200,
        "status": "OK",
        "message": message,
    }))
}
