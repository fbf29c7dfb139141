//! The audit log: who read data of persons or analytics of them, who changed what and who was refused. Rows are added and read, never changed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;

use crate::{Connection, Result, schema::audit};

/// What kind of thing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Data of persons, or analytics, were read.
    Read,
    /// Something was changed or administered.
    Act,
    /// Sign-ins of one kind from one address were refused within a minute.
    Refused,
}

impl Kind {
    /// As it is stored.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Read => "READ",
            Kind::Act => "ACT",
            Kind::Refused => "REFUSED",
        }
    }
}

/// One line of the log. It names what was asked for and holds no value of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery, Insertable)]
#[diesel(table_name = audit)]
pub struct Entry {
    /// When.
    pub at: DateTime<Utc>,
    /// `READ`, `ACT` or `REFUSED`.
    pub kind: String,
    /// Who, by the name used to sign in; empty for a refused sign-in that belongs to nobody.
    pub username: String,
    /// How: graphql, socket, rest, report, cli.
    pub door: String,
    /// What: the field with the name of the operation, the path, or the act.
    pub operation: String,
    /// Identifier of the one object that was read or changed, for analytics what was asked; `None` for lists.
    pub subject: Option<String>,
    /// Identifier of the program; `None` where there is none.
    pub program: Option<String>,
    /// Identifier of the unit asked for; `None` where none was.
    pub orgunit: Option<String>,
    /// DHIS2 org-unit mode asked for; `None` where none was.
    pub orgunitmode: Option<String>,
    /// Rows handed out or changed, or sign-ins refused; `None` where they are not counted.
    pub rows: Option<i64>,
    /// Network address of the client; `None` for the command line.
    pub address: Option<String>,
    /// Trace of the request; `None` when it has none.
    pub trace: Option<String>,
    /// By what the caller was known: `token` and its number, or `oidc` and the provider's subject; `None` for the command
    /// line and where nobody was known.
    pub knownby: Option<String>,
}

/// Longest text of an entry that a client chose, characters.
const LONGEST: usize = 200;

impl Entry {
    /// An act of the command line, by the user of the system who runs it.
    #[must_use]
    pub fn of_command(operation: &str, subject: Option<String>) -> Self {
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid());
        let name = user
            .ok()
            .flatten()
            .map_or_else(|| nix::unistd::geteuid().to_string(), |user| user.name);
        Entry {
            at: Utc::now(),
            kind: Kind::Act.name().to_owned(),
            username: name,
            door: "cli".to_owned(),
            operation: operation.to_owned(),
            subject,
            program: None,
            orgunit: None,
            orgunitmode: None,
            rows: None,
            address: None,
            trace: None,
            knownby: None,
        }
    }

    /// The entry with what a client chose cut to a length, and without the character that PostgreSQL cannot store.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.operation = cut(&self.operation);
        for text in [
            &mut self.subject,
            &mut self.program,
            &mut self.orgunit,
            &mut self.knownby,
        ] {
            *text = text.as_deref().map(cut);
        }
        self
    }
}

fn cut(text: &str) -> String {
    let storable = text.chars().filter(|character| *character != '\0');
    storable.take(LONGEST).collect()
}

/// Most rows of one statement: PostgreSQL takes 65,535 parameters.
const BATCH: usize = 4_000;

/// Adds entries.
///
/// # Errors
/// When a statement fails; none of the entries of its batch is stored then.
pub fn write(conn: &mut Connection, entries: &[Entry]) -> Result<()> {
    for batch in entries.chunks(BATCH) {
        diesel::insert_into(audit::table)
            .values(batch)
            .execute(conn)?;
    }
    Ok(())
}

/// Entries since a moment, oldest first, of everybody or of one person, handed to `take` one by one.
///
/// # Errors
/// When the query fails, or what `take` returned.
pub fn read(
    conn: &mut Connection,
    since: DateTime<Utc>,
    username: Option<&str>,
    mut take: impl FnMut(&Entry) -> Result<()>,
) -> Result<()> {
    let mut last = (since, 0_i64);
    loop {
        let mut query = audit::table
            .filter(
                audit::at
                    .gt(last.0)
                    .or(audit::at.eq(last.0).and(audit::auditid.gt(last.1))),
            )
            .into_boxed();
        if let Some(username) = username {
            query = query.filter(audit::username.eq(username.to_owned()));
        }
        let page: Vec<(i64, Entry)> = query
            .order((audit::at, audit::auditid))
            .limit(BATCH as i64)
            .select((audit::auditid, Entry::as_select()))
            .load(conn)?;
        for (id, entry) in &page {
            take(entry)?;
            last = (entry.at, *id);
        }
        if page.len() < BATCH {
            return Ok(());
        }
    }
}
