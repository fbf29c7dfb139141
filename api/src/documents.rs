//! Documents that were parsed and found valid before.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Map, Value};

use crate::document::Document;

/// Most documents that are kept. Clients send the same few again and again; a full store starts anew.
const MOST: usize = 1_000;

/// Longest document that is kept, bytes.
const LONGEST: usize = 16 * 1024;

/// Most forms of variables that are kept for a document.
const MOST_FORMS: usize = 64;

/// Parsed documents by their text.
#[derive(Default)]
pub struct Documents(Mutex<HashMap<String, Entry>>);

struct Entry {
    document: Arc<Document>,
    valid: HashSet<String>,
}

/// What is known of a request's document.
pub enum Known {
    /// It was not seen before, or is too long to be kept.
    Nothing,
    /// It was parsed, and not yet found valid with variables of this form.
    Parsed(Arc<Document>),
    /// It was found valid with variables of this form.
    Valid(Arc<Document>),
}

impl Documents {
    /// What is known of a document with variables of a [`form`].
    #[must_use]
    pub fn find(&self, text: &str, form: &str) -> Known {
        let found = self.lock().get(text).map(|entry| {
            let is_valid = entry.valid.contains(form);
            (Arc::clone(&entry.document), is_valid)
        });
        match found {
            None => Known::Nothing,
            Some((document, true)) => Known::Valid(document),
            Some((document, false)) => Known::Parsed(document),
        }
    }

    /// Remembers that a document was found valid with variables of a form. One that does more than read is left out: what
    /// changes something is checked each time.
    pub fn remember(&self, text: &str, document: Arc<Document>, form: String) {
        if text.len() > LONGEST || form.len() > LONGEST || !document.reads_only() {
            return;
        }
        let mut documents = self.lock();
        if let Some(entry) = documents.get_mut(text) {
            if entry.valid.len() >= MOST_FORMS {
                entry.valid.clear();
            }
            entry.valid.insert(form);
            return;
        }
        if documents.len() >= MOST {
            documents.clear();
        }
        let entry = Entry {
            document,
            valid: HashSet::from([form]),
        };
        documents.insert(text.to_owned(), entry);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The form of variables: which keys their objects have. Scalars are checked wherever they are read, but an object with
/// a key too many is refused by validation alone, so a document counts as valid for one form of variables.
#[must_use]
pub fn form(operation: Option<&str>, variables: Option<&Map<String, Value>>) -> String {
    let mut form = operation.unwrap_or_default().to_owned();
    form.push(' ');
    if let Some(variables) = variables {
        push_object(&mut form, variables);
    }
    form
}

fn push_object(form: &mut String, object: &Map<String, Value>) {
    form.push('{');
    for (key, value) in object {
        // A key may hold any character, so its length tells where it ends.
        form.push_str(&key.len().to_string());
        form.push(':');
        form.push_str(key);
        push_form(form, value);
    }
    form.push('}');
}

fn push_form(form: &mut String, value: &Value) {
    match value {
        Value::Object(object) => push_object(form, object),
        Value::Array(items) => {
            form.push('[');
            let mut seen = HashSet::new();
            for item in items
                .iter()
                .filter(|item| item.is_object() || item.is_array())
            {
                let mut one = String::new();
                push_form(&mut one, item);
                if !seen.contains(&one) {
                    form.push_str(&one);
                    seen.insert(one);
                }
            }
            form.push(']');
        }
        Value::Null => form.push('-'),
        _ => {}
    }
}
