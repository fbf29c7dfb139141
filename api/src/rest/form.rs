//! A file as a form sends it: `multipart/form-data` with the parts `file`, `domain` and `uid`. It is held in memory, so a body is
//! read no further than the largest file and some words around it.

use std::convert::Infallible;

use actix_web::{
    HttpRequest,
    http::{StatusCode, header::CONTENT_TYPE},
    web::{self, Bytes},
};
use futures_util::{StreamExt, stream};
use multer::{Field, Multipart};

use super::error::{Answer, Refusal};
use crate::limits::FileLimit;

/// What a form may hold beside the file, bytes.
const AROUND: usize = 64 * 1024;

/// A form with a file.
#[derive(Debug)]
pub struct Form {
    /// Name of the file as it was sent; `None` when none was.
    pub name: Option<String>,
    /// Media type of the file as it was sent; `None` when none was.
    pub media_type: Option<String>,
    /// The bytes.
    pub content: Bytes,
    /// The part `domain`.
    pub domain: Option<String>,
    /// The part `uid`.
    pub uid: Option<String>,
}

/// Reads the form of a request. Of several parts of one name the first counts; parts of other names are ignored.
///
/// # Errors
/// 400 when it is no such form or has no file, 409 as DHIS2 answers when the file is larger than it may be.
pub async fn read(request: &HttpRequest, body: web::Payload, limit: FileLimit) -> Answer<Form> {
    let broken = |error: multer::Error| {
        Refusal::bad_request(format!(
            "the body is no form of the type multipart/form-data: {error}"
        ))
    };
    let media_type = request.headers().get(CONTENT_TYPE);
    let media_type = media_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let boundary = multer::parse_boundary(media_type).map_err(broken)?;
    let chunks = chunks(body, limit).await?;
    let chunks = stream::iter(chunks.into_iter().map(Ok::<Bytes, Infallible>));
    let mut parts = Multipart::new(chunks, boundary);
    let (mut file, mut domain, mut uid) = (None, None, None);
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        match part.name() {
            Some("file") if file.is_none() => file = Some(read_file(part, limit).await?),
            Some("domain") if domain.is_none() => domain = Some(read_text(part).await?),
            Some("uid") if uid.is_none() => uid = Some(read_text(part).await?),
            _ => {}
        }
    }
    let missing = || Refusal::bad_request("Required part 'file' is not present.");
    let (name, media_type, content) = file.ok_or_else(missing)?;
    Ok(Form {
        name,
        media_type,
        content,
        domain,
        uid,
    })
}

type File = (Option<String>, Option<String>, Bytes);

async fn read_file(part: Field<'_>, limit: FileLimit) -> Answer<File> {
    let name = part.file_name().map(str::to_owned);
    let media_type = part.headers().get("content-type");
    let media_type = media_type.and_then(|value| Some(value.to_str().ok()?.to_owned()));
    let content = read_bytes(part).await?;
    if content.len() > limit.0 {
        return Err(too_large(limit));
    }
    Ok((name, media_type, content))
}

async fn read_text(part: Field<'_>) -> Answer<String> {
    let name = part.name().unwrap_or_default().to_owned();
    let bytes = read_bytes(part).await?;
    let text = std::str::from_utf8(&bytes);
    let text = text.map_err(|_| Refusal::bad_request(format!("the part {name} is no text")))?;
    Ok(text.trim().to_owned())
}

async fn read_bytes(part: Field<'_>) -> Answer<Bytes> {
    let bytes = part.bytes().await;
    bytes.map_err(|error| Refusal::bad_request(format!("the form breaks off: {error}")))
}

/// The body as it comes.
async fn chunks(mut body: web::Payload, limit: FileLimit) -> Answer<Vec<Bytes>> {
    let (mut chunks, mut length) = (Vec::new(), 0);
    while let Some(chunk) = body.next().await {
        let chunk =
            chunk.map_err(|_| Refusal::bad_request("the body could not be read to its end"))?;
        length += chunk.len();
        if length > limit.0 + AROUND {
            return Err(too_large(limit));
        }
        chunks.push(chunk);
    }
    Ok(chunks)
}

fn too_large(limit: FileLimit) -> Refusal {
    Refusal::new(
        StatusCode::CONFLICT,
        format!(
            "File size can't be bigger than {} bytes (--max-file-size)",
            limit.0
        ),
    )
}
