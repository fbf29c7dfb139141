//! Cuts the text of an expression into tokens.

use super::Problem;

/// A piece of an expression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'a> {
    Number(f64),
    /// What stands between quotes, as written.
    Text(&'a str),
    /// A word: `true`, `and`, `d2:ceil`.
    Word(&'a str),
    /// `#{name}`, `A{name}`, `V{name}`, `C{name}`: the letter and the name.
    Reference(char, &'a str),
    Symbol(&'static str),
}

/// Longer ones first.
const SYMBOLS: [&str; 20] = [
    "&&", "||", "==", "!=", "<>", "<=", ">=", "<", ">", "=", "+", "-", "*", "/", "%", "^", "!",
    "(", ")", ",",
];

/// The tokens of a text, each with its place in it.
pub(super) fn read(text: &str) -> Result<Vec<(usize, Token<'_>)>, Problem> {
    let mut tokens = Vec::new();
    let mut rest = skip_space(text)?;
    while !rest.is_empty() {
        let at = text.len() - rest.len();
        let (token, after) = one(rest).map_err(|what| Problem::Syntax { what, at: at + 1 })?;
        tokens.push((at, token));
        rest = skip_space(after)?;
    }
    Ok(tokens)
}

/// What follows blanks and comments.
fn skip_space(text: &str) -> Result<&str, Problem> {
    let mut rest = text.trim_start();
    while let Some(comment) = rest.strip_prefix("/*") {
        let (_, after) = comment.split_once("*/").ok_or(Problem::Syntax {
            what: "a comment that does not end",
            at: 1,
        })?;
        rest = after.trim_start();
    }
    Ok(rest)
}

/// The first token of a text, and what follows it.
fn one(text: &str) -> Result<(Token<'_>, &str), &'static str> {
    let first = text.chars().next().unwrap_or_default();
    let digit_follows = text[first.len_utf8()..].starts_with(|c: char| c.is_ascii_digit());
    if first == '\'' || first == '"' {
        return quoted(text, first);
    }
    if first.is_ascii_digit() || (first == '.' && digit_follows) {
        return number(text);
    }
    if let Some(inner) = text[first.len_utf8()..].strip_prefix('{')
        && "#AVC".contains(first)
    {
        let (name, after) = inner.split_once('}').ok_or("a brace that does not end")?;
        if name.is_empty() {
            return Err("a reference without a name");
        }
        return Ok((Token::Reference(first, name.trim()), after));
    }
    if first.is_ascii_alphabetic() {
        let end = text
            .find(|c: char| !c.is_ascii_alphanumeric() && c != ':' && c != '_')
            .unwrap_or(text.len());
        return Ok((Token::Word(&text[..end]), &text[end..]));
    }
    let symbol = SYMBOLS.iter().find(|symbol| text.starts_with(**symbol));
    let symbol = symbol.ok_or("a character that has no meaning")?;
    Ok((Token::Symbol(symbol), &text[symbol.len()..]))
}

/// A text in quotes. A backslash takes the next character as it is.
fn quoted(text: &str, quote: char) -> Result<(Token<'_>, &str), &'static str> {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return Ok((Token::Text(&text[1..at]), &text[at + 1..])),
            _ => {}
        }
    }
    Err("a text that does not end")
}

fn number(text: &str) -> Result<(Token<'_>, &str), &'static str> {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        from + bytes[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    let number = text[..end].parse().map_err(|_| "a wrong number")?;
    Ok((Token::Number(number), &text[end..]))
}

/// A text in quotes as it is meant: `\n` is a new line, `\u0041` a letter.
pub(super) fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('u') => {
                let hex: String = characters.by_ref().take(4).collect();
                let code = u32::from_str_radix(&hex, 16).ok();
                text.extend(code.and_then(char::from_u32));
            }
            other => text.extend(other),
        }
    }
    text
}
