//! Cleaning of ICD-10 codes as they are typed: markers, blanks, missing dots, certainty letters, two codes in one text.

/// Place of a code in a double-coded diagnosis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// `†` or `+`: the cause, primary of a pair.
    Dagger,
    /// `*`: the manifestation, secondary only.
    Asterisk,
    /// `!`: additional information, secondary only.
    Exclamation,
}

impl Marker {
    /// The marker that a character stands for.
    #[must_use]
    pub fn from_symbol(symbol: char) -> Option<Self> {
        match symbol {
            '†' | '+' => Some(Marker::Dagger),
            '*' => Some(Marker::Asterisk),
            '!' => Some(Marker::Exclamation),
            _ => None,
        }
    }

    /// Whether a code with this marker can never stand alone, nor be a main diagnosis.
    #[must_use]
    pub fn is_secondary(self) -> bool {
        self != Marker::Dagger
    }
}

/// How sure a diagnosis is (Diagnosesicherheit).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// `G`.
    Confirmed,
    /// `V`.
    Suspected,
    /// `Z`.
    StatusPost,
    /// `A`: the patient does not have it; never counted.
    Excluded,
}

impl Certainty {
    /// The certainty that a letter stands for.
    #[must_use]
    pub fn from_letter(letter: char) -> Option<Self> {
        match letter {
            'G' => Some(Certainty::Confirmed),
            'V' => Some(Certainty::Suspected),
            'Z' => Some(Certainty::StatusPost),
            'A' => Some(Certainty::Excluded),
            _ => None,
        }
    }
}

/// One code with what was written around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The code with its dot, e.g. `E11.9` or `I10`.
    pub code: String,
    /// Marker written behind it.
    pub marker: Option<Marker>,
    /// Certainty letter written behind it.
    pub certainty: Option<Certainty>,
}

/// The codes that a text holds, in order; none when it holds anything else.
///
/// Takes lower case, blanks, full-width characters, a comma or nothing for the dot, a trailing `-` or dot, markers,
/// and certainty and side letters behind the code (`I10.90G`, `S51.9 GL`).
#[must_use]
pub fn parse(text: &str) -> Vec<Code> {
    let mut codes: Vec<Code> = Vec::new();
    for (word, marker) in words(text) {
        if let Some(code) = code(&word, marker) {
            codes.push(code);
        } else if let (Some(last), Some(letters)) = (codes.last_mut(), modifiers(&word)) {
            last.certainty = last.certainty.or(letters);
            last.marker = last.marker.or(marker);
        } else if word.is_empty() {
            if let Some(last) = codes.last_mut() {
                last.marker = last.marker.or(marker);
            }
        } else {
            return Vec::new();
        }
    }
    codes
}

/// The text in words, each with the marker that ends it. A marker on its own is an empty word.
fn words(text: &str) -> Vec<(String, Option<Marker>)> {
    let symbols: Vec<char> = text.chars().map(narrow).collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (index, &symbol) in symbols.iter().enumerate() {
        let next_is_digit = symbols.get(index + 1).is_some_and(char::is_ascii_digit);
        if let Some(marker) = Marker::from_symbol(symbol) {
            words.push((std::mem::take(&mut word), Some(marker)));
        } else if symbol == ',' && next_is_digit && word.len() == 3 {
            word.push('.');
        } else if symbol.is_whitespace() || matches!(symbol, ',' | ';' | '/') {
            if !word.is_empty() {
                words.push((std::mem::take(&mut word), None));
            }
        } else {
            word.extend(symbol.to_uppercase());
        }
    }
    if !word.is_empty() {
        words.push((word, None));
    }
    words
}

/// Full-width forms as their ASCII counterparts.
fn narrow(symbol: char) -> char {
    match symbol {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(symbol) - 0xff01 + 0x21).unwrap_or(symbol)
        }
        _ => symbol,
    }
}

/// A clean code: letter, digit, letter or digit, then up to four letters or digits behind the dot.
fn code(word: &str, marker: Option<Marker>) -> Option<Code> {
    let word = word.trim_end_matches(['-', '.']);
    let dotless = match word.split_once('.') {
        Some((category, rest)) if category.len() == 3 => format!("{category}{rest}"),
        Some(_) => return None,
        None => word.to_owned(),
    };
    let bytes = dotless.as_bytes();
    let is_category = bytes.len() >= 3
        && bytes[0].is_ascii_uppercase()
        && bytes[1].is_ascii_digit()
        && bytes.iter().all(u8::is_ascii_alphanumeric);
    if !is_category {
        return None;
    }
    let digits_end = dotless.rfind(|symbol: char| symbol.is_ascii_digit())? + 1;
    let certainty = modifiers(&dotless[digits_end..]);
    let end = if certainty.is_some() && digits_end >= 3 {
        digits_end
    } else {
        dotless.len()
    };
    if end > 7 {
        return None;
    }
    let (category, rest) = dotless[..end].split_at(3);
    let dot = if rest.is_empty() { "" } else { "." };
    Some(Code {
        code: format!("{category}{dot}{rest}"),
        marker,
        certainty: if end == digits_end {
            certainty.flatten()
        } else {
            None
        },
    })
}

/// Certainty and side letters: one of each at most. `None` when the letters are something else.
fn modifiers(letters: &str) -> Option<Option<Certainty>> {
    let mut certainty = None;
    let mut has_side = false;
    for letter in letters.chars() {
        match Certainty::from_letter(letter) {
            Some(found) if certainty.is_none() => certainty = Some(found),
            None if matches!(letter, 'R' | 'L' | 'B') && !has_side => has_side = true,
            _ => return None,
        }
    }
    (!letters.is_empty()).then_some(certainty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn codes(text: &str) -> Vec<String> {
        parse(text).into_iter().map(|code| code.code).collect()
    }

    #[test]
    fn entry_noise_is_cleaned() {
        for (text, clean) in [
            ("E11.9", "E11.9"),
            (" e119 ", "E11.9"),
            ("E11,90", "E11.90"),
            ("E11.-", "E11"),
            ("E11.9-", "E11.9"),
            ("I10.", "I10"),
            ("Ｅ１１．９", "E11.9"),
            ("U07.1!", "U07.1"),
            ("U07.1 !", "U07.1"),
            ("I10.90G", "I10.90"),
            ("S51.9 GL", "S51.9"),
            ("C7A.0", "C7A.0"),
            ("S52.501A", "S52.501"),
            ("M1A.0X9", "M1A.0X9"),
        ] {
            assert_eq!(codes(text), [clean], "{text}");
        }
    }

    #[test]
    fn what_is_no_code_gives_none() {
        for text in [
            "",
            " ",
            "k.A.",
            "250.00",
            "A00-A09",
            "C",
            "E1",
            "8140/3",
            "unbekannt",
            "E11.9.1",
            "E11.90000",
            "†",
        ] {
            let found = codes(text);
            assert!(found.is_empty(), "{text}: {found:?}");
        }
    }

    #[test]
    fn two_codes_keep_their_markers() {
        let pair = parse("A54.4+ M73.09*");
        assert_eq!(pair[0].code, "A54.4");
        assert_eq!(pair[0].marker, Some(Marker::Dagger));
        assert_eq!(pair[1].code, "M73.09");
        assert_eq!(pair[1].marker, Some(Marker::Asterisk));
        assert_eq!(codes("E10.30†H36.0*"), ["E10.30", "H36.0"]);
        assert_eq!(codes("E11.9, I10"), ["E11.9", "I10"]);
    }

    #[test]
    fn letters_behind_a_code_tell_certainty_and_side() {
        let certainty = |text: &str| parse(text)[0].certainty;
        assert_eq!(certainty("I10.90G"), Some(Certainty::Confirmed));
        assert_eq!(certainty("I10.90 A"), Some(Certainty::Excluded));
        assert_eq!(certainty("S51.9 VL"), Some(Certainty::Suspected));
        assert_eq!(certainty("S51.9LZ"), Some(Certainty::StatusPost));
        assert_eq!(certainty("S51.9L"), None);
    }

    proptest! {
        #[test]
        fn cleaning_never_panics_and_is_idempotent(text in "\\PC{0,14}|[A-Za-z][0-9]{1,2}[A-Z0-9.,+*! -]{0,9}") {
            for code in parse(&text) {
                let again = parse(&code.code);
                prop_assert_eq!(again.len(), 1);
                prop_assert_eq!(&again[0].code, &code.code);
            }
        }
    }
}
