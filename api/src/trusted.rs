//! Documents that the operator knows: a folder of files, or one file of texts by their SHA-256.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
    sync::Arc,
};

use sha2::{Digest, Sha256};

use crate::{
    document::Document,
    limits::{LimitSettings, Trust},
};

/// Endings of files that hold a document.
const ENDINGS: [&str; 2] = ["graphql", "gql"];

/// The known documents and what they are good for.
#[derive(Debug)]
pub struct Trusted {
    mode: Trust,
    texts: HashSet<Arc<str>>,
    by_hash: HashMap<String, Arc<str>>,
}

impl Trusted {
    /// Reads the documents of the settings.
    ///
    /// # Errors
    /// When the folder or file cannot be read, holds no document, or one that has a syntax error or another hash.
    pub fn load(settings: &LimitSettings) -> Result<Self, String> {
        let mut trusted = Trusted {
            mode: settings.trusted,
            texts: HashSet::new(),
            by_hash: HashMap::new(),
        };
        let path = match (&settings.trusted_documents, settings.trusted) {
            (_, Trust::Off) => return Ok(trusted),
            (Some(path), _) => path,
            (None, _) => return Err("--trusted needs --trusted-documents".to_owned()),
        };
        match path.is_dir() {
            true => trusted.read_folder(path)?,
            false => trusted.read_file(path)?,
        }
        match trusted.texts.is_empty() {
            true => Err(format!("{} holds no document", path.display())),
            false => Ok(trusted),
        }
    }

    fn read_folder(&mut self, path: &Path) -> Result<(), String> {
        let broken = |error: std::io::Error| format!("{}: {error}", path.display());
        for entry in fs::read_dir(path).map_err(broken)? {
            let path = entry.map_err(broken)?.path();
            let ending = path.extension().and_then(|ending| ending.to_str());
            if ending.is_some_and(|ending| ENDINGS.contains(&ending)) {
                let text = read(&path)?;
                self.add(&path.display().to_string(), &text)?;
                // Clients send what stands in the file, with or without the end of its last line.
                self.add(&path.display().to_string(), text.trim())?;
            }
        }
        Ok(())
    }

    fn read_file(&mut self, path: &Path) -> Result<(), String> {
        let text = read(path)?;
        let documents: HashMap<String, String> = serde_json::from_str(&text).map_err(|error| {
            format!(
                "{} is no JSON object of documents by SHA-256: {error}",
                path.display()
            )
        })?;
        for (hash, text) in documents {
            if hash.to_ascii_lowercase() != hash_of(&text) {
                return Err(format!(
                    "{}: {hash} is not the SHA-256 of its document",
                    path.display()
                ));
            }
            self.add(&hash, &text)?;
        }
        Ok(())
    }

    fn add(&mut self, name: &str, text: &str) -> Result<(), String> {
        Document::read(text, None).map_err(|error| format!("{name}: {error}"))?;
        let text: Arc<str> = Arc::from(text);
        self.by_hash.insert(hash_of(&text), Arc::clone(&text));
        self.texts.insert(text);
        Ok(())
    }

    /// Whether a document is known.
    #[must_use]
    pub fn knows(&self, text: &str) -> bool {
        self.texts.contains(text)
    }

    /// Whether unknown documents are answered too.
    #[must_use]
    pub fn takes_others(&self) -> bool {
        self.mode != Trust::Only
    }

    /// The document of a hash, hexadecimal; `None` when it is not known.
    #[must_use]
    pub fn find(&self, hash: &str) -> Option<&str> {
        let text = self.by_hash.get(&hash.to_ascii_lowercase());
        text.map(|text| &**text)
    }
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn hash_of(text: &str) -> String {
    let hash = Sha256::digest(text);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(mode: Trust, name: &str, text: &str) -> Result<Trusted, String> {
        let unique = format!(
            "clinigraph-trusted-{}-{}",
            std::process::id(),
            hash_of(text)
        );
        let folder = std::env::temp_dir().join(unique);
        fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join(name);
        fs::write(&file, text).expect("a file");
        let is_folder = !name.ends_with("json");
        let loaded = Trusted::load(&LimitSettings {
            trusted: mode,
            trusted_documents: Some(if is_folder { folder.clone() } else { file }),
            ..LimitSettings::usual()
        });
        fs::remove_dir_all(&folder).expect("it is removed");
        loaded
    }

    #[test]
    fn documents_are_known_by_text_and_hash() {
        let trusted = load(Trust::Only, "a.graphql", "{ a }\n").expect("a document");
        assert!(trusted.knows("{ a }\n") && trusted.knows("{ a }") && !trusted.knows("{a}"));
        assert_eq!(
            trusted.find(&hash_of("{ a }").to_uppercase()),
            Some("{ a }")
        );
        assert!(!trusted.takes_others());
        let manifest = format!(r#"{{"{}": "{{ b }}"}}"#, hash_of("{ b }"));
        let trusted = load(Trust::Prefer, "list.json", &manifest).expect("a manifest");
        assert!(trusted.knows("{ b }") && trusted.takes_others());
        assert_eq!(trusted.find(&hash_of("{ a }")), None);
    }

    #[test]
    fn what_is_no_list_of_documents_is_refused() {
        for (name, text, words) in [
            (
                "a.graphql",
                "{ a ",
                "a.graphql: the document has a syntax error",
            ),
            ("a.txt", "{ a }", "holds no document"),
            ("list.json", "[]", "no JSON object"),
            ("list.json", r#"{"00": "{ a }"}"#, "00 is not the SHA-256"),
        ] {
            let error = load(Trust::Only, name, text).expect_err(text);
            assert!(error.contains(words), "{error}");
        }
        assert!(load(Trust::Off, "a.graphql", "{ a ").is_ok());
    }
}
