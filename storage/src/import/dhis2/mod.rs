//! What the imports of DHIS2 metadata and of tracker data share: reading objects one by one, dates, value types,
//! and the set-based statements. Knows no list of either payload.

pub(super) mod object;
pub(super) mod timestamp;
pub(super) mod upsert;
pub(super) mod value_type;
