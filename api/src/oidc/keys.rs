//! The public keys of a provider: which of them a token may be checked with.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

use super::claims::Reason;

/// Most keys that are looked at. Providers publish a handful.
const MOST: usize = 100;

/// The keys of a provider.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    fits: Vec<Algorithm>,
    key: DecodingKey,
}

impl Keys {
    /// Reads a JSON Web Key Set. Keys that cannot check a signature are left out, as are those of kinds that nobody knows yet.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn read(json: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_slice(json)
            .map_err(|error| format!("the answer is no set of keys: {error}"))?;
        let keys = set.keys.into_iter().take(MOST).filter_map(Key::read);
        let keys = Keys(keys.collect());
        match keys.0.is_empty() {
            true => Err("the answer holds no key that can check a signature".to_owned()),
            false => Ok(keys),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The key that a token names and that fits its algorithm. A token without a name is checked with the one key that
    /// fits.
    ///
    /// # Errors
    /// [`Reason::UnknownKey`] when no key has the name, [`Reason::Algorithm`] when the one that has it is for others.
    pub fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&DecodingKey, Reason> {
        let named = || {
            let keys = self.0.iter();
            keys.filter(|key| id.is_none() || key.id.as_deref() == id)
        };
        let mut fitting = named().filter(|key| key.fits.contains(&algorithm));
        match (fitting.next(), fitting.next(), id) {
            (Some(key), None, _) | (Some(key), Some(_), Some(_)) => Ok(&key.key),
            (None, _, Some(_)) if named().next().is_some() => Err(Reason::Algorithm),
            _ => Err(Reason::UnknownKey),
        }
    }
}

impl Key {
    fn read(json: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(json).ok()?;
        let common = &jwk.common;
        let signs = match &common.public_key_use {
            None => true,
            Some(purpose) => *purpose == PublicKeyUse::Signature,
        };
        let verifies = common
            .key_operations
            .as_ref()
            .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
        if !signs || !verifies {
            return None;
        }
        let mut fits = of_kind(&jwk.algorithm);
        if let Some(algorithm) = common.key_algorithm {
            fits.retain(|known| KeyAlgorithm::from(*known) == algorithm);
        }
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        (!fits.is_empty()).then(|| Key {
            id: jwk.common.key_id,
            fits,
            key,
        })
    }
}

/// Algorithms that a kind of key is for.
fn of_kind(kind: &AlgorithmParameters) -> Vec<Algorithm> {
    match kind {
        AlgorithmParameters::RSA(_) => AlgorithmFamily::Rsa.algorithms().to_vec(),
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => vec![Algorithm::ES256],
            EllipticCurve::P384 => vec![Algorithm::ES384],
            _ => vec![],
        },
        AlgorithmParameters::OctetKeyPair(key) => match key.curve {
            EllipticCurve::Ed25519 => vec![Algorithm::EdDSA],
            _ => vec![],
        },
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(list: Value) -> Result<Keys, String> {
        Keys::read(json!({ "keys": list }).to_string().as_bytes())
    }

    #[test]
    fn a_key_is_found_by_name_and_only_for_its_algorithms() {
        let (rsa, point) = (json!("AQAB"), "A".repeat(43));
        let keys = keys(json!([
            { "kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", "n": rsa, "e": "AQAB" },
            { "kty": "EC", "kid": "2", "crv": "P-256", "x": point, "y": point },
            { "kty": "OKP", "kid": "3", "crv": "Ed25519", "x": point },
            { "kty": "RSA", "kid": "4", "use": "enc", "n": rsa, "e": "AQAB" },
            { "kty": "oct", "kid": "5", "k": "c2VjcmV0" },
            { "kty": "EC", "kid": "6", "crv": "P-521", "x": point, "y": point },
            { "kty": "AKP", "kid": "7", "alg": "ML-DSA-44", "pub": "AA" },
            { "kty": "RSA", "kid": "8", "key_ops": ["encrypt"], "n": rsa, "e": "AQAB" },
        ]))
        .expect("keys");
        assert_eq!(keys.count(), 3);
        let found = |id: Option<&str>, algorithm| keys.find(id, algorithm).map(|_| ());
        assert_eq!(found(Some("1"), Algorithm::RS256), Ok(()));
        assert_eq!(found(None, Algorithm::RS256), Ok(()));
        assert_eq!(found(Some("2"), Algorithm::ES256), Ok(()));
        assert_eq!(found(Some("3"), Algorithm::EdDSA), Ok(()));
        for (id, algorithm) in [
            ("1", Algorithm::RS512),
            ("1", Algorithm::ES256),
            ("1", Algorithm::HS256),
            ("2", Algorithm::ES384),
        ] {
            assert_eq!(found(Some(id), algorithm), Err(Reason::Algorithm), "{id}");
        }
        for id in ["4", "5", "6", "7", "8", "9", ""] {
            assert_eq!(
                found(Some(id), Algorithm::RS256),
                Err(Reason::UnknownKey),
                "{id}"
            );
        }
        assert_eq!(found(None, Algorithm::PS256), Err(Reason::UnknownKey));
    }

    #[test]
    fn what_is_no_set_of_keys_is_told() {
        for (text, told) in [
            ("[]", "no set"),
            ("{}", "no set"),
            ("{\"keys\":[]}", "no key"),
        ] {
            let wrong = Keys::read(text.as_bytes()).expect_err(text);
            assert!(wrong.contains(told), "{wrong}");
        }
    }
}
