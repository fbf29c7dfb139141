//! Contents of files, on their way out: what they are, how long they may be kept, and that they may do nothing.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{StatusCode, header},
};
use domain::file::{self, Dimension};
use storage::files::{self, Details};

use super::{
    error::{Answer, Refusal},
    query_string::QueryString,
};
use crate::caller::RequestContext;

/// Nothing in a file is run, loaded, framed or sent, whatever it holds and whoever sent it.
const POLICY: &str = "default-src 'none'; script-src 'none'; frame-ancestors 'none'; sandbox";

/// The size that is asked for.
///
/// # Errors
/// 400 for one that there is not.
pub fn dimension(query: &QueryString) -> Answer<Dimension> {
    let rule = "the sizes are small, medium, large and original";
    let dimension = query.parsed("dimension", rule, Dimension::named)?;
    Ok(dimension.unwrap_or(Dimension::Original))
}

/// Answers with the content of a file, or that the client has it. Whether the caller may have it is settled before.
///
/// # Errors
/// 409 when the content is not here.
pub async fn serve(
    request: &HttpRequest,
    context: &RequestContext,
    file: Details,
    dimension: Dimension,
) -> Answer {
    if is_known(request, &file.uid) {
        return Ok(response(StatusCode::NOT_MODIFIED, &file).finish());
    }
    let id = file.fileresourceid;
    let read = context.db().run("file content", move |conn| {
        files::content(conn, id, dimension)
    });
    let content = read.await?.ok_or_else(|| {
        let message = "Content is being processed and is not available yet, try again later";
        Refusal::new(StatusCode::CONFLICT, message)
    })?;
    Ok(response(StatusCode::OK, &file)
        .content_type(file::media_type_of(Some(&file.contenttype)))
        .insert_header((header::CONTENT_DISPOSITION, disposition(&file.name)))
        // Pictures and documents are packed already, and a client is told the length.
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .body(content))
}

/// What every answer says. A file never changes, so its identifier tells whether a client has it; but whether its caller may
/// still have it is asked each time.
fn response(status: StatusCode, file: &Details) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::CACHE_CONTROL, "no-cache, must-revalidate, private"))
        .insert_header((header::ETAG, format!("\"{}\"", file.uid)))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY));
    response
}

/// Whether the client has the file that it asks for.
fn is_known(request: &HttpRequest, uid: &str) -> bool {
    let tags = request.headers().get_all(header::IF_NONE_MATCH);
    tags.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"'))
        .any(|tag| tag == uid || tag == "*")
}

/// The header that names a file. DHIS2 writes the bare name; one that is more than a word is quoted here, and spelled out for
/// clients that read more than ASCII.
fn disposition(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte);
    if !name.is_empty() && name.bytes().all(is_plain) {
        return format!("filename={name}");
    }
    let mut quoted = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            ' '..='~' => quoted.push(letter),
            _ => quoted.push('_'),
        }
    }
    let mut header = format!("filename=\"{quoted}\"");
    if !name.is_ascii() {
        header.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            match is_plain(byte) {
                true => header.push(char::from(byte)),
                false => header.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    header
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_name_makes_a_header_of_one_line(name in any::<String>()) {
            let written = disposition(&name);
            prop_assert!(written.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{written}");
            prop_assert!(header::HeaderValue::from_str(&written).is_ok());
            // A quote that is not escaped ends the name.
            if let Some(quoted) = written.strip_prefix("filename=\"") {
                let quoted = quoted.replace("\\\\", "").replace("\\\"", "");
                let end = quoted.find('"').expect("it ends");
                prop_assert!(matches!(&quoted[end + 1..], rest if rest.is_empty() || rest.starts_with("; filename*=UTF-8''")));
            }
        }
    }

    #[test]
    fn no_name_leaves_its_quotes() {
        for (name, written) in [
            ("x-ray.png", "filename=x-ray.png"),
            ("an x-ray.png", "filename=\"an x-ray.png\""),
            ("a\"; b=\\", "filename=\"a\\\"; b=\\\\\""),
            ("a\r\nSet-Cookie: b", "filename=\"a__Set-Cookie: b\""),
            (
                "R\u{f6}ntgen.png",
                "filename=\"R_ntgen.png\"; filename*=UTF-8''R%C3%B6ntgen.png",
            ),
            (
                "\u{202e}gpj.exe",
                "filename=\"_gpj.exe\"; filename*=UTF-8''%E2%80%AEgpj.exe",
            ),
            ("", "filename=\"\""),
        ] {
            assert_eq!(disposition(name), written);
            assert!(header::HeaderValue::from_str(written).is_ok(), "{written}");
        }
    }

    #[test]
    fn a_client_says_what_it_has_in_any_form() {
        for (tag, known) in [
            ("\"fileAAAAAAA\"", true),
            ("W/\"fileAAAAAAA\"", true),
            ("\"other\", \"fileAAAAAAA\"", true),
            ("*", true),
            ("\"fileAAAAAAB\"", false),
            ("", false),
        ] {
            let request = TestRequest::get().insert_header((header::IF_NONE_MATCH, tag));
            assert_eq!(
                is_known(&request.to_http_request(), "fileAAAAAAA"),
                known,
                "{tag}"
            );
        }
        assert!(!is_known(
            &TestRequest::get().to_http_request(),
            "fileAAAAAAA"
        ));
    }
}
