//! Every condition with its plain SQL. Where the rule is about texts, the SQL is written another way: by lists and patterns.

use domain::event::{
    EventFilter, EventKind, EventStatus, ValueType,
    filter::{
        Assignee, Column, Comparison, Condition, EnrollmentFilter, EnrollmentStatus, Match,
        TimeBounds, ValueFilter,
    },
};

use super::{Filtered, World, data};
use crate::events::page::tests::day;

fn with(sql: impl Into<String>, change: impl FnOnce(&mut EventFilter)) -> Filtered {
    let mut filter = EventFilter::default();
    change(&mut filter);
    Filtered {
        filter,
        sql: sql.into(),
    }
}

/// Nothing, a date range, and deleted events too.
pub fn few(_: &World) -> Vec<Filtered> {
    vec![
        with("true", |_| {}),
        with(
            "e.occurreddate >= '2024-01-03' AND e.occurreddate < '2024-01-09'",
            |filter| {
                filter.occurred = TimeBounds::days(Some(day(2024, 1, 3)), Some(day(2024, 1, 8)));
            },
        ),
        with("true", |filter| filter.include_deleted = true),
    ]
}

/// One of each condition, and some together.
pub fn all(world: &World) -> Vec<Filtered> {
    let mut all = few(world);
    all.extend(times());
    all.extend(keys(world));
    all.extend(values());
    if world.kind == EventKind::Tracker {
        all.extend(tracker(world));
    }
    all
}

fn times() -> Vec<Filtered> {
    let bounds = |from, to| TimeBounds::days(from, to);
    vec![
        with("e.occurreddate >= '2024-01-05'", |filter| {
            filter.occurred = bounds(Some(day(2024, 1, 5)), None);
        }),
        with("e.occurreddate < '2024-01-05'", |filter| {
            filter.occurred = bounds(None, Some(day(2024, 1, 4)));
        }),
        with(
            "e.lastupdated >= '2025-01-02' AND e.lastupdated < '2025-01-03'",
            |filter| {
                filter.updated = bounds(Some(day(2025, 1, 2)), Some(day(2025, 1, 2)));
            },
        ),
        with(
            "e.lastupdated >= '2025-01-02' AND e.status = 'ACTIVE'",
            |filter| {
                filter.updated = bounds(Some(day(2025, 1, 2)), None);
                filter.include_deleted = true;
                filter.statuses = vec![EventStatus::Active];
            },
        ),
        with("e.completeddate < '2024-06-11'", |filter| {
            filter.completed = bounds(None, Some(day(2024, 6, 10)));
        }),
    ]
}

fn keys(world: &World) -> Vec<Filtered> {
    let people = world.people.clone();
    let person = people[0];
    let combo = world.combos[0];
    let uids = world.uids.clone();
    let visited = match world.kind {
        EventKind::Single => "e.status = 'ACTIVE'",
        EventKind::Tracker => {
            "(e.status = 'ACTIVE' AND e.occurreddate IS NOT NULL) OR e.status = 'VISITED'"
        }
    };
    vec![
        with("e.status = 'COMPLETED'", |filter| {
            filter.statuses = vec![EventStatus::Completed];
        }),
        with(visited, |filter| {
            filter.statuses = vec![EventStatus::Visited];
        }),
        with("e.assigneduserid IS NULL", |filter| {
            filter.assignee = Some(Assignee::Nobody);
        }),
        with("a.userinfoid IS NOT NULL", |filter| {
            filter.assignee = Some(Assignee::Anybody);
        }),
        with(format!("a.userinfoid = {person}"), |filter| {
            filter.assignee = Some(Assignee::OneOf(vec![person]));
        }),
        with(
            format!("a.userinfoid = ANY(ARRAY{people:?}::bigint[]) AND e.status = 'ACTIVE'"),
            |filter| {
                filter.assignee = Some(Assignee::OneOf(people.clone()));
                filter.statuses = vec![EventStatus::Active];
            },
        ),
        with("false", |filter| {
            filter.assignee = Some(Assignee::OneOf(Vec::new()));
        }),
        with(format!("e.attributeoptioncomboid = {combo}"), |filter| {
            filter.option_combo = Some(combo);
        }),
        with(format!("e.uid IN ('{}')", uids.join("', '")), |filter| {
            filter.uids = Some(uids.clone());
        }),
        with("false", |filter| filter.uids = Some(Vec::new())),
    ]
}

/// A condition on a data element; `v` in the SQL is its text.
fn value(uid: &str, value_type: ValueType, conditions: Vec<Condition>, sql: &str) -> Filtered {
    let text = format!("(e.eventdatavalues->'{uid}'->>'value')");
    let column = Column {
        id: 0,
        uid: uid.to_owned(),
        value_type,
    };
    with(sql.replace("{v}", &text).replace("{uid}", uid), |filter| {
        filter.values = vec![ValueFilter { column, conditions }];
    })
}

fn compare(comparison: Comparison, value: &str) -> Condition {
    Condition::Compare(comparison, value.to_owned())
}

fn find(search: Match, value: &str) -> Condition {
    Condition::Text(search, value.to_owned())
}

const NUMBER: &str =
    "(CASE WHEN {v} IN ('170', '170.0', '-3', '1e2', '99.5', '0') THEN {v}::numeric END)";
const DATE: &str =
    "(CASE WHEN {v} IN ('2020-05-31', '2020-05-31T10:00', '2021-02-28') THEN {v}::timestamp END)";

fn values() -> Vec<Filtered> {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    let text = |condition, sql: &str| value(data::TEXT, ValueType::Text, vec![condition], sql);
    let number = |condition, sql: &str| {
        value(
            data::NUMBER,
            ValueType::Number,
            vec![condition],
            &format!("{NUMBER} {sql}"),
        )
    };
    let date = |condition, sql: &str| {
        value(
            data::DATE,
            ValueType::Date,
            vec![condition],
            &format!("{DATE} {sql}"),
        )
    };
    let boolean =
        |condition, sql: &str| value(data::BOOLEAN, ValueType::Boolean, vec![condition], sql);
    let multi =
        |condition, sql: &str| value(data::MULTI, ValueType::MultiText, vec![condition], sql);
    vec![
        text(compare(Equal, "APPLE"), "{v} = 'Apple'"),
        text(compare(NotEqual, "apple"), "{v} <> 'Apple'"),
        text(
            compare(Greater, "apple"),
            "lower({v}) COLLATE \"C\" > 'apple'",
        ),
        text(compare(LessOrEqual, "b"), "lower({v}) COLLATE \"C\" <= 'b'"),
        text(
            Condition::In(vec!["null".into(), "äpfel".into()]),
            "{v} IN ('null', 'ÄPFEL')",
        ),
        text(find(Match::Contains, "%"), "{v} = '100%'"),
        text(find(Match::Contains, "A_b"), "{v} = 'a_b'"),
        text(find(Match::ContainsNot, "apple"), "{v} NOT ILIKE '%apple%'"),
        text(find(Match::StartsWith, "app"), "{v} ILIKE 'app%'"),
        text(find(Match::EndsWith, "PIE"), "{v} ILIKE '%pie'"),
        text(Condition::Empty, "e.eventdatavalues->'{uid}' IS NULL"),
        text(
            Condition::NotEmpty,
            "e.eventdatavalues->'{uid}' IS NOT NULL",
        ),
        number(compare(Equal, "170.00"), "= 170"),
        number(compare(NotEqual, "170"), "<> 170"),
        number(compare(GreaterOrEqual, "99.5"), ">= 99.5"),
        number(compare(Less, "0"), "< 0"),
        number(
            Condition::In(vec!["100".into(), "-3".into()]),
            "IN (100, -3)",
        ),
        value(
            data::NUMBER,
            ValueType::Number,
            vec![find(Match::StartsWith, "17")],
            "{v} LIKE '17%'",
        ),
        value(
            data::NUMBER,
            ValueType::Number,
            vec![compare(Greater, "0"), compare(Less, "150")],
            &format!("{NUMBER} > 0 AND {NUMBER} < 150"),
        ),
        date(
            compare(GreaterOrEqual, "2020-05-31t10:00"),
            ">= '2020-05-31 10:00'",
        ),
        date(compare(Equal, "2020-05-31"), "= '2020-05-31'"),
        date(compare(Less, "2021-03-01"), "< '2021-03-01'"),
        boolean(compare(Equal, "true"), "{v} = 'true'"),
        boolean(compare(NotEqual, "true"), "{v} = 'false'"),
        multi(
            compare(Equal, "RED"),
            "{v} IN ('red,blue,Green', 'red,white')",
        ),
        multi(
            compare(NotEqual, "red"),
            "coalesce({v}, '') NOT IN ('red,blue,Green', 'red,white')",
        ),
        multi(
            Condition::In(vec!["white".into(), "blue".into()]),
            "{v} IN ('red,blue,Green', 'red,white', 'blue')",
        ),
        multi(find(Match::EndsWith, "een"), "{v} = 'red,blue,Green'"),
        multi(
            find(Match::StartsWith, "bl"),
            "{v} IN ('red,blue,Green', 'blue')",
        ),
        multi(find(Match::Contains, "_"), "{v} = 'dark_red'"),
        multi(
            find(Match::ContainsNot, "red"),
            "coalesce({v}, '') IN ('', 'blue')",
        ),
        multi(Condition::Empty, "coalesce({v}, '') = ''"),
        multi(Condition::NotEmpty, "{v} <> ''"),
    ]
}

fn tracker(world: &World) -> Vec<Filtered> {
    let ids = world.enrollments.clone();
    let enrollment = |sql: &str, filter: EnrollmentFilter| with(sql, |all| all.enrollment = filter);
    let attribute = |value_type, conditions: Vec<Condition>, sql: &str| {
        let id = world.attribute;
        let text = format!(
            "(SELECT v.value FROM trackedentityattributevalue v
               WHERE v.trackedentityid = t.trackedentityid AND v.trackedentityattributeid = {id})"
        );
        let column = Column {
            id,
            uid: "Attribute01".to_owned(),
            value_type,
        };
        with(sql.replace("{v}", &text), |filter| {
            filter.attributes = vec![ValueFilter { column, conditions }];
        })
    };
    let early = Some(day(2022, 1, 1));
    vec![
        with(
            "e.status = 'OVERDUE' OR (e.status = 'SCHEDULE' AND e.scheduleddate::date < '2026-11-21')",
            |filter| {
                filter.statuses = vec![EventStatus::Overdue];
            },
        ),
        with("e.scheduleddate >= '2026-11-22'", |filter| {
            filter.scheduled = TimeBounds::days(Some(day(2026, 11, 22)), None);
        }),
        enrollment(
            "n.followup",
            EnrollmentFilter {
                follow_up: Some(true),
                ..EnrollmentFilter::default()
            },
        ),
        enrollment(
            "n.status = 'CANCELLED' AND NOT n.followup",
            EnrollmentFilter {
                status: Some(EnrollmentStatus::Cancelled),
                follow_up: Some(false),
                ..EnrollmentFilter::default()
            },
        ),
        enrollment(
            "n.enrollmentdate >= '2022-01-01'",
            EnrollmentFilter {
                enrolled: TimeBounds::days(early, None),
                ..EnrollmentFilter::default()
            },
        ),
        enrollment(
            "n.occurreddate < '2022-01-02'",
            EnrollmentFilter {
                occurred: TimeBounds::days(None, early),
                ..EnrollmentFilter::default()
            },
        ),
        enrollment(
            &format!("e.enrollmentid = ANY(ARRAY{ids:?}::bigint[])"),
            EnrollmentFilter {
                ids: Some(ids.clone()),
                ..EnrollmentFilter::default()
            },
        ),
        attribute(
            ValueType::Number,
            vec![compare(Comparison::Equal, "170")],
            "{v} IN ('170', '170.0')",
        ),
        attribute(
            ValueType::Text,
            vec![find(Match::Contains, "% \\winter's")],
            "{v} LIKE '20%'",
        ),
        attribute(
            ValueType::Text,
            vec![compare(Comparison::NotEqual, "rainy day")],
            "{v} <> 'Rainy Day'",
        ),
        attribute(ValueType::Text, vec![Condition::Empty], "{v} IS NULL"),
        attribute(
            ValueType::Text,
            vec![Condition::NotEmpty],
            "{v} IS NOT NULL",
        ),
        attribute(
            ValueType::MultiText,
            vec![compare(Comparison::Equal, "abc")],
            "{v} = 'abc'",
        ),
        attribute(ValueType::MultiText, vec![Condition::Empty], "{v} IS NULL"),
    ]
}
