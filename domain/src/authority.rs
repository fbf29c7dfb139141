//! The authorities that the program asks for. People hold them through their roles; [`ALL`] stands for every one.
//!
//! Most are DHIS2's and mean what they mean there. What DHIS2 has no name for begins with `CLINIGRAPH_`.

/// Everything: the superuser's.
pub const ALL: &str = "ALL";
/// Lists events of every unit, whatever the search scope.
pub const SEARCH_IN_ALL_ORG_UNITS: &str = "F_TRACKED_ENTITY_INSTANCE_SEARCH_IN_ALL_ORGUNITS";
/// Imports metadata.
pub const METADATA_IMPORT: &str = "F_METADATA_IMPORT";
/// Refreshes analytics and follows how it goes.
pub const PERFORM_MAINTENANCE: &str = "F_PERFORM_MAINTENANCE";
/// Reads the monthly report, as a field and as files.
pub const VIEW_EVENT_ANALYTICS: &str = "F_VIEW_EVENT_ANALYTICS";
/// Reads the schema by introspection, and with it uses the page `GraphiQL`.
pub const INTROSPECTION: &str = "CLINIGRAPH_INTROSPECTION";
/// Sees where the time of one's requests went, in the header `Server-Timing`.
pub const SERVER_TIMING: &str = "CLINIGRAPH_SERVER_TIMING";
/// Makes, lists and revokes API tokens of everybody whose authorities they hold themselves.
pub const MANAGE_TOKENS: &str = "CLINIGRAPH_TOKENS";
