//! What a token claims, and whether that is enough. The moment is passed in.

use serde_json::{Map, Value};

/// Longest name of a person that a token may give, bytes.
const LONGEST: usize = 255;

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is no token, or one of another type.
    Malformed,
    /// Its algorithm is not among the pinned ones, or not that of the key.
    Algorithm,
    /// No key of the provider has the name of its key.
    UnknownKey,
    /// It was signed with another key, or changed since.
    Signature,
    /// It is for another audience.
    Audience,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYet,
    /// The claim that names the person is missing, or the provider did not verify it.
    Claim,
}

impl Reason {
    /// The name in the audit log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Reason::Malformed => "MALFORMED",
            Reason::Algorithm => "ALGORITHM",
            Reason::UnknownKey => "UNKNOWN_KEY",
            Reason::Signature => "SIGNATURE",
            Reason::Audience => "AUDIENCE",
            Reason::Expired => "EXPIRED",
            Reason::NotYet => "NOT_YET_VALID",
            Reason::Claim => "CLAIM",
        }
    }
}

/// What tokens have to claim.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    pub issuer: String,
    pub audience: String,
    /// Claim that names the person.
    pub claim: String,
    /// How far clocks may differ, seconds.
    pub skew: i64,
}

impl Expected {
    /// The person that claims name and until when they hold, seconds since 1970, the skew of clocks included.
    ///
    /// # Errors
    /// The first reason not to take them.
    pub fn check(&self, claims: &Map<String, Value>, now: i64) -> Result<(String, i64), Reason> {
        if !issued_by(claims, &self.issuer) {
            return Err(Reason::Malformed);
        }
        let is_for_us = match claims.get("aud") {
            Some(Value::String(one)) => *one == self.audience,
            Some(Value::Array(many)) => many.iter().any(|one| *one == *self.audience),
            _ => false,
        };
        if !is_for_us {
            return Err(Reason::Audience);
        }
        let until = moment(claims, "exp")?.ok_or(Reason::Malformed)?;
        let until = until.saturating_add(self.skew);
        if now >= until {
            return Err(Reason::Expired);
        }
        for name in ["nbf", "iat"] {
            let begin = moment(claims, name)?;
            if begin.is_some_and(|begin| now < begin.saturating_sub(self.skew)) {
                return Err(Reason::NotYet);
            }
        }
        Ok((self.person(claims)?, until))
    }

    fn person(&self, claims: &Map<String, Value>) -> Result<String, Reason> {
        // Anybody may write any address into their account unless the provider asks for proof.
        let is_unverified = match claims.get("email_verified") {
            Some(Value::Bool(is_verified)) => !is_verified,
            Some(Value::String(text)) => text == "false",
            _ => false,
        };
        if self.claim == "email" && is_unverified {
            return Err(Reason::Claim);
        }
        let name = text(claims, &self.claim).unwrap_or_default();
        let is_name = !name.is_empty() && name.len() <= LONGEST && !name.contains('\0');
        is_name.then(|| name.to_owned()).ok_or(Reason::Claim)
    }
}

/// Whether claims name an issuer, and it alone.
pub(super) fn issued_by(claims: &Map<String, Value>, issuer: &str) -> bool {
    text(claims, "iss") == Some(issuer)
}

/// A claim that is a text; `None` when it is missing or none.
pub(super) fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name)?.as_str()
}

/// A claim that is a moment, seconds since 1970; `None` when it is missing.
fn moment(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, Reason> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let whole = value.as_i64();
    // Casting keeps within the bounds of i64.
    let seconds = whole.or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64));
    seconds.map(Some).ok_or(Reason::Malformed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn check(change: impl FnOnce(&mut Map<String, Value>)) -> Result<(String, i64), Reason> {
        let claims = json!({
            "iss": "https://a.org", "aud": "app", "exp": NOW + 300, "iat": NOW, "email": "a@a.org",
        });
        let Value::Object(mut claims) = claims else {
            unreachable!();
        };
        change(&mut claims);
        let expected = Expected {
            issuer: "https://a.org".to_owned(),
            audience: "app".to_owned(),
            claim: "email".to_owned(),
            skew: 60,
        };
        expected.check(&claims, NOW)
    }

    fn with(name: &str, value: Value) -> Result<(String, i64), Reason> {
        check(|claims| {
            claims.insert(name.to_owned(), value);
        })
    }

    #[test]
    fn times_hold_up_to_the_skew_of_clocks_and_not_beyond() {
        let good = Ok(("a@a.org".to_owned(), NOW + 360));
        assert_eq!(check(|_| {}), good);
        assert_eq!(
            with("exp", json!(NOW - 59)).map(|(_, until)| until),
            Ok(NOW + 1)
        );
        assert_eq!(with("exp", json!(NOW - 60)), Err(Reason::Expired));
        assert_eq!(
            with("exp", json!(f64::MAX)).map(|(_, until)| until),
            Ok(i64::MAX)
        );
        assert_eq!(with("exp", json!(i64::MIN)), Err(Reason::Expired));
        assert_eq!(with("exp", json!("soon")), Err(Reason::Malformed));
        assert_eq!(with("exp", Value::Null), Err(Reason::Malformed));
        for name in ["nbf", "iat"] {
            assert_eq!(with(name, json!(NOW + 60)), good);
            assert_eq!(with(name, json!(NOW + 61)), Err(Reason::NotYet));
            assert_eq!(with(name, json!("later")), Err(Reason::Malformed));
        }
        assert_eq!(with("nbf", json!(NOW as f64 + 60.5)), good);
        let without = |name: &str| {
            check(|claims| {
                claims.remove(name);
            })
        };
        assert_eq!(without("exp"), Err(Reason::Malformed));
        assert_eq!(without("iat"), good);
    }

    #[test]
    fn issuer_and_audience_are_ours() {
        for wrong in [
            json!("https://a.org/"),
            json!(["https://a.org"]),
            Value::Null,
        ] {
            assert_eq!(with("iss", wrong), Err(Reason::Malformed));
        }
        assert!(with("aud", json!(["other", "app"])).is_ok());
        for wrong in [
            json!("apps"),
            json!([]),
            json!({ "app": 1 }),
            json!([["app"]]),
            Value::Null,
        ] {
            assert_eq!(with("aud", wrong), Err(Reason::Audience));
        }
    }

    #[test]
    fn a_person_is_named_by_a_claim_that_the_provider_stands_for() {
        for wrong in [
            json!(""),
            json!(7),
            json!("a\0b"),
            json!("x".repeat(256)),
            Value::Null,
        ] {
            assert_eq!(with("email", wrong), Err(Reason::Claim));
        }
        assert!(with("email_verified", json!(true)).is_ok());
        for wrong in [json!(false), json!("false")] {
            assert_eq!(with("email_verified", wrong), Err(Reason::Claim));
        }
    }
}
