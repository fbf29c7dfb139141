//! `GET /reports/monthly/{month}.pdf`, `.csv`, `.csv.zip` and `.xlsx`.

use std::sync::LazyLock;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use domain::month::Month;
use tokio::sync::Semaphore;

use super::{
    assemble,
    csv::{self, Style},
    pdf, tables,
    words::Language,
    xlsx,
};
use crate::{
    caller::Shared,
    graphql::report::MonthlyReport,
    rest::{
        authenticate,
        error::{Answer, Refusal},
        query_string::QueryString,
    },
};

/// How often a report is made anew when a refresh is published while it is made.
const ATTEMPTS: usize = 3;

/// Reports that may be written at a time.
static WRITERS: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism();
    Semaphore::new(processors.map_or(1, usize::from))
});

/// Registers the paths.
pub fn configure(routes: &mut web::ServiceConfig) {
    routes.route("/reports/monthly/{name}", web::get().to(monthly));
}

/// What a report is sent as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Pdf,
    Csv,
    PackedCsv,
    Xlsx,
}

impl Form {
    /// Month and form of a file's name.
    fn split(name: &str) -> Answer<(&str, Form)> {
        let forms = [
            (".pdf", Form::Pdf),
            (".csv", Form::Csv),
            (".csv.zip", Form::PackedCsv),
            (".xlsx", Form::Xlsx),
        ];
        let found = forms
            .into_iter()
            .find_map(|(end, form)| Some((name.strip_suffix(end)?, form)));
        found.ok_or_else(|| {
            Refusal::not_found(format!(
                "there is no report \"{name}\"; ask for {{month}}.pdf, .csv, .csv.zip or .xlsx"
            ))
        })
    }

    fn content_type(self) -> &'static str {
        match self {
            Form::Pdf => "application/pdf",
            Form::Csv => "text/csv; charset=utf-8",
            Form::PackedCsv => "application/zip",
            Form::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// What is asked for beside month and form.
struct Wishes {
    clinics: Vec<String>,
    language: Language,
    table: Option<String>,
    has_mark: bool,
}

impl Wishes {
    fn read(request: &HttpRequest) -> Answer<Self> {
        let query = QueryString::parse(request.query_string())?;
        let language = match query.text("language") {
            None | Some("de") => Language::De,
            Some("en") => Language::En,
            Some(other) => {
                return Err(Refusal::bad_request(format!(
                    "language must be de or en, got \"{other}\""
                )));
            }
        };
        let clinics = query.joined("clinics");
        let clinics = clinics.split(',').map(str::trim);
        Ok(Wishes {
            clinics: clinics
                .filter(|uid| !uid.is_empty())
                .map(str::to_owned)
                .collect(),
            language,
            table: query.text("table").map(str::to_owned),
            has_mark: query.boolean("bom", language == Language::De)?,
        })
    }
}

async fn monthly(
    request: HttpRequest,
    shared: web::Data<Shared>,
    name: web::Path<String>,
) -> Answer {
    let mut context = authenticate(&request, &shared).await?;
    let (month, form) = Form::split(&name)?;
    let month: Month = month
        .parse()
        .map_err(|error| Refusal::bad_request(format!("month {error}")))?;
    let wishes = Wishes::read(&request)?;
    for _ in 0..ATTEMPTS {
        let report = assemble::monthly(&context, month, &wishes.clinics).await?;
        if !context.saw_two_data_versions() {
            let question = assemble::question(month, &wishes.clinics);
            context.log_read(question).await?;
            return send(report, form, wishes).await;
        }
        context = authenticate(&request, &shared).await?;
    }
    Err(Refusal::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "the data are being refreshed; try again",
    ))
}

/// Writes the report on a thread that may be busy.
async fn send(report: MonthlyReport, form: Form, wishes: Wishes) -> Answer {
    let month = report.month.0;
    let version = report.as_of.0.data_version_id;
    let body = busy(move || write(&report, form, &wishes)).await?;
    let end = match form {
        Form::Pdf => "pdf",
        Form::Csv => "csv",
        Form::PackedCsv => "csv.zip",
        Form::Xlsx => "xlsx",
    };
    let place = match form {
        Form::Pdf => "inline",
        _ => "attachment",
    };
    Ok(HttpResponse::Ok()
        .content_type(form.content_type())
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("{place}; filename=\"clinigraph-{month}.{end}\""),
        ))
        .insert_header(("X-Data-Version", version.to_string()))
        .body(body))
}

/// Runs `work` where it may be busy, never more of it at a time than there are processors.
async fn busy(work: impl FnOnce() -> Answer<Vec<u8>> + Send + 'static) -> Answer<Vec<u8>> {
    let _permit = WRITERS.acquire().await;
    let outcome = tokio::task::spawn_blocking(work).await;
    outcome.unwrap_or_else(|error| Err(broken(&error)))
}

fn write(report: &MonthlyReport, form: Form, wishes: &Wishes) -> Answer<Vec<u8>> {
    let language = wishes.language;
    let minimum = report.minimum_patients;
    if form == Form::Pdf {
        return pdf::write(report, language).map_err(|error| broken(&error));
    }
    let tables = tables::all(report, language);
    let style = Style {
        language,
        has_mark: wishes.has_mark,
        minimum,
    };
    match form {
        Form::Xlsx => xlsx::write(&tables, language, minimum).map_err(|error| broken(&error)),
        Form::PackedCsv => csv::pack(&tables, style).map_err(|error| broken(&error)),
        Form::Csv | Form::Pdf => {
            let asked = wishes.table.as_deref();
            let found = tables.iter().find(|table| Some(table.key) == asked);
            let table = found.ok_or_else(|| {
                let keys: Vec<&str> = tables.iter().map(|table| table.key).collect();
                Refusal::bad_request(format!(
                    "table must be one of {}; .csv.zip has all of them",
                    keys.join(", ")
                ))
            })?;
            Ok(csv::write(table, style).into_bytes())
        }
    }
}

/// A report that could not be written: the log says why.
fn broken(error: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(%error, "a report could not be written");
    Refusal::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "the report could not be written; the log says why",
    )
}
