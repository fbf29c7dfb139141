//! API tokens: made once, shown once, kept as hashes.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use domain::access::Caller;
use rand::Rng;
use sha2::{Digest, Sha256};

use crate::{
    Connection, Error, Result, access,
    sql::{Statement, Value},
};

/// Prefix of every token, so that scanners for leaked secrets find it.
const PREFIX: &str = "clg_";

/// Who a token belongs to, and the state of metadata and users at that moment.
#[derive(Debug, Clone)]
pub struct Session {
    /// Version of metadata and users: what was kept under another one is out of date.
    pub metadata_version: i64,
    /// The token's person.
    pub caller: Caller,
}

/// Makes a token for a person and returns it; only its hash is kept.
///
/// # Errors
/// [`Error::Input`] when there is no such person or the person is locked out.
pub fn create(conn: &mut Connection, username: &str) -> Result<String> {
    let secret: [u8; 32] = rand::rng().random();
    let token = format!("{PREFIX}{}", hexadecimal(&secret));
    let made = diesel::sql_query(
        "INSERT INTO apitoken (userinfoid, tokenhash)
         SELECT userinfoid, $2 FROM userinfo WHERE username = $1 AND NOT disabled",
    )
    .bind::<Text, _>(username)
    .bind::<Text, _>(hash(&token))
    .execute(conn)?;
    if made == 0 {
        return Err(Error::Input(format!(
            "there is no user \"{username}\" who may sign in"
        )));
    }
    Ok(token)
}

/// A token that is not expired or revoked and whose owner is not locked out, by its hash.
const VALID: &str = "
   FROM apitoken t JOIN userinfo u USING (userinfoid) CROSS JOIN metadataversion v
  WHERE NOT u.disabled AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now()) AND t.tokenhash = ";

/// The version of metadata and users, for a token whose person is known under one; `None` when the token, given by its
/// [`hash`], is not valid. A cheaper question than [`authenticate`].
///
/// # Errors
/// When the query fails.
pub fn metadata_version(conn: &mut Connection, hash: &str) -> Result<Option<i64>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        version: i64,
    }
    let mut query = Statement::new("SELECT v.version");
    query.push(VALID).bind(Value::Text(hash.to_owned()));
    let row: Option<Row> = query.get_result(conn).optional()?;
    Ok(row.map(|row| row.version))
}

/// The session of a token by its [`hash`], in one statement; `None` for an unknown, expired or revoked one, or when its
/// owner is locked out.
///
/// # Errors
/// When the query fails.
pub fn authenticate(conn: &mut Connection, hash: &str) -> Result<Option<Session>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        version: i64,
        #[diesel(sql_type = Text)]
        caller: String,
    }
    let mut query = Statement::new("SELECT v.version, ");
    query
        .push(access::CALLER)
        .push(" AS caller")
        .push(VALID)
        .bind(Value::Text(hash.to_owned()));
    let row: Option<Row> = query.get_result(conn).optional()?;
    let session = |row: Row| {
        Ok(Session {
            metadata_version: row.version,
            caller: access::read_caller(&row.caller)?,
        })
    };
    row.map(session).transpose()
}

/// What is kept of a token: its SHA-256, hexadecimal.
#[must_use]
pub fn hash(token: &str) -> String {
    hexadecimal(&Sha256::digest(token))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digits = |byte: &u8| {
        [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
    };
    bytes.iter().flat_map(digits).collect()
}
