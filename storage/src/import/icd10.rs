//! Imports the titles of an ICD-10-GM catalogue: the metadata files that `BfArM` publishes with each edition
//! (`icd10gm2026syst_kapitel.txt`, `…_gruppen.txt`, `…_kodes.txt`), in UTF-8, fields separated by semicolons.
//!
//! The program comes without titles, since their terms bind whoever passes them on: operators load the edition they have.
//! Several editions may be loaded: each code has its title of the newest one that knows it.

use std::{collections::BTreeMap, fs, path::Path};

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, SmallInt, Text},
};
use domain::icd10::{self, CHAPTERS, Node};

use super::{BadLine, Report, quarantine, record};
use crate::{Connection, Error, Result};

/// The files of an edition by the ends of their names, each with what reads a line of it.
const FILES: [(&str, ReadLine); 3] = [
    ("_kapitel.txt", chapter),
    ("_gruppen.txt", block),
    ("_kodes.txt", code),
];

/// Reads the fields of a line.
type ReadLine = fn(&[&str]) -> Line;

/// A code with its title, or the rule that a line breaks and what is wrong.
type Line = std::result::Result<(String, String), (&'static str, &'static str)>;

/// Imports the titles of an edition from a folder with its files, read with all below it. Bad lines go to the quarantine.
///
/// # Errors
/// [`Error::Input`] when the folder has none of the files or those of several editions, [`Error::File`] when one cannot be
/// read, else when a statement fails. Nothing is changed then.
pub fn run(conn: &mut Connection, folder: &Path, source: &str) -> Result<Report> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    record(conn, "ICD10", &name, |conn, run| {
        import(conn, run, folder, source)
    })
}

fn import(conn: &mut Connection, run: i64, folder: &Path, source: &str) -> Result<Report> {
    let files = find(folder)?;
    let mut editions: Vec<i16> = files
        .iter()
        .filter_map(|file| edition(&file.name))
        .collect();
    editions.dedup();
    let &[year] = editions.as_slice() else {
        return Err(Error::Input(format!(
            "{} holds no files of one edition, such as icd10gm2026syst_kodes.txt, icd10gm2026syst_gruppen.txt and icd10gm2026syst_kapitel.txt",
            folder.display()
        )));
    };
    let (mut titles, mut bad) = (BTreeMap::new(), Vec::new());
    for file in &files {
        file.read(&mut titles, &mut bad)?;
    }
    let mut report = Report {
        run,
        quarantined: bad.len() as u64,
        ..Report::default()
    };
    quarantine(conn, run, &bad)?;
    store(conn, year, source, &titles, &mut report)?;
    Ok(report)
}

struct File {
    name: String,
    path: std::path::PathBuf,
    read_line: ReadLine,
}

/// The files of catalogues, by name.
fn find(folder: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| Error::unreadable(&folder, error))?;
        for entry in entries {
            let path = entry
                .map_err(|error| Error::unreadable(&folder, error))?
                .path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if let Some((_, read_line)) = FILES.iter().find(|(end, _)| name.ends_with(end)) {
                files.push(File {
                    name: name.into_owned(),
                    path: path.clone(),
                    read_line: *read_line,
                });
            }
        }
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

/// The year within `icd10gm2026syst_kodes.txt`.
fn edition(name: &str) -> Option<i16> {
    let year = name.strip_prefix("icd10gm")?.get(..4)?.parse().ok()?;
    (1990..2200).contains(&year).then_some(year)
}

impl File {
    fn read(&self, titles: &mut BTreeMap<String, String>, bad: &mut Vec<BadLine>) -> Result<()> {
        let bytes = fs::read(&self.path).map_err(|error| Error::unreadable(&self.path, error))?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        for (line, bytes) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
            let text = std::str::from_utf8(bytes).map(str::trim);
            if text == Ok("") {
                continue;
            }
            let read = text
                .map_err(|_| ("NOT_UTF8", "the line is not UTF-8"))
                .and_then(|text| (self.read_line)(&text.split(';').collect::<Vec<_>>()));
            match read {
                Ok((code, title)) => {
                    titles.insert(code, title);
                }
                Err((rule, message)) => bad.push(BadLine {
                    file: self.name.clone(),
                    line,
                    resource_type: None,
                    resource_id: None,
                    rule: rule.into(),
                    message: message.to_owned(),
                }),
            }
        }
        Ok(())
    }
}

/// `09;Krankheiten des Kreislaufsystems`
fn chapter(fields: &[&str]) -> Line {
    let [number, title, ..] = fields else {
        return Err(("TOO_FEW_FIELDS", "a chapter has a number and a title"));
    };
    let place = number.trim().parse::<usize>().ok();
    let chapter = place.and_then(|number| CHAPTERS.get(number.checked_sub(1)?));
    let chapter = chapter.ok_or((
        "CHAPTER_UNKNOWN",
        "field 1 is no number of a chapter, 1 to 22",
    ))?;
    titled(chapter.number.to_owned(), title)
}

/// `I10;I15;09;Hypertonie`
fn block(fields: &[&str]) -> Line {
    let [first, last, _, title, ..] = fields else {
        return Err((
            "TOO_FEW_FIELDS",
            "a block has a first and a last code, a chapter and a title",
        ));
    };
    let range = match first == last {
        true => (*first).to_owned(),
        false => format!("{first}-{last}"),
    };
    if Node::parse(&range).is_none() {
        return Err(("BLOCK_UNKNOWN", "fields 1 and 2 are no block of ICD-10-GM"));
    }
    titled(range, title)
}

/// The code is the sixth field, its title the ninth: `4;T;X;09;I10;I10.0-;I10.0;I100;Benigne essentielle Hypertonie;…`
fn code(fields: &[&str]) -> Line {
    let (Some(code), Some(title)) = (fields.get(5), fields.get(8)) else {
        return Err(("TOO_FEW_FIELDS", "a code has at least nine fields"));
    };
    match icd10::code::parse(code).as_slice() {
        [code] => titled(code.code.clone(), title),
        _ => Err(("CODE_MALFORMED", "field 6 is no code of ICD-10-GM")),
    }
}

fn titled(code: String, title: &str) -> Line {
    match title.trim() {
        "" => Err(("TITLE_MISSING", "the title is empty")),
        title => Ok((code, title.to_owned())),
    }
}

#[derive(QueryableByName)]
struct Counts {
    #[diesel(sql_type = BigInt)]
    created: i64,
    #[diesel(sql_type = BigInt)]
    updated: i64,
}

fn store(
    conn: &mut Connection,
    year: i16,
    source: &str,
    titles: &BTreeMap<String, String>,
    report: &mut Report,
) -> Result<()> {
    diesel::sql_query(
        "INSERT INTO icd10_catalogues VALUES ($1, $2)
         ON CONFLICT (year) DO UPDATE SET source = excluded.source",
    )
    .bind::<SmallInt, _>(year)
    .bind::<Text, _>(source)
    .execute(conn)?;
    let counts: Counts = diesel::sql_query(
        "WITH stored AS (
             INSERT INTO icd10_catalogue_titles (code, title, year)
             SELECT code, title, $1 FROM unnest($2, $3) AS delivered (code, title)
             ON CONFLICT (code) DO UPDATE SET title = excluded.title, year = excluded.year
             WHERE icd10_catalogue_titles.year <= excluded.year
               AND (icd10_catalogue_titles.title, icd10_catalogue_titles.year) IS DISTINCT FROM (excluded.title, excluded.year)
             RETURNING xmax = 0 AS is_new
         )
         SELECT count(*) FILTER (WHERE is_new) AS created, count(*) FILTER (WHERE NOT is_new) AS updated FROM stored",
    )
    .bind::<SmallInt, _>(year)
    .bind::<Array<Text>, _>(titles.keys().collect::<Vec<_>>())
    .bind::<Array<Text>, _>(titles.values().collect::<Vec<_>>())
    .get_result(conn)?;
    let (created, updated) = (
        counts.created.cast_unsigned(),
        counts.updated.cast_unsigned(),
    );
    report.add(
        "Title",
        created,
        updated,
        titles.len() as u64 - created - updated,
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        analytics::{diagnoses, version},
        import::quarantined,
        testing::{Scratch, connection, execute, texts},
    };

    #[test]
    fn titles_of_the_newest_edition_go_before_those_of_imported_data() {
        let mut conn = connection();
        execute(
            &mut conn,
            "DELETE FROM icd10_titles; INSERT INTO icd10_titles VALUES ('I10.00', 'Bluthochdruck'), ('X99.9', 'Altes Leiden')",
        );
        let files = Scratch::folder(&[
            ("Klassifikationsdateien/icd10gm2026syst_kapitel.txt", "\u{feff}09;Krankheiten des Kreislaufsystems\r\n".as_bytes()),
            ("icd10gm2026syst_gruppen.txt", b"I10;I15;09;Hypertonie [Hochdruckkrankheit]\n"),
            (
                "icd10gm2026syst_kodes.txt",
                "3;N;X;09;I10;I10.-;I10;I10;Essentielle (primäre) Hypertonie;;;;P\n5;T;X;09;I10;I10.00;I10.00;I1000;Benigne essentielle Hypertonie: Ohne Angabe;;;;P\n".as_bytes(),
            ),
            ("liesmich.txt", b"no title\n"),
        ]);
        let report = run(&mut conn, &files.0, "BfArM").expect("a report");
        assert_eq!((report.created, report.quarantined), (4, 0));
        let older = Scratch::folder(&[(
            "icd10gm2025syst_kodes.txt",
            "3;N;X;09;I10;I10.-;I10;I10;Veraltet;;\n3;T;X;01;A00;A09.-;A09;A09;Sonstige Gastroenteritis;;\n".as_bytes(),
        )]);
        let report = run(&mut conn, &older.0, "BfArM").expect("a report");
        assert_eq!(
            (report.created, report.updated, report.unchanged),
            (1, 0, 1)
        );
        let titles = diagnoses::titles(&mut conn).expect("titles");
        let title = |code: &str| titles.get(code).map(String::as_str);
        assert_eq!(title("IX"), Some("Krankheiten des Kreislaufsystems"));
        assert_eq!(title("I10-I15"), Some("Hypertonie [Hochdruckkrankheit]"));
        assert_eq!(title("I10"), Some("Essentielle (primäre) Hypertonie"));
        assert_eq!(
            title("I10.00"),
            Some("Benigne essentielle Hypertonie: Ohne Angabe")
        );
        assert_eq!(title("A09"), Some("Sonstige Gastroenteritis"));
        assert_eq!(title("X99.9"), Some("Altes Leiden"));
        let again = run(&mut conn, &files.0, "BfArM").expect("a report");
        assert_eq!((again.created, again.updated, again.unchanged), (0, 0, 4));
    }

    #[test]
    fn bad_lines_are_put_aside_and_the_good_ones_kept() {
        let mut conn = connection();
        let files = Scratch::folder(&[
            ("icd10gm2026syst_kapitel.txt", b"23;Unbekannt\n0;Null\n09\n"),
            ("icd10gm2026syst_gruppen.txt", b"I10;I16;09;Falsch\n"),
            ("icd10gm2026syst_kodes.txt", b"3;N;X;09;I10;I10.-;I10;I10;Hypertonie\n3;N;X;09;I11;?;;;Ohne Code\n3;N;X;09;I12;I12.-;I12;I12; \n3;N\n\xe4\n"),
        ]);
        let report = run(&mut conn, &files.0, "BfArM").expect("a report");
        assert_eq!((report.created, report.quarantined), (1, 8));
        let bad = quarantined(&mut conn, report.run).expect("lines");
        let rules: Vec<String> = bad
            .iter()
            .map(|bad| format!("{} {} {}", bad.file, bad.line, bad.rule))
            .collect();
        assert_eq!(
            rules,
            [
                "icd10gm2026syst_gruppen.txt 1 BLOCK_UNKNOWN",
                "icd10gm2026syst_kapitel.txt 1 CHAPTER_UNKNOWN",
                "icd10gm2026syst_kapitel.txt 2 CHAPTER_UNKNOWN",
                "icd10gm2026syst_kapitel.txt 3 TOO_FEW_FIELDS",
                "icd10gm2026syst_kodes.txt 2 CODE_MALFORMED",
                "icd10gm2026syst_kodes.txt 3 TITLE_MISSING",
                "icd10gm2026syst_kodes.txt 4 TOO_FEW_FIELDS",
                "icd10gm2026syst_kodes.txt 5 NOT_UTF8",
            ]
        );
    }

    #[test]
    fn a_folder_without_files_of_one_edition_is_refused_and_recorded_as_failed() {
        let mut conn = connection();
        let empty = Scratch::folder(&[]);
        let mixed = Scratch::folder(&[
            ("icd10gm2025syst_kodes.txt", b""),
            ("icd10gm2026syst_kapitel.txt", b""),
        ]);
        for folder in [&empty, &mixed] {
            let refused = run(&mut conn, &folder.0, "BfArM").expect_err("a refusal");
            assert!(
                refused.to_string().contains("no files of one edition"),
                "{refused}"
            );
        }
        let states = texts(
            &mut conn,
            "SELECT status FROM import_runs WHERE kind = 'ICD10'",
        );
        assert_eq!(states, ["FAILED", "FAILED"]);
        assert_eq!(
            version::current(&mut conn)
                .ok()
                .flatten()
                .and_then(|version| version.title_source),
            None
        );
    }
}
