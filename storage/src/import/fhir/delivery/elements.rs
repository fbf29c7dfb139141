//! Takes a large JSON file apart without holding it: the elements of a list, or the entries of a bundle, one by one.

use std::io::{BufRead, Error, ErrorKind, Result};

/// What an object says besides its entries.
const HEAD_LIMIT: usize = 64 << 20;

/// Reads one JSON value. Each element of a list, or of the field `entry` of an object, goes to `visit`; the object
/// without that field is returned, `[]` for a list.
///
/// # Errors
/// [`ErrorKind::InvalidData`] when it is no JSON, else what the reader or `visit` returned.
pub fn split(
    reader: &mut dyn BufRead,
    visit: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<Vec<u8>> {
    let mut scanner = Scanner {
        reader,
        value: Vec::new(),
    };
    let mut head = Vec::new();
    match scanner.peek()? {
        Some(b'[') => {
            scanner.list(visit)?;
            head.extend_from_slice(b"[]");
        }
        Some(b'{') => scanner.object(&mut head, visit)?,
        _ => return Err(ErrorKind::InvalidData.into()),
    }
    match scanner.peek()? {
        None => Ok(head),
        Some(_) => Err(ErrorKind::InvalidData.into()),
    }
}

struct Scanner<'r> {
    reader: &'r mut dyn BufRead,
    value: Vec<u8>,
}

impl Scanner<'_> {
    /// The next byte that is no blank and no byte order mark; `None` at the end.
    fn peek(&mut self) -> Result<Option<u8>> {
        loop {
            let bytes = self.reader.fill_buf()?;
            let is_blank =
                |byte: u8| byte.is_ascii_whitespace() || matches!(byte, 0xef | 0xbb | 0xbf);
            let blanks = bytes.iter().take_while(|&&byte| is_blank(byte)).count();
            let (found, is_end) = (bytes.get(blanks).copied(), bytes.is_empty());
            self.reader.consume(blanks);
            if found.is_some() || is_end {
                return Ok(found);
            }
        }
    }

    /// Takes one byte that must be among `wanted`.
    fn take(&mut self, wanted: &[u8]) -> Result<u8> {
        match self.peek()? {
            Some(byte) if wanted.contains(&byte) => {
                self.reader.consume(1);
                Ok(byte)
            }
            _ => Err(ErrorKind::InvalidData.into()),
        }
    }

    fn list(&mut self, visit: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.take(b"[")?;
        if self.peek()? == Some(b']') {
            self.reader.consume(1);
            return Ok(());
        }
        loop {
            self.read_value()?;
            visit(&self.value)?;
            if self.take(b",]")? == b']' {
                return Ok(());
            }
        }
    }

    fn object(
        &mut self,
        head: &mut Vec<u8>,
        visit: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        head.push(self.take(b"{")?);
        if self.peek()? == Some(b'}') {
            self.reader.consume(1);
            head.push(b'}');
            return Ok(());
        }
        loop {
            if self.peek()? != Some(b'"') {
                return Err(ErrorKind::InvalidData.into());
            }
            self.read_value()?;
            let name = self.value.clone();
            self.take(b":")?;
            if name == b"\"entry\"" && self.peek()? == Some(b'[') {
                self.list(visit)?;
            } else {
                self.read_value()?;
                if head.len() > 1 {
                    head.push(b',');
                }
                head.extend_from_slice(&name);
                head.push(b':');
                head.extend_from_slice(&self.value);
            }
            if head.len() > HEAD_LIMIT {
                return Err(Error::from(ErrorKind::FileTooLarge));
            }
            if self.take(b",}")? == b'}' {
                head.push(b'}');
                return Ok(());
            }
        }
    }

    /// Reads the next value whole. Whether it is right inside is seen when it is parsed.
    fn read_value(&mut self) -> Result<()> {
        self.peek()?;
        self.value.clear();
        let mut state = State::default();
        loop {
            let bytes = self.reader.fill_buf()?;
            if bytes.is_empty() {
                return Err(ErrorKind::InvalidData.into());
            }
            let end = bytes.iter().position(|&byte| state.ends_before(byte));
            let taken = end.unwrap_or(bytes.len());
            self.value.extend_from_slice(&bytes[..taken]);
            self.reader.consume(taken);
            if end.is_some() {
                return if self.value.is_empty() {
                    Err(ErrorKind::InvalidData.into())
                } else {
                    Ok(())
                };
            }
        }
    }
}

/// Where in a value the scanner is.
#[derive(Default)]
struct State {
    depth: usize,
    in_text: bool,
    is_escaped: bool,
    is_complete: bool,
}

impl State {
    /// Whether the value ended before this byte.
    fn ends_before(&mut self, byte: u8) -> bool {
        if self.is_complete {
            return true;
        }
        if self.in_text {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => {
                    self.in_text = false;
                    self.is_complete = self.depth == 0;
                }
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' if self.depth == 0 => return true,
            b'}' | b']' => {
                self.depth -= 1;
                self.is_complete = self.depth == 0;
            }
            b',' | b':' => return self.depth == 0,
            _ => return self.depth == 0 && byte.is_ascii_whitespace(),
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// The head and the elements of a text that is read in pieces of some bytes.
    fn of(text: &str, piece: usize) -> Result<(Value, Vec<Value>)> {
        let mut elements = Vec::new();
        let mut reader = BufReader::with_capacity(piece, text.as_bytes());
        let head = split(&mut reader, &mut |bytes| {
            elements.push(serde_json::from_slice(bytes)?);
            Ok(())
        })?;
        Ok((serde_json::from_slice(&head)?, elements))
    }

    #[test]
    fn a_bundle_is_its_head_and_its_entries() {
        let text = "\u{feff} {\"type\": \"x, ]\\\"}\", \"entry\" : [ {\"a\": [1, {}]} , 2,\"]\" ], \"total\": 3 } ";
        let expected = (
            json!({"type": "x, ]\"}", "total": 3}),
            vec![json!({"a": [1, {}]}), json!(2), json!("]")],
        );
        for piece in [1, 2, 7, 1000] {
            assert_eq!(of(text, piece).expect("JSON"), expected);
        }
        assert_eq!(of("[]", 8).expect("JSON"), (json!([]), vec![]));
        assert_eq!(of("{}", 8).expect("JSON"), (json!({}), vec![]));
    }

    #[test]
    fn what_is_cut_off_or_goes_on_is_an_error() {
        for text in [
            "",
            "{",
            "[1, 2",
            "{\"a\": 1",
            "{} {}",
            "[1,]",
            "{\"a\"}",
            "7",
            "{,}",
        ] {
            assert!(of(text, 4).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn elements_are_those_of_a_plain_reader(
            texts in prop::collection::vec("\\PC{0,8}", 0..6), numbers in prop::collection::vec(any::<i32>(), 0..4), piece in 1..40_usize,
        ) {
            let elements: Vec<Value> = texts.iter().zip(0..).map(|(text, n)| json!({text: [n, {"b": text}]})).collect();
            let bundle = json!({"resourceType": "Bundle", "numbers": numbers, "entry": elements.clone(), "z": {"entry": [1]}});
            for text in [bundle.to_string(), serde_json::to_string_pretty(&bundle).expect("text")] {
                let (head, found) = of(&text, piece).expect("JSON");
                prop_assert_eq!(&found, &elements);
                prop_assert_eq!(&head["numbers"], &bundle["numbers"]);
                prop_assert_eq!(&head["z"], &bundle["z"]);
            }
        }

        #[test]
        fn no_text_panics(text in "[\\[\\]{}\",:\\\\ a1]{0,30}") {
            let _ = of(&text, 3);
        }
    }
}
