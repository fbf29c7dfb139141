//! People who use the system, their roles and their scopes.

use diesel::{OptionalExtension, prelude::*};
use rand::Rng;

use super::{
    copy::Loader,
    names,
    org_units::Tree,
    programs::Metadata,
    random::{Kind, Stream, one_of, stream, uid},
};
use crate::{
    Result,
    schema::{
        userdatavieworgunits, usergroup, usergroupmembers, userinfo, usermembership, userrole,
        userroleauthorities, userrolemembers, userteisearchorgunits,
    },
};

/// People besides `admin`.
const COUNT: usize = 40;

/// What a person does; the place of the role in [`ROLES`].
#[derive(Debug, Clone, Copy, PartialEq)]
enum Role {
    Clerk = 0,
    Officer,
    Controller,
}

/// Name and authorities of the roles.
const ROLES: [(&str, &[&str]); 3] = [
    ("Data entry", &["M_dhis-web-capture"]),
    (
        "District officer",
        &[
            "M_dhis-web-capture",
            "F_UNCOMPLETE_EVENT",
            "F_EDIT_EXPIRED",
            "F_ENROLLMENT_CASCADE_DELETE",
        ],
    ),
    ("Controlling", &["F_VIEW_EVENT_ANALYTICS"]),
];

/// One person with scopes, which are places in [`Tree::units`].
#[derive(Debug)]
pub(super) struct User {
    pub(super) id: i64,
    pub(super) username: String,
    uid: String,
    first_name: &'static str,
    surname: &'static str,
    role: Role,
    capture: Option<usize>,
    search: Option<usize>,
    data_view: Option<usize>,
    is_in_team: bool,
}

impl User {
    /// The person as events remember who wrote them.
    pub(super) fn snapshot(&self) -> String {
        let (id, uid, username) = (self.id, &self.uid, &self.username);
        let (first, last) = (self.first_name, self.surname);
        format!(
            r#"{{"id":{id},"uid":"{uid}","username":"{username}","firstName":"{first}","surname":"{last}"}}"#
        )
    }
}

/// Plans the people: four with fixed usernames, an officer for some districts, clerks of the facilities.
pub(super) fn plan(loader: &mut Loader<'_>, tree: &Tree, seed: u64) -> Result<Vec<User>> {
    let first = loader.first_key("userinfo", "userinfoid")?;
    let mut random = stream(seed, Stream::Users);
    let district = tree.districts.start;
    let province = tree.provinces.start;
    let mut users = Vec::new();
    for (number, id) in (0..COUNT).zip(first..) {
        let mut user = person(number, id, &mut random);
        match number {
            0 => {
                user.username = "district".to_owned();
                (user.role, user.is_in_team) = (Role::Officer, true);
                (user.capture, user.search) = (Some(district), Some(province));
            }
            1 => {
                user.username = "clerk".to_owned();
                user.capture = Some(tree.facilities.start);
            }
            2 => {
                user.username = "controller".to_owned();
                (user.role, user.data_view) = (Role::Controller, Some(tree.group));
            }
            3 => {
                user.username = "director".to_owned();
                (user.role, user.data_view) = (Role::Controller, Some(tree.clinics.start));
            }
            4..10 => {
                let place = random.random_range(tree.districts.clone());
                (user.role, user.is_in_team) = (Role::Officer, number < 7);
                (user.capture, user.search) = (Some(place), Some(tree.country));
            }
            _ => user.capture = Some(random.random_range(tree.facilities.clone())),
        }
        users.push(user);
    }
    Ok(users)
}

fn person(number: usize, id: i64, random: &mut impl Rng) -> User {
    let given = if random.random_bool(0.5) {
        &names::FEMALE
    } else {
        &names::MALE
    };
    let first_name = *one_of(given, random);
    let surname = *one_of(&names::FAMILY, random);
    User {
        id,
        uid: uid(Kind::User, number as u64),
        username: format!(
            "{}.{}{number}",
            first_name.to_lowercase(),
            surname.to_lowercase()
        ),
        first_name,
        surname,
        role: Role::Clerk,
        capture: None,
        search: None,
        data_view: None,
        is_in_team: false,
    }
}

/// Writes people, roles, the group and the scopes; gives `admin` both trees.
pub(super) fn load(
    loader: &mut Loader<'_>,
    users: &[User],
    tree: &Tree,
    metadata: &Metadata,
) -> Result<()> {
    load_people(loader, users, metadata)?;
    load_roles(loader, users)?;
    load_team(loader, users)?;
    load_scopes(loader, users, tree)
}

fn load_people(loader: &mut Loader<'_>, users: &[User], metadata: &Metadata) -> Result<()> {
    use userinfo as t;
    let columns = (
        t::userinfoid,
        t::uid,
        t::username,
        t::firstname,
        t::surname,
        t::email,
        t::created,
        t::lastupdated,
    );
    loader.copy("users", t::table, columns, |rows| {
        for user in users {
            rows.field(user.id).field(&user.uid).field(&user.username);
            rows.text(user.first_name)
                .text(user.surname)
                .field(format_args!("{}@example.org", user.username));
            rows.field(metadata.created).field(metadata.created).end()?;
        }
        Ok(())
    })
}

fn load_roles(loader: &mut Loader<'_>, users: &[User]) -> Result<()> {
    let first = loader.first_key("userrole", "userroleid")?;
    let columns = (userrole::userroleid, userrole::uid, userrole::name);
    loader.copy("roles", userrole::table, columns, |rows| {
        for ((name, _), id) in ROLES.iter().zip(first..) {
            rows.field(id)
                .field(uid(Kind::Role, id as u64))
                .text(name)
                .end()?;
        }
        Ok(())
    })?;
    let columns = (
        userroleauthorities::userroleid,
        userroleauthorities::authority,
    );
    loader.copy("authorities", userroleauthorities::table, columns, |rows| {
        for ((_, authorities), id) in ROLES.iter().zip(first..) {
            for authority in *authorities {
                rows.field(id).field(authority).end()?;
            }
        }
        Ok(())
    })?;
    let columns = (userrolemembers::userroleid, userrolemembers::userinfoid);
    loader.copy(
        "members of roles",
        userrolemembers::table,
        columns,
        |rows| {
            for user in users {
                rows.field(first + user.role as i64).field(user.id).end()?;
            }
            Ok(())
        },
    )
}

fn load_team(loader: &mut Loader<'_>, users: &[User]) -> Result<()> {
    let id = loader.first_key("usergroup", "usergroupid")?;
    let columns = (
        usergroup::usergroupid,
        usergroup::uid,
        usergroup::code,
        usergroup::name,
    );
    loader.copy("user groups", usergroup::table, columns, |rows| {
        rows.field(id)
            .field(uid(Kind::Group, 1))
            .field("HIV_TEAM")
            .field("HIV programme team")
            .end()
    })?;
    let columns = (usergroupmembers::usergroupid, usergroupmembers::userinfoid);
    loader.copy(
        "members of user groups",
        usergroupmembers::table,
        columns,
        |rows| {
            for user in users.iter().filter(|user| user.is_in_team) {
                rows.field(id).field(user.id).end()?;
            }
            Ok(())
        },
    )
}

fn load_scopes(loader: &mut Loader<'_>, users: &[User], tree: &Tree) -> Result<()> {
    let admin: Option<i64> = userinfo::table
        .filter(userinfo::username.eq("admin"))
        .select(userinfo::userinfoid)
        .first(loader.conn)
        .optional()?;
    let roots = [tree.country, tree.group];
    let of_admin = admin
        .iter()
        .flat_map(|&admin| roots.map(|root| (admin, root)));
    let pairs = |scope: fn(&User) -> Option<usize>| -> Vec<(i64, i64)> {
        let of_users = users
            .iter()
            .filter_map(|user| Some((user.id, scope(user)?)));
        of_admin
            .clone()
            .chain(of_users)
            .map(|(user, unit)| (user, tree.units[unit].id))
            .collect()
    };
    let (capture, search, data_view) = (
        pairs(|user| user.capture),
        pairs(|user| user.search),
        pairs(|user| user.data_view),
    );
    let columns = (
        usermembership::userinfoid,
        usermembership::organisationunitid,
    );
    loader.copy("capture scopes", usermembership::table, columns, |rows| {
        capture
            .iter()
            .try_for_each(|(user, unit)| rows.field(user).field(unit).end())
    })?;
    let columns = (
        userteisearchorgunits::userinfoid,
        userteisearchorgunits::organisationunitid,
    );
    loader.copy(
        "search scopes",
        userteisearchorgunits::table,
        columns,
        |rows| {
            search
                .iter()
                .try_for_each(|(user, unit)| rows.field(user).field(unit).end())
        },
    )?;
    let columns = (
        userdatavieworgunits::userinfoid,
        userdatavieworgunits::organisationunitid,
    );
    loader.copy(
        "data-view scopes",
        userdatavieworgunits::table,
        columns,
        |rows| {
            data_view
                .iter()
                .try_for_each(|(user, unit)| rows.field(user).field(unit).end())
        },
    )
}
