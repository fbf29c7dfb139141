//! Notes of enrolments and events. A note is written once and never changed.

use std::collections::{HashMap, HashSet};

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Integer, Nullable, Text},
};
use serde_json::{Value, json};

use super::{
    code::Code,
    importer::{Fault, Importer},
    payload::{self, Note},
};
use crate::{
    Connection, Result,
    import::dhis2::upsert::{self, Table},
};

const TABLE: Table = Table {
    name: "note",
    key: "noteid",
};

/// A note to add.
#[derive(Debug)]
pub(super) struct NewNote {
    uid: String,
    text: String,
    creator: Option<String>,
}

/// Uid of the object that each stored note belongs to.
pub(super) type Holders = HashMap<String, Option<String>>;

/// Looks up the notes that objects of a chunk name.
pub(super) fn holders<'a>(
    conn: &mut Connection,
    notes: impl Iterator<Item = &'a Note>,
) -> Result<Holders> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        uid: String,
        #[diesel(sql_type = Nullable<Text>)]
        holder: Option<String>,
    }
    let uids: Vec<&str> = notes.filter_map(|note| note.note.as_deref()).collect();
    if uids.is_empty() {
        return Ok(Holders::new());
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT n.uid, coalesce(e.uid, t.uid, s.uid) AS holder FROM note n
         LEFT JOIN enrollment_notes en USING (noteid) LEFT JOIN enrollment e USING (enrollmentid)
         LEFT JOIN trackerevent_notes tn USING (noteid) LEFT JOIN trackerevent t ON t.eventid = tn.eventid
         LEFT JOIN singleevent_notes sn USING (noteid) LEFT JOIN singleevent s ON s.eventid = sn.eventid
         WHERE n.uid = ANY($1)",
    )
    .bind::<Array<Text>, _>(uids)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.uid, row.holder)).collect())
}

impl Importer<'_> {
    /// The notes of `object` that are to be added. Empty ones are dropped, known ones of the same object skipped.
    pub(super) fn new_notes(
        &self,
        object: &str,
        notes: &[Note],
        holders: &Holders,
    ) -> Result<Vec<NewNote>, Fault> {
        let (mut new, mut uids) = (Vec::new(), HashSet::new());
        for note in notes {
            let Some(text) = note.value.as_deref().filter(|text| !text.is_empty()) else {
                continue;
            };
            let uid = note
                .note
                .clone()
                .filter(|uid| !uid.is_empty())
                .unwrap_or_else(payload::random_uid);
            if !domain::uid::is_valid(&uid) {
                return Err(Fault::new(
                    Code::E1048,
                    "`notes.note` must be a letter and 10 letters or digits",
                ));
            }
            match holders.get(&uid) {
                Some(Some(holder)) if holder == object => continue,
                Some(_) => return Err(taken()),
                None if self.note_uids.contains(&uid) => return Err(taken()),
                None if !uids.insert(uid.clone()) => return Err(taken()),
                None => {}
            }
            let (text, creator) = (text.to_owned(), note.stored_by.clone());
            new.push(NewNote { uid, text, creator });
        }
        Ok(new)
    }

    /// Keeps the identifiers of the notes of a good object, so that no other one of the payload brings them.
    pub(super) fn claim(&mut self, notes: &[NewNote]) {
        let uids = notes.iter().map(|note| note.uid.clone());
        self.note_uids.extend(uids);
    }

    /// Adds notes behind those that their objects have; `table` links them by its column `key`. Returns the objects.
    pub(super) fn store_notes(
        &mut self,
        table: &str,
        key: &str,
        notes: Vec<(i64, NewNote)>,
    ) -> Result<Vec<i64>> {
        if notes.is_empty() {
            return Ok(vec![]);
        }
        let rows: Vec<Value> = notes
            .iter()
            .map(|(_, note)| {
                json!({
                    "uid": note.uid,
                    "created": self.now,
                    "notetext": note.text,
                    "creator": note.creator,
                    "lastupdatedby": self.user.id,
                })
            })
            .collect();
        upsert::objects(self.conn, &TABLE, &rows)?;
        let (owners, uids): (Vec<i64>, Vec<String>) = notes
            .into_iter()
            .map(|(owner, note)| (owner, note.uid))
            .unzip();
        diesel::sql_query(format!(
            "INSERT INTO {table} ({key}, sort_order, noteid)
             SELECT new.owner, coalesce((SELECT max(old.sort_order) FROM {table} old WHERE old.{key} = new.owner), 0)
                    + row_number() OVER (PARTITION BY new.owner ORDER BY new.place)::integer, n.noteid
             FROM unnest($1, $2, $3) AS new (owner, uid, place) JOIN note n ON n.uid = new.uid"
        ))
        .bind::<Array<BigInt>, _>(&owners)
        .bind::<Array<Text>, _>(&uids)
        .bind::<Array<Integer>, _>((1..).take(uids.len()).collect::<Vec<i32>>())
        .execute(self.conn)?;
        Ok(owners)
    }
}

fn taken() -> Fault {
    Fault::new(Code::E1119, "a note with the uid of one of `notes` exists")
}
