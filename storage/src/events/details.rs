//! What an answer shows of events besides their rows: identifiers of what they refer to, people, times of the client.

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Timestamp},
};
use domain::event::EventKind;
use serde_json::Value as Json;

use crate::{
    Connection, Result,
    sql::{Statement, Value},
};

/// What belongs to one event. What only tracker events have is `None` for single events.
#[derive(Debug, Clone, QueryableByName)]
pub struct EventDetails {
    /// Key of the event.
    #[diesel(sql_type = BigInt)]
    pub eventid: i64,
    /// Identifier of the program; `None` for a stage of no program.
    #[diesel(sql_type = Nullable<Text>)]
    pub program: Option<String>,
    /// Identifier of the stage.
    #[diesel(sql_type = Text)]
    pub program_stage: String,
    /// Identifier of the unit where it happened.
    #[diesel(sql_type = Text)]
    pub org_unit: String,
    /// Identifier of the option combination.
    #[diesel(sql_type = Text)]
    pub option_combo: String,
    /// Identifiers of its options, in byte order.
    #[diesel(sql_type = Array<Text>)]
    pub options: Vec<String>,
    /// Identifier of the enrolment.
    #[diesel(sql_type = Nullable<Text>)]
    pub enrollment: Option<String>,
    /// Whether the enrolment is marked for follow-up.
    #[diesel(sql_type = Nullable<Bool>)]
    pub followup: Option<bool>,
    /// Identifier of the tracked entity.
    #[diesel(sql_type = Nullable<Text>)]
    pub tracked_entity: Option<String>,
    /// Whether it is deleted.
    #[diesel(sql_type = Bool)]
    pub deleted: bool,
    /// When the client made it; `None` when not sent.
    #[diesel(sql_type = Nullable<Timestamp>)]
    pub createdatclient: Option<NaiveDateTime>,
    /// When the client last changed it; `None` when not sent.
    #[diesel(sql_type = Nullable<Timestamp>)]
    pub lastupdatedatclient: Option<NaiveDateTime>,
    /// Username that stored it.
    #[diesel(sql_type = Nullable<Text>)]
    pub storedby: Option<String>,
    /// Username that completed it.
    #[diesel(sql_type = Nullable<Text>)]
    pub completedby: Option<String>,
    /// `GeoJSON`; `None` when not recorded.
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub geometry: Option<Json>,
    /// Who stored it, as at that time: `{uid, username, firstName, surname}`.
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub createdbyuserinfo: Option<Json>,
    /// Who last changed it, as at that time.
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub lastupdatedbyuserinfo: Option<Json>,
    /// The person it is assigned to, `{uid, username, firstName, surname}`; `None` for nobody.
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub assigned_user: Option<Json>,
}

/// Details of events of one kind by key, in one statement, in no order.
///
/// # Errors
/// When the query fails.
pub fn of_events(
    conn: &mut Connection,
    kind: EventKind,
    events: &[i64],
) -> Result<Vec<EventDetails>> {
    Ok(statement(kind, events).load(conn)?)
}

fn statement(kind: EventKind, events: &[i64]) -> Statement {
    let mut query = Statement::new(
        "SELECT e.eventid, p.uid AS program, s.uid AS program_stage, o.uid AS org_unit, c.uid AS option_combo,
                ARRAY(SELECT co.uid FROM categoryoptioncombos_categoryoptions x JOIN categoryoption co USING (categoryoptionid)
                       WHERE x.categoryoptioncomboid = e.attributeoptioncomboid ORDER BY co.uid) AS options,
                e.deleted, e.createdatclient, e.lastupdatedatclient, e.storedby, e.completedby, e.geometry,
                e.createdbyuserinfo, e.lastupdatedbyuserinfo,
                CASE WHEN u.userinfoid IS NOT NULL THEN jsonb_build_object('uid', u.uid, 'username', u.username,
                     'firstName', u.firstname, 'surname', u.surname) END AS assigned_user, ",
    );
    query.push(match kind {
        EventKind::Single => {
            "NULL::text AS enrollment, NULL::boolean AS followup, NULL::text AS tracked_entity FROM singleevent e"
        }
        EventKind::Tracker => {
            "n.uid AS enrollment, n.followup, t.uid AS tracked_entity FROM trackerevent e
               JOIN enrollment n USING (enrollmentid) JOIN trackedentity t USING (trackedentityid)"
        }
    });
    query
        .push(
            " JOIN programstage s ON s.programstageid = e.programstageid LEFT JOIN program p ON p.programid = s.programid
               JOIN organisationunit o ON o.organisationunitid = e.organisationunitid
               JOIN categoryoptioncombo c ON c.categoryoptioncomboid = e.attributeoptioncomboid
               LEFT JOIN userinfo u ON u.userinfoid = e.assigneduserid
              WHERE e.eventid = ANY(",
        )
        .bind(Value::Ints(events.to_vec()))
        .push(")");
    query
}
