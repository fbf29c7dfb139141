//! From a document to its answer: what was found valid once is not parsed and checked again.

use std::sync::Arc;

use async_graphql::{
    Request, Response, ServerError, Value, Variables, parser::types::OperationType,
};
use futures_util::{Stream, StreamExt, stream};

use crate::{
    caller::RequestContext,
    document::Document,
    documents::{Documents, Known, form},
    field_order,
    graphql::{Schema, is_request_error, schema, subscription::Resumed, unchecked_schema},
    limits::LimitSettings,
    null_propagation::{self, SHAPES},
    parameters::Parameters,
    variables,
};

/// The schema, and the documents that clients send again and again.
pub struct Engine {
    checking: Schema,
    unchecked: Schema,
    documents: Documents,
    limits: LimitSettings,
}

impl Engine {
    /// An engine that knows no document yet.
    #[must_use]
    pub fn new(limits: &LimitSettings) -> Self {
        let complexity = limits.max_complexity as usize;
        Engine {
            checking: schema(complexity),
            unchecked: unchecked_schema(complexity),
            documents: Documents::default(),
            limits: limits.clone(),
        }
    }

    /// Executes a document for a caller. Fields come back in the order of the document; async-graphql leaves them in the
    /// order in which they were answered, which is another one when some of them waited for others.
    pub async fn execute(&self, parameters: &Parameters, context: Arc<RequestContext>) -> Response {
        let form = form(
            parameters.operation_name.as_deref(),
            parameters.variables.as_ref(),
        );
        let (document, is_valid) = match self.find(&parameters.query, &form) {
            Ok(found) => found,
            Err(error) => return refused(error),
        };
        if let Some(error) = missing_variable(&document, parameters) {
            return refused(error);
        }
        let mut request = request(parameters, Arc::clone(&context));
        request.set_parsed_query(document.parsed.clone());
        let mut response = match is_valid {
            true => {
                let response = self.unchecked.execute(request).await;
                match found_fault(&response) {
                    true => {
                        self.check(parameters, &document, Arc::clone(&context))
                            .await
                    }
                    false => response,
                }
            }
            false => self.checking.execute(request).await,
        };
        let is_mended = mend(&mut response, &document, parameters);
        if is_mended || context.db().seat().is_none_or(|seat| seat.has_waited()) {
            let operation = parameters.operation_name.as_deref();
            field_order::restore(&mut response.data, &document.parsed, operation);
        }
        if !is_valid && !is_request_error(&response) && !found_fault(&response) {
            self.documents.remember(&parameters.query, document, form);
        }
        response
    }

    /// Runs a subscription for a caller. `resumed` says that it ran before under other rights.
    pub fn subscribe(
        &self,
        parameters: &Parameters,
        context: Arc<RequestContext>,
        resumed: Resumed,
    ) -> impl Stream<Item = Response> + Unpin + use<> {
        let document = match self.read(parameters) {
            Ok(document) => document,
            Err(error) => return stream::once(std::future::ready(refused(error))).boxed(),
        };
        let mut request = request(parameters, context).data(resumed);
        request.set_parsed_query(document.parsed.clone());
        let parameters = parameters.clone();
        let responses = self.checking.execute_stream(request);
        responses
            .map(move |mut response| {
                mend(&mut response, &document, &parameters);
                response
            })
            .boxed()
    }

    /// The document of a request, when it may be answered so far as can be told without its caller.
    ///
    /// # Errors
    /// Its syntax error, the limit that it breaks, the variable that is missing.
    pub fn read(&self, parameters: &Parameters) -> Result<Arc<Document>, ServerError> {
        let (document, _) = self.find(&parameters.query, "")?;
        match missing_variable(&document, parameters) {
            Some(error) => Err(error),
            None => Ok(document),
        }
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
        let document = self.read(parameters).ok()?;
        let operation = document.operation(parameters.operation_name.as_deref())?;
        Some(operation.ty)
    }

    /// The document of a text, and whether it is known to be valid with variables of a form.
    fn find(&self, text: &str, form: &str) -> Result<(Arc<Document>, bool), ServerError> {
        match self.documents.find(text, form) {
            Known::Valid(document) => Ok((document, true)),
            Known::Parsed(document) => Ok((document, false)),
            Known::Nothing => {
                Document::read(text, Some(&self.limits)).map(|document| (Arc::new(document), false))
            }
        }
    }

    /// The answer of all checks, for a document that was thought to be valid.
    async fn check(
        &self,
        parameters: &Parameters,
        document: &Document,
        context: Arc<RequestContext>,
    ) -> Response {
        let mut request = request(parameters, context);
        request.set_parsed_query(document.parsed.clone());
        self.checking.execute(request).await
    }
}

/// The answer to a document that is not executed.
fn refused(error: ServerError) -> Response {
    Response::from_errors(vec![error])
}

fn missing_variable(document: &Document, parameters: &Parameters) -> Option<ServerError> {
    let operation = document.operation(parameters.operation_name.as_deref())?;
    variables::missing(operation, parameters.variables.as_ref())
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

fn request(parameters: &Parameters, context: Arc<RequestContext>) -> Request {
    let mut request = Request::new(&parameters.query).data(context);
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
