//! The report as PDF. Typst runs in process: the template, the library and the fonts are read once, and each report brings
//! its words and numbers as JSON, which is never taken for markup.

use std::sync::LazyLock;

use typst::{
    Library, LibraryExt, World,
    diag::{FileError, FileResult, SourceDiagnostic},
    foundations::{Bytes, Datetime, Duration, Smart},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook},
    utils::LazyHash,
};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use super::{document, words::Language};
use crate::graphql::report::MonthlyReport;

/// Compilations whose intermediate results are kept: texts of the template are laid out once for many reports.
const KEPT_COMPILATIONS: usize = 4;

const DATA: &str = "data.json";
const MAIN: &str = "report.typ";
const TEMPLATE: [(&str, &str); 3] = [
    (MAIN, include_str!("report.typ")),
    ("parts.typ", include_str!("parts.typ")),
    ("charts.typ", include_str!("charts.typ")),
];
const FONTS: [&[u8]; 2] = [
    include_bytes!("fonts/OpenSans-Regular.ttf"),
    include_bytes!("fonts/OpenSans-Semibold.ttf"),
];

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
#[error("Typst: {0}")]
pub struct PdfError(String);

/// What all reports share.
struct Workshop {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    sources: Vec<Source>,
    main: Option<FileId>,
}

static WORKSHOP: LazyLock<Workshop> = LazyLock::new(|| {
    let fonts: Vec<Font> = FONTS
        .iter()
        .flat_map(|data| Font::iter(Bytes::new(*data)))
        .collect();
    let sources: Vec<Source> = TEMPLATE
        .iter()
        .filter_map(|(name, text)| Some(Source::new(file(name)?, (*text).to_owned())))
        .collect();
    Workshop {
        library: LazyHash::new(Library::default()),
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        fonts,
        sources,
        main: file(MAIN),
    }
});

fn file(name: &str) -> Option<FileId> {
    let path = VirtualPath::new(name).ok()?;
    Some(RootedPath::new(VirtualRoot::Project, path).intern())
}

/// One report: what all share, and its data.
struct Desk {
    main: FileId,
    data: Bytes,
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &WORKSHOP.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &WORKSHOP.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        let found = WORKSHOP.sources.iter().find(|source| source.id() == id);
        found.cloned().ok_or(FileError::AccessDenied)
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        match id.get().vpath().get_without_slash() == DATA {
            true => Ok(self.data.clone()),
            false => Err(FileError::AccessDenied),
        }
    }

    fn font(&self, index: usize) -> Option<Font> {
        WORKSHOP.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// A report as a tagged PDF with embedded fonts.
///
/// # Errors
/// When the template does not fit the data.
pub fn write(report: &MonthlyReport, language: Language) -> Result<Vec<u8>, PdfError> {
    let data = document::data(report, language).to_string();
    let desk = Desk {
        main: WORKSHOP
            .main
            .ok_or_else(|| PdfError("no template".to_owned()))?,
        data: Bytes::new(data.into_bytes()),
    };
    let compiled = typst::compile::<PagedDocument>(&desk);
    let document = compiled.output.map_err(|errors| told(&errors))?;
    // PDF/UA-1 promises that every character can be read aloud, which a name in a script without embedded font breaks.
    let accessible = PdfStandards::new(&[PdfStandard::Ua_1]).unwrap_or_default();
    let written = export(&document, accessible).or_else(|error| {
        tracing::info!(%error, "a report is tagged but not PDF/UA-1");
        export(&document, PdfStandards::default())
    });
    typst::comemo::evict(KEPT_COMPILATIONS);
    written
}

fn export(document: &PagedDocument, standards: PdfStandards) -> Result<Vec<u8>, PdfError> {
    let options = PdfOptions {
        creator: Smart::Custom(Some("Clinigraph".to_owned())),
        standards,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(document, &options).map_err(|errors| told(&errors))
}

fn told(errors: &[SourceDiagnostic]) -> PdfError {
    let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    PdfError(messages.join("; "))
}
