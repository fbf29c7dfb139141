//! Measures the FHIR load: writes a delivery as a hospital would send it, imports it, and prints figures in Markdown.
//!
//! `cargo bench -p storage --bench fhir_load -- --stays 100000`, with `DATABASE_URL` naming an empty, migrated database.
//! Options: `--stays N` (default 10,000), `--folder PATH` for the delivery, which is written once and
//! used again, packed with `--packed`; `--once` leaves the whole delivery unread a second time.
//!
//! A night is the increment and the refresh after it: 1 % of the stays, half of them new and half of them the latest ones
//! corrected. There are two, and a third one that corrects 1 % of the stays of all years. `--nights 5` measures the next
//! ones alone, numbered from there, in a database that holds the rest.

use std::{
    error::Error,
    fmt::Write as _,
    fs::{self, File},
    io::{self, BufRead as _, BufReader, BufWriter, Read, Write},
    iter::StepBy,
    ops::Range,
    path::{Path, PathBuf},
    time::Instant,
};

use chrono::{DateTime, Duration, NaiveDate, SecondsFormat, Utc};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use indicatif::ProgressBar;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use storage::import::fhir::{self, Settings};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const CLINIC: &str = "LoadClinic1";
const WARDS: u32 = 60;

fn main() -> Result<()> {
    let (mut stays, mut folder) = (10_000, std::env::temp_dir().join("clinigraph-fhir-load"));
    let (mut is_read_again, mut is_packed, mut nights) = (true, false, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--once" => is_read_again = false,
            "--packed" => is_packed = true,
            "--nights" => {
                nights = Some(arguments.next().ok_or("--nights needs a number")?.parse()?);
            }
            "--stays" => stays = arguments.next().ok_or("--stays needs a number")?.parse()?,
            "--folder" => folder = PathBuf::from(arguments.next().ok_or("--folder needs a path")?),
            _ => {}
        }
    }
    let folder = folder.join(stays.to_string());
    let write = |name: &str, numbers, version| {
        let folder = folder.join(name);
        match folder.is_dir() {
            true => Ok(()),
            false => write_delivery(&folder, is_packed, numbers, stays, version),
        }
    };
    write("full", (0..stays).step_by(1), 1)?;
    let first: u32 = nights.unwrap_or(2);
    let share = stays / 200;
    for version in [first, first + 1] {
        let new = stays + share * (version - 2);
        let latest = new.saturating_sub(share)..new + share;
        write(&format!("night {version}"), latest.step_by(1), version)?;
    }
    let corrections = format!("corrections {}", first + 2);
    write(&corrections, (0..stays).step_by(100), first + 2)?;
    let mut conn = storage::pool::connect(&std::env::var("DATABASE_URL")?)?;
    storage::migrate::run(&mut conn)?;
    println!(
        "| delivery | resources | bytes | seconds | resources/s | program CPU s | peak memory | refresh, s |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    let full = folder.join("full");
    if nights.is_none() {
        measure(&mut conn, "full", &full, false)?;
        if is_read_again {
            measure(&mut conn, "full, again", &full, false)?;
            measure(&mut conn, "full, read again", &full, true)?;
        }
        // As the autovacuum of a server does between a first load and the night after it.
        diesel::connection::SimpleConnection::batch_execute(&mut conn, "VACUUM ANALYZE")?;
    }
    for version in [first, first + 1] {
        let name = format!("night {version}");
        measure(&mut conn, &name, &folder.join(&name), false)?;
    }
    measure(&mut conn, &corrections, &folder.join(&corrections), false)
}

fn measure(conn: &mut storage::Connection, name: &str, path: &Path, is_forced: bool) -> Result<()> {
    let (resources, bytes) = sizes(path)?;
    let settings = Settings {
        is_forced,
        ..Settings::default()
    };
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let report = fhir::run(conn, path, CLINIC, &settings, &ProgressBar::hidden())?;
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let refreshed = Instant::now();
    storage::refresh::run(conn, |_| {})?;
    println!(
        "| {name} | {resources} | {bytes} | {seconds:.1} | {:.0} | {cpu:.1} | {} | {:.1} |",
        resources as f64 / seconds,
        status("VmHWM:"),
        refreshed.elapsed().as_secs_f64(),
    );
    eprintln!("{report:#?}");
    Ok(())
}

/// Lines and bytes of the files of a folder, read piece by piece: the peak of memory is that of the import.
fn sizes(folder: &Path) -> Result<(u64, u64)> {
    let (mut lines, mut bytes) = (0, 0);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let file = File::open(&path)?;
        let reader: Box<dyn Read> = match path.extension().is_some_and(|end| end == "gz") {
            true => Box::new(GzDecoder::new(file)),
            false => Box::new(file),
        };
        let mut file = BufReader::with_capacity(1 << 20, reader);
        loop {
            let piece = file.fill_buf()?;
            let length = piece.len();
            if length == 0 {
                break;
            }
            lines += piece.iter().filter(|&&byte| byte == b'\n').count() as u64;
            bytes += length as u64;
            file.consume(length);
        }
    }
    Ok((lines, bytes))
}

/// Seconds of processor time of this program, in its own code and in the kernel's, at 100 ticks a second.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

fn status(name: &str) -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_default().trim().to_owned()
}

/// The files of a delivery, by type.
struct Files {
    patients: Output,
    encounters: Output,
    conditions: Output,
    observations: Output,
}

type Output = BufWriter<Box<dyn Write>>;

fn create(folder: &Path, name: &str, is_packed: bool) -> io::Result<Output> {
    let file: Box<dyn Write> = match is_packed {
        true => {
            let file = File::create(folder.join(format!("{name}.gz")))?;
            Box::new(GzEncoder::new(file, Compression::fast()))
        }
        false => Box::new(File::create(folder.join(name))?),
    };
    Ok(BufWriter::new(file))
}

/// Writes stays with the structure of the seed: 0.7 patients, 3.2 ward contacts, 2.8 diagnoses and 12 observations each.
/// Stays are numbered by admission, over six years.
fn write_delivery(
    folder: &Path,
    is_packed: bool,
    numbers: StepBy<Range<u32>>,
    stays: u32,
    version: u32,
) -> Result<()> {
    fs::create_dir_all(folder)?;
    let create = |name: &str| create(folder, name, is_packed);
    let mut files = Files {
        patients: create("Patient.ndjson")?,
        encounters: create("Encounter.ndjson")?,
        conditions: create("Condition.ndjson")?,
        observations: create("Observation.ndjson")?,
    };
    let mut locations = create("Location.ndjson")?;
    for ward in 0..WARDS {
        writeln!(
            locations,
            r#"{{"resourceType":"Location","id":"ward-{ward}","identifier":[{{"system":"https://example.org/ward","value":"W{ward:02}"}}],"name":"Station {ward}","physicalType":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/location-physical-type","code":"wa"}}]}}}}"#
        )?;
    }
    let patients = numbers.clone().map(|number| number * 7 / 10);
    let mut former = None;
    for patient in patients {
        if former.replace(patient) == Some(patient) {
            continue;
        }
        let (sex, year, month) = (
            ["female", "male"][patient as usize % 2],
            1930 + patient % 80,
            1 + patient % 12,
        );
        writeln!(
            files.patients,
            r#"{{"resourceType":"Patient","id":"patient-{patient:08}","meta":{{"versionId":"{version}","lastUpdated":"2026-01-{version:02}T02:00:00Z","profile":["https://www.medizininformatik-initiative.de/fhir/core/modul-person/StructureDefinition/PatientPseudonymisiert"]}},"identifier":[{{"type":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"PSEUDED"}}]}},"system":"https://example.org/pseudonym","value":"patient-{patient:08}"}}],"gender":"{sex}","birthDate":"{year}-{month:02}"}}"#
        )?;
    }
    for number in numbers {
        let mut random = ChaCha8Rng::seed_from_u64(u64::from(number));
        stay(&mut files, &mut random, number, stays, version)?;
    }
    Ok(())
}

fn stay(
    files: &mut Files,
    random: &mut ChaCha8Rng,
    number: u32,
    stays: u32,
    version: u32,
) -> Result<()> {
    let patient = random.random_range(0..stays * 7 / 10);
    let first = NaiveDate::from_ymd_opt(2020, 1, 1)
        .ok_or("a day")?
        .and_hms_opt(6, 0, 0)
        .ok_or("a time")?
        .and_utc();
    let start = first
        + Duration::minutes(6 * 365 * 24 * 60 * i64::from(number) / i64::from(stays))
        + Duration::minutes(random.random_range(0..24 * 60));
    let hours = random.random_range(4..300);
    let end = start + Duration::hours(hours);
    let common = format!(
        r#""meta":{{"versionId":"{version}","lastUpdated":"2026-01-{version:02}T02:00:00Z"}},"subject":{{"reference":"Patient/patient-{patient:08}"}}"#
    );
    let contact = |level: &str, id: &str, rest: &str, from: DateTime<Utc>, until: DateTime<Utc>| {
        format!(
            r#"{{"resourceType":"Encounter","id":"{id}",{common},"identifier":[{{"type":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"VN"}}]}},"system":"https://example.org/case","value":"{number:09}"}}],"status":"finished","class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP","display":"inpatient encounter"}},"type":[{{"coding":[{{"system":"http://fhir.de/CodeSystem/Kontaktebene","code":"{level}"}}]}}],"period":{{"start":"{}","end":"{}"}}{rest}}}"#,
            from.to_rfc3339_opts(SecondsFormat::Secs, true),
            until.to_rfc3339_opts(SecondsFormat::Secs, true),
        )
    };
    let diagnoses = random.random_range(1..=4) + u32::from(random.random_bool(0.3));
    let mut named = String::new();
    for place in 0..diagnoses {
        let role = if place == 0 { "CC" } else { "CM" };
        let comma = if place == 0 { "" } else { "," };
        write!(
            named,
            r#"{comma}{{"condition":{{"reference":"Condition/condition-{number:08}-{place}"}},"use":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/diagnosis-role","code":"{role}"}}]}}}}"#
        )?;
        let code = format!(
            "{}{:02}.{}",
            (b'A' + random.random_range(0..20)) as char,
            random.random_range(0..99),
            random.random_range(0..9)
        );
        writeln!(
            files.conditions,
            r#"{{"resourceType":"Condition","id":"condition-{number:08}-{place}",{common},"verificationStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"confirmed"}}]}},"code":{{"coding":[{{"system":"http://fhir.de/CodeSystem/bfarm/icd-10-gm","version":"2024","code":"{code}","display":"Diagnose {code}"}},{{"system":"http://snomed.info/sct","code":"38341003"}}]}},"encounter":{{"reference":"Encounter/stay-{number:08}"}},"recordedDate":"{}"}}"#,
            start.date_naive()
        )?;
    }
    let (source, reason) = (
        ["E", "N", "V"][random.random_range(0..3)],
        ["01", "07", "06"][random.random_range(0..3)],
    );
    let rest = format!(
        r#","diagnosis":[{named}],"hospitalization":{{"admitSource":{{"coding":[{{"system":"http://fhir.de/CodeSystem/dgkev/Aufnahmeanlass","code":"{source}"}}]}},"dischargeDisposition":{{"extension":[{{"url":"http://fhir.de/StructureDefinition/Entlassungsgrund","extension":[{{"url":"ErsteUndZweiteStelle","valueCoding":{{"code":"{reason}"}}}},{{"url":"DritteStelle","valueCoding":{{"code":"9"}}}}]}}]}}}}"#
    );
    writeln!(
        files.encounters,
        "{}",
        contact(
            "einrichtungskontakt",
            &format!("stay-{number:08}"),
            &rest,
            start,
            end
        )
    )?;
    let visits = random.random_range(2..=4) + i64::from(random.random_bool(0.2));
    for visit in 0..visits {
        let part = |place: i64| start + Duration::minutes(hours * 60 * place / visits);
        let ward = random.random_range(0..WARDS);
        let rest = format!(
            r#","partOf":{{"reference":"Encounter/stay-{number:08}"}},"location":[{{"location":{{"reference":"Location/ward-{ward}"}},"status":"completed"}}]"#
        );
        writeln!(
            files.encounters,
            "{}",
            contact(
                "versorgungsstellenkontakt",
                &format!("visit-{number:08}-{visit}"),
                &rest,
                part(visit),
                part(visit + 1)
            )
        )?;
    }
    for place in 0..12 {
        let at = start + Duration::minutes(random.random_range(0..hours * 60));
        let value = random.random_range(50.0..150.0_f64);
        writeln!(
            files.observations,
            r#"{{"resourceType":"Observation","id":"observation-{number:08}-{place}",{common},"status":"final","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"718-{place}","display":"Hemoglobin"}}]}},"encounter":{{"reference":"Encounter/stay-{number:08}"}},"effectiveDateTime":"{}","valueQuantity":{{"value":{value:.1},"unit":"g/L","system":"http://unitsofmeasure.org","code":"g/L"}}}}"#,
            at.to_rfc3339_opts(SecondsFormat::Secs, true)
        )?;
    }
    Ok(())
}
