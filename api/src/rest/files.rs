//! `GET …/tracker/events/{uid}/dataValues/{dataElement}/file` and `/image`: the file that a value names, for whoever may read the
//! value.

use actix_web::{HttpRequest, http::StatusCode, web};
use domain::{
    file::{Dimension, Picture},
    uid,
};
use storage::files::{self, Details};

use super::{
    authenticate,
    error::{Answer, Refusal},
    file_response::{self, dimension},
    query_string::QueryString,
};
use crate::{
    caller::{RequestContext, Shared},
    guard::What,
    loaders::DataElementUid,
};

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
    let is_picture = kind == "image";
    if !is_picture && query.text("dimension").is_some() {
        return Err(Refusal::bad_request(
            "Request parameter 'dimension' is only supported for images by API /tracker/event/dataValues/{dataElement}/image",
        ));
    }
    let dimension = dimension(&query)?;
    let uid = value(&context, &event, &element).await?;
    let (asked, missing) = (
        uid.clone(),
        Refusal::not_found(format!("FileResource with id {uid} could not be found.")),
    );
    let find = context
        .db()
        .run("file by uid", move |conn| files::details(conn, &asked));
    let file = find.await?.ok_or(missing)?;
    if is_picture {
        check_picture(&file, dimension)?;
    }
    context.log_read(What::of_one(&event)).await?;
    file_response::serve(&request, &context, file, dimension).await
}

/// The identifier of the file that a value of an event names, as far as the caller may read event and data element.
async fn value(context: &RequestContext, event: &str, element: &str) -> Answer<String> {
    let missing = |message: String| Refusal::not_found(message);
    let found = context.find_event(event).await?;
    let (_, row) =
        found.ok_or_else(|| missing(format!("Event with id {event} could not be found.")))?;
    let key = DataElementUid(element.to_owned());
    let known = context.loader.load_now(key).await?;
    let known = known
        .filter(|known| known.is_readable(&context.caller))
        .ok_or_else(|| missing(format!("DataElement with id {element} could not be found.")))?;
    if !matches!(known.valuetype.as_str(), "FILE_RESOURCE" | "IMAGE") {
        let message = format!("Data element {element} is not a file (or image).");
        return Err(missing(message));
    }
    let stored = row.eventdatavalues.get(element).ok_or_else(|| {
        missing(format!(
            "Event {event} with data element {element} could not be found."
        ))
    })?;
    let value = stored["value"].as_str().filter(|value| !value.is_empty());
    value.map(str::to_owned).ok_or_else(|| {
        missing(format!(
            "DataValue for data element {element} could not be found."
        ))
    })
}

/// Checks that a file is a picture, and is there in a size.
fn check_picture(file: &Details, dimension: Dimension) -> Answer<()> {
    let refused = |message| Err(Refusal::new(StatusCode::BAD_REQUEST, message));
    if Picture::of(&file.contenttype).is_none() {
        return refused("File is not an image");
    }
    if dimension != Dimension::Original && !file.hasmultiplestoragefiles {
        return refused("Image is not stored using multiple dimensions");
    }
    Ok(())
}
