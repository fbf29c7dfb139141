//! The operation of a document that a request runs, as traces and figures name it.

use async_graphql::parser::types::{ExecutableDocument, OperationType};
use storage::watch::TRACE;

use crate::parameters::Parameters;

/// Kind and name of an operation.
pub struct Operation<'a> {
    /// `query`, `mutation` or `subscription`.
    pub kind: &'static str,
    /// Its name; `None` when it has none.
    pub name: Option<&'a str>,
}

impl<'a> Operation<'a> {
    /// The one that is asked for; `None` when it is not there or not told.
    #[must_use]
    pub fn of(document: &'a ExecutableDocument, parameters: &Parameters) -> Option<Self> {
        let asked = parameters.operation_name.as_deref();
        let mut found = document.operations.iter().filter(|(name, _)| match asked {
            None => true,
            Some(asked) => name.is_some_and(|name| name.as_str() == asked),
        });
        let (name, operation) = found.next()?;
        let kind = match operation.node.ty {
            OperationType::Query => "query",
            OperationType::Mutation => "mutation",
            OperationType::Subscription => "subscription",
        };
        let name = name.map(|name| name.as_str());
        found.next().is_none().then_some(Operation { kind, name })
    }

    /// Its span. The name is a word of the document, which was parsed: it is a name and no sentence.
    #[must_use]
    pub fn span(&self) -> tracing::Span {
        tracing::info_span!(
            target: TRACE,
            "operation",
            otel.name = self.kind,
            graphql.operation.type = self.kind,
            graphql.operation.name = self.name,
        )
    }
}
