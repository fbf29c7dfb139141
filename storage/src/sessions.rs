//! Who a credential belongs to: a token by its hash, or a person by the name that an OIDC provider gave them.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, Text},
};
use domain::access::Caller;

use crate::{
    Connection, Result, access,
    sql::{Statement, Value},
};

/// What a caller is looked up by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Credential {
    /// An API token, by its [`hash`](crate::tokens::hash).
    Token(String),
    /// Somebody whom a provider vouches for, by `openid`.
    OpenId(String),
    /// Somebody whom a provider vouches for, by username.
    Username(String),
}

/// A person who may sign in, and the state of metadata and users at that moment.
#[derive(Debug, Clone)]
pub struct Session {
    /// Version of metadata and users: what was kept under another one is out of date.
    pub metadata_version: i64,
    /// The person.
    pub caller: Caller,
    /// Number of the token; `None` for who came without one.
    pub token: Option<i64>,
}

/// Somebody who may not sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Whose credential it was; `None` when it is nobody's.
    pub username: Option<String>,
    /// `UNKNOWN`, `REVOKED`, `EXPIRED` or `DISABLED`.
    pub reason: String,
}

/// Why a token `t` of a person `u` is not valid; null when it is.
const TOKEN_REFUSED: &str =
    " CASE WHEN t.revoked_at IS NOT NULL THEN 'REVOKED' WHEN t.expires_at <= now() THEN 'EXPIRED'
    WHEN u.disabled THEN 'DISABLED' END ";
/// Why a person `u` may not sign in; null when they may.
const PERSON_REFUSED: &str = " CASE WHEN u.disabled THEN 'DISABLED' END ";

impl Credential {
    fn refused(&self) -> &'static str {
        match self {
            Credential::Token(_) => TOKEN_REFUSED,
            Credential::OpenId(_) | Credential::Username(_) => PERSON_REFUSED,
        }
    }

    fn number(&self) -> &'static str {
        match self {
            Credential::Token(_) => "t.apitokenid",
            Credential::OpenId(_) | Credential::Username(_) => "NULL::bigint",
        }
    }

    /// The person `u`, the version `v`, and for a token `t`.
    fn from(&self, query: &mut Statement) {
        let (from, text) = match self {
            Credential::Token(hash) => (
                " FROM apitoken t JOIN userinfo u USING (userinfoid) CROSS JOIN metadataversion v WHERE t.tokenhash = ",
                hash,
            ),
            Credential::OpenId(name) => (
                " FROM userinfo u CROSS JOIN metadataversion v WHERE u.openid = ",
                name,
            ),
            Credential::Username(name) => (
                " FROM userinfo u CROSS JOIN metadataversion v WHERE u.username = ",
                name,
            ),
        };
        query.push(from).bind(Value::Text(text.clone()));
    }
}

/// The version of metadata and users, for a credential whose person is known under one; `None` when nobody may sign in
/// with it. A cheaper question than [`authenticate`].
///
/// # Errors
/// When the query fails.
pub fn metadata_version(conn: &mut Connection, credential: &Credential) -> Result<Option<i64>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        version: i64,
    }
    let mut query = Statement::new("SELECT v.version");
    credential.from(&mut query);
    query
        .push(" AND")
        .push(credential.refused())
        .push("IS NULL");
    let row: Option<Row> = query.get_result(conn).optional()?;
    Ok(row.map(|row| row.version))
}

/// The session of a credential, in one statement, or why there is none.
///
/// # Errors
/// When the query fails.
pub fn authenticate(
    conn: &mut Connection,
    credential: &Credential,
) -> Result<std::result::Result<Session, Refused>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        version: i64,
        #[diesel(sql_type = Nullable<BigInt>)]
        token: Option<i64>,
        #[diesel(sql_type = Text)]
        username: String,
        #[diesel(sql_type = Nullable<Text>)]
        refused: Option<String>,
        #[diesel(sql_type = Text)]
        caller: String,
    }
    let mut query = Statement::new("SELECT v.version, ");
    query
        .push(credential.number())
        .push(" AS token, u.username,")
        .push(credential.refused())
        .push("AS refused, ")
        .push(access::CALLER)
        .push(" AS caller");
    credential.from(&mut query);
    let row: Option<Row> = query.get_result(conn).optional()?;
    let Some(row) = row else {
        return Ok(Err(Refused {
            username: None,
            reason: "UNKNOWN".to_owned(),
        }));
    };
    if let Some(reason) = row.refused {
        return Ok(Err(Refused {
            username: Some(row.username),
            reason,
        }));
    }
    Ok(Ok(Session {
        metadata_version: row.version,
        caller: access::read_caller(&row.caller)?,
        token: row.token,
    }))
}
