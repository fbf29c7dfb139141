//! TLS of the server itself, where no proxy stands in front.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// Certificate and key.
#[derive(Debug, Clone, Default, Args)]
pub struct TlsSettings {
    /// Certificate of the server and those that vouch for it, PEM. With it the server speaks TLS 1.2 and 1.3 only
    #[arg(long, env = "CLINIGRAPH_TLS_CERTIFICATE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,

    /// Key of the certificate, PEM
    #[arg(long, env = "CLINIGRAPH_TLS_KEY", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
}

impl TlsSettings {
    /// What addresses of the server begin with.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        match self.tls_certificate {
            Some(_) => "https",
            None => "http",
        }
    }

    /// How the server speaks TLS; `None` when it does not.
    ///
    /// # Errors
    /// When certificate or key cannot be read, or do not belong together.
    pub fn config(&self) -> Result<Option<ServerConfig>, String> {
        let (Some(certificate), Some(key)) = (&self.tls_certificate, &self.tls_key) else {
            return Ok(None);
        };
        let unreadable = |path: &PathBuf, error: &dyn std::fmt::Display| {
            format!("{} cannot be read: {error}", path.display())
        };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(certificate)
            .map_err(|error| unreadable(certificate, &error))?
            .collect();
        let chain = chain.map_err(|error| unreadable(certificate, &error))?;
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(chain, secret)
            });
        let config = config.map_err(|error| {
            format!(
                "{} and {} do not make a TLS server: {error}",
                certificate.display(),
                key.display()
            )
        })?;
        Ok(Some(config))
    }
}
