//! Fetches the provider's keys. Blocks.

use std::{sync::Arc, time::Duration};

use actix_web::http::Uri;
use rustls::crypto::ring;
use serde::Deserialize;
use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig},
};

use super::{
    keys::Keys,
    settings::{check_url, is_loopback},
};

/// Longest time of one request.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer, bytes.
const LONGEST: u64 = 256 * 1024;

/// A client that trusts whom this machine trusts, and goes where it is told to and nowhere else.
pub(super) struct Client {
    agent: Agent,
}

impl Client {
    /// A client. Certificates of the machine are read once.
    pub fn new() -> Self {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a certificate of this machine cannot be read");
        }
        let certificates: Vec<Certificate> = found
            .certs
            .iter()
            .map(|certificate| Certificate::from_der(certificate).to_owned())
            .collect();
        if certificates.is_empty() {
            tracing::warn!("this machine trusts nobody: no provider can be reached by https");
        }
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&certificates))
            .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .max_idle_connections(0)
            .user_agent("clinigraph")
            .build();
        Client {
            agent: config.new_agent(),
        }
    }

    /// The keys at a URL, or where the issuer says.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn keys(&self, issuer: &str, url: Option<&str>) -> Result<Keys, String> {
        let url = match url {
            Some(url) => url.to_owned(),
            None => self.discover(issuer)?,
        };
        Keys::read(&self.get(&url)?).map_err(|wrong| format!("{url}: {wrong}"))
    }

    fn discover(&self, issuer: &str) -> Result<String, String> {
        #[derive(Deserialize)]
        struct Document {
            issuer: String,
            jwks_uri: String,
        }
        let base = issuer.trim_end_matches('/');
        let url = format!("{base}/.well-known/openid-configuration");
        let document: Document =
            serde_json::from_slice(&self.get(&url)?).map_err(|error| format!("{url}: {error}"))?;
        if document.issuer != issuer {
            let told = document.issuer;
            return Err(format!(
                "{url}: the issuer there is \"{told}\", not that of --oidc-issuer"
            ));
        }
        check_url(&document.jwks_uri).map_err(|wrong| format!("{url}: jwks_uri {wrong}"))?;
        Ok(document.jwks_uri)
    }

    fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        let failed = |error: ureq::Error| format!("{url}: {error}");
        let uri: Uri = url.parse().map_err(|error| format!("{url}: {error}"))?;
        let request = self.agent.get(url).header("accept", "application/json");
        // What is on this machine is asked directly.
        let mut answer = match uri.host().is_some_and(is_loopback) {
            true => request.config().proxy(None).build().call(),
            false => request.call(),
        }
        .map_err(failed)?;
        if answer.status() != 200 {
            return Err(format!("{url}: answered {}", answer.status()));
        }
        let body = answer.body_mut().with_config().limit(LONGEST);
        body.read_to_vec().map_err(failed)
    }
}
