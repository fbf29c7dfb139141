//! Files that values name.

use diesel::prelude::*;

use crate::{Connection, Result, schema::fileresource};

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
