//! References between resources, in all the forms that FHIR allows.

use std::collections::HashMap;

use super::json::{Value, last_part, list, text};

/// What a reference points to: a resource by id, or by one of its identifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// Id of the resource.
    Id(String),
    /// `system|value`, the system empty when none was sent.
    Identifier(String),
}

impl Reference {
    /// The id, when it is known.
    pub fn id(this: Option<&Self>) -> Option<String> {
        match this {
            Some(Reference::Id(id)) => Some(id.clone()),
            _ => None,
        }
    }

    /// The identifier, when only that is known.
    pub fn identifier(this: Option<&Self>) -> Option<String> {
        match this {
            Some(Reference::Identifier(identifier)) => Some(identifier.clone()),
            _ => None,
        }
    }
}

/// Ids of the resources of a bundle by their `fullUrl`.
pub type Links = HashMap<String, String>;

/// Reads the reference to a resource of type `kind` under a key of `resource`.
pub fn read(
    element: &Value<'_>,
    key: &str,
    kind: &str,
    resource: &Value<'_>,
    links: &Links,
) -> Option<Reference> {
    resolve(element.get(key)?, kind, resource, links)
}

/// Reads a reference. A literal one comes first, then the identifier beside it.
pub fn resolve(
    reference: &Value<'_>,
    kind: &str,
    resource: &Value<'_>,
    links: &Links,
) -> Option<Reference> {
    let literal =
        text(reference, "reference").and_then(|link| literal(link, kind, resource, links));
    literal.or_else(|| identifier(reference.get("identifier")?).map(Reference::Identifier))
}

fn literal(link: &str, kind: &str, resource: &Value<'_>, links: &Links) -> Option<Reference> {
    if let Some(id) = links.get(link) {
        return Some(Reference::Id(id.clone()));
    }
    if let Some(id) = link.strip_prefix('#') {
        return contained(id, resource);
    }
    if let Some((target, query)) = link.split_once('?') {
        let identifier = query
            .split('&')
            .find_map(|part| part.strip_prefix("identifier="))?;
        return (last_part(target) == kind).then(|| by_token(identifier));
    }
    if let Some(uuid) = link
        .strip_prefix("urn:uuid:")
        .or_else(|| link.strip_prefix("urn:oid:"))
    {
        return id(uuid);
    }
    let link = link.split_once("/_history/").map_or(link, |(link, _)| link);
    match link.rsplit_once('/') {
        Some((target, last)) if last_part(target) == kind => id(last),
        Some(_) => None,
        None => id(link),
    }
}

/// The id at the end of an address.
pub fn last_of_url(url: &str) -> &str {
    url.strip_prefix("urn:uuid:")
        .or_else(|| url.strip_prefix("urn:oid:"))
        .unwrap_or_else(|| last_part(url))
}

fn id(text: &str) -> Option<Reference> {
    (!text.is_empty()).then(|| Reference::Id(text.to_owned()))
}

/// A search token: `system|value`, or a value alone, as it stands in an address.
fn by_token(token: &str) -> Reference {
    let token = decoded(token);
    Reference::Identifier(if token.contains('|') {
        token
    } else {
        format!("|{token}")
    })
}

/// A text of an address without its percent signs. What is no UTF-8 stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// A contained resource is known by its identifier only.
fn contained(id: &str, resource: &Value<'_>) -> Option<Reference> {
    list(resource, "contained")
        .find(|inner| text(inner, "id") == Some(id))
        .and_then(|inner| list(inner, "identifier").find_map(identifier))
        .map(Reference::Identifier)
}

/// An identifier as `system|value`.
pub fn identifier(identifier: &Value<'_>) -> Option<String> {
    let value = text(identifier, "value")?;
    Some(format!(
        "{}|{value}",
        text(identifier, "system").unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    fn patient(reference: &Json) -> Option<Reference> {
        let resource = json!({"contained": [{"resourceType": "Patient", "id": "p", "identifier": [{"value": "7"}]}]});
        let links = Links::from([("urn:uuid:1".to_owned(), "own".to_owned())]);
        resolve(
            &Value::from(reference),
            "Patient",
            &Value::from(&resource),
            &links,
        )
    }

    #[test]
    fn every_form_is_understood() {
        let id = |text: &str| Some(Reference::Id(text.to_owned()));
        let identifier = |text: &str| Some(Reference::Identifier(text.to_owned()));
        let of = |text: &str| patient(&json!({ "reference": text }));
        assert_eq!(of("Patient/a"), id("a"));
        assert_eq!(of("https://example.org/fhir/Patient/a"), id("a"));
        assert_eq!(of("Patient/a/_history/3"), id("a"));
        assert_eq!(of("urn:uuid:1"), id("own"));
        assert_eq!(of("urn:uuid:2"), id("2"));
        assert_eq!(
            of("Patient?identifier=http://s|v"),
            identifier("http://s|v")
        );
        assert_eq!(of("Patient?identifier=v"), identifier("|v"));
        assert_eq!(of("#p"), identifier("|7"));
        assert_eq!(
            patient(&json!({"identifier": {"system": "s", "value": "v"}})),
            identifier("s|v")
        );
    }

    #[test]
    fn a_reference_to_another_type_or_to_nothing_is_none() {
        for link in [
            "Group/a",
            "Group?identifier=a|b",
            "#q",
            "Patient/",
            "Patient?name=x",
        ] {
            assert_eq!(patient(&json!({ "reference": link })), None, "{link}");
        }
        assert_eq!(patient(&json!({"display": "somebody"})), None);
    }

    proptest! {
        #[test]
        fn an_id_is_found_in_every_literal_form(id in "[A-Za-z0-9.-]{2,64}", version in 1..9_u32) {
            let found = Some(Reference::Id(id.clone()));
            for link in [
                format!("Patient/{id}"),
                format!("https://example.org/a/b/Patient/{id}"),
                format!("Patient/{id}/_history/{version}"),
                format!("urn:uuid:{id}"),
            ] {
                prop_assert_eq!(patient(&json!({ "reference": link })), found.clone());
            }
        }

        #[test]
        fn an_identifier_is_found_as_it_is_and_as_part_of_an_address(system in "[a-z:/.]{0,20}", value in "[^\\s&|%\\p{C}]{1,20}") {
            let found = Some(Reference::Identifier(format!("{system}|{value}")));
            let encoded: String = format!("{system}|{value}").bytes().map(|byte| format!("%{byte:02X}")).collect();
            prop_assert_eq!(patient(&json!({"identifier": {"system": system.clone(), "value": value.clone()}})), found.clone());
            prop_assert_eq!(patient(&json!({"reference": format!("Patient?identifier={system}|{value}")})), found.clone());
            prop_assert_eq!(patient(&json!({"reference": format!("Patient?identifier={encoded}&x=y")})), found);
        }

        #[test]
        fn reading_never_panics(link in "\\PC{0,40}|[#?%/|a-z]{0,12}") {
            let _ = patient(&json!({ "reference": link }));
        }
    }
}
