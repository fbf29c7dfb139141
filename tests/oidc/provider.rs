//! A small OIDC provider: a discovery document, keys that a test changes, and tokens signed with them.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix_web::{App, HttpResponse, HttpServer, web};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::Utc;
use clinigraph::config::ServerSettings;
use ring::{
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, PublicKeyComponents},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
        RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
    },
};
use serde_json::{Value, json};

/// The client id of the server.
pub const AUDIENCE: &str = "clinigraph-app";

/// What signs tokens.
pub enum Key {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Key {
    /// One of two RSA keys that were made for these tests alone.
    pub fn rsa(number: usize) -> Self {
        let der: [&[u8]; 2] = [include_bytes!("rsa_1.der"), include_bytes!("rsa_2.der")];
        Key::Rsa(RsaKeyPair::from_der(der[number - 1]).expect("a key"))
    }

    /// A new key.
    pub fn new(curve: &str) -> Self {
        let random = SystemRandom::new();
        let of_curve = |algorithm| {
            let made = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
            EcdsaKeyPair::from_pkcs8(algorithm, made.as_ref(), &random).expect("a key")
        };
        match curve {
            "P-256" => Key::P256(of_curve(&ECDSA_P256_SHA256_FIXED_SIGNING)),
            "P-384" => Key::P384(of_curve(&ECDSA_P384_SHA384_FIXED_SIGNING)),
            _ => {
                let made = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
                Key::Ed(Ed25519KeyPair::from_pkcs8(made.as_ref()).expect("a key"))
            }
        }
    }

    /// The public half, as a provider publishes it.
    pub fn published(&self, kid: &str) -> Value {
        let point = |curve: &str, point: &[u8]| {
            let (x, y) = point[1..].split_at(point.len() / 2);
            json!({ "kty": "EC", "kid": kid, "use": "sig", "crv": curve, "x": encode(x), "y": encode(y) })
        };
        match self {
            Key::Rsa(key) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(key.public());
                json!({ "kty": "RSA", "kid": kid, "use": "sig", "n": encode(&public.n), "e": encode(&public.e) })
            }
            Key::P256(key) => point("P-256", key.public_key().as_ref()),
            Key::P384(key) => point("P-384", key.public_key().as_ref()),
            Key::Ed(key) => {
                json!({ "kty": "OKP", "kid": kid, "crv": "Ed25519", "x": encode(key.public_key().as_ref()) })
            }
        }
    }

    /// A token of any header and claims.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let random = SystemRandom::new();
        let bytes = message.as_bytes();
        let signature = match self {
            Key::Rsa(key) => {
                let padding: &'static dyn ring::signature::RsaEncoding = match &header["alg"] {
                    alg if alg == "RS384" => &RSA_PKCS1_SHA384,
                    alg if alg == "RS512" => &RSA_PKCS1_SHA512,
                    alg if alg == "PS256" => &RSA_PSS_SHA256,
                    alg if alg == "PS384" => &RSA_PSS_SHA384,
                    alg if alg == "PS512" => &RSA_PSS_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; key.public().modulus_len()];
                let signed = key.sign(padding, &random, bytes, &mut signature);
                signed.expect("a signature");
                signature
            }
            Key::P256(key) | Key::P384(key) => {
                let signature = key.sign(&random, bytes).expect("a signature");
                signature.as_ref().to_vec()
            }
            Key::Ed(key) => key.sign(bytes).as_ref().to_vec(),
        };
        format!("{message}.{}", encode(&signature))
    }
}

pub fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// How the provider answers.
#[derive(Clone)]
pub enum Mood {
    /// As it should.
    Well,
    /// With 500.
    Failing,
    /// After a long time.
    Slow,
    /// With another place to ask at.
    Moved,
    /// With more than anybody wants to read.
    Endless,
    /// With another issuer in its document.
    Strange,
    /// With keys that lie somewhere without TLS.
    Open,
}

/// A provider on a port.
pub struct Provider {
    pub issuer: String,
    inner: web::Data<Inner>,
}

struct Inner {
    issuer: String,
    keys: Mutex<Vec<Value>>,
    mood: Mutex<Mood>,
    fetches: AtomicUsize,
}

impl Provider {
    /// A provider with the first RSA key under the name `one`.
    pub async fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let issuer = format!(
            "http://{}/realms/clinic",
            listener.local_addr().expect("it")
        );
        let inner = web::Data::from(Arc::new(Inner {
            issuer: issuer.clone(),
            keys: Mutex::new(vec![Key::rsa(1).published("one")]),
            mood: Mutex::new(Mood::Well),
            fetches: AtomicUsize::new(0),
        }));
        let state = inner.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(state.clone())
                .route(
                    "/realms/clinic/.well-known/openid-configuration",
                    web::get().to(document),
                )
                .route("/keys", web::get().to(keys))
        });
        let server = server.workers(1).disable_signals().shutdown_timeout(0);
        let server = server.listen(listener).expect("it listens");
        actix_web::rt::spawn(server.run());
        Provider { issuer, inner }
    }

    /// Settings of a server that accepts its tokens.
    pub fn accepted(&self, settings: &mut ServerSettings) {
        settings.callers.oidc.oidc_issuer = Some(self.issuer.clone());
        settings.callers.oidc.oidc_audience = Some(AUDIENCE.to_owned());
    }

    pub fn publish(&self, keys: Vec<Value>) {
        *self.inner.keys.lock().expect("keys") = keys;
    }

    pub fn be(&self, mood: Mood) {
        *self.inner.mood.lock().expect("a mood") = mood;
    }

    /// How often keys were asked for.
    pub fn fetches(&self) -> usize {
        self.inner.fetches.load(Ordering::SeqCst)
    }

    /// The claims of a good token of the clerk.
    pub fn claims(&self) -> Value {
        let now = Utc::now().timestamp();
        json!({
            "iss": self.issuer, "aud": [AUDIENCE, "account"], "sub": "f81d4fae-7dec", "typ": "Bearer",
            "iat": now, "exp": now + 300, "email": "clerk@example.org", "email_verified": true,
        })
    }

    /// The claims with one of them changed; null takes it away.
    pub fn with(&self, name: &str, value: Value) -> Value {
        let mut claims = self.claims();
        let members = claims.as_object_mut().expect("an object");
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.to_owned(), value),
        };
        claims
    }

    /// A token that the first key signs.
    pub fn token(&self, claims: &Value) -> String {
        Key::rsa(1).sign(
            &json!({ "alg": "RS256", "kid": "one", "typ": "JWT" }),
            claims,
        )
    }
}

async fn document(inner: web::Data<Inner>) -> HttpResponse {
    let mut issuer = inner.issuer.clone();
    let mut keys = issuer.replace("/realms/clinic", "/keys");
    let mood = inner.mood.lock().expect("a mood").clone();
    match mood {
        Mood::Well | Mood::Endless => {}
        Mood::Strange => issuer.push('/'),
        Mood::Open => keys = "http://id.example.org/keys".to_owned(),
        Mood::Failing => return HttpResponse::InternalServerError().finish(),
        Mood::Slow => actix_web::rt::time::sleep(Duration::from_secs(20)).await,
        Mood::Moved => {
            let there = ("location", keys);
            return HttpResponse::Found().insert_header(there).finish();
        }
    }
    HttpResponse::Ok().json(json!({ "issuer": issuer, "jwks_uri": keys }))
}

async fn keys(inner: web::Data<Inner>) -> HttpResponse {
    inner.fetches.fetch_add(1, Ordering::SeqCst);
    let keys = inner.keys.lock().expect("keys").clone();
    let is_endless = matches!(*inner.mood.lock().expect("a mood"), Mood::Endless);
    let padding = if is_endless { 1_000_000 } else { 0 };
    HttpResponse::Ok().json(json!({ "keys": keys, "padding": " ".repeat(padding) }))
}
