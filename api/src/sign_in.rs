//! From the token of a request to its caller.
//!
//! First what can be told without the database: an API token is looked up by its hash, a token of the OIDC provider is
//! verified and proves who the person is. Waiting for the provider thus holds no connection. Then the database is asked for
//! that person.

use std::{sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use storage::{
    Error, Result, org_units,
    sessions::{Credential, Refused},
    tokens,
};

use crate::{
    caller::{Places, RequestContext, Shared},
    guard::{attempts::mark, refusals::Refusal},
    oidc::{self, Reason},
};

/// What somebody is looked up by.
#[derive(Debug, Clone)]
pub struct Presented {
    credential: Credential,
    /// The provider's name for the person; `None` for API tokens.
    subject: Option<String>,
    /// What failures with it are counted by.
    mark: String,
    /// Until when it holds, seconds since 1970; `None` when only the database knows.
    pub until: Option<i64>,
}

/// Why nobody is signed in.
#[derive(Debug)]
pub enum Failure {
    /// The token is not valid.
    Refused(Refusal),
    /// The keys of the OIDC provider are not known and it cannot be asked for them.
    Away,
    /// The database cannot be asked.
    Failed(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Failed(error)
    }
}

impl Presented {
    /// Who reads what they wrote: the person whose token changes every few minutes, or the API token.
    #[must_use]
    pub fn key(&self) -> &str {
        match &self.credential {
            Credential::Token(text) | Credential::OpenId(text) | Credential::Username(text) => text,
        }
    }

    /// By what its person is known, as the audit log names it.
    fn known_by(&self, token: Option<i64>) -> Option<String> {
        match &self.subject {
            Some(subject) => Some(of_provider(subject)),
            None => token.map(|number| format!("token {number}")),
        }
    }

    fn refusal(self, refused: Refused) -> Refusal {
        Refusal {
            known_by: self.known_by(None),
            username: refused.username,
            reason: refused.reason,
            mark: Some(self.mark),
        }
    }
}

fn of_provider(subject: &str) -> String {
    format!("oidc {subject}")
}

impl Shared {
    /// What can be told of a token without the database.
    ///
    /// # Errors
    /// When it is one of the OIDC provider that proves nothing, or nobody can tell.
    pub async fn present(&self, token: &str) -> Result<Presented, Failure> {
        let provider = self.provider.as_ref().filter(|known| known.issued(token));
        let Some(provider) = provider else {
            return Ok(Presented {
                credential: Credential::Token(tokens::hash(token)),
                subject: None,
                mark: mark(token),
                until: None,
            });
        };
        // Tokens of a provider begin alike: those that claim the same are taken for one.
        let claims = token.rsplit_once('.').map_or(token, |(claims, _)| claims);
        let mark = mark(&tokens::hash(claims));
        match provider.verify(token).await {
            Ok(proven) => Ok(Presented {
                credential: provider.credential(&proven),
                until: Some(proven.until),
                subject: Some(proven.subject),
                mark,
            }),
            Err(oidc::Failure::Away) => Err(Failure::Away),
            Err(oidc::Failure::Refused(reason)) => Err(Failure::Refused(Refusal {
                reason: reason.name().to_owned(),
                // Its signature was good: it is nobody's guess, and its owner must be told to fetch a new one.
                mark: (reason != Reason::Expired).then_some(mark),
                ..Refusal::default()
            })),
        }
    }

    /// The context of a request of whom somebody presents to be.
    ///
    /// # Errors
    /// When nobody may sign in with it, or the database cannot be asked.
    pub async fn authenticate(&self, presented: &Presented) -> Result<RequestContext, Failure> {
        let found = match self.find_caller(presented).await {
            // PostgreSQL may have closed the connection since it was last used. Nothing else was asked yet.
            Err(Error::Unavailable(_)) if self.db.reconnect()? => self.find_caller(presented).await,
            // A new token may not have reached the replica.
            Ok(Err(_)) if self.db.may_lag() => match self.db.reconnect()? {
                true => self.find_caller(presented).await,
                false => {
                    let primary = self.db.on_primary();
                    self.through(primary).find_caller(presented).await
                }
            },
            found => found,
        };
        found?.map_err(|refused| Failure::Refused(presented.clone().refusal(refused)))
    }

    async fn find_caller(
        &self,
        presented: &Presented,
    ) -> Result<std::result::Result<RequestContext, Refused>> {
        let credential = &presented.credential;
        if let Some((version, person)) = self.sessions.standing(credential)
            && let Some(places) = self.places.get(version, &())
        {
            let known_by = presented.known_by(person.token);
            return Ok(Ok(self.context(version, places, person.caller, known_by)));
        }
        let (places, sessions) = (Arc::clone(&self.places), Arc::clone(&self.sessions));
        let (audit, credential) = (self.audit.clone(), credential.clone());
        let found = self.db.run("authenticate", move |conn| {
            let (version, person) = match sessions.ask(conn, &credential)? {
                Ok(session) => session,
                Err(refused) => return Ok(Err(refused)),
            };
            if let Credential::Token(hash) = &credential {
                audit.used(hash);
            }
            let places = match places.get(version, &()) {
                Some(places) => places,
                None => places.put(version, (), Places::new(org_units::all(conn)?)),
            };
            Ok(Ok((version, places, person)))
        });
        Ok(found.await?.map(|(version, places, person)| {
            let known_by = presented.known_by(person.token);
            self.context(version, places, person.caller, known_by)
        }))
    }

    /// Logs and counts that somebody was not let in. Returns how long to wait when that happened too often.
    #[must_use]
    pub fn refused(&self, refusal: &Refusal) -> Option<Duration> {
        let origin = self.origin();
        self.audit.refused(origin, refusal);
        let mark = refusal.mark.as_deref()?;
        self.attempts.failed(origin.address, mark)
    }
}

/// The token of an `Authorization` header: `ApiToken …`, `Bearer …`, or `Basic` with the token as password.
#[must_use]
pub fn token_of(header: &str) -> Option<String> {
    let (scheme, rest) = header.trim().split_once(' ')?;
    let token = match scheme.to_ascii_lowercase().as_str() {
        "apitoken" | "bearer" => rest.trim().to_owned(),
        "basic" => {
            let plain = String::from_utf8(BASE64_STANDARD.decode(rest.trim()).ok()?).ok()?;
            plain.split_once(':')?.1.to_owned()
        }
        _ => return None,
    };
    (!token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::token_of;

    #[test]
    fn three_schemes_carry_a_token() {
        for header in [
            "ApiToken clg_1",
            "bearer clg_1",
            "Bearer  clg_1 ",
            "Basic YWRtaW46Y2xnXzE=",
        ] {
            assert_eq!(token_of(header).as_deref(), Some("clg_1"), "{header}");
        }
        for header in [
            "",
            "clg_1",
            "Digest clg_1",
            "Bearer ",
            "Basic !!",
            "Basic YWRtaW4=",
        ] {
            assert_eq!(token_of(header), None, "{header}");
        }
    }
}
