//! Roles, users and groups. Passwords are not read.

use std::collections::{BTreeSet, HashMap};

use diesel::{
    prelude::*,
    sql_types::{Nullable, Text},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    common::plain,
    kind,
    loader::{Checked, Loader, Members},
    references::{Ref, References},
};
use crate::{
    Connection, Result,
    import::dhis2::{
        object::{Fault, Raw},
        timestamp::Timestamp,
    },
};

#[derive(Deserialize)]
struct UserRole {
    name: String,
    #[serde(default)]
    authorities: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    username: Option<String>,
    first_name: String,
    surname: String,
    email: Option<String>,
    open_id: Option<String>,
    disabled: Option<bool>,
    created: Option<Timestamp>,
    last_updated: Option<Timestamp>,
    user_roles: Option<Vec<Ref>>,
    #[serde(default)]
    organisation_units: Vec<Ref>,
    #[serde(default)]
    tei_search_organisation_units: Vec<Ref>,
    #[serde(default)]
    data_view_organisation_units: Vec<Ref>,
    /// Where DHIS2 before 2.38 keeps the account.
    #[serde(default)]
    user_credentials: Credentials,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Credentials {
    username: Option<String>,
    open_id: Option<String>,
    disabled: Option<bool>,
    user_roles: Option<Vec<Ref>>,
}

#[derive(Deserialize)]
struct UserGroup {
    name: String,
    #[serde(default)]
    users: Vec<Ref>,
}

pub(super) fn load_roles(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    loader.load(kind::USER_ROLE, list, |_, _, role: UserRole| {
        let authorities = role.authorities.iter();
        Ok(Checked {
            row: json!({ "name": role.name }),
            members: vec![(
                kind::AUTHORITIES_OF_ROLE,
                authorities
                    .map(|authority| json!({ "authority": authority }))
                    .collect(),
            )],
        })
    })
}

pub(super) fn load_users(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    let now = loader.now;
    let (mut usernames, mut open_ids) = names(loader.conn)?;
    loader.load(kind::USER, list, |references, uid, user: User| {
        let members = memberships(references, &user)?;
        let credentials = user.user_credentials;
        let username = user
            .username
            .or(credentials.username)
            .filter(|name| !name.is_empty());
        let username = username.ok_or_else(|| {
            Fault::new(
                "MISSING_MEMBER",
                "`username` or `userCredentials.username` is required",
            )
        })?;
        if usernames
            .entry(username.clone())
            .or_insert_with(|| uid.to_owned())
            != uid
        {
            return Err(Fault::new(
                "DUPLICATE_USERNAME",
                "`username` is that of a user with another id; two users are never merged",
            ));
        }
        let open_id = user.open_id.or(credentials.open_id);
        let open_id = open_id.filter(|name| !name.is_empty());
        if let Some(open_id) = &open_id
            && open_ids
                .entry(open_id.clone())
                .or_insert_with(|| uid.to_owned())
                != uid
        {
            return Err(Fault::new(
                "DUPLICATE_OPEN_ID",
                "`openId` is that of a user with another id; nobody would know which of the two signs in",
            ));
        }
        Ok(Checked {
            row: json!({
                "username": username,
                "firstname": user.first_name,
                "surname": user.surname,
                "email": user.email,
                "openid": open_id,
                "disabled": user.disabled.or(credentials.disabled).unwrap_or_default(),
                "created": user.created.map_or(now, |moment| moment.0),
                "lastupdated": user.last_updated.map_or(now, |moment| moment.0),
            }),
            members,
        })
    })
}

fn memberships(references: &References, user: &User) -> Result<Members, Fault> {
    let units = |member, list: &[Ref]| {
        let ids = references.many(kind::ORGANISATION_UNIT, member, list)?;
        Ok(plain("organisationunitid", ids))
    };
    let roles = user
        .user_roles
        .as_ref()
        .or(user.user_credentials.user_roles.as_ref());
    let roles = references.many(
        kind::USER_ROLE,
        "userRoles",
        roles.map_or(&[][..], Vec::as_slice),
    )?;
    Ok(vec![
        (
            kind::CAPTURE_UNITS,
            units("organisationUnits", &user.organisation_units)?,
        ),
        (
            kind::SEARCH_UNITS,
            units(
                "teiSearchOrganisationUnits",
                &user.tei_search_organisation_units,
            )?,
        ),
        (
            kind::DATA_VIEW_UNITS,
            units(
                "dataViewOrganisationUnits",
                &user.data_view_organisation_units,
            )?,
        ),
        (kind::ROLES_OF_USER, plain("userroleid", roles)),
    ])
}

pub(super) fn load_groups(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    loader.load(kind::USER_GROUP, list, |references, _, group: UserGroup| {
        let users = references.many(kind::USER, "users", &group.users)?;
        Ok(Checked {
            row: json!({ "name": group.name }),
            members: vec![(kind::USERS_OF_GROUP, plain("userinfoid", users))],
        })
    })
}

/// Uid by name.
type Names = HashMap<String, String>;

/// Uid of each stored username, and of each name that an OIDC provider knows.
fn names(conn: &mut Connection) -> Result<(Names, Names)> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        username: String,
        #[diesel(sql_type = Nullable<Text>)]
        openid: Option<String>,
        #[diesel(sql_type = Text)]
        uid: String,
    }
    let rows: Vec<Row> =
        diesel::sql_query("SELECT username, openid, uid FROM userinfo").load(conn)?;
    let (mut usernames, mut open_ids) = (Names::new(), Names::new());
    for row in rows {
        if let Some(openid) = row.openid {
            open_ids.insert(openid, row.uid.clone());
        }
        usernames.insert(row.username, row.uid);
    }
    Ok((usernames, open_ids))
}

/// Makes the roots of the tree capture units of the built-in superuser, as long as it has no unit of its own: without one it
/// could list nothing. Returns how many it was given.
pub(super) fn give_roots_to_admin(conn: &mut Connection) -> Result<usize> {
    Ok(diesel::sql_query(
        "INSERT INTO usermembership (userinfoid, organisationunitid)
         SELECT u.userinfoid, o.organisationunitid
         FROM userinfo u JOIN organisationunit o ON o.parentid IS NULL
         WHERE u.uid = 'M5zQapPyTZI'
           AND NOT EXISTS (SELECT FROM usermembership m WHERE m.userinfoid = u.userinfoid)
           AND NOT EXISTS (SELECT FROM userteisearchorgunits m WHERE m.userinfoid = u.userinfoid)",
    )
    .execute(conn)?)
}
