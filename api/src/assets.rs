//! The GraphiQL page, carried inside the binary so that it works without internet.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use rust_embed::{EmbeddedFile, RustEmbed};

use domain::authority::INTROSPECTION;

use crate::{
    caller::Shared,
    limits::Audience,
    rest::{
        authenticate,
        error::{Answer, Refusal},
    },
};

/// What `./dev web` builds. The folder may be missing: the server does not depend on its page.
#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Bundle;

/// Everything comes from this server. Inline styles are the one exception: the editor writes them.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; \
    style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; \
    connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\
    <title>Clinigraph</title>\n<h1>The GraphiQL page is not part of this build</h1>\n\
    <p>Run <code>./dev web</code>, build the server again and restart it. \
    The API itself works: send requests to <code>/graphql</code>.</p>\n</html>\n";

/// Adds the page under `/graphiql/` and sends visitors of `/` there.
pub fn configure(cfg: &mut web::ServiceConfig) {
    let enter = web::resource("/")
        .wrap(safe_headers())
        .get(to_page)
        .head(to_page);
    let page = web::scope("/graphiql")
        .wrap(safe_headers())
        .service(web::resource("").get(to_page).head(to_page))
        .service(web::resource("/{path:.*}").get(file).head(file));
    cfg.service(enter).service(page);
}

fn safe_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((CONTENT_SECURITY_POLICY, POLICY))
        .add((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((REFERRER_POLICY, "no-referrer"))
}

/// A relative address is right for `/` and `/graphiql` alike, also below a proxy's own path.
async fn to_page() -> HttpResponse {
    HttpResponse::TemporaryRedirect()
        .insert_header((LOCATION, "graphiql/"))
        .finish()
}

async fn file(request: HttpRequest, path: web::Path<String>) -> Answer {
    let path = match path.as_str() {
        "" => "index.html",
        path => path,
    };
    // The files behind the page are the same everywhere; the page is what lets somebody in.
    if path == "index.html" {
        admit(&request).await?;
    }
    Ok(answer(path, Bundle::get(path)))
}

/// Refuses who may not open the page. A browser asks for user and password then: the password is an API token.
async fn admit(request: &HttpRequest) -> Answer<()> {
    let audience = request.app_data::<web::Data<Audience>>();
    let (audience, shared) = match (audience, request.app_data::<web::Data<Shared>>()) {
        (Some(audience), Some(shared)) => (***audience, shared),
        _ => return Ok(()),
    };
    match audience {
        Audience::Everybody => return Ok(()),
        Audience::Nobody => return Err(Refusal::not_found("this server shows no GraphiQL")),
        Audience::Authorised => {}
    }
    let context = authenticate(request, shared).await?;
    if audience.includes(|authority| context.caller.has_authority(authority)) {
        return Ok(());
    }
    let message = format!("GraphiQL needs the authority {INTROSPECTION}");
    Err(Refusal::new(StatusCode::FORBIDDEN, message))
}

fn answer(path: &str, found: Option<EmbeddedFile>) -> HttpResponse {
    match found {
        Some(file) => HttpResponse::Ok()
            .content_type(content_type(path))
            .insert_header((CACHE_CONTROL, cache_control(path)))
            .body(file.data.into_owned()),
        None if path == "index.html" => HttpResponse::NotFound()
            .content_type(content_type(path))
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(NOT_BUILT),
        None => HttpResponse::NotFound()
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish(),
    }
}

/// Names under `assets/` contain a hash of the content, so what they name never changes.
fn cache_control(path: &str) -> &'static str {
    if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("ttf") => "font/ttf",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use actix_web::dev::ServiceResponse;
    use actix_web::http::StatusCode;
    use actix_web::http::header::{CONTENT_TYPE, HeaderName};
    use actix_web::{App, test};

    use super::*;

    async fn get(path: &str) -> ServiceResponse {
        let app = test::init_service(App::new().configure(configure)).await;
        test::call_service(&app, test::TestRequest::get().uri(path).to_request()).await
    }

    fn header<B>(response: &ServiceResponse<B>, name: HeaderName) -> &str {
        response
            .headers()
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    #[actix_web::test]
    async fn visitors_are_sent_to_the_page_by_a_relative_address() {
        for path in ["/", "/graphiql"] {
            let response = get(path).await;
            assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT, "{path}");
            assert_eq!(header(&response, LOCATION), "graphiql/", "{path}");
        }
    }

    #[actix_web::test]
    async fn every_answer_is_protected() {
        for path in [
            "/",
            "/graphiql",
            "/graphiql/",
            "/graphiql/assets/missing.js",
        ] {
            let response = get(path).await;
            assert_eq!(header(&response, CONTENT_SECURITY_POLICY), POLICY, "{path}");
            assert_eq!(
                header(&response, X_CONTENT_TYPE_OPTIONS),
                "nosniff",
                "{path}"
            );
            assert_eq!(header(&response, REFERRER_POLICY), "no-referrer", "{path}");
        }
    }

    #[actix_web::test]
    async fn the_page_is_html_and_never_stored() {
        let response = get("/graphiql/").await;
        assert_eq!(header(&response, CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(header(&response, CACHE_CONTROL), "no-store");
        let body = test::read_body(response).await;
        assert!(String::from_utf8_lossy(&body).contains("<title>Clinigraph</title>"));
    }

    #[actix_web::test]
    async fn every_file_of_the_bundle_is_served_with_its_type() {
        for path in Bundle::iter() {
            let response = get(&format!("/graphiql/{path}")).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_ne!(
                header(&response, CONTENT_TYPE),
                "application/octet-stream",
                "{path}"
            );
            assert_eq!(
                header(&response, CACHE_CONTROL),
                cache_control(&path),
                "{path}"
            );
        }
    }

    #[actix_web::test]
    async fn unknown_and_escaping_paths_are_not_found() {
        for path in [
            "/graphiql/nothing",
            "/graphiql/../Cargo.toml",
            "/graphiql/%2e%2e/Cargo.toml",
        ] {
            assert_eq!(get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[actix_web::test]
    async fn a_server_without_the_page_says_how_to_build_it() {
        let response = answer("index.html", None);
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        let body = to_bytes(response.into_body()).await;
        assert!(String::from_utf8_lossy(&body.unwrap_or_default()).contains("./dev web"));
    }

    #[actix_web::test]
    async fn only_hashed_names_are_kept_by_browsers() {
        assert!(cache_control("assets/index-CL0lByS_.js").contains("immutable"));
        assert_eq!(cache_control("index.html"), "no-store");
    }
}
