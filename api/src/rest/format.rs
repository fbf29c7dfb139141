//! In which form an answer is wanted: by the end of the path, else by the `Accept` header.

use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, http::header};

use super::encoder::Packing;

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// JSON.
    Json,
    /// CSV.
    Csv,
}

/// A form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// What the bytes are.
    pub content: Content,
    /// How they are packed.
    pub packing: Packing,
}

impl Format {
    /// JSON as it is.
    pub const JSON: Format = Format::of(Content::Json, Packing::Plain);

    const fn of(content: Content, packing: Packing) -> Self {
        Format { content, packing }
    }

    /// The form that a path ending names, such as `.csv.gz`; `None` for an unknown one.
    #[must_use]
    pub fn of_suffix(suffix: &str) -> Option<Self> {
        Some(match suffix {
            ".json" => Format::JSON,
            ".json.gz" => Format::of(Content::Json, Packing::Gzip),
            ".json.zip" => Format::of(Content::Json, Packing::Zip),
            ".csv" => Format::of(Content::Csv, Packing::Plain),
            ".csv.gz" => Format::of(Content::Csv, Packing::Gzip),
            ".csv.zip" => Format::of(Content::Csv, Packing::Zip),
            _ => return None,
        })
    }

    /// The first form that a client accepts; JSON when it knows none of them, as a browser does.
    #[must_use]
    pub fn accepted(request: &HttpRequest) -> Self {
        let accepted = request
            .headers()
            .get_all(header::ACCEPT)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|media| Format::of_media(media.split(';').next()?.trim()));
        accepted.into_iter().next().unwrap_or(Format::JSON)
    }

    fn of_media(media: &str) -> Option<Self> {
        Some(match media {
            "application/json" | "*/*" => Format::JSON,
            "application/json+gzip" => Format::of(Content::Json, Packing::Gzip),
            "application/json+zip" => Format::of(Content::Json, Packing::Zip),
            "application/csv" | "text/csv" => Format::of(Content::Csv, Packing::Plain),
            "application/csv+gzip" => Format::of(Content::Csv, Packing::Gzip),
            "application/csv+zip" => Format::of(Content::Csv, Packing::Zip),
            _ => return None,
        })
    }

    /// Whether it comes in pages. Files hold all rows, as DHIS2's do.
    #[must_use]
    pub fn is_paged(self) -> bool {
        self == Format::JSON
    }

    /// Name of the file without packing, such as `events.csv`.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self.content {
            Content::Json => "events.json",
            Content::Csv => "events.csv",
        }
    }

    /// A response that says what follows.
    #[must_use]
    pub fn response(self) -> HttpResponseBuilder {
        let mut response = HttpResponse::Ok();
        let (media, ending) = match (self.content, self.packing) {
            (Content::Json, Packing::Plain) => ("application/json; charset=UTF-8", None),
            (Content::Json, Packing::Gzip) => ("application/json+gzip", Some(".gz")),
            (Content::Json, Packing::Zip) => ("application/json+zip", Some(".zip")),
            (Content::Csv, Packing::Plain) => ("application/csv; charset=UTF-8", Some("")),
            (Content::Csv, Packing::Gzip) => ("application/csv+gzip", Some(".gz")),
            (Content::Csv, Packing::Zip) => ("application/csv+zip", Some(".zip")),
        };
        response
            .content_type(media)
            .insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(ending) = ending {
            let attachment = format!("attachment; filename={}{ending}", self.file());
            response.insert_header((header::CONTENT_DISPOSITION, attachment));
        }
        if self.packing != Packing::Plain {
            // Packed once is enough: without this the middleware would pack it again.
            response
                .insert_header((header::CONTENT_ENCODING, "identity"))
                .insert_header(("Content-Transfer-Encoding", "binary"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn the_first_known_wish_counts() {
        for (accept, content, packing) in [
            ("application/json", Content::Json, Packing::Plain),
            (
                "text/html,application/xhtml+xml,*/*;q=0.8",
                Content::Json,
                Packing::Plain,
            ),
            ("text/csv", Content::Csv, Packing::Plain),
            (
                "application/csv+zip, application/json",
                Content::Csv,
                Packing::Zip,
            ),
            ("application/json+gzip;q=1", Content::Json, Packing::Gzip),
            ("image/png", Content::Json, Packing::Plain),
        ] {
            let request = TestRequest::get().insert_header((header::ACCEPT, accept));
            let format = Format::accepted(&request.to_http_request());
            assert_eq!(format, Format::of(content, packing), "{accept}");
        }
        assert_eq!(Format::of_suffix(".xml"), None);
    }
}
