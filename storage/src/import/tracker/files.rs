//! Files that values name: whether they are there and not another object's, and whose they become.

use std::collections::{HashMap, HashSet};

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Nullable, Text, Timestamp},
};
use serde_json::{Map, Value};

use super::{
    code::Code,
    events::Stored,
    importer::{Fault, Importer},
    metadata::{Field, Metadata},
    payload::Event,
    values,
};
use crate::{Connection, Result, schema::fileresource};

/// A file as the rules see it.
#[derive(Debug, HasQuery)]
#[diesel(table_name = fileresource)]
struct File {
    uid: String,
    isassigned: bool,
    fileresourceowner: Option<String>,
}

/// The files that the values of a chunk name.
#[derive(Debug, Default)]
pub(super) struct Files {
    stored: HashMap<String, File>,
    /// Which object of the chunk names a file, by file.
    claimed: HashMap<String, String>,
}

/// The object whose value names a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Namer<'a> {
    /// Its identifier.
    pub(super) uid: &'a str,
    /// Whether it is not stored yet.
    pub(super) is_new: bool,
}

/// What changes about the files of an object.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Naming {
    /// Files that it names from now on.
    taken: Vec<String>,
    /// Files that it names no more.
    released: Vec<String>,
}

impl Files {
    /// Looks files up. They are locked in the order of their keys, so that no other import gives them away and none is removed.
    pub(super) fn load<'a>(
        conn: &mut Connection,
        named: impl Iterator<Item = &'a str>,
    ) -> Result<Self> {
        let uids: HashSet<&str> = named.collect();
        if uids.is_empty() {
            return Ok(Files::default());
        }
        let files = File::query()
            .filter(fileresource::uid.eq_any(uids))
            .order(fileresource::fileresourceid)
            .for_no_key_update()
            .load(conn)?;
        let stored = files.into_iter().map(|file| (file.uid.clone(), file));
        Ok(Files {
            stored: stored.collect(),
            claimed: HashMap::new(),
        })
    }

    /// Why an object may not name a file as the value of `what`: it is not there, or it belongs to another object.
    pub(super) fn check(&mut self, file: &str, namer: Namer, what: &str) -> Option<Fault> {
        let Some(stored) = self.stored.get(file) else {
            return Some(Fault {
                shown: Some(format!("File: `{file}`, could not find file ({what})")),
                ..Fault::new(
                    Code::E1084,
                    format!("the file that {what} names does not exist"),
                )
            });
        };
        let is_foreign = match namer.is_new {
            true => stored.isassigned,
            false => (stored.fileresourceowner.as_ref()).is_some_and(|owner| owner != namer.uid),
        };
        let claimed = self.claimed.entry(file.to_owned());
        let first = claimed.or_insert_with(|| namer.uid.to_owned());
        (is_foreign || first != namer.uid).then(|| Fault {
            shown: Some(format!(
                "File resource `{file}` has already been assigned to a different object ({what})"
            )),
            ..Fault::new(
                Code::E1009,
                format!("the file that {what} names is assigned to another object"),
            )
        })
    }
}

/// The files that the data values of events name.
pub(super) fn named<'a>(
    metadata: &'a Metadata,
    events: impl Iterator<Item = &'a Event>,
) -> impl Iterator<Item = &'a str> {
    let sent = events.flat_map(|event| &event.data_values);
    sent.filter_map(|sent| {
        let field = metadata.data_elements.get(&sent.data_element)?;
        values::text(sent.value.as_ref()).filter(|_| field.is_file())
    })
}

/// What storing an event changes about its files. `values` are those that will be stored.
pub(super) fn of_event(
    metadata: &Metadata,
    event: &Event,
    stored: Option<&Stored>,
    values: &Map<String, Value>,
) -> Naming {
    let is_file = |element: &String| {
        let field = metadata.data_elements.get(element);
        field.is_some_and(Field::is_file)
    };
    let mut sent = event.data_values.iter();
    if !sent.any(|sent| is_file(&sent.data_element)) {
        return Naming::default();
    }
    let files = |values: &Map<String, Value>| -> HashSet<String> {
        let of_files = values.iter().filter(|(element, _)| is_file(element));
        of_files
            .filter_map(|(_, value)| Some(value.get("value")?.as_str()?.to_owned()))
            .collect()
    };
    let before = stored.and_then(|stored| stored.values.as_object());
    Naming::between(before.map(files).unwrap_or_default(), files(values))
}

impl Naming {
    fn between(before: HashSet<String>, after: HashSet<String>) -> Self {
        Naming {
            taken: after.difference(&before).cloned().collect(),
            released: before.difference(&after).cloned().collect(),
        }
    }
}

#[derive(QueryableByName)]
struct OfEntity {
    #[diesel(sql_type = BigInt)]
    entity: i64,
    #[diesel(sql_type = Text)]
    uid: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    attribute: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
}

/// The files of one tracked entity, by attribute, as they are and as they will be.
#[derive(Default)]
struct OfAttributes {
    uid: String,
    before: HashMap<i64, String>,
    after: HashMap<i64, String>,
}

/// Notes which files tracked entities name from now on and which no more, before their values are written. `changes` are
/// values by tracked entity and attribute, `None` for one that is taken away.
pub(super) fn store_of_attributes(
    importer: &mut Importer,
    changes: &HashMap<(i64, i64), Option<String>>,
) -> Result<()> {
    let fields = importer.metadata.attributes.values();
    let files = fields.filter(|field| field.is_file()).map(|field| field.id);
    let files: HashSet<i64> = files.collect();
    let changes = changes.iter();
    let changes: Vec<_> = changes
        .filter(|((_, attribute), _)| files.contains(attribute))
        .collect();
    if changes.is_empty() {
        return Ok(());
    }
    let entities = changes.iter().map(|((entity, _), _)| *entity);
    let entities: Vec<i64> = entities.collect();
    let mut all: HashMap<i64, OfAttributes> = HashMap::new();
    for row in of_entities(importer.conn, &entities, &Vec::from_iter(files))? {
        let of_entity = all.entry(row.entity).or_default();
        of_entity.uid = row.uid;
        of_entity.before.extend(row.attribute.zip(row.value));
    }
    for of_entity in all.values_mut() {
        of_entity.after = of_entity.before.clone();
    }
    for ((entity, attribute), value) in changes {
        let Some(of_entity) = all.get_mut(entity) else {
            continue;
        };
        match value {
            Some(value) => of_entity.after.insert(*attribute, value.clone()),
            None => of_entity.after.remove(attribute),
        };
    }
    let namings = all.into_values().map(|of_entity| {
        let files = |values: HashMap<i64, String>| values.into_values().collect();
        let naming = Naming::between(files(of_entity.before), files(of_entity.after));
        (of_entity.uid, naming)
    });
    store(importer, &namings.collect::<Vec<_>>())
}

/// What tracked entities have of some attributes; a row without one for an entity that has none.
fn of_entities(
    conn: &mut Connection,
    entities: &[i64],
    attributes: &[i64],
) -> Result<Vec<OfEntity>> {
    let query = diesel::sql_query(
        "SELECT t.trackedentityid AS entity, t.uid, v.trackedentityattributeid AS attribute, v.value
           FROM trackedentity t LEFT JOIN trackedentityattributevalue v
                ON v.trackedentityid = t.trackedentityid AND v.trackedentityattributeid = ANY($2)
          WHERE t.trackedentityid = ANY($1)",
    );
    Ok(query
        .bind::<Array<BigInt>, _>(entities)
        .bind::<Array<BigInt>, _>(attributes)
        .load(conn)?)
}

/// Writes whose files are: those that are named become assigned, those that are named no more are free, though it stays known
/// whose they were, as in DHIS2.
pub(super) fn store(importer: &mut Importer, namings: &[(String, Naming)]) -> Result<()> {
    const RELEASE: &str = "UPDATE fileresource f SET isassigned = false, fileresourceowner = c.owner, lastupdated = $3
           FROM unnest($1, $2) AS c (file, owner)
          WHERE f.uid = c.file AND coalesce(f.fileresourceowner, c.owner) = c.owner";
    const TAKE: &str =
        "UPDATE fileresource f SET isassigned = true, fileresourceowner = c.owner, lastupdated = $3
           FROM unnest($1, $2) AS c (file, owner) WHERE f.uid = c.file";
    let released: fn(&Naming) -> &[String] = |naming| &naming.released;
    let taken: fn(&Naming) -> &[String] = |naming| &naming.taken;
    for (update, files) in [(RELEASE, released), (TAKE, taken)] {
        let pairs = namings
            .iter()
            .flat_map(|(owner, naming)| files(naming).iter().map(move |file| (file, owner)));
        let (files, owners): (Vec<&String>, Vec<&String>) = pairs.unzip();
        if files.is_empty() {
            continue;
        }
        diesel::sql_query(update)
            .bind::<Array<Text>, _>(files)
            .bind::<Array<Text>, _>(owners)
            .bind::<Timestamp, _>(importer.now)
            .execute(importer.conn)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_moves_within_an_object_stays_its_own() {
        let set = |files: &[&str]| files.iter().map(|file| (*file).to_owned()).collect();
        let naming = Naming::between(set(&["a", "b"]), set(&["b", "c"]));
        let expected = Naming {
            taken: vec!["c".to_owned()],
            released: vec!["a".to_owned()],
        };
        assert_eq!(naming, expected);
    }
}
