//! API tokens: made once, shown once, kept as hashes.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use rand::Rng;
use sha2::{Digest, Sha256};

use crate::{Connection, Error, Result};

/// Prefix of every token, so that scanners for leaked secrets find it.
const PREFIX: &str = "clg_";

/// Who a token belongs to, and the state of metadata and users at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Session {
    /// Key of the person.
    #[diesel(sql_type = BigInt)]
    pub user_id: i64,
    /// Version of metadata and users: what was cached under another one is out of date.
    #[diesel(sql_type = BigInt)]
    pub metadata_version: i64,
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

/// The session of a valid token; `None` for an unknown, expired or revoked one, or when its owner is locked out.
///
/// # Errors
/// When the query fails.
pub fn authenticate(conn: &mut Connection, token: &str) -> Result<Option<Session>> {
    let mut statement = crate::sql::Statement::new(
        "SELECT t.userinfoid AS user_id, v.version AS metadata_version
           FROM apitoken t JOIN userinfo u USING (userinfoid) CROSS JOIN metadataversion v
          WHERE NOT u.disabled AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
            AND t.tokenhash = ",
    );
    statement.bind(crate::sql::Value::Text(hash(token)));
    Ok(statement.get_result(conn).optional()?)
}

fn hash(token: &str) -> String {
    hexadecimal(&Sha256::digest(token))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
