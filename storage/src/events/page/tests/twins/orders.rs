//! Every order with its plain SQL, written with joins where the program asks one by one.

use domain::{
    event::{
        EventKind, EventOrder, ValueType,
        filter::Column,
        order::{OrderField, OrderItem, OrderKey},
    },
    page::Direction,
};

use super::{World, data};

/// An order and its plain SQL.
pub struct Ordered {
    pub order: EventOrder,
    pub sql: String,
}

fn ordered(items: &[(OrderKey, &str, Direction)]) -> Ordered {
    let word = |direction| match direction {
        Direction::Ascending => "ASC NULLS LAST",
        Direction::Descending => "DESC NULLS FIRST",
    };
    let mut sql: Vec<String> = items
        .iter()
        .map(|(_, sql, direction)| format!("{sql} {}", word(*direction)))
        .collect();
    let last = items.first().map_or(Direction::Descending, |item| item.2);
    sql.push(format!("e.eventid {}", word(last)));
    let item = |(key, _, direction): &(OrderKey, &str, Direction)| OrderItem {
        key: key.clone(),
        direction: *direction,
    };
    Ordered {
        order: EventOrder(items.iter().map(item).collect()),
        sql: sql.join(", "),
    }
}

fn occurred(direction: Direction) -> Ordered {
    ordered(&[(
        OrderKey::Field(OrderField::OccurredAt),
        "e.occurreddate",
        direction,
    )])
}

/// The orders that lists usually have.
pub fn usual(kind: EventKind) -> Vec<Ordered> {
    let mut usual = vec![
        occurred(Direction::Descending),
        ordered(&[(number(), NUMBER, Direction::Ascending)]),
    ];
    if kind == EventKind::Tracker {
        usual.push(ordered(&[]));
    }
    usual
}

fn element(uid: &str, value_type: ValueType) -> OrderKey {
    OrderKey::DataElement(Column {
        id: 0,
        uid: uid.to_owned(),
        value_type,
    })
}

fn number() -> OrderKey {
    element(data::NUMBER, ValueType::Number)
}

const NUMBER: &str = "(CASE WHEN e.eventdatavalues->'NumberElem1'->>'value' IN ('170', '170.0', '-3', '1e2', '99.5', '0')
                            THEN (e.eventdatavalues->'NumberElem1'->>'value')::numeric END)";
const TEXT: &str = "lower(e.eventdatavalues->'TextElemen1'->>'value') COLLATE \"C\"";

fn fields() -> Vec<(OrderField, &'static str)> {
    vec![
        (OrderField::AssignedUser, "a.username COLLATE \"C\""),
        (
            OrderField::AssignedUserDisplayName,
            "(a.firstname || ' ' || a.surname) COLLATE \"C\"",
        ),
        (
            OrderField::AttributeOptionCombo,
            "(SELECT uid FROM categoryoptioncombo WHERE categoryoptioncomboid = e.attributeoptioncomboid)",
        ),
        (OrderField::CompletedAt, "e.completeddate"),
        (OrderField::CompletedBy, "e.completedby COLLATE \"C\""),
        (OrderField::CreatedAt, "e.created"),
        (OrderField::CreatedAtClient, "e.createdatclient"),
        (
            OrderField::CreatedBy,
            "(e.createdbyuserinfo->>'username') COLLATE \"C\"",
        ),
        (OrderField::Deleted, "e.deleted"),
        (OrderField::Event, "e.uid"),
        (OrderField::OccurredAt, "e.occurreddate"),
        (
            OrderField::OrgUnit,
            "(SELECT uid FROM organisationunit WHERE organisationunitid = e.organisationunitid)",
        ),
        (
            OrderField::Program,
            "(SELECT p.uid FROM program p JOIN programstage s USING (programid) WHERE s.programstageid = e.programstageid)",
        ),
        (OrderField::Status, "e.status COLLATE \"C\""),
        (OrderField::UpdatedAt, "e.lastupdated"),
        (OrderField::UpdatedAtClient, "e.lastupdatedatclient"),
        (
            OrderField::UpdatedBy,
            "(e.lastupdatedbyuserinfo->>'username') COLLATE \"C\"",
        ),
    ]
}

fn tracker_fields() -> Vec<(OrderField, &'static str)> {
    vec![
        (OrderField::EnrolledAt, "n.enrollmentdate"),
        (OrderField::Enrollment, "n.uid"),
        (OrderField::EnrollmentStatus, "n.status COLLATE \"C\""),
        (OrderField::FollowUp, "n.followup"),
        (
            OrderField::ProgramStage,
            "(SELECT uid FROM programstage WHERE programstageid = e.programstageid)",
        ),
        (OrderField::ScheduledAt, "e.scheduleddate"),
        (OrderField::TrackedEntity, "t.uid"),
    ]
}

/// Every field and value both ways, and several together.
pub fn all(world: &World) -> Vec<Ordered> {
    use Direction::{Ascending, Descending};
    let mut keys: Vec<(OrderKey, String)> = fields()
        .into_iter()
        .chain(if world.kind == EventKind::Tracker {
            tracker_fields()
        } else {
            Vec::new()
        })
        .map(|(field, sql)| (OrderKey::Field(field), sql.to_owned()))
        .collect();
    keys.push((number(), NUMBER.to_owned()));
    keys.push((element(data::TEXT, ValueType::Text), TEXT.to_owned()));
    if world.kind == EventKind::Tracker {
        let id = world.attribute;
        let column = Column {
            id,
            uid: "Attribute01".to_owned(),
            value_type: ValueType::Text,
        };
        let sql = format!(
            "lower((SELECT v.value FROM trackedentityattributevalue v WHERE v.trackedentityid = t.trackedentityid
                       AND v.trackedentityattributeid = {id})) COLLATE \"C\""
        );
        keys.push((OrderKey::Attribute(column), sql));
    }
    let mut all = vec![ordered(&[])];
    for (key, sql) in &keys {
        for direction in [Ascending, Descending] {
            all.push(ordered(&[(key.clone(), sql, direction)]));
        }
    }
    let status = OrderKey::Field(OrderField::Status);
    let date = OrderKey::Field(OrderField::OccurredAt);
    all.push(ordered(&[
        (status, "e.status COLLATE \"C\"", Ascending),
        (number(), NUMBER, Descending),
        (date.clone(), "e.occurreddate", Ascending),
    ]));
    all.push(ordered(&[
        (date, "e.occurreddate", Descending),
        (element(data::TEXT, ValueType::Text), TEXT, Ascending),
    ]));
    all
}
