//! DHIS2 identifiers: 11 characters, a letter first, then letters and digits.

/// Whether `text` is a well-formed DHIS2 identifier.
#[must_use]
pub fn is_valid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 11
        && bytes[0].is_ascii_alphabetic()
        && bytes.iter().all(u8::is_ascii_alphanumeric)
}

const LETTERS: &[u8; 52] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ALPHABET: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The identifier that a number stands for. Different numbers below 52 · 62^10 give different identifiers.
#[must_use]
pub fn from_number(number: u64) -> String {
    let mut rest = number;
    let mut text = [0_u8; 11];
    for place in text[1..].iter_mut().rev() {
        *place = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    text[0] = LETTERS[(rest % 52) as usize];
    text.iter().map(|&byte| char::from(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn accepts_dhis2_identifiers_only() {
        assert!(is_valid("DiszpKrYNg8"));
        for wrong in [
            "",
            "1iszpKrYNg8",
            "DiszpKrYNg",
            "DiszpKrYNg88",
            "Diszp-rYNg8",
            "Dïszp-rYNg",
        ] {
            assert!(!is_valid(wrong), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn numbers_give_distinct_valid_identifiers(a: u32, b: u32) {
            prop_assert!(is_valid(&from_number(u64::from(a))));
            prop_assert_eq!(a == b, from_number(u64::from(a)) == from_number(u64::from(b)));
        }
    }
}
