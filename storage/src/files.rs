//! Files that values name, with their contents.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::{
    Connection as _,
    prelude::*,
    sql_types::{BigInt, Binary, Bool, Nullable, Text, Timestamp},
};
use domain::file::{Dimension, Domain};

use crate::{
    Connection, Result,
    import::tracker::random_uid,
    schema::{fileresource, fileresourcecontent},
    sql::{Statement, Value},
};

/// A file, without its content. Its row never changes once a value names it.
#[derive(Debug, Clone, PartialEq, Eq, HasQuery)]
#[diesel(table_name = fileresource)]
pub struct FileResource {
    /// DHIS2 identifier; the value of a data element of type `FILE_RESOURCE` or IMAGE.
    pub uid: String,
    /// Name of the file as it was sent.
    pub name: String,
    /// Media type.
    pub contenttype: String,
    /// Size, bytes.
    pub contentlength: i64,
}

/// Files by identifier.
///
/// # Errors
/// When the query fails.
pub fn by_uids(conn: &mut Connection, uids: &[String]) -> Result<Vec<FileResource>> {
    Ok(FileResource::query()
        .filter(fileresource::uid.eq_any(uids))
        .load(conn)?)
}

/// A file with all that is known of it, without its content.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Details {
    /// Internal key.
    #[diesel(sql_type = BigInt)]
    pub fileresourceid: i64,
    /// DHIS2 identifier.
    #[diesel(sql_type = Text)]
    pub uid: String,
    /// Name of the file as it was sent.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Media type.
    #[diesel(sql_type = Text)]
    pub contenttype: String,
    /// Size, bytes.
    #[diesel(sql_type = BigInt)]
    pub contentlength: i64,
    /// MD5 of the content, hexadecimal.
    #[diesel(sql_type = Text)]
    pub contentmd5: String,
    /// Whether a value names it.
    #[diesel(sql_type = Bool)]
    pub isassigned: bool,
    /// What it is for; `None` in old rows.
    #[diesel(sql_type = Nullable<Text>)]
    pub domain: Option<String>,
    /// Whether smaller copies of it are handed out.
    #[diesel(sql_type = Bool)]
    pub hasmultiplestoragefiles: bool,
    /// Event or tracked entity whose value names it, or did so last; `None` for none.
    #[diesel(sql_type = Nullable<Text>)]
    pub fileresourceowner: Option<String>,
    /// When it was stored.
    #[diesel(sql_type = Timestamp)]
    pub created: NaiveDateTime,
    /// When it was last changed.
    #[diesel(sql_type = Timestamp)]
    pub lastupdated: NaiveDateTime,
    /// Key of the person who sent it; `None` when not known.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub userid: Option<i64>,
    /// Identifier of that person.
    #[diesel(sql_type = Nullable<Text>)]
    pub sender: Option<String>,
    /// Whether its content is here.
    #[diesel(sql_type = Bool)]
    pub is_stored: bool,
}

/// The file with an identifier; `None` when there is none.
///
/// # Errors
/// When the query fails.
pub fn details(conn: &mut Connection, uid: &str) -> Result<Option<Details>> {
    let mut query = Statement::new(
        "SELECT f.fileresourceid, f.uid, f.name, f.contenttype, f.contentlength, f.contentmd5, f.isassigned, f.domain,
                f.hasmultiplestoragefiles, f.fileresourceowner, f.created, f.lastupdated, f.userid, u.uid AS sender,
                EXISTS (SELECT FROM fileresourcecontent c WHERE c.fileresourceid = f.fileresourceid) AS is_stored
           FROM fileresource f LEFT JOIN userinfo u ON u.userinfoid = f.userid WHERE f.uid = ",
    );
    query.bind(Value::Text(uid.to_owned()));
    Ok(query.get_result(conn).optional()?)
}

/// Whether there is a file with an identifier.
///
/// # Errors
/// When the query fails.
pub fn exists(conn: &mut Connection, uid: &str) -> Result<bool> {
    let found = fileresource::table.filter(fileresource::uid.eq(uid));
    Ok(diesel::select(diesel::dsl::exists(found)).get_result(conn)?)
}

/// The content of a file in a size, that of the original where the picture is no wider; `None` when it is not here.
///
/// # Errors
/// When the query fails.
pub fn content(conn: &mut Connection, file: i64, dimension: Dimension) -> Result<Option<Vec<u8>>> {
    use fileresourcecontent as t;
    let wanted = [dimension.name(), Dimension::Original.name()];
    let content = t::table
        .filter(t::fileresourceid.eq(file))
        .filter(t::dimension.eq_any(wanted))
        .order(t::dimension.eq(dimension.name()).desc())
        .select(t::content)
        .first(conn);
    Ok(content.optional()?)
}

/// A file that is to be kept.
#[derive(Debug)]
pub struct NewFile<'a> {
    /// Its identifier; `None` for one that is made for it.
    pub uid: Option<String>,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// What it is for.
    pub domain: Domain,
    /// Key of the person who sent it.
    pub sender: i64,
    /// The bytes.
    pub content: &'a [u8],
    /// Smaller copies of a picture; `None` when there can be none.
    pub copies: Option<Vec<(Dimension, Vec<u8>)>>,
}

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = BigInt)]
    fileresourceid: i64,
}

/// Keeps a file. Returns it; `None` when another one has its identifier.
///
/// # Errors
/// When a statement fails.
pub fn store(conn: &mut Connection, file: &NewFile) -> Result<Option<Details>> {
    let uid = file.uid.clone().unwrap_or_else(random_uid);
    conn.transaction(|conn| {
        let Some(id) = insert(conn, &uid, file)? else {
            return Ok(None);
        };
        for (dimension, copy) in file.copies.iter().flatten() {
            use fileresourcecontent as t;
            let row = (
                t::fileresourceid.eq(id),
                t::dimension.eq(dimension.name()),
                t::content.eq(copy),
            );
            diesel::insert_into(t::table).values(row).execute(conn)?;
        }
        details(conn, &uid)
    })
}

/// Inserts a file with its content. Returns its key; `None` when its identifier is taken.
fn insert(conn: &mut Connection, uid: &str, file: &NewFile) -> Result<Option<i64>> {
    let length = i64::try_from(file.content.len()).unwrap_or(i64::MAX);
    // The content is sent once: PostgreSQL makes its MD5.
    let insert = diesel::sql_query(
        "WITH file AS (
             INSERT INTO fileresource (uid, name, contenttype, contentlength, contentmd5, storagekey, domain,
                                       hasmultiplestoragefiles, userid)
             VALUES ($1, $2, $3, $4, md5($5), lower($6) || '/' || gen_random_uuid(), $6, $7, $8)
             ON CONFLICT (uid) DO NOTHING RETURNING fileresourceid)
         INSERT INTO fileresourcecontent (fileresourceid, dimension, content)
         SELECT fileresourceid, 'ORIGINAL', $5 FROM file RETURNING fileresourceid",
    );
    let key: Option<Key> = insert
        .bind::<Text, _>(uid)
        .bind::<Text, _>(&file.name)
        .bind::<Text, _>(&file.media_type)
        .bind::<BigInt, _>(length)
        .bind::<Binary, _>(file.content)
        .bind::<Text, _>(file.domain.name())
        .bind::<Bool, _>(file.copies.is_some())
        .bind::<BigInt, _>(file.sender)
        .get_result(conn)
        .optional()?;
    Ok(key.map(|key| key.fileresourceid))
}

/// Removes files that were sent here and that no value names, or none any more, since so many hours. Returns how many.
///
/// # Errors
/// When the statement fails.
pub fn remove_unassigned(conn: &mut Connection, hours: u32) -> Result<usize> {
    let before = chrono::Utc::now().naive_utc() - TimeDelta::hours(i64::from(hours));
    // What an import is about to assign is locked by it and left alone.
    let removal = diesel::sql_query(
        "DELETE FROM fileresource WHERE fileresourceid IN (
             SELECT f.fileresourceid FROM fileresource f
              WHERE NOT f.isassigned AND f.lastupdated < $1 AND f.domain IN ('DATA_VALUE', 'PUSH_ANALYSIS', 'MESSAGE_ATTACHMENT')
                AND EXISTS (SELECT FROM fileresourcecontent c WHERE c.fileresourceid = f.fileresourceid)
                FOR UPDATE SKIP LOCKED)",
    );
    Ok(removal.bind::<Timestamp, _>(before).execute(conn)?)
}
