//! Invented names of places and people.

const STARTS: [&str; 20] = [
    "Ka", "Lu", "Mwa", "Chi", "Na", "Mbo", "Bu", "Sa", "Nko", "Ti", "Ma", "Zo", "Ku", "Li", "Nya",
    "Da", "Mu", "Se", "Ro", "Pe",
];
const MIDDLES: [&str; 13] = [
    "lem", "tan", "ron", "sim", "gol", "pand", "dir", "kal", "mer", "lung", "wal", "ser", "nid",
];
const ENDS: [&str; 14] = [
    "be", "ga", "wa", "zi", "do", "ra", "ti", "go", "le", "ni", "sa", "ko", "ya", "ma",
];

/// The `number`th place name; the first 3,640 are all different.
pub(super) fn place(number: usize) -> String {
    let permuted = number * 1_777 % (STARTS.len() * MIDDLES.len() * ENDS.len());
    let start = STARTS[permuted % STARTS.len()];
    let middle = MIDDLES[permuted / STARTS.len() % MIDDLES.len()];
    let end = ENDS[permuted / (STARTS.len() * MIDDLES.len())];
    format!("{start}{middle}{end}")
}

/// Given names of girls and women.
pub(super) const FEMALE: [&str; 24] = [
    "Amina", "Grace", "Thandi", "Fatou", "Esther", "Chipo", "Ruth", "Zainab", "Mercy", "Naledi",
    "Joyce", "Wanjiru", "Abena", "Mariam", "Lindiwe", "Rose", "Nyasha", "Halima", "Agnes", "Temwa",
    "Eunice", "Sarah", "Bintou", "Dorcas",
];

/// Given names of boys and men.
pub(super) const MALE: [&str; 24] = [
    "Joseph", "Kwame", "Moses", "Ibrahim", "Tendai", "Peter", "Kofi", "Daniel", "Sipho",
    "Emmanuel", "Juma", "Samuel", "Chanda", "Isaac", "Mandla", "Elias", "Yusuf", "David", "Baraka",
    "Simon", "Lamin", "Patrick", "Themba", "George",
];

/// Family names in the country.
pub(super) const FAMILY: [&str; 32] = [
    "Banda",
    "Phiri",
    "Mwale",
    "Okello",
    "Diallo",
    "Moyo",
    "Nkosi",
    "Mensah",
    "Kamau",
    "Traore",
    "Dlamini",
    "Otieno",
    "Zulu",
    "Sesay",
    "Kamara",
    "Ndlovu",
    "Tembo",
    "Achieng",
    "Owusu",
    "Mutasa",
    "Chirwa",
    "Abdi",
    "Keita",
    "Mbeki",
    "Lungu",
    "Sithole",
    "Njoroge",
    "Conteh",
    "Kalu",
    "Gondwe",
    "Asante",
    "Mkandawire",
];

/// Wards of a clinic: name, department key. Their places are used by [`super::transfers`].
pub(super) const WARDS: [(&str, &str); 25] = [
    ("Notaufnahme", "3700"),
    ("Intensivstation", "3600"),
    ("Innere Medizin A", "0100"),
    ("Innere Medizin B", "0100"),
    ("Kardiologie", "0300"),
    ("Gastroenterologie", "0700"),
    ("Pneumologie", "0800"),
    ("Nephrologie", "0400"),
    ("Onkologie", "0500"),
    ("Geriatrie", "0200"),
    ("Allgemeinchirurgie", "1500"),
    ("Unfallchirurgie", "1600"),
    ("Orthopädie", "2300"),
    ("Gefäßchirurgie", "1800"),
    ("Neurochirurgie", "1700"),
    ("Neurologie", "2800"),
    ("Stroke Unit", "2856"),
    ("Gynäkologie", "2425"),
    ("Geburtshilfe", "2500"),
    ("Kinderheilkunde", "1000"),
    ("Neonatologie", "1200"),
    ("Urologie", "2200"),
    ("Hals-Nasen-Ohren-Heilkunde", "2600"),
    ("Augenheilkunde", "2700"),
    ("Psychiatrie", "2900"),
];

/// The clinics of the group: name, short name.
pub(super) const CLINICS: [(&str, &str); 3] = [
    ("Klinikum Heidetal", "Heidetal"),
    ("St.-Marien-Krankenhaus Elmstedt", "Elmstedt"),
    ("Kreiskrankenhaus Wiesenau", "Wiesenau"),
];
