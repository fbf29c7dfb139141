//! Measures this program beside the ways it replaces, on one database in one run, and prints a report in Markdown.
//!
//! `./dev bench` runs it in a release build. The database lies in the folder `CLINIGRAPH_BENCH_DIR`; it is filled in the
//! first run and used again in later ones. Progress goes to stderr, the report to stdout.
//!
//! Options: `--preset seed` (as big as a country and a large clinic group, the default) or `--preset demo` (a quick look),
//! each with a database of its own; `--only PART`, once or more, with a part of [`PARTS`]; `--minutes N`, how long everything
//! runs at once (30).

mod cases;
mod clinics;
mod database;
mod dhis2;
mod diagnoses;
mod events;
mod export;
mod growth;
mod http;
mod import;
mod legacy;
mod machine;
mod mixed;
mod pages;
mod pgbench;
mod report;
mod reports;
mod timing;

use std::{error::Error, path::PathBuf, process::ExitCode};

use database::{Database, Preset};
use report::Report;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Parts of the report.
const PARTS: [&str; 11] = [
    "sizes",
    "pages",
    "events",
    "http",
    "export",
    "diagnoses",
    "clinics",
    "reports",
    "mixed",
    "import",
    "growth",
];

/// Parts that fill databases of their own.
const APART: [&str; 2] = ["import", "growth"];

struct Options {
    preset: Preset,
    parts: Vec<String>,
    folder: PathBuf,
    /// How long everything runs at once.
    minutes: u64,
}

fn main() -> ExitCode {
    match Options::read().and_then(|options| run(&options)) {
        Ok(report) => {
            println!("{}", report.text());
            for failure in report.failures() {
                eprintln!("wrong: {failure}");
            }
            match report.failures().is_empty() {
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<Report> {
    let mut report = Report::default();
    let is_wanted =
        |part: &str| options.parts.is_empty() || options.parts.iter().any(|p| p == part);
    if PARTS
        .iter()
        .any(|part| !APART.contains(part) && is_wanted(part))
    {
        let mut database = Database::open(&options.folder, options.preset)?;
        machine::describe(&mut report, &mut database, options.preset)?;
        run_parts(&mut report, &mut database, options, is_wanted)?;
    }
    // Last, with the other server stopped: both would share the memory.
    if is_wanted("import") {
        import::measure(&mut report, &options.folder, options.preset)?;
    }
    if is_wanted("growth") {
        growth::measure(&mut report, &options.folder, options.preset)?;
    }
    Ok(report)
}

fn run_parts(
    report: &mut Report,
    database: &mut Database,
    options: &Options,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<()> {
    if is_wanted("pages") {
        pages::measure(report, database)?;
    }
    if is_wanted("events") || is_wanted("http") {
        let places = cases::Places::find(&mut database.conn)?;
        if is_wanted("events") {
            events::measure(report, database, &places)?;
        }
        if is_wanted("http") {
            http::measure(report, database, &places)?;
        }
    }
    if is_wanted("export") {
        export::measure(report, database)?;
    }
    if is_wanted("diagnoses") || is_wanted("clinics") {
        let columns = clinics::load(report, database)?;
        if is_wanted("diagnoses") {
            diagnoses::measure(report, database, &columns)?;
        }
        if is_wanted("clinics") {
            clinics::measure(report, database, &columns)?;
        }
    }
    if is_wanted("reports") {
        reports::measure(report, database)?;
    }
    if is_wanted("mixed") {
        mixed::measure(report, database, options.minutes)?;
    }
    if is_wanted("sizes") {
        machine::sizes(report, database)?;
    }
    Ok(())
}

impl Options {
    fn read() -> Result<Self> {
        let folder = std::env::var_os("CLINIGRAPH_BENCH_DIR")
            .ok_or("CLINIGRAPH_BENCH_DIR names no folder; `./dev bench` sets it")?;
        let mut options = Options {
            preset: Preset::Seed,
            parts: Vec::new(),
            folder: folder.into(),
            minutes: 30,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--preset" => options.preset = Preset::read(arguments.next().as_deref())?,
                "--minutes" => options.minutes = arguments.next().unwrap_or_default().parse()?,
                "--only" => options.parts.push(read_part(arguments.next())?),
                // What cargo adds for every benchmark.
                "--bench" => {}
                other => return Err(format!("there is no option {other}").into()),
            }
        }
        Ok(options)
    }
}

fn read_part(name: Option<String>) -> Result<String> {
    name.filter(|name| PARTS.contains(&name.as_str()))
        .ok_or_else(|| format!("--only takes one of {}", PARTS.join(", ")).into())
}
