//! A token of a provider: from its text to what it proves.

use jsonwebtoken::{Algorithm, Header, Validation, dangerous, decode, decode_header};
use serde_json::{Map, Value};

use super::{
    claims::{Expected, Reason, issued_by, text},
    keys::Keys,
};

/// Longest token that is looked at, bytes.
const LONGEST: usize = 16 * 1024;
/// Types of tokens that name a caller. Others, such as those that end sessions, are signed with the same keys.
const TYPES: [&str; 2] = ["jwt", "at+jwt"];

/// What a token proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The person, as the claim that is configured names them.
    pub person: String,
    /// The provider's own name for the person; the same as `person` when it gives none.
    pub subject: String,
    /// Until when it holds, seconds since 1970.
    pub until: i64,
}

/// Whether a text is a token that says it comes from an issuer. Nothing of it is proven by that.
pub(super) fn says_issuer(token: &str, issuer: &str) -> bool {
    let is_token = token.len() <= LONGEST && token.split('.').count() == 3;
    is_token
        && dangerous::insecure_decode_claims::<Map<String, Value>>(token)
            .is_ok_and(|claims| issued_by(&claims, issuer))
}

/// Checks a token at a moment, in seconds since 1970.
///
/// # Errors
/// The first reason not to take it.
pub(super) fn verify(
    token: &str,
    keys: &Keys,
    pinned: &[Algorithm],
    expected: &Expected,
    now: i64,
) -> Result<Proven, Reason> {
    let header = header(token)?;
    if !pinned.contains(&header.alg) {
        return Err(Reason::Algorithm);
    }
    let key = keys.find(header.kid.as_deref(), header.alg)?;
    // The library checks the signature; what is claimed is checked here, at a moment that is passed in.
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let decoded = decode::<Map<String, Value>>(token, key, &validation);
    let claims = decoded.map_err(|_| Reason::Signature)?.claims;
    let (person, until) = expected.check(&claims, now)?;
    let subject = text(&claims, "sub").unwrap_or(&person).to_owned();
    Ok(Proven {
        person,
        subject,
        until,
    })
}

/// The header of a token that names a caller. Algorithms that nobody knows, `none` among them, make none.
fn header(token: &str) -> Result<Header, Reason> {
    let header = decode_header(token).map_err(|_| Reason::Algorithm)?;
    let is_caller = header.typ.as_deref().is_none_or(|name| {
        let name = name.to_ascii_lowercase();
        TYPES.contains(&name.strip_prefix("application/").unwrap_or(&name))
    });
    // What a token calls critical must be understood, and nothing of it is.
    match is_caller && header.crit.is_none() {
        true => Ok(header),
        false => Err(Reason::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;

    fn token(header: Value, claims: Value) -> String {
        let part = |part: Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        format!("{}.{}.c2ln", part(header), part(claims))
    }

    #[test]
    fn only_tokens_of_the_issuer_are_looked_at() {
        let from = |issuer: Value| token(json!({ "alg": "RS256" }), json!({ "iss": issuer }));
        let is_ours = |token: &str| says_issuer(token, "https://a.org");
        assert!(is_ours(&from(json!("https://a.org"))));
        let long = token(
            json!({ "alg": "RS256" }),
            json!({ "iss": "https://a.org", "x": "x".repeat(LONGEST) }),
        );
        for other in [
            from(json!("https://b.org")),
            from(json!(["https://a.org"])),
            from(Value::Null),
            format!("{}.x", from(json!("https://a.org"))),
            "clg_0123".to_owned(),
            "..".to_owned(),
            "a.b.c".to_owned(),
            String::new(),
            long,
        ] {
            assert!(!is_ours(&other), "{other}");
        }
    }

    #[test]
    fn only_types_that_name_a_caller_are_taken() {
        let of = |header: Value| self::header(&token(header, json!({}))).map(|header| header.alg);
        for typ in ["JWT", "at+jwt", "application/at+JWT"] {
            assert_eq!(
                of(json!({ "alg": "RS256", "typ": typ })),
                Ok(Algorithm::RS256)
            );
        }
        assert_eq!(of(json!({ "alg": "ES256" })), Ok(Algorithm::ES256));
        assert_eq!(
            of(json!({ "alg": "RS256", "typ": "logout+jwt" })),
            Err(Reason::Malformed)
        );
        assert_eq!(
            of(json!({ "alg": "RS256", "crit": ["b64"], "b64": false })),
            Err(Reason::Malformed)
        );
        for unknown in ["none", "None", "ES512", "RS1", ""] {
            assert_eq!(of(json!({ "alg": unknown })), Err(Reason::Algorithm));
        }
    }
}
