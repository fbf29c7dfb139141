//! From a document to its answer: what was found valid once is not parsed and checked again.

use std::sync::Arc;

use async_graphql::{Request, Response, Variables};

use crate::{
    caller::RequestContext,
    documents::{Documents, Known, form},
    graphql::{Schema, is_request_error, schema, unchecked_schema},
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
}

impl Default for Engine {
    fn default() -> Self {
        Engine {
            checking: schema(),
            unchecked: unchecked_schema(),
            documents: Documents::default(),
        }
    }
}

impl Engine {
    /// The schema with all checks.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.checking
    }

    /// Executes a document for a caller.
    pub async fn execute(&self, parameters: &Parameters, context: Arc<RequestContext>) -> Response {
        let form = form(
            parameters.operation_name.as_deref(),
            parameters.variables.as_ref(),
        );
        let mut request = request(parameters, Arc::clone(&context));
        match self.documents.find(&parameters.query, &form) {
            Known::Valid(document) => {
                request.set_parsed_query(document);
                let response = self.unchecked.execute(request).await;
                if !found_fault(&response) {
                    return response;
                }
                self.check(parameters, context).await
            }
            Known::Parsed(document) => {
                request.set_parsed_query(document);
                self.execute_checked(request, parameters, form).await
            }
            Known::Nothing => self.execute_checked(request, parameters, form).await,
        }
    }

    async fn execute_checked(
        &self,
        request: Request,
        parameters: &Parameters,
        form: String,
    ) -> Response {
        let response = self.checking.execute(request).await;
        if !is_request_error(&response) && !found_fault(&response) {
            self.documents.remember(&parameters.query, form);
        }
        response
    }

    /// The answer of all checks, for a document that was thought to be valid.
    async fn check(&self, parameters: &Parameters, context: Arc<RequestContext>) -> Response {
        self.checking.execute(request(parameters, context)).await
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
