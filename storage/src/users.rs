//! People, as they are shown beside events.

use diesel::prelude::*;

use crate::{Connection, Result, schema::userinfo};

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, HasQuery)]
#[diesel(table_name = userinfo)]
pub struct User {
    /// Internal key.
    pub userinfoid: i64,
    /// DHIS2 identifier.
    pub uid: String,
    /// Name used to sign in.
    pub username: String,
    /// First name.
    pub firstname: String,
    /// Family name.
    pub surname: String,
}

/// People by key.
///
/// # Errors
/// When the query fails.
pub fn by_ids(conn: &mut Connection, ids: &[i64]) -> Result<Vec<User>> {
    Ok(User::query()
        .filter(userinfo::userinfoid.eq_any(ids))
        .load(conn)?)
}
