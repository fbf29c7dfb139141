//! What all doors for writing share: the metadata that imports refer to, kept while their version stands, and a run of the
//! import for the caller of a request.

use std::sync::Arc;

use domain::access::Caller;
use storage::{
    Connection, Result,
    import::tracker::{Metadata, Parameters, Request},
};

use crate::{cache::VersionedCache, caller::RequestContext};

/// The metadata of imports, by metadata version.
pub type ImportMetadata = Arc<VersionedCache<(), Metadata>>;

impl RequestContext {
    /// Runs `work` with a connection and the caller's request to the import.
    ///
    /// # Errors
    /// What `work` returned, or when no connection can be had.
    pub async fn write<T: Send + 'static>(
        &self,
        name: &'static str,
        parameters: Parameters,
        work: impl FnOnce(&mut Connection, Request<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let caller: Arc<Caller> = Arc::clone(&self.caller);
        let known = Arc::clone(&self.shared.import_metadata);
        let version = self.metadata_version();
        let run = self.db().run(name, move |conn| {
            let metadata = match known.get(version, &()) {
                Some(metadata) => metadata,
                None => known.put(version, (), Metadata::load(conn)?),
            };
            let request = Request {
                caller: &caller,
                metadata: &metadata,
                parameters: &parameters,
            };
            work(conn, request)
        });
        run.await
    }
}
