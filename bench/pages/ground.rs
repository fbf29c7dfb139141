//! Where the pages of a kind are read: the program, units and person that make them hard, found in the data.

use chrono::NaiveDate;
use diesel::{
    prelude::*,
    sql_types::{BigInt, Date, Text},
};
use domain::{
    access::{AccessLevel, Caller},
    event::{EventKind, ValueType, filter::Column},
    org_unit::{Tree, Unit},
};
use storage::{
    Connection, access,
    events::scope::{self, ProgramScope},
    org_units,
};

use crate::{
    Result,
    cases::{above, by_id},
    database::{number, numbers},
};

/// Program, units and person of the pages of one kind.
pub struct Ground {
    pub tree: Tree,
    pub today: NaiveDate,
    /// The program of the stage, as the caller may read it.
    pub program: ProgramScope,
    /// The stage that holds the most events.
    pub stage: i64,
    pub stage_uid: String,
    /// A person who captures in one district and searches in the whole country, and is no superuser.
    pub caller: Caller,
    /// The unit with the most events of the stage, and the one with the fewest.
    pub large: Unit,
    pub sparse: Unit,
    /// The district of the unit with as many events as the middle one.
    pub district: Unit,
    pub country: Unit,
    /// A data element that every event of the stage answers, with numbers where there are any.
    pub ordered: Column,
    /// A data element with a value that is rare in the large unit.
    pub rare: (Column, String),
    /// The day that half of the events lie before.
    pub middle: NaiveDate,
}

impl Ground {
    pub fn find(conn: &mut Connection, kind: EventKind) -> Result<Self> {
        let tree = org_units::tree(conn)?;
        let (table, unit) = names(kind);
        let stage = number(
            conn,
            &format!(
                "SELECT programstageid AS number FROM {table} GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
            ),
        )?;
        let program: Named = diesel::sql_query(format!(
            "SELECT uid AS text FROM program
              WHERE programid = (SELECT programid FROM programstage WHERE programstageid = {stage})"
        ))
        .get_result(conn)?;
        let stage_uid: Named = diesel::sql_query(format!(
            "SELECT uid AS text FROM programstage WHERE programstageid = {stage}"
        ))
        .get_result(conn)?;
        let busiest_first = numbers(
            conn,
            &format!(
                "SELECT {unit} AS number FROM {table} WHERE programstageid = {stage} AND NOT deleted
                  GROUP BY 1 ORDER BY count(*) DESC, 1"
            ),
        )?;
        let at = |place: usize| by_id(&tree, busiest_first.get(place).copied());
        let (large, median) = (at(0)?, at(busiest_first.len() / 2)?);
        let caller = officer(conn)?;
        let middle: Day = diesel::sql_query(format!(
            "SELECT (min(occurreddate) + (max(occurreddate) - min(occurreddate)) / 2)::date AS day FROM {table}"
        ))
        .get_result(conn)?;
        let of_large = format!(
            "{table} e WHERE programstageid = {stage} AND {unit} = {} AND NOT deleted",
            large.id
        );
        Ok(Ground {
            program: scope::resolve(conn, &caller, &program.text)?,
            today: chrono::Utc::now().date_naive(),
            stage,
            stage_uid: stage_uid.text,
            sparse: at(busiest_first.len().saturating_sub(1))?,
            district: above(&tree, &median, 3)?,
            country: above(&tree, &median, 1)?,
            ordered: ordered(conn, &of_large)?,
            rare: rare(conn, &of_large)?,
            middle: middle.day,
            large,
            caller,
            tree,
        })
    }

    /// The table of the events.
    pub fn table(&self) -> &'static str {
        names(self.program.kind).0
    }

    /// Whether the units of the search scope may be read, rather than those of the capture scope alone.
    pub fn is_open(&self) -> bool {
        matches!(
            self.program.access_level,
            AccessLevel::Open | AccessLevel::Audited
        )
    }
}

/// The table of a kind, and the column of its scope unit.
fn names(kind: EventKind) -> (&'static str, &'static str) {
    match kind {
        EventKind::Single => ("singleevent", "organisationunitid"),
        EventKind::Tracker => ("trackerevent", "ownerorganisationunitid"),
    }
}

fn officer(conn: &mut Connection) -> Result<Caller> {
    let id = number(
        conn,
        "SELECT min(c.userinfoid) AS number
           FROM usermembership c JOIN organisationunit district USING (organisationunitid)
           JOIN userteisearchorgunits s ON s.userinfoid = c.userinfoid
           JOIN organisationunit country ON country.organisationunitid = s.organisationunitid
          WHERE district.hierarchylevel = 3 AND country.hierarchylevel = 1
         HAVING count(*) > 0",
    )?;
    access::caller(conn, id)?.ok_or_else(|| "the officer does not exist".into())
}

const VALUES: &str = "CROSS JOIN LATERAL jsonb_each(e.eventdatavalues) v (uid, entry)
      JOIN dataelement d ON d.uid = v.uid";

fn ordered(conn: &mut Connection, events: &str) -> Result<Column> {
    let found: Valued = diesel::sql_query(format!(
        "SELECT d.dataelementid, d.uid, d.valuetype, '' AS text
           FROM (SELECT eventdatavalues FROM {events} LIMIT 2000) e {VALUES}
          GROUP BY 1, 2, 3
          ORDER BY count(*) > 1000 DESC, d.valuetype IN ('INTEGER', 'INTEGER_ZERO_OR_POSITIVE', 'NUMBER') DESC,
                   count(*) DESC, d.uid LIMIT 1"
    ))
    .get_result(conn)?;
    found.column()
}

fn rare(conn: &mut Connection, events: &str) -> Result<(Column, String)> {
    let found: Valued = diesel::sql_query(format!(
        "SELECT d.dataelementid, d.uid, d.valuetype, entry ->> 'value' AS text
           FROM (SELECT eventdatavalues FROM {events}) e {VALUES}
          WHERE d.valuetype <> 'DATE' GROUP BY 1, 2, 3, 4 ORDER BY count(*) < 16, count(*), 2, 4 LIMIT 1"
    ))
    .get_result(conn)?;
    let value = found.text.clone();
    Ok((found.column()?, value))
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    text: String,
}

#[derive(QueryableByName)]
struct Day {
    #[diesel(sql_type = Date)]
    day: NaiveDate,
}

#[derive(QueryableByName)]
struct Valued {
    #[diesel(sql_type = BigInt)]
    dataelementid: i64,
    #[diesel(sql_type = Text)]
    uid: String,
    #[diesel(sql_type = Text)]
    valuetype: String,
    #[diesel(sql_type = Text)]
    text: String,
}

impl Valued {
    fn column(self) -> Result<Column> {
        let value_type = ValueType::parse(&self.valuetype).ok_or("an unknown value type")?;
        Ok(Column {
            id: self.dataelementid,
            uid: self.uid,
            value_type,
        })
    }
}
