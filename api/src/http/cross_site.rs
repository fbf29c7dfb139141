//! Requests that a page of another site sends, maybe with what the browser remembers of its user.

use actix_web::{
    Error, HttpRequest, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode, Uri, header},
    middleware::Next,
    web,
};

use super::error_response;
use crate::{graphql::error::Code, rest::error::Refusal, socket::Sockets};

const REFUSAL: &str =
    "pages of this origin may change nothing here; --allowed-origins names those that may";

/// Refuses what changes something and comes from a page of a site that is not named. A form of any site can send a text
/// without asking first, and a browser that was asked for a password once sends it along.
///
/// # Errors
/// What the handler returned.
pub async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let is_safe = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if !is_safe
        && let Some(sockets) = request.app_data::<web::Data<Sockets>>()
        && !is_allowed(request.request(), sockets.origins())
    {
        let response = refusal(request.path());
        return Ok(request.into_response(response));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

fn refusal(path: &str) -> HttpResponse {
    match path.starts_with("/api") {
        true => Refusal::forbidden(REFUSAL).error_response(),
        false => error_response(StatusCode::FORBIDDEN, Code::Forbidden.name(), REFUSAL),
    }
}

/// Whether a request comes from this server's own pages, from those of the settings, or from no page at all: other
/// programs send no origin.
#[must_use]
pub fn is_allowed(request: &HttpRequest, allowed: &[String]) -> bool {
    let Some(origin) = request.headers().get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let authority = origin.parse::<Uri>().ok();
    let authority = authority
        .as_ref()
        .and_then(|uri| uri.authority())
        .map(ToString::to_string);
    let connection = request.connection_info();
    let is_own = authority.is_some_and(|page| page.eq_ignore_ascii_case(connection.host()));
    is_own
        || allowed
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header, test::TestRequest};

    #[test]
    fn pages_of_other_sites_need_to_be_named() {
        let allowed = ["https://app.example.org".to_owned()];
        let is_allowed = |origin: &str| {
            let request = TestRequest::get()
                .insert_header((header::HOST, "clinics.example.org:8080"))
                .insert_header((header::ORIGIN, origin))
                .to_http_request();
            super::is_allowed(&request, &allowed)
        };
        assert!(is_allowed("http://clinics.example.org:8080"));
        assert!(is_allowed("https://app.example.org"));
        for other in [
            "http://clinics.example.org",
            "http://evil.example.org",
            "http://app.example.org",
            "https://clinics.example.org:8080.evil.example.org",
            "null",
            "",
        ] {
            assert!(!is_allowed(other), "{other}");
        }
        assert!(super::is_allowed(
            &TestRequest::get().to_http_request(),
            &[]
        ));
        let behind_a_proxy = TestRequest::get()
            .insert_header((header::HOST, "10.0.0.1"))
            .insert_header(("x-forwarded-host", "clinics.example.org"))
            .insert_header((header::ORIGIN, "https://clinics.example.org"));
        assert!(super::is_allowed(&behind_a_proxy.to_http_request(), &[]));
    }
}
