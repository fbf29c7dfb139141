//! The tokens of a document, counted before it is parsed: a parser takes longer than this, and memory for each of them.

use async_graphql::Pos;

/// Brackets within each other. Fields have a limit of their own; this one keeps the parser's stack small.
const DEEPEST: u32 = 100;

/// Checks that a document has at most `most` tokens and is not nested too deep.
///
/// # Errors
/// A sentence that names the limit, and the place of the token that breaks it.
pub fn check(text: &str, most: u32) -> Result<(), (String, Pos)> {
    let mut rest = text;
    let (mut count, mut depth) = (0u32, 0u32);
    while let Some((token, after)) = next(rest) {
        let start = text.len() - rest.len() + (rest.len() - after.len() - token.len());
        count += 1;
        match token {
            "{" | "[" | "(" => depth += 1,
            "}" | "]" | ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if count > most {
            let message = format!(
                "the document has more tokens than are read: at most {most} (--max-tokens)"
            );
            return Err((message, position(text, start)));
        }
        if depth > DEEPEST {
            let message =
                format!("the document has more than {DEEPEST} brackets within each other");
            return Err((message, position(text, start)));
        }
        rest = after;
    }
    Ok(())
}

/// The next token and what follows it; `None` at the end. White space, commas and comments stand between tokens.
fn next(mut text: &str) -> Option<(&str, &str)> {
    loop {
        text =
            text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '\u{feff}'));
        match text.strip_prefix('#') {
            Some(comment) => text = comment.find(['\n', '\r']).map_or("", |end| &comment[end..]),
            None => break,
        }
    }
    let first = text.chars().next()?;
    let length = match first {
        '"' => string_length(text),
        '.' if text.starts_with("...") => 3,
        c if is_word(c) => text.find(|c| !is_word(c)).unwrap_or(text.len()),
        c => c.len_utf8(),
    };
    Some(text.split_at(length))
}

/// Letters of names and numbers.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+')
}

/// Length of the string that a text begins with, with its quotes. One that never ends is as long as the text.
fn string_length(text: &str) -> usize {
    let (quote, escaped) = match text.starts_with("\"\"\"") {
        true => ("\"\"\"", "\\\"\"\""),
        false => ("\"", "\\"),
    };
    let mut at = quote.len();
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with(quote) {
            return at + quote.len();
        }
        at += match rest.strip_prefix(escaped) {
            // A backslash takes the next letter with it; in a block it does so before three quotes only.
            Some(after) if quote.len() == 1 => {
                escaped.len() + after.chars().next().map_or(0, char::len_utf8)
            }
            Some(_) => escaped.len(),
            None => rest.chars().next().map_or(1, char::len_utf8),
        };
    }
    text.len()
}

/// Line and column of a place, counted from one.
fn position(text: &str, at: usize) -> Pos {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |last| last.chars().count())
        + 1;
    Pos { line, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(mut text: &str) -> Vec<&str> {
        let mut found = Vec::new();
        while let Some((token, rest)) = next(text) {
            found.push(token);
            text = rest;
        }
        found
    }

    #[test]
    fn tokens_are_those_of_the_language() {
        for (text, expected) in [
            ("", vec![]),
            (" ,\t\u{feff} # { a }\r\n", vec![]),
            (
                "{ a(b: -1.5e3) }",
                vec!["{", "a", "(", "b", ":", "-1", ".", "5e3", ")", "}"],
            ),
            (
                "query($x:[ID!]=$y){...F @skip}",
                vec![
                    "query", "(", "$", "x", ":", "[", "ID", "!", "]", "=", "$", "y", ")", "{",
                    "...", "F", "@", "skip", "}",
                ],
            ),
            (
                r#"a "b \" {{{ # \\" c"#,
                vec!["a", r#""b \" {{{ # \\""#, "c"],
            ),
            (
                r##"""" {{ \""" " "" """ d ""##,
                vec![r##"""" {{ \""" " "" """"##, "d", "\""],
            ),
            ("\"\\", vec!["\"\\"]),
            ("a#b\nc é", vec!["a", "c", "é"]),
        ] {
            assert_eq!(tokens(text), expected, "{text}");
        }
    }

    #[test]
    fn the_first_token_too_many_is_named() {
        assert!(check("{ a b c }", 5).is_ok());
        let (message, pos) = check("{ a\n b c }", 4).expect_err("too many");
        assert!(message.contains("--max-tokens"), "{message}");
        assert_eq!((pos.line, pos.column), (2, 6));
        let nested = "{a".repeat(101);
        let (message, pos) = check(&nested, 1_000).expect_err("too deep");
        assert!(message.contains("100 brackets"), "{message}");
        assert_eq!((pos.line, pos.column), (1, 201));
        // Brackets in texts and comments are none.
        let text = format!("# {0}\n{{ a(b: \"{0}\") }}", "{".repeat(200));
        assert!(check(&text, 100).is_ok());
    }
}
