//! Commands about tokens and the audit log.

use std::io::{self, BufWriter, Write};

use chrono::{DateTime, TimeDelta, Utc};
use storage::{
    Connection,
    audit::{self, Entry},
    tokens::{self, ApiToken, Whose},
};

use crate::{
    cli::{AuditFormat, AuditQuery, Token},
    commands::{Failure, chain},
};

/// Names of the columns of the audit log as CSV.
const COLUMNS: &str = "at,kind,username,door,operation,subject,program,orgunit,orgunitmode,rows,address,trace,knownby";

/// Logs an act of the command line.
pub(crate) fn log(
    conn: &mut Connection,
    act: &str,
    subject: Option<String>,
) -> Result<(), Failure> {
    let entry = Entry::of_command(act, subject);
    audit::write(conn, &[entry]).map_err(|error| chain(&error))
}

/// Makes, lists and revokes tokens.
pub(crate) fn token(conn: &mut Connection, command: Token) -> Result<(), Failure> {
    match command {
        Token::Create {
            user,
            name,
            expires_in,
        } => {
            let end = expires_in.map(|days| Utc::now() + TimeDelta::days(days.into()));
            let made = tokens::create_named(conn, &user, &name, end);
            let (token, made) = made.map_err(|error| chain(&error))?;
            let subject = format!("{} of {user}", made.apitokenid);
            log(conn, "token create", Some(subject))?;
            println!("{token}");
        }
        Token::List { user } => {
            println!("id\tuser\tname\tcreated\texpires\tlast used\trevoked");
            let known = tokens::list(conn, Whose::All).map_err(|error| chain(&error))?;
            for token in known {
                if user.as_ref().is_none_or(|user| *user == token.username) {
                    println!("{}", line(&token));
                }
            }
        }
        Token::Revoke { id } => {
            let revoked = tokens::revoke(conn, id).map_err(|error| chain(&error))?;
            let token = revoked.ok_or_else(|| format!("there is no token {id}"))?;
            log(
                conn,
                "token revoke",
                Some(format!("{id} of {}", token.username)),
            )?;
            println!("{}", line(&token));
        }
    }
    Ok(())
}

fn line(token: &ApiToken) -> String {
    let moment = |moment: Option<DateTime<Utc>>| {
        moment.map_or_else(
            || "-".to_owned(),
            |at| at.format("%Y-%m-%d %H:%M").to_string(),
        )
    };
    format!(
        "{}\t{}\t{}\t{}\t{}\t{}\t{}",
        token.apitokenid,
        token.username,
        token.name,
        moment(Some(token.created_at)),
        moment(token.expires_at),
        moment(token.last_used_at),
        moment(token.revoked_at)
    )
}

/// Prints the audit log.
pub(crate) fn audit(conn: &mut Connection, query: &AuditQuery) -> Result<(), Failure> {
    let day = query.since.and_then(|day| day.and_hms_opt(0, 0, 0));
    let since = day.map_or_else(|| Utc::now() - TimeDelta::days(1), |day| day.and_utc());
    let mut out = BufWriter::new(io::stdout().lock());
    let mut broken = None;
    if query.format == AuditFormat::Csv {
        broken = writeln!(out, "{COLUMNS}").err();
    }
    let read = audit::read(conn, since, query.user.as_deref(), |entry| {
        if broken.is_none() {
            broken = print(&mut out, query.format, entry).err();
        }
        Ok(())
    });
    read.map_err(|error| chain(&error))?;
    let flushed = broken.map_or_else(|| out.flush(), Err);
    flushed.map_err(|error| format!("the log could not be printed: {error}"))
}

fn print(out: &mut impl Write, format: AuditFormat, entry: &Entry) -> io::Result<()> {
    match format {
        AuditFormat::Ndjson => {
            serde_json::to_writer(&mut *out, entry)?;
            writeln!(out)
        }
        AuditFormat::Csv => {
            let text = |text: &Option<String>| quoted(text.as_deref().unwrap_or_default());
            let rows = entry.rows.map_or_else(String::new, |rows| rows.to_string());
            let fields = [
                entry.at.to_rfc3339(),
                entry.kind.clone(),
                quoted(&entry.username),
                entry.door.clone(),
                quoted(&entry.operation),
                text(&entry.subject),
                text(&entry.program),
                text(&entry.orgunit),
                text(&entry.orgunitmode),
                rows,
                text(&entry.address),
                text(&entry.trace),
                text(&entry.knownby),
            ];
            writeln!(out, "{}", fields.join(","))
        }
    }
}

/// A field of CSV. What a spreadsheet would take for a formula begins with a quote, as in the files of reports.
fn quoted(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}
