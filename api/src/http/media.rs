//! What a client wants the answer to be called: the header `Accept` with its weights.

use actix_web::{HttpRequest, http::header};

const RESPONSE_JSON: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

/// A media type of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// GraphQL's own. A request error has the status 400.
    ResponseJson,
    /// What old clients know. A request error has the status 200.
    Json,
}

impl Media {
    /// The header `Content-Type` of an answer.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Media::ResponseJson => "application/graphql-response+json; charset=utf-8",
            Media::Json => "application/json; charset=utf-8",
        }
    }
}

/// A part of the header: a type or a range of types, and its weight in thousandths.
struct Wish<'a> {
    range: &'a str,
    weight: u16,
}

impl Wish<'_> {
    /// How narrowly the range names a type; `None` when it does not.
    fn names(&self, name: &str) -> Option<u8> {
        match self.range {
            range if range.eq_ignore_ascii_case(name) => Some(2),
            range if range.eq_ignore_ascii_case("application/*") => Some(1),
            "*/*" => Some(0),
            _ => None,
        }
    }
}

/// The media type of the answer; `None` when the client accepts neither. Without a wish it is JSON, as old clients expect.
#[must_use]
pub fn accepted(request: &HttpRequest) -> Option<Media> {
    let headers = request.headers().get_all(header::ACCEPT);
    let wishes: Vec<Wish<'_>> = headers
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(wish)
        .collect();
    if wishes.is_empty() {
        return Some(Media::Json);
    }
    let json = preference(&wishes, JSON);
    let response_json = preference(&wishes, RESPONSE_JSON);
    // Of two types that are wanted alike, the one that the client names; of two that it does not name, what all clients know.
    match (response_json, json) {
        (None, None) => None,
        (own, plain) if own > plain => Some(Media::ResponseJson),
        (Some(own), Some(plain)) if own == plain && own.names_it() => Some(Media::ResponseJson),
        _ => Some(Media::Json),
    }
}

/// How much a type is wanted, and whether it is named for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Preference {
    weight: u16,
    narrowness: u8,
}

impl Preference {
    fn names_it(self) -> bool {
        self.narrowness == 2
    }
}

/// The preference for a type: the narrowest range that names it counts. `None` when no range does, or with the weight 0.
fn preference(wishes: &[Wish<'_>], name: &str) -> Option<Preference> {
    let named = wishes.iter().filter_map(|wish| {
        let narrowness = wish.names(name)?;
        Some((narrowness, wish.weight))
    });
    let (narrowness, weight) = named.max()?;
    (weight > 0).then_some(Preference { weight, narrowness })
}

/// Reads one part; `None` when it is empty. A weight that is no number counts as the highest.
fn wish(part: &str) -> Option<Wish<'_>> {
    let mut parameters = part.split(';').map(str::trim);
    let range = parameters.next().filter(|range| !range.is_empty())?;
    let weight = parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .and_then(|(_, value)| value.trim().parse::<f32>().ok())
        .map_or(1000, |weight| (weight.clamp(0.0, 1.0) * 1000.0) as u16);
    Some(Wish { range, weight })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn of(accept: &str) -> Option<Media> {
        let request = TestRequest::get().insert_header((header::ACCEPT, accept));
        accepted(&request.to_http_request())
    }

    #[test]
    fn the_type_that_is_wanted_most_is_sent() {
        for accept in [
            "application/graphql-response+json",
            "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
            "application/json;q=0.9, application/graphql-response+json",
            "Application/GraphQL-Response+JSON",
            "application/graphql-response+json, */*;q=0.1",
            "application/*;q=0.2, application/json;q=0, */*",
            "application/json, application/graphql-response+json",
        ] {
            assert_eq!(of(accept), Some(Media::ResponseJson), "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "application/*",
            "application/json",
            "text/html, application/json;q=0.9, */*;q=0.8",
            "application/graphql-response+json;q=0.5, application/json;q=0.8",
            "application/graphql-response+json;q=0, */*",
            "application/json;q=high",
        ] {
            assert_eq!(of(accept), Some(Media::Json), "{accept}");
        }
    }

    #[test]
    fn who_accepts_neither_gets_neither() {
        for accept in [
            "text/html",
            "application/xml, text/*",
            "application/json;q=0",
            "*/*;q=0.0",
            "application/jsonp",
        ] {
            assert_eq!(of(accept), None, "{accept}");
        }
    }
}
