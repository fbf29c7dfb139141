//! API tokens, as people see and manage them.

use std::sync::Arc;

use async_graphql::{Context, ID, Result, SimpleObject};
use chrono::{TimeDelta, Utc};
use domain::authority::MANAGE_TOKENS;
use storage::{
    Error, access,
    tokens::{self, Whose},
};

use super::{
    context,
    error::{fail, refuse},
    log_act,
    scalars::DateTime,
};
use crate::guard::What;

/// Longest life of a token made by a mutation, days.
const LONGEST_LIFE: i32 = 366;

/// An API token, without the token itself.
#[derive(SimpleObject)]
pub struct ApiToken {
    /// Its number.
    id: ID,
    /// Name by which the person signs in who acts with it.
    username: String,
    /// What it is for; empty when not said.
    name: String,
    /// When it was made.
    created_at: DateTime,
    /// When it stops working; null for never.
    expires_at: Option<DateTime>,
    /// When it was withdrawn; null while it was not.
    revoked_at: Option<DateTime>,
    /// When it was last used, to a few minutes; null when never.
    last_used_at: Option<DateTime>,
}

impl From<tokens::ApiToken> for ApiToken {
    fn from(token: tokens::ApiToken) -> Self {
        ApiToken {
            id: ID(token.apitokenid.to_string()),
            username: token.username,
            name: token.name,
            created_at: token.created_at,
            expires_at: token.expires_at,
            revoked_at: token.revoked_at,
            last_used_at: token.last_used_at,
        }
    }
}

/// A token that was made.
#[derive(SimpleObject)]
pub struct NewApiToken {
    /// The token. It is shown this once.
    token: String,
    /// What is kept of it.
    api_token: ApiToken,
}

/// Tokens that the caller may see: those of the people whose tokens they manage, or their own.
async fn visible(ctx: &Context<'_>) -> Result<Vec<tokens::ApiToken>> {
    let caller = Arc::clone(&context(ctx).caller);
    let list = context(ctx).db().run("tokens", move |conn| {
        let whose = match caller.has_authority(MANAGE_TOKENS) {
            true => Whose::CoveredBy(&caller),
            false => Whose::Own(caller.id),
        };
        tokens::list(conn, whose)
    });
    list.await.map_err(fail)
}

/// Answers `apiTokens`.
pub(super) async fn list(ctx: &Context<'_>) -> Result<Vec<ApiToken>> {
    Ok(visible(ctx).await?.into_iter().map(Into::into).collect())
}

/// Answers `createApiToken`. Nobody gets a token for somebody who may do more than they.
pub(super) async fn create(
    ctx: &Context<'_>,
    username: String,
    name: String,
    days: i32,
) -> Result<NewApiToken> {
    let request = context(ctx);
    request
        .require(MANAGE_TOKENS, "createApiToken")
        .map_err(fail)?;
    if !(1..=LONGEST_LIFE).contains(&days) {
        return Err(refuse(format!(
            "expiresInDays must be between 1 and {LONGEST_LIFE}, got {days}"
        )));
    }
    let end = Utc::now() + TimeDelta::days(days.into());
    let caller = Arc::clone(&request.caller);
    let make = request.db().run("create token", move |conn| {
        let person = access::caller_named(conn, &username)?;
        if person.is_none_or(|person| !caller.covers(&person)) {
            let message = format!("there is no user \"{username}\" whose tokens you may manage");
            return Err(Error::Input(message));
        }
        tokens::create_named(conn, &username, &name, Some(end))
    });
    let (token, made) = make.await.map_err(fail)?;
    log_act(ctx, subject(&made)).await?;
    Ok(NewApiToken {
        token,
        api_token: made.into(),
    })
}

/// Answers `revokeApiToken`.
pub(super) async fn revoke(ctx: &Context<'_>, id: ID) -> Result<ApiToken> {
    let known = visible(ctx).await?;
    let unknown = || {
        refuse(format!(
            "there is no token {} that you may revoke",
            id.as_str()
        ))
    };
    let found = known
        .iter()
        .find(|token| token.apitokenid.to_string() == *id);
    let number = found.ok_or_else(unknown)?.apitokenid;
    let revoke = context(ctx)
        .db()
        .run("revoke token", move |conn| tokens::revoke(conn, number));
    let revoked = revoke.await.map_err(fail)?.ok_or_else(unknown)?;
    context(ctx).shared.feed.change_rights();
    log_act(ctx, subject(&revoked)).await?;
    Ok(revoked.into())
}

fn subject(token: &tokens::ApiToken) -> What {
    What::of_one(&format!("{} of {}", token.apitokenid, token.username))
}
