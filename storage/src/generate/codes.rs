//! A pool of ICD-10 codes over the whole tree, a few of them frequent and most of them rare. Codes are made from the
//! ranges of the blocks and need not be in the catalogue.

use domain::icd10::{CHAPTERS, block_first, block_last, chapter_of};
use rand::Rng;

use super::{
    hospital::Sex,
    random::{Stream, Weighted, shuffle, stream},
};

/// Codes that lead their chapters.
const FREQUENT: [&str; 77] = [
    "A09.9", "A41.9", "A46", "A04.7", "B34.9", "B99", "C34.1", "C50.4", "C18.7", "C61", "C67.9",
    "D12.6", "D50.0", "D62", "D68.35", "E11.90", "E78.0", "E87.6", "E86", "E66.00", "E03.9",
    "F10.0", "F32.2", "F05.1", "F20.0", "G40.2", "G45.92", "G47.31", "G20.10", "H25.1", "H26.9",
    "H40.1", "H81.2", "H91.2", "I10.00", "I10", "I50.14", "I50.01", "I48.0", "I21.4", "I25.13",
    "I63.5", "J18.9", "J44.19", "J20.9", "J35.0", "J69.0", "K80.20", "K35.8", "K40.90", "K29.6",
    "K57.30", "K21.0", "L03.11", "L89.24", "M16.1", "M17.1", "M54.4", "M48.06", "N39.0", "N18.3",
    "N17.91", "N20.1", "N40", "O80", "O70.0", "O42.0", "P07.3", "P59.9", "Q21.1", "R55", "R07.4",
    "S06.0", "S72.01", "S82.6", "Z92.1", "U07.1",
];

/// Ranges of categories that occur in one sex only.
const ONE_SEX: [(&str, &str, Sex); 6] = [
    ("C51", "C58", Sex::Female),
    ("N70", "N98", Sex::Female),
    ("O00", "O99", Sex::Female),
    ("D25", "D28", Sex::Female),
    ("C60", "C63", Sex::Male),
    ("N40", "N51", Sex::Male),
];

/// The codes by chapter, each list with its choice.
#[derive(Debug)]
pub(super) struct Pool {
    chapters: Vec<(Vec<String>, Weighted)>,
}

impl Pool {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = stream(seed, Stream::Codes);
        let chapters = CHAPTERS.iter().map(|chapter| {
            let frequent = FREQUENT.iter().filter(|code| is_in(chapter.number, code));
            let mut codes: Vec<String> = frequent.map(|&code| code.to_owned()).collect();
            let mut others: Vec<String> = chapter
                .blocks
                .iter()
                .flat_map(|block| categories(block))
                .flat_map(|category| variants(&category, &mut random))
                .collect();
            shuffle(&mut others, &mut random);
            codes.append(&mut others);
            let weights =
                Weighted::new((0..codes.len()).map(|rank| (rank as f64 + 2.0).powf(-1.1)));
            (codes, weights)
        });
        Pool {
            chapters: chapters.collect(),
        }
    }

    /// A code of a chapter that occurs in this sex.
    pub(super) fn pick(&self, chapter: usize, sex: Sex, random: &mut impl Rng) -> &str {
        let (codes, choice) = &self.chapters[chapter];
        let mut code = &codes[choice.pick(random)];
        for _ in 0..20 {
            if occurs_in(code, sex) {
                break;
            }
            code = &codes[choice.pick(random)];
        }
        code
    }
}

fn is_in(chapter: &str, code: &str) -> bool {
    chapter_of(code).is_some_and(|of_code| of_code.number == chapter)
}

fn occurs_in(code: &str, sex: Sex) -> bool {
    let category = &code[..3];
    let limit = ONE_SEX
        .iter()
        .find(|(first, last, _)| *first <= category && category <= *last);
    limit.is_none_or(|&(_, _, only)| only == sex)
}

/// The three-character categories from the first to the last of a block.
fn categories(block: &str) -> Vec<String> {
    let (first, last) = (block_first(block), block_last(block));
    let letters = first.chars().take(1).chain(last.chars().take(1));
    let (Some(from), Some(to)) = (letters.clone().next(), letters.last()) else {
        return Vec::new();
    };
    let all =
        (from..=to).flat_map(|letter| (0..100).map(move |number| format!("{letter}{number:02}")));
    all.filter(|category| first <= category.as_str() && category.as_str() <= last)
        .collect()
}

/// One to four codes of a category: with three, four or five characters.
fn variants(category: &str, random: &mut impl Rng) -> Vec<String> {
    let kind = random.random_range(0..10);
    if kind == 0 {
        return vec![category.to_owned()];
    }
    let start = random.random_range(0..7);
    (start..start + random.random_range(1..=3))
        .map(|fourth| match kind {
            1..=6 => format!("{category}.{fourth}"),
            _ => format!("{category}.{fourth}{}", random.random_range(0..10)),
        })
        .collect()
}
