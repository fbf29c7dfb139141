//! From a document to its answer: what was found valid once is not parsed and checked again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use async_graphql::{
    Request, Response, ServerError, Value, Variables, parser::types::OperationType,
};
use futures_util::{Stream, StreamExt, stream};
use tracing::Instrument;

use domain::authority::INTROSPECTION;

use crate::{
    caller::RequestContext,
    document::Document,
    documents::{Documents, Known, form},
    field_order,
    graphql::{
        Schema, error::Code, is_request_error, schema, subscription::Resumed, unchecked_schema,
    },
    limits::{Audience, LimitSettings, Trust},
    metrics::Operations,
    null_propagation::{self, SHAPES},
    operation::Operation,
    parameters::Parameters,
    trusted::Trusted,
    variables,
};

/// The library's words for a document that costs too much.
const TOO_COMPLEX: &str = "Query is too complex.";

/// With what the library begins to name what somebody may have meant.
const SUGGESTION: &str = " Did you mean";

/// The schema, with and without the checks that a document needs once.
struct Schemas {
    checking: Schema,
    unchecked: Schema,
}

impl Schemas {
    fn new(limits: &LimitSettings, complexity: usize) -> Self {
        Schemas {
            checking: schema(limits, complexity),
            unchecked: unchecked_schema(limits, complexity),
        }
    }
}

/// The schema, and the documents that clients send again and again.
pub struct Engine {
    limited: Schemas,
    /// For documents that the operator knows; `None` when there are none.
    unlimited: Option<Schemas>,
    trusted: Trusted,
    documents: Documents,
    operations: Option<Operations>,
    hits: AtomicU64,
    misses: AtomicU64,
    limits: LimitSettings,
}

/// A document, and whether it is known to be valid with variables of a form.
type Found = (Arc<Document>, bool);

impl Engine {
    /// An engine that knows no document but those that the operator trusts.
    ///
    /// # Errors
    /// When these cannot be read.
    pub fn new(limits: &LimitSettings) -> Result<Self, String> {
        let has_trusted = limits.trusted != Trust::Off;
        Ok(Engine {
            limited: Schemas::new(limits, limits.max_complexity as usize),
            unlimited: has_trusted.then(|| Schemas::new(limits, usize::MAX)),
            trusted: Trusted::load(limits)?,
            documents: Documents::default(),
            operations: None,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            limits: limits.clone(),
        })
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

    /// Executes a document for a caller. Fields come back in the order of the document; async-graphql leaves them in the
    /// order in which they were answered, which is another one when some of them waited for others.
    pub async fn execute(&self, parameters: &Parameters, context: Arc<RequestContext>) -> Response {
        let form = form(
            parameters.operation_name.as_deref(),
            parameters.variables.as_ref(),
        );
        let (document, is_valid) = match self.prepare(parameters, &form, &context) {
            Ok(found) => found,
            Err(error) => return Response::from_errors(vec![error]),
        };
        let counter = if is_valid { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        let started = Instant::now();
        let operation = Operation::of(&document.parsed, parameters);
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
        document: &Arc<Document>,
        is_valid: bool,
        form: String,
    ) -> Response {
        let schemas = self.schemas(document);
        let ask = || request(parameters, document, Arc::clone(&context));
        let mut response = match is_valid {
            true => schemas.unchecked.execute(ask()).await,
            false => schemas.checking.execute(ask()).await,
        };
        if is_valid && found_fault(&response) {
            response = schemas.checking.execute(ask()).await;
        }
        let is_mended = mend(&mut response, document, parameters);
        if is_mended || context.db().seat().is_none_or(|seat| seat.has_waited()) {
            let operation = parameters.operation_name.as_deref();
            field_order::restore(&mut response.data, &document.parsed, operation);
        }
        if found_fault(&response) {
            self.explain(&mut response, &context);
        } else if !is_valid && !is_request_error(&response) {
            let text = self.text(parameters).unwrap_or_default();
            let document = Arc::clone(document);
            self.documents.remember(text, document, form);
        }
        response
    }

    /// Runs a subscription for a caller. `resumed` says whether it ran before under other rights.
    pub fn subscribe(
        &self,
        parameters: &Parameters,
        context: Arc<RequestContext>,
        resumed: Resumed,
    ) -> impl Stream<Item = Response> + Unpin + use<> {
        let (document, _) = match self.prepare(parameters, "", &context) {
            Ok(found) => found,
            Err(error) => {
                let refused = Response::from_errors(vec![error]);
                return stream::once(std::future::ready(refused)).boxed();
            }
        };
        let request = request(parameters, &document, context).data(resumed);
        let parameters = parameters.clone();
        let responses = self.schemas(&document).checking.execute_stream(request);
        responses
            .map(move |mut response| {
                mend(&mut response, &document, &parameters);
                response
            })
            .boxed()
    }

    /// Whether a request is a subscription. What cannot be read is left to whoever executes it, who says why.
    #[must_use]
    pub fn is_subscription(&self, parameters: &Parameters) -> bool {
        self.operation_type(parameters) == Some(OperationType::Subscription)
    }

    /// Whether a request is not a query. What cannot be read is left to whoever executes it, who says why.
    #[must_use]
    pub fn changes_something(&self, parameters: &Parameters) -> bool {
        let ty = self.operation_type(parameters);
        ty.is_some_and(|ty| ty != OperationType::Query)
    }

    fn operation_type(&self, parameters: &Parameters) -> Option<OperationType> {
        let (document, _) = self.find(parameters, "").ok()?;
        let operation = document.operation(parameters.operation_name.as_deref())?;
        Some(operation.ty)
    }

    /// The document of a request that this caller may ask with these variables, as far as can be told before it runs.
    fn prepare(
        &self,
        parameters: &Parameters,
        form: &str,
        context: &RequestContext,
    ) -> Result<Found, ServerError> {
        let found = self.find(parameters, form)?;
        if found.0.introspects && !self.shows_schema(context) {
            let message = match self.limits.introspection() {
                Audience::Nobody => "this server does not show its schema".to_owned(),
                _ => format!("asking for the schema needs the authority {INTROSPECTION}"),
            };
            return Err(with_code(message, Code::Forbidden.name()));
        }
        let operation = found.0.operation(parameters.operation_name.as_deref());
        let missing = operation
            .and_then(|operation| variables::missing(operation, parameters.variables.as_ref()));
        missing.map_or(Ok(found), Err)
    }

    fn find(&self, parameters: &Parameters, form: &str) -> Result<Found, ServerError> {
        let text = self.text(parameters)?;
        match self.documents.find(text, form) {
            Known::Valid(document) => return Ok((document, true)),
            Known::Parsed(document) => return Ok((document, false)),
            Known::Nothing => {}
        }
        let is_trusted = self.trusted.knows(text);
        if !is_trusted && !self.trusted.takes_others() {
            let message = "this server answers known documents only (--trusted only)";
            return Err(with_code(message, Code::Forbidden.name()));
        }
        let limits = (!is_trusted).then_some(&self.limits);
        Ok((Arc::new(Document::read(text, limits)?), false))
    }

    /// The text of a request's document, which may be named by its hash.
    fn text<'a>(&'a self, parameters: &'a Parameters) -> Result<&'a str, ServerError> {
        let Some(hash) = &parameters.document_hash else {
            return Ok(&parameters.query);
        };
        self.trusted.find(hash).ok_or_else(|| {
            let message = "the server does not know a document of this hash; send its text";
            with_code(message, "PERSISTED_QUERY_NOT_FOUND")
        })
    }

    /// Whether a caller may see the schema, in suggestions too.
    fn shows_schema(&self, context: &RequestContext) -> bool {
        let audience = self.limits.introspection();
        audience.includes(|authority| context.caller.has_authority(authority))
    }

    fn schemas(&self, document: &Document) -> &Schemas {
        let unlimited = self.unlimited.as_ref().filter(|_| document.is_trusted);
        unlimited.unwrap_or(&self.limited)
    }

    /// Says in the library's own errors which limit was broken, and leaves out names that the caller may not learn.
    fn explain(&self, response: &mut Response, context: &RequestContext) {
        let shows_schema = self.shows_schema(context);
        for error in &mut response.errors {
            if error.message == TOO_COMPLEX {
                error.message = format!(
                    "the document is too complex: it costs more than {} (--max-complexity); ask for fewer rows or fields",
                    self.limits.max_complexity
                );
            }
            if !shows_schema && let Some(end) = error.message.find(SUGGESTION) {
                error.message.truncate(end);
            }
        }
    }
}

fn with_code(message: impl Into<String>, code: &str) -> ServerError {
    let mut error = ServerError::new(message, None);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("code", code);
    error
}

/// Puts nulls where the specification wants them, and tells whether anything changed. Only answers with errors are looked
/// at, and those that have nothing in them since every field was skipped.
fn mend(response: &mut Response, document: &Document, parameters: &Parameters) -> bool {
    if response.errors.is_empty() {
        if response.data == Value::Null {
            response.data = Value::Object(Default::default());
        }
        return false;
    }
    if is_request_error(response) {
        return false;
    }
    match document.operation(parameters.operation_name.as_deref()) {
        Some(operation) => {
            null_propagation::propagate(response, &document.parsed, operation, &SHAPES);
            true
        }
        None => false,
    }
}

fn request(parameters: &Parameters, document: &Document, context: Arc<RequestContext>) -> Request {
    // Its text would only be parsed.
    let mut request = Request::new("").data(context);
    request.set_parsed_query(document.parsed.clone());
    if let Some(name) = &parameters.operation_name {
        request = request.operation_name(name);
    }
    if let Some(variables) = &parameters.variables {
        request = request.variables(Variables::from_json(variables.clone().into()));
    }
    request
}

/// Whether the library itself found fault with the request: its errors have no code, those of fields have one.
fn found_fault(response: &Response) -> bool {
    let has_code = |error: &ServerError| {
        let extensions = error.extensions.as_ref();
        extensions.is_some_and(|extensions| extensions.get("code").is_some())
    };
    !response.errors.iter().all(has_code)
}
