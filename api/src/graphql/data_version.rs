//! Which state of the data an answer was made from.

use async_graphql::{ID, Object};
use storage::analytics::version;

use super::scalars::DateTime;

/// A version.
pub struct DataVersion(pub version::DataVersion);

/// A published state of the analytics data. All figures of one response come from one version.
#[Object]
impl DataVersion {
    /// Number of the version, rising.
    async fn id(&self) -> ID {
        ID(self.0.data_version_id.to_string())
    }

    /// When it was published.
    async fn refreshed_at(&self) -> DateTime {
        self.0.refreshed_at
    }

    /// The newest delivery holds everything until this moment; null when nothing was imported.
    async fn imported_through(&self) -> Option<DateTime> {
        self.0.imported_through
    }

    /// Newest catalogue that titles of diagnoses come from, e.g. `ICD-10-GM 2026, BfArM`; null when none was loaded: they
    /// are what imported data call the codes then.
    async fn title_source(&self) -> Option<&str> {
        self.0.title_source.as_deref()
    }

    /// Whether something was imported since, which the next refresh will show.
    async fn stale(&self) -> bool {
        self.0.stale
    }
}
