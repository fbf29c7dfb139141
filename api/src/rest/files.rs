//! `GET …/tracker/events/{uid}/dataValues/{dataElement}/file` and `/image`. Files themselves are not kept here: what a value
//! of an event names is said to be missing, as DHIS2 says of a file that its store has lost.

use actix_web::{HttpRequest, web};
use domain::uid;
use serde_json::Value;

use super::{
    authenticate,
    error::{Answer, Refusal},
    query_string::QueryString,
};
use crate::{caller::Shared, guard::What};

/// Registers both paths.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes.route(
        "/tracker/events/{uid}/dataValues/{dataElement}/{kind:file|image}",
        web::get().to(file),
    );
}

async fn file(request: HttpRequest, shared: web::Data<Shared>) -> Answer {
    let context = authenticate(&request, &shared).await?;
    let part = |name: &str| request.match_info().query(name).to_owned();
    let (event, element, kind) = (part("uid"), part("dataElement"), part("kind"));
    if !uid::is_valid(&event) || !uid::is_valid(&element) {
        return Err(Refusal::bad_request(
            "An event and a data element are named by UIDs: 11 letters and digits that start with a letter",
        ));
    }
    let query = QueryString::parse(request.query_string())?;
    check_dimension(&query, &kind)?;
    let found = context.find_event(&event).await?;
    let (_, row) = found
        .ok_or_else(|| Refusal::not_found(format!("Event with id {event} could not be found.")))?;
    context.log_read(What::of_one(&event)).await?;
    let value = row
        .eventdatavalues
        .get(&element)
        .and_then(|stored| stored.get("value"))
        .and_then(Value::as_str);
    Err(Refusal::not_found(match value {
        None => format!("DataElement with id {element} has no value in event {event}."),
        Some(value) => format!("FileResource with id {value} could not be found."),
    }))
}

/// Only images come in several sizes.
fn check_dimension(query: &QueryString, kind: &str) -> Answer<()> {
    let Some(dimension) = query.text("dimension") else {
        return Ok(());
    };
    if kind == "file" {
        return Err(Refusal::bad_request(
            "Request parameter 'dimension' is only supported for images, by …/dataValues/{dataElement}/image",
        ));
    }
    let sizes = ["SMALL", "MEDIUM", "LARGE", "ORIGINAL"];
    if sizes
        .iter()
        .any(|size| size.eq_ignore_ascii_case(dimension.trim()))
    {
        return Ok(());
    }
    Err(Refusal::bad_request(format!(
        "Value '{dimension}' is not valid for parameter dimension: the sizes are small, medium, large and original"
    )))
}
