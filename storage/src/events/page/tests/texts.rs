//! SQL as PostgreSQL sees it. A changed text here is a changed plan there: look at it, then accept it.

use super::{super::super::row, *};

/// The text with the columns of the row left out and a line for each clause.
fn text(listing: &Listing, page: &Page) -> String {
    let mut columns = Statement::new("");
    row::push_columns(&mut columns, listing);
    let mut text = explain_text(listing, page).replace(&columns.text(), "…");
    for word in [" FROM ", " CROSS JOIN ", " WHERE ", " AND ", " ORDER BY "] {
        text = text.replace(word, &format!("\n{}", &word[1..]));
    }
    text
}

#[test]
fn one_unit_and_stage_is_one_walk() {
    insta::assert_snapshot!(text(&listing(EventKind::Single, Some(vec![1])), &first_page()), @r"
    SELECT …, NULL::text[] AS order_keys
    FROM singleevent e
    WHERE e.organisationunitid = $1
    AND e.programstageid = $2
    AND NOT e.deleted
    ORDER BY e.occurreddate DESC, e.eventid DESC LIMIT $3;
    ");
    insta::assert_snapshot!(text(&listing(EventKind::Tracker, Some(vec![1])), &first_page()), @r"
    SELECT …, NULL::text[] AS order_keys
    FROM trackerevent e
    WHERE e.ownerorganisationunitid = $1
    AND e.programstageid = $2
    AND NOT e.deleted
    ORDER BY coalesce(e.occurreddate, 'infinity'::timestamp) DESC, e.eventid DESC LIMIT $3;
    ");
}

#[test]
fn every_unit_is_a_walk_for_each_stage() {
    insta::assert_snapshot!(text(&listing(EventKind::Single, None), &first_page()), @r"
    SELECT …, NULL::text[] AS order_keys
    FROM (SELECT w.eventid, w.k0
    FROM (SELECT x.*
    FROM (SELECT e.eventid, e.occurreddate AS k0
    FROM singleevent e
    WHERE e.programstageid = $1
    AND NOT e.deleted
    ORDER BY e.occurreddate DESC, e.eventid DESC LIMIT $2) x) w
    ORDER BY w.k0 DESC, w.eventid DESC LIMIT $3) page
    CROSS JOIN LATERAL (SELECT *
    FROM singleevent e
    WHERE e.eventid = page.eventid LIMIT 1) e
    ORDER BY page.k0 DESC, page.eventid DESC;
    ");
    insta::assert_snapshot!(text(&listing(EventKind::Tracker, None), &first_page()), @r"
    SELECT …, NULL::text[] AS order_keys
    FROM (SELECT w.eventid, w.k0
    FROM (SELECT x.*
    FROM (SELECT e.eventid, coalesce(e.occurreddate, 'infinity'::timestamp) AS k0
    FROM trackerevent e
    WHERE e.programstageid = $1
    AND NOT e.deleted
    ORDER BY coalesce(e.occurreddate, 'infinity'::timestamp) DESC, e.eventid DESC LIMIT $2) x) w
    ORDER BY w.k0 DESC, w.eventid DESC LIMIT $3) page
    CROSS JOIN LATERAL (SELECT *
    FROM trackerevent e
    WHERE e.eventid = page.eventid LIMIT 1) e
    ORDER BY page.k0 DESC, page.eventid DESC;
    ");
}

#[test]
fn few_units_are_a_walk_each() {
    insta::assert_snapshot!(text(&listing(EventKind::Tracker, Some(vec![1, 2])), &first_page()), @r"
    SELECT …, NULL::text[] AS order_keys
    FROM (SELECT w.eventid, w.k0
    FROM (SELECT x.*
    FROM unnest($1) AS s (id)
    CROSS JOIN unnest($2) AS u (id)
    CROSS JOIN LATERAL (SELECT e.eventid, coalesce(e.occurreddate, 'infinity'::timestamp) AS k0
    FROM trackerevent e
    WHERE e.ownerorganisationunitid = u.id
    AND e.programstageid = s.id
    AND NOT e.deleted
    ORDER BY coalesce(e.occurreddate, 'infinity'::timestamp) DESC, e.eventid DESC LIMIT $3) x) w
    ORDER BY w.k0 DESC, w.eventid DESC LIMIT $4) page
    CROSS JOIN LATERAL (SELECT *
    FROM trackerevent e
    WHERE e.eventid = page.eventid LIMIT 1) e
    ORDER BY page.k0 DESC, page.eventid DESC;
    ");
}

#[test]
fn many_units_are_tried_among_the_newest_first() {
    insta::assert_snapshot!(text(&listing(EventKind::Single, Some((1..=25).collect())), &first_page()), @r"
    SELECT …, NULL::text[] AS order_keys
    FROM (SELECT w.eventid, w.k0
    FROM (SELECT e.eventid, e.k0
    FROM (SELECT e.eventid, e.organisationunitid, e.occurreddate AS k0
    FROM singleevent e
    WHERE e.programstageid = $1
    AND NOT e.deleted
    ORDER BY e.occurreddate DESC, e.eventid DESC LIMIT $2) e
    WHERE (e.organisationunitid IN (SELECT unnest($3))) IS TRUE) w
    ORDER BY w.k0 DESC, w.eventid DESC LIMIT $4) page
    CROSS JOIN LATERAL (SELECT *
    FROM singleevent e
    WHERE e.eventid = page.eventid LIMIT 1) e
    ORDER BY page.k0 DESC, page.eventid DESC;
    SELECT …, NULL::text[] AS order_keys
    FROM (SELECT w.eventid, w.k0
    FROM (SELECT x.*
    FROM (SELECT e.eventid, e.occurreddate AS k0
    FROM singleevent e
    WHERE e.programstageid = $1
    AND (NOT EXISTS (SELECT
    FROM organisationunit o
    CROSS JOIN LATERAL (SELECT
    FROM singleevent e
    WHERE e.organisationunitid = o.organisationunitid
    AND e.programstageid = ANY($2)
    AND NOT e.deleted LIMIT 1) e
    WHERE o.organisationunitid <> ALL($3)) OR (e.organisationunitid IN (SELECT unnest($4))) IS TRUE)
    AND NOT e.deleted
    ORDER BY e.occurreddate DESC, e.eventid DESC LIMIT $5) x) w
    ORDER BY w.k0 DESC, w.eventid DESC LIMIT $6) page
    CROSS JOIN LATERAL (SELECT *
    FROM singleevent e
    WHERE e.eventid = page.eventid LIMIT 1) e
    ORDER BY page.k0 DESC, page.eventid DESC;
    SELECT …, NULL::text[] AS order_keys
    FROM (SELECT w.eventid, w.k0
    FROM (SELECT x.*
    FROM unnest($1) AS s (id)
    CROSS JOIN unnest($2) AS u (id)
    CROSS JOIN LATERAL (SELECT e.eventid, e.occurreddate AS k0
    FROM singleevent e
    WHERE e.organisationunitid = u.id
    AND e.programstageid = s.id
    AND NOT e.deleted
    ORDER BY e.occurreddate DESC, e.eventid DESC LIMIT $3) x) w
    ORDER BY w.k0 DESC, w.eventid DESC LIMIT $4) page
    CROSS JOIN LATERAL (SELECT *
    FROM singleevent e
    WHERE e.eventid = page.eventid LIMIT 1) e
    ORDER BY page.k0 DESC, page.eventid DESC;
    ");
}

#[test]
fn filters_are_conditions_of_the_walk() {
    let mut asked = listing(EventKind::Single, Some(vec![1]));
    asked.filter = every_filter();
    asked.option_combos = Some(vec![4, 5]);
    insta::assert_snapshot!(text(&asked, &first_page()), @r"
    SELECT …, NULL::text[] AS order_keys
    FROM singleevent e
    WHERE e.organisationunitid = $1
    AND e.programstageid = $2
    AND NOT e.deleted
    AND e.occurreddate >= $3
    AND e.occurreddate <= $4
    AND e.attributeoptioncomboid = ANY($5)
    AND (e.status = ANY($6))
    ORDER BY e.occurreddate DESC, e.eventid DESC LIMIT $7;
    ");
    asked.kind = EventKind::Tracker;
    asked.filter.occurred.to = None;
    insta::assert_snapshot!(text(&asked, &first_page()), @r"
    SELECT …, NULL::text[] AS order_keys
    FROM trackerevent e
    WHERE e.ownerorganisationunitid = $1
    AND e.programstageid = $2
    AND NOT e.deleted
    AND coalesce(e.occurreddate, 'infinity'::timestamp) >= $3
    AND e.occurreddate IS NOT NULL
    AND e.attributeoptioncomboid = ANY($4)
    AND (e.status = ANY($5))
    ORDER BY coalesce(e.occurreddate, 'infinity'::timestamp) DESC, e.eventid DESC LIMIT $6;
    ");
}

#[test]
fn a_cursor_is_a_row_comparison_in_reading_direction() {
    let single = listing(EventKind::Single, Some(vec![1]));
    let date = Some(day(2025, 6, 1));
    insta::assert_snapshot!(text(&single, &page_from(Reading::Forward, date)), @r"
    SELECT …, NULL::text[] AS order_keys
    FROM singleevent e
    WHERE e.organisationunitid = $1
    AND e.programstageid = $2
    AND NOT e.deleted
    AND (e.occurreddate, e.eventid) < ($3, $4)
    ORDER BY e.occurreddate DESC, e.eventid DESC LIMIT $5;
    ");
    insta::assert_snapshot!(text(&single, &page_from(Reading::Backward, date)), @r"
    SELECT …, NULL::text[] AS order_keys
    FROM singleevent e
    WHERE e.organisationunitid = $1
    AND e.programstageid = $2
    AND NOT e.deleted
    AND (e.occurreddate, e.eventid) > ($3, $4)
    ORDER BY e.occurreddate, e.eventid LIMIT $5;
    ");
    let tracker = listing(EventKind::Tracker, Some(vec![1]));
    insta::assert_snapshot!(text(&tracker, &page_from(Reading::Forward, None)), @r"
    SELECT …, NULL::text[] AS order_keys
    FROM trackerevent e
    WHERE e.ownerorganisationunitid = $1
    AND e.programstageid = $2
    AND NOT e.deleted
    AND (coalesce(e.occurreddate, 'infinity'::timestamp), e.eventid) < ($3, $4)
    ORDER BY coalesce(e.occurreddate, 'infinity'::timestamp) DESC, e.eventid DESC LIMIT $5;
    ");
}

#[test]
fn nothing_to_read_is_not_asked() {
    let no_unit = listing(EventKind::Single, Some(vec![]));
    assert_eq!(explain_text(&no_unit, &first_page()), "");
    let no_stage = Listing {
        stages: vec![],
        ..listing(EventKind::Single, None)
    };
    assert_eq!(explain_text(&no_stage, &first_page()), "");
}
