//! From a document to its answer: what was found valid once is not parsed and checked again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use async_graphql::{
    Request, Response, Variables,
    parser::{
        parse_query,
        types::{ExecutableDocument, OperationType},
    },
};
use storage::watch::TRACE;
use tracing::Instrument;

use crate::{
    caller::RequestContext,
    documents::{Documents, Known, form},
    field_order,
    graphql::{Schema, is_request_error, schema, unchecked_schema},
    metrics::Operations,
};

/// A request as clients send it.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameters {
    /// The document.
    pub query: String,
    /// Name of the operation to run; `None` when the document has one only.
    pub operation_name: Option<String>,
    /// Values of the variables, an object; `None` and null for none.
    pub variables: Option<serde_json::Value>,
}

/// The schema, and the documents that clients send again and again.
pub struct Engine {
    checking: Schema,
    unchecked: Schema,
    documents: Documents,
    operations: Option<Operations>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Default for Engine {
    fn default() -> Self {
        Engine {
            checking: schema(),
            unchecked: unchecked_schema(),
            documents: Documents::default(),
            operations: None,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }
}

impl Engine {
    /// The schema with all checks.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.checking
    }

    /// The same, recording the operations.
    #[must_use]
    pub fn recording(self, operations: Operations) -> Self {
        Engine {
            operations: Some(operations),
            ..self
        }
    }

    /// Documents that were known to be valid, and those that were not.
    #[must_use]
    pub fn lookups(&self) -> (u64, u64) {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (of(&self.hits), of(&self.misses))
    }

    /// Whether the operation of a request only reads. What does not parse changes nothing either.
    #[must_use]
    pub fn reads_only(&self, parameters: &Parameters) -> bool {
        let form = form(None, None);
        let document = match self.documents.find(&parameters.query, &form) {
            Known::Valid(document) | Known::Parsed(document) => document,
            Known::Nothing => match parse_query(&parameters.query) {
                Ok(document) => Arc::new(document),
                Err(_) => return true,
            },
        };
        Operation::of(&document, parameters).is_none_or(|operation| operation.kind == "query")
    }

    /// Executes a document for a caller. Fields come back in the order of the document; async-graphql leaves them in the
    /// order in which they were answered, which is another one when some of them waited for others.
    pub async fn execute(&self, parameters: &Parameters, context: Arc<RequestContext>) -> Response {
        let form = form(
            parameters.operation_name.as_deref(),
            parameters.variables.as_ref(),
        );
        let (document, is_valid) = match self.documents.find(&parameters.query, &form) {
            Known::Valid(document) => (document, true),
            Known::Parsed(document) => (document, false),
            Known::Nothing => match parse_query(&parameters.query) {
                Ok(document) => (Arc::new(document), false),
                // What is wrong with it the library says.
                Err(_) => return self.check(parameters, context).await,
            },
        };
        let counter = if is_valid { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        let started = Instant::now();
        let operation = Operation::of(&document, parameters);
        let run = self.run(parameters, context, &document, is_valid, form);
        let response = match &operation {
            Some(operation) => run.instrument(operation.span()).await,
            None => run.await,
        };
        if let Some(operations) = &self.operations {
            let name = operation.as_ref().and_then(|operation| operation.name);
            operations.record(name, response.is_ok(), started.elapsed());
        }
        response
    }

    async fn run(
        &self,
        parameters: &Parameters,
        context: Arc<RequestContext>,
        document: &Arc<ExecutableDocument>,
        is_valid: bool,
        form: String,
    ) -> Response {
        let mut request = request(parameters, Arc::clone(&context));
        request.set_parsed_query((**document).clone());
        let mut response = match is_valid {
            true => {
                let response = self.unchecked.execute(request).await;
                match found_fault(&response) {
                    true => self.check(parameters, Arc::clone(&context)).await,
                    false => response,
                }
            }
            false => self.checking.execute(request).await,
        };
        if context.db().seat().is_none_or(|seat| seat.has_waited()) {
            let operation = parameters.operation_name.as_deref();
            field_order::restore(&mut response.data, document, operation);
        }
        if !is_valid && !is_request_error(&response) && !found_fault(&response) {
            let document = Arc::clone(document);
            self.documents.remember(&parameters.query, document, form);
        }
        response
    }

    /// The answer of all checks, for a document that was thought to be valid.
    async fn check(&self, parameters: &Parameters, context: Arc<RequestContext>) -> Response {
        self.checking.execute(request(parameters, context)).await
    }
}

/// The operation of a document that a request runs.
struct Operation<'a> {
    kind: &'static str,
    name: Option<&'a str>,
}

impl<'a> Operation<'a> {
    /// The one that is asked for; `None` when it is not there or not told.
    fn of(document: &'a ExecutableDocument, parameters: &Parameters) -> Option<Self> {
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
    fn span(&self) -> tracing::Span {
        tracing::info_span!(
            target: TRACE,
            "operation",
            otel.name = self.kind,
            graphql.operation.type = self.kind,
            graphql.operation.name = self.name,
        )
    }
}

fn request(parameters: &Parameters, context: Arc<RequestContext>) -> Request {
    let mut request = Request::new(&parameters.query).data(context);
    if let Some(name) = &parameters.operation_name {
        request = request.operation_name(name);
    }
    if let Some(variables) = &parameters.variables {
        request = request.variables(Variables::from_json(variables.clone()));
    }
    request
}

/// Whether the library itself found fault with the request: its errors have no code, those of fields have one.
fn found_fault(response: &Response) -> bool {
    let has_code = |error: &async_graphql::ServerError| {
        let extensions = error.extensions.as_ref();
        extensions.is_some_and(|extensions| extensions.get("code").is_some())
    };
    !response.errors.iter().all(has_code)
}
