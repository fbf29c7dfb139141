//! Reading FHIR JSON of any shape: absent, wrong and empty are the same, nothing panics.

pub mod value;

pub use value::Value;

/// A text that is there and not blank, trimmed.
pub fn text<'v>(value: &'v Value<'_>, key: &str) -> Option<&'v str> {
    let text = value.get(key)?.as_str()?.trim();
    (!text.is_empty()).then_some(text)
}

/// The elements of a list; one element that is not in a list counts as a list of one.
pub fn list<'v, 'j>(
    value: &'v Value<'j>,
    key: &str,
) -> impl Iterator<Item = &'v Value<'j>> + use<'v, 'j> {
    let elements = match value.get(key) {
        Some(Value::Array(elements)) => elements.as_slice(),
        Some(single @ Value::Object(_)) => std::slice::from_ref(single),
        _ => &[],
    };
    elements.iter()
}

/// The codes of the concepts under a key, whatever their system.
pub fn codes<'v, 'j>(
    value: &'v Value<'j>,
    key: &str,
) -> impl Iterator<Item = &'v str> + use<'v, 'j> {
    list(value, key)
        .flat_map(|concept| list(concept, "coding"))
        .filter_map(|coding| text(coding, "code"))
}

/// The code of a concept's coding whose system ends with `system`.
pub fn code_of<'v>(concept: &'v Value<'_>, system: &str) -> Option<&'v str> {
    list(concept, "coding")
        .find(|coding| is_system(coding, system))
        .and_then(|coding| text(coding, "code"))
}

/// Whether the last path part of a coding's system is `name`: sites spell the rest differently.
pub fn is_system(coding: &Value<'_>, name: &str) -> bool {
    text(coding, "system").is_some_and(|system| last_part(system).eq_ignore_ascii_case(name))
}

/// What follows the last slash of an address.
pub fn last_part(url: &str) -> &str {
    let url = url.trim_end_matches('/');
    url.rsplit_once('/').map_or(url, |(_, last)| last)
}

/// The extension whose address ends with `name`.
pub fn extension<'v, 'j>(value: &'v Value<'j>, name: &str) -> Option<&'v Value<'j>> {
    list(value, "extension")
        .find(|extension| text(extension, "url").is_some_and(|url| last_part(url) == name))
}

/// The code of an extension that holds a coding.
pub fn extension_code<'v>(value: &'v Value<'_>, name: &str) -> Option<&'v str> {
    let extension = extension(value, name)?;
    text(extension.get("valueCoding")?, "code")
}
