//! API tokens: made once, shown once, kept as hashes.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, Text},
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

/// What a valid token tells.
#[derive(Debug, Clone)]
pub struct Session {
    /// Version of metadata and users: what was kept under another one is out of date.
    pub metadata_version: i64,
    /// The token's person; `None` when they are known under this version.
    pub caller: Option<Caller>,
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

/// The session of a valid token, by its [`hash`]; `None` for an unknown, expired or revoked one, or when its owner is
/// locked out. `known` is the metadata version under which the token's person was read last: they are read again, in the
/// same statement, only when it has passed.
///
/// # Errors
/// When the query fails.
pub fn authenticate(
    conn: &mut Connection,
    hash: &str,
    known: Option<i64>,
) -> Result<Option<Session>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        metadata_version: i64,
        #[diesel(sql_type = Nullable<Text>)]
        caller: Option<String>,
    }
    let mut query = Statement::new("SELECT v.version AS metadata_version, CASE WHEN v.version <> ");
    query
        // Versions are counted from 1.
        .bind(Value::Int(known.unwrap_or_default()))
        .push(" THEN")
        .push(access::CALLER)
        .push(
            " END AS caller
           FROM apitoken t JOIN userinfo u USING (userinfoid) CROSS JOIN metadataversion v
          WHERE NOT u.disabled AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
            AND t.tokenhash = ",
        )
        .bind(Value::Text(hash.to_owned()));
    let Some(row) = query.get_result::<Row>(conn).optional()? else {
        return Ok(None);
    };
    let caller = row.caller.as_deref().map(access::read_caller);
    Ok(Some(Session {
        metadata_version: row.metadata_version,
        caller: caller.transpose()?,
    }))
}

/// What is kept of a token: its SHA-256, hexadecimal.
#[must_use]
pub fn hash(token: &str) -> String {
    hexadecimal(&Sha256::digest(token))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
