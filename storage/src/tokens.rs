//! API tokens: made once, shown once, kept as hashes.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Nullable, Text, Timestamptz},
};
use domain::access::Caller;
use rand::Rng;
use sha2::{Digest, Sha256};

use crate::{
    Connection, Error, Result,
    sql::{Statement, Value},
};

/// Prefix of every token, so that scanners for leaked secrets find it.
const PREFIX: &str = "clg_";
/// Longest name of a token, characters.
const LONGEST_NAME: usize = 100;

/// A token as people see it: everything but the token.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct ApiToken {
    /// Its number.
    #[diesel(sql_type = BigInt)]
    pub apitokenid: i64,
    /// Key of the person who acts with it.
    #[diesel(sql_type = BigInt)]
    pub userinfoid: i64,
    /// Name that the person signs in with.
    #[diesel(sql_type = Text)]
    pub username: String,
    /// What it is for; empty when not said.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// When it was made.
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    /// When it stops working; `None` for never.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was withdrawn; `None` while it was not.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to a few minutes; `None` when never.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Columns of a token `t` and its person `u`.
const SHOWN: &str = " t.apitokenid, t.userinfoid, u.username, t.name, t.created_at, t.expires_at, t.revoked_at, t.last_used_at ";

/// Makes a token without a name that works until it is revoked, and returns it.
///
/// # Errors
/// As [`create_named`].
pub fn create(conn: &mut Connection, username: &str) -> Result<String> {
    Ok(create_named(conn, username, "", None)?.0)
}

/// Makes a token for a person and returns it with what is kept of it beside its hash. `None` as end means never.
///
/// # Errors
/// [`Error::Input`] when there is no such person, the person is locked out, the name is too long, or the end has passed.
pub fn create_named(
    conn: &mut Connection,
    username: &str,
    name: &str,
    expires_at: Option<DateTime<Utc>>,
) -> Result<(String, ApiToken)> {
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Error::Input(format!(
            "name must be at most {LONGEST_NAME} characters in one line"
        )));
    }
    if expires_at.is_some_and(|end| end <= Utc::now()) {
        return Err(Error::Input(
            "the token would have expired already".to_owned(),
        ));
    }
    let secret: [u8; 32] = rand::rng().random();
    let token = format!("{PREFIX}{}", hexadecimal(&secret));
    let mut query = Statement::new(
        "WITH t AS (INSERT INTO apitoken (userinfoid, tokenhash, name, expires_at) SELECT userinfoid, ",
    );
    query
        .bind(Value::Text(hash(&token)))
        .push(", ")
        .bind(Value::Text(name.to_owned()))
        .push(", ");
    match expires_at {
        None => query.push("NULL"),
        Some(end) => query
            .bind(Value::Time(end.naive_utc()))
            .push(" AT TIME ZONE 'UTC'"),
    };
    query
        .push(" FROM userinfo WHERE NOT disabled AND username = ")
        .bind(Value::Text(username.to_owned()))
        .push(" RETURNING *) SELECT")
        .push(SHOWN)
        .push("FROM t JOIN userinfo u USING (userinfoid)");
    let made: Option<ApiToken> = query.get_result(conn).optional()?;
    let made = made
        .ok_or_else(|| Error::Input(format!("there is no user \"{username}\" who may sign in")))?;
    Ok((token, made))
}

/// Whose tokens are meant.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// Everybody's.
    All,
    /// Those of the person with this key.
    Own(i64),
    /// Those of everybody who holds no authority that this person lacks.
    CoveredBy(&'a Caller),
}

/// Tokens, newest first.
///
/// # Errors
/// When the query fails.
pub fn list(conn: &mut Connection, whose: Whose) -> Result<Vec<ApiToken>> {
    let mut query = Statement::new("SELECT");
    query
        .push(SHOWN)
        .push("FROM apitoken t JOIN userinfo u USING (userinfoid)");
    match whose {
        Whose::Own(user) => {
            query.push(" WHERE t.userinfoid = ").bind(Value::Int(user));
        }
        Whose::CoveredBy(caller) if !caller.is_superuser() => {
            query
                .push(
                    " WHERE NOT EXISTS (SELECT FROM userrolemembers m JOIN userroleauthorities a USING (userroleid)
                                         WHERE m.userinfoid = t.userinfoid AND a.authority <> ALL(",
                )
                .bind(Value::Texts(caller.authorities.iter().cloned().collect()))
                .push("))");
        }
        Whose::All | Whose::CoveredBy(_) => {}
    }
    query.push(" ORDER BY t.apitokenid DESC");
    Ok(query.load(conn)?)
}

/// A token by number; `None` when there is none.
///
/// # Errors
/// When the query fails.
pub fn by_id(conn: &mut Connection, id: i64) -> Result<Option<ApiToken>> {
    let mut query = Statement::new("SELECT");
    query
        .push(SHOWN)
        .push("FROM apitoken t JOIN userinfo u USING (userinfoid) WHERE t.apitokenid = ")
        .bind(Value::Int(id));
    Ok(query.get_result(conn).optional()?)
}

/// Withdraws a token for good and returns it; `None` when there is none. One that was withdrawn before stays as it is.
///
/// # Errors
/// When a statement fails.
pub fn revoke(conn: &mut Connection, id: i64) -> Result<Option<ApiToken>> {
    diesel::sql_query(
        "UPDATE apitoken SET revoked_at = now() WHERE apitokenid = $1 AND revoked_at IS NULL",
    )
    .bind::<BigInt, _>(id)
    .execute(conn)?;
    by_id(conn, id)
}

/// Remembers that tokens, given by their hashes, were used now.
///
/// # Errors
/// When the statement fails.
pub fn used(conn: &mut Connection, hashes: &[String]) -> Result<()> {
    diesel::sql_query("UPDATE apitoken SET last_used_at = now() WHERE tokenhash = ANY($1)")
        .bind::<Array<Text>, _>(hashes)
        .execute(conn)?;
    Ok(())
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
