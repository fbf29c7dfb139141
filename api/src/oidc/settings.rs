//! Settings of the provider, and whether they make one.

use actix_web::http::Uri;
use clap::{Args, ValueEnum};
use jsonwebtoken::{Algorithm, AlgorithmFamily};

/// Settings of an OIDC provider.
#[derive(Debug, Clone, Args)]
pub struct OidcSettings {
    /// Issuer of the OIDC provider whose tokens are accepted, as they name it, e.g. <https://id.example.org/realms/clinic>; none when absent
    #[arg(long, env = "CLINIGRAPH_OIDC_ISSUER")]
    pub oidc_issuer: Option<String>,

    /// Audience that the provider's tokens must be made for: the client id
    #[arg(long, env = "CLINIGRAPH_OIDC_AUDIENCE")]
    pub oidc_audience: Option<String>,

    /// Algorithms that the provider may sign with, separated by commas: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, `EdDSA`
    #[arg(long, env = "CLINIGRAPH_OIDC_ALGORITHMS", value_delimiter = ',', default_value = "RS256", value_parser = algorithm)]
    pub oidc_algorithms: Vec<Algorithm>,

    /// Claim of a token that names the person
    #[arg(long, env = "CLINIGRAPH_OIDC_CLAIM", default_value = "email")]
    pub oidc_claim: String,

    /// What of a person that claim must equal
    #[arg(long, env = "CLINIGRAPH_OIDC_MAPS_TO", default_value = "open-id")]
    pub oidc_maps_to: MapsTo,

    /// How far the clocks of provider and server may differ, seconds
    #[arg(long, env = "CLINIGRAPH_OIDC_CLOCK_SKEW", default_value_t = 60, value_parser = clap::value_parser!(u32).range(0..=600))]
    pub oidc_clock_skew: u32,

    /// Where the provider's keys are [default: where its /.well-known/openid-configuration says]
    #[arg(long, env = "CLINIGRAPH_OIDC_JWKS_URL")]
    pub oidc_jwks_url: Option<String>,

    /// How long the provider's keys are kept before they are fetched anew, seconds: a key that it withdrew works no longer than that
    #[arg(long, env = "CLINIGRAPH_OIDC_KEYS_KEPT", default_value_t = 300, value_parser = clap::value_parser!(u32).range(10..=86_400))]
    pub oidc_keys_kept: u32,
}

/// What of a person the provider's claim must equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MapsTo {
    /// DHIS2's `openId`.
    OpenId,
    /// The username.
    Username,
}

impl Default for OidcSettings {
    fn default() -> Self {
        OidcSettings {
            oidc_issuer: None,
            oidc_audience: None,
            oidc_algorithms: vec![Algorithm::RS256],
            oidc_claim: "email".to_owned(),
            oidc_maps_to: MapsTo::OpenId,
            oidc_clock_skew: 60,
            oidc_jwks_url: None,
            oidc_keys_kept: 300,
        }
    }
}

impl OidcSettings {
    /// Issuer and audience; `None` when no provider is configured.
    ///
    /// # Errors
    /// A sentence that names the setting which is missing or wrong.
    pub fn check(&self) -> Result<Option<(&str, &str)>, String> {
        let issuer = match (&self.oidc_issuer, &self.oidc_audience, &self.oidc_jwks_url) {
            (Some(issuer), _, _) => issuer,
            (None, None, None) => return Ok(None),
            (None, Some(_), _) => {
                return Err(missing("oidc-issuer", "oidc-audience"));
            }
            (None, None, Some(_)) => return Err(missing("oidc-issuer", "oidc-jwks-url")),
        };
        let audience = self
            .oidc_audience
            .as_deref()
            .ok_or_else(|| missing("oidc-audience", "oidc-issuer"))?;
        check_url(issuer).map_err(|wrong| format!("--oidc-issuer {wrong}"))?;
        if issuer.contains(['?', '#']) {
            return Err("--oidc-issuer is without query and fragment".to_owned());
        }
        if let Some(url) = &self.oidc_jwks_url {
            check_url(url).map_err(|wrong| format!("--oidc-jwks-url {wrong}"))?;
        }
        for (name, value) in [
            ("oidc-audience", audience),
            ("oidc-claim", &self.oidc_claim),
        ] {
            if value.trim().is_empty() {
                return Err(format!("--{name} is empty"));
            }
        }
        if self.oidc_algorithms.is_empty() {
            return Err("--oidc-algorithms is empty".to_owned());
        }
        Ok(Some((issuer, audience)))
    }
}

fn missing(name: &str, given: &str) -> String {
    format!("--{name} is missing, which --{given} needs")
}

/// Only what can prove who signed: a secret that both sides know (HS256 and the like) proves nothing, `none` even less.
fn algorithm(text: &str) -> Result<Algorithm, String> {
    text.parse::<Algorithm>()
        .ok()
        .filter(|algorithm| algorithm.family() != AlgorithmFamily::Hmac)
        .ok_or_else(|| {
            "take some of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA".to_owned()
        })
}

/// Whether a URL may be fetched: by TLS, or from this machine.
///
/// # Errors
/// What is wrong with it, without the URL, to be put behind its name.
pub(super) fn check_url(url: &str) -> Result<(), String> {
    let wrong = || "is a URL such as https://id.example.org/realms/clinic".to_owned();
    let uri: Uri = url.parse().map_err(|_| wrong())?;
    let authority = uri.authority().ok_or_else(wrong)?;
    if authority.as_str().contains('@') {
        return Err("is without user and password".to_owned());
    }
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if is_loopback(authority.host()) => Ok(()),
        Some("http") => Err("begins with https, unless it is on this machine".to_owned()),
        _ => Err(wrong()),
    }
}

/// Whether a host is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        settings: OidcSettings,
    }

    fn parse(words: &[&str]) -> Result<OidcSettings, String> {
        let words = ["serve"].iter().chain(words);
        Words::try_parse_from(words)
            .map(|words| words.settings)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_are_those_of_the_command_line() {
        let parsed = parse(&[]).expect("settings");
        assert_eq!(
            format!("{parsed:?}"),
            format!("{:?}", OidcSettings::default())
        );
        assert_eq!(parsed.check(), Ok(None));
    }

    #[test]
    fn what_is_wrong_or_missing_is_named() {
        let (issuer, audience) = ("--oidc-issuer=https://a.org", "--oidc-audience=app");
        for (words, named) in [
            (&[issuer][..], "--oidc-audience is missing"),
            (&[audience], "--oidc-issuer is missing"),
            (
                &["--oidc-jwks-url=https://a.org"],
                "--oidc-issuer is missing",
            ),
            (
                &["--oidc-issuer=http://a.org", audience],
                "--oidc-issuer begins with https",
            ),
            (&["--oidc-issuer=a.org", audience], "--oidc-issuer is a URL"),
            (&["--oidc-issuer=", audience], "--oidc-issuer is a URL"),
            (
                &["--oidc-issuer=https://u:p@a.org", audience],
                "without user",
            ),
            (
                &["--oidc-issuer=https://a.org?x=1", audience],
                "without query",
            ),
            (
                &[issuer, audience, "--oidc-jwks-url=ftp://a.org/keys"],
                "--oidc-jwks-url is a URL",
            ),
            (&[issuer, "--oidc-audience= "], "--oidc-audience is empty"),
            (
                &[issuer, audience, "--oidc-claim="],
                "--oidc-claim is empty",
            ),
        ] {
            let wrong = parse(words).expect("settings").check().expect_err(named);
            assert!(wrong.contains(named), "{words:?}: {wrong}");
        }
        for local in [
            "http://localhost:8080/x",
            "http://127.0.0.1",
            "http://[::1]:1",
        ] {
            assert_eq!(check_url(local), Ok(()), "{local}");
        }
    }

    #[test]
    fn only_algorithms_that_prove_who_signed_can_be_pinned() {
        for wrong in ["none", "HS256", "RS256,HS512", "ES512", "rs256", ""] {
            let told = parse(&["--oidc-algorithms", wrong]).expect_err(wrong);
            assert!(told.contains("--oidc-algorithms"), "{told}");
        }
        let pinned = parse(&["--oidc-algorithms", "ES256,EdDSA,PS512"]).expect("settings");
        assert_eq!(
            pinned.oidc_algorithms,
            [Algorithm::ES256, Algorithm::EdDSA, Algorithm::PS512]
        );
    }
}
