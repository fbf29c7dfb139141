//! `fileResources`: files that are sent, and what is known of them.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, http::header, web};
use domain::file::{self, Dimension, Domain, Picture};
use serde_json::{Value, json};
use storage::files::{self, Details, NewFile};

use super::{
    authenticate,
    error::{Answer, Refusal},
    event_json,
    fields::Fields,
    file_response::{self, dimension},
    form,
    query_string::QueryString,
};
use crate::{
    caller::{RequestContext, Shared},
    guard::What,
    limits::FileLimit,
    loaders::DataElementUid,
    pictures,
};

/// Registers the resource.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/fileResources", web::post().to(upload))
        .route("/fileResources/{uid}", web::get().to(one))
        .route("/fileResources/{uid}/data", web::get().to(data));
}

/// Keeps a file. Whoever signs in may send one; it is of use once a value names it.
async fn upload(
    request: HttpRequest,
    body: web::Payload,
    shared: web::Data<Shared>,
    limit: web::Data<FileLimit>,
) -> Answer {
    let context = authenticate(&request, &shared).await?;
    let query = QueryString::parse(request.query_string())?;
    // What is refused for its identifier need not be sent at all.
    let uid = query.text("uid").map(valid_uid).transpose()?;
    if let Some(uid) = &uid {
        check_free(&context, uid).await?;
    }
    let form = form::read(&request, body, *limit.get_ref()).await?;
    let uid = match (uid, form.uid.as_deref()) {
        (None, Some(sent)) => Some(valid_uid(sent)?),
        (uid, _) => uid,
    };
    let domain = query.text("domain").or(form.domain.as_deref());
    let domain = domain.map_or(Ok(Domain::DataValue), valid_domain)?;
    let name = file::name_of(form.name.as_deref());
    let media_type = file::media_type_of(form.media_type.as_deref());
    check(&name, &media_type, domain, &form.content)?;
    let picture = Picture::of(&media_type).filter(|_| domain.has_copies());
    let copies = match picture {
        Some(picture) => pictures::copies(form.content.clone(), picture).await,
        None => None,
    };
    context.db().begin_anew();
    let (sender, content) = (context.caller.id, form.content);
    let taken = uid.clone().unwrap_or_default();
    let store = context.db().run("store file", move |conn| {
        let file = NewFile {
            uid,
            name,
            media_type,
            domain,
            sender,
            content: &content,
            copies,
        };
        files::store(conn, &file)
    });
    let file = store.await?.ok_or_else(|| is_taken(&taken))?;
    context.log_act(What::of_one(&file.uid)).await?;
    let body = json!({
        "httpStatus": "Accepted", "httpStatusCode": 202, "status": "OK",
        "response": { "responseType": "FileResource", "fileResource": to_json(&file) },
    });
    Ok(HttpResponse::build(StatusCode::ACCEPTED)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(body))
}

/// Checks what a file is called, what it is and what is in it.
fn check(name: &str, media_type: &str, domain: Domain, content: &[u8]) -> Answer<()> {
    if content.is_empty() {
        return Err(conflict("Could not read file or file is empty."));
    }
    if name.chars().count() > file::LONGEST_NAME {
        return Err(conflict(format!(
            "the name of the file is longer than {} characters",
            file::LONGEST_NAME
        )));
    }
    if file::is_blocked(name, media_type) {
        return Err(Refusal::conflict("E6101", "File type not allowed"));
    }
    let is_picture = Picture::of(media_type).is_some() || media_type == "image/gif";
    if domain.is_of_pictures() && !is_picture {
        return Err(conflict(
            "Invalid content type, valid content types are: image/jpeg,image/png,image/gif",
        ));
    }
    Ok(())
}

fn conflict(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, message)
}

fn valid_uid(text: &str) -> Answer<String> {
    if file::is_valid_uid(text) {
        return Ok(text.to_owned());
    }
    Err(Refusal::bad_request(
        "Value of parameter uid is not valid: a file is named by 11 letters and digits",
    ))
}

fn valid_domain(text: &str) -> Answer<Domain> {
    Domain::named(text).ok_or_else(|| {
        let names = Domain::ALL.map(Domain::name).join(", ");
        Refusal::bad_request(format!(
            "Value '{text}' is not valid for parameter domain: it must be one of {names}"
        ))
    })
}

async fn check_free(context: &RequestContext, uid: &str) -> Answer<()> {
    let asked = uid.to_owned();
    let exists = context
        .db()
        .run("file exists", move |conn| files::exists(conn, &asked));
    match exists.await? {
        true => Err(is_taken(uid)),
        false => Ok(()),
    }
}

fn is_taken(uid: &str) -> Refusal {
    Refusal::conflict("E1119", format!("FileResource already exists: `{uid}`"))
}

/// What is known of a file.
async fn one(request: HttpRequest, shared: web::Data<Shared>) -> Answer {
    let context = authenticate(&request, &shared).await?;
    let query = QueryString::parse(request.query_string())?;
    let file = visible(&request, &context).await?;
    context.log_read(What::of_one(&file.uid)).await?;
    let fields = Fields::parse(query.text("fields").unwrap_or("*"));
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(fields.shape(to_json(&file))))
}

/// The content of a file that is not the value of anything.
async fn data(request: HttpRequest, shared: web::Data<Shared>) -> Answer {
    let context = authenticate(&request, &shared).await?;
    let query = QueryString::parse(request.query_string())?;
    let dimension = dimension(&query)?;
    let file = visible(&request, &context).await?;
    let domain = file.domain.as_deref().and_then(Domain::named);
    if !domain.is_some_and(Domain::is_served_by_itself) {
        return Err(Refusal::forbidden(format!(
            "File resource not found or not accessible: {}",
            file.uid
        )));
    }
    context.log_read(What::of_one(&file.uid)).await?;
    // As in DHIS2, a size of what comes in one size only is that one.
    let dimension = match file.hasmultiplestoragefiles {
        true => dimension,
        false => Dimension::Original,
    };
    file_response::serve(&request, &context, file, dimension).await
}

/// The file that the path names, as far as the caller may know of it.
async fn visible(request: &HttpRequest, context: &RequestContext) -> Answer<Details> {
    let uid = request.match_info().query("uid").to_owned();
    let missing = Refusal::not_found(format!("FileResource with id {uid} could not be found."));
    if !file::is_valid_uid(&uid) {
        return Err(missing);
    }
    let find = context
        .db()
        .run("file by uid", move |conn| files::details(conn, &uid));
    let Some(file) = find.await? else {
        return Err(missing);
    };
    match may_see(context, &file).await? {
        true => Ok(file),
        false => Err(missing),
    }
}

/// Whether the caller sent a file, may read the value that names it, or may read all there is. A file that belongs to nothing
/// may be one for everybody.
async fn may_see(context: &RequestContext, file: &Details) -> Answer<bool> {
    let caller = &context.caller;
    if caller.is_superuser() || file.userid == Some(caller.id) {
        return Ok(true);
    }
    let Some(owner) = &file.fileresourceowner else {
        let domain = file.domain.as_deref().and_then(Domain::named);
        return Ok(domain.is_some_and(Domain::is_open));
    };
    let Some((_, event)) = context.find_event(owner).await? else {
        return Ok(false);
    };
    let elements = event.data_elements().into_iter().filter(|element| {
        let value = event.eventdatavalues.get(element);
        value.is_some_and(|stored| stored["value"].as_str() == Some(&file.uid))
    });
    for element in elements.collect::<Vec<_>>() {
        let element = context.loader.load_now(DataElementUid(element)).await?;
        if element.is_some_and(|element| element.is_readable(caller)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A file with DHIS2's members.
fn to_json(file: &Details) -> Value {
    let mut json = json!({
        "id": file.uid,
        "name": file.name,
        "displayName": file.name,
        "created": event_json::instant(file.created),
        "lastUpdated": event_json::instant(file.lastupdated),
        "contentType": file.contenttype,
        "contentLength": file.contentlength,
        "contentMd5": file.contentmd5,
        "storageStatus": if file.is_stored { "STORED" } else { "PENDING" },
        "hasMultipleStorageFiles": file.hasmultiplestoragefiles,
        "assigned": file.isassigned,
    });
    if let Some(domain) = &file.domain {
        json["domain"] = json!(domain);
    }
    if let Some(sender) = &file.sender {
        json["createdBy"] = json!({ "id": sender });
        json["user"] = json!({ "id": sender });
    }
    json
}
