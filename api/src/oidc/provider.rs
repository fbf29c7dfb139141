//! A provider and its keys, which are kept for a while.
//!
//! Known keys serve at once. Past half their time they are fetched anew beside the requests, past all of it by the first
//! request that needs them. While the provider is away known keys go on for a day. A key that nobody knows may be a new
//! one, so it is asked for, but only three times at once and then every five seconds, however many come. One fetch is under
//! way at a time.

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::Utc;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use jsonwebtoken::Algorithm;
use storage::sessions::Credential;
use tokio::{sync::OwnedMutexGuard, task::JoinHandle};

use super::{
    OidcSettings, Proven, Reason, claims::Expected, fetch::Client, keys::Keys, settings::MapsTo,
    signature, token,
};

/// Shortest time between two fetches while the provider is away, and between two for keys that nobody knows.
const PAUSE: Duration = Duration::from_secs(5);
/// Fetches for keys that nobody knows which may come one after the other.
const BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(2);
/// Longest time that keys go on while the provider is away.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It proves nothing.
    Refused(Reason),
    /// Its key is not known and the provider cannot be asked.
    Away,
}

/// The provider whose tokens are accepted.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    client: Client,
    expected: Expected,
    pinned: Vec<Algorithm>,
    maps_to: MapsTo,
    url: Option<String>,
    kept: Duration,
    state: Mutex<State>,
    flight: Arc<tokio::sync::Mutex<()>>,
    unknown: DefaultDirectRateLimiter,
}

#[derive(Default)]
struct State {
    keys: Option<(Arc<Keys>, Instant)>,
    tried: Option<Instant>,
    has_failed: bool,
    tries: u64,
}

impl Provider {
    /// The provider of the settings; `None` when there is none.
    ///
    /// # Errors
    /// A sentence that names the setting which is missing or wrong.
    pub fn new(settings: &OidcSettings) -> Result<Option<Self>, String> {
        let Some((issuer, audience)) = settings.check()? else {
            return Ok(None);
        };
        let quota = Quota::with_period(PAUSE).ok_or("fetches need a pause")?;
        signature::install();
        Ok(Some(Provider(Arc::new(Inner {
            client: Client::new(),
            expected: Expected {
                issuer: issuer.to_owned(),
                audience: audience.to_owned(),
                claim: settings.oidc_claim.clone(),
                skew: i64::from(settings.oidc_clock_skew),
            },
            pinned: settings.oidc_algorithms.clone(),
            maps_to: settings.oidc_maps_to,
            url: settings.oidc_jwks_url.clone(),
            kept: Duration::from_secs(u64::from(settings.oidc_keys_kept)),
            state: Mutex::default(),
            flight: Arc::default(),
            unknown: RateLimiter::direct(quota.allow_burst(BURST)),
        }))))
    }

    /// Whether a token says that it comes from here.
    #[must_use]
    pub fn issued(&self, token: &str) -> bool {
        token::says_issuer(token, &self.0.expected.issuer)
    }

    /// What the person that a token proves is looked up by.
    #[must_use]
    pub fn credential(&self, proven: &Proven) -> Credential {
        match self.0.maps_to {
            MapsTo::OpenId => Credential::OpenId(proven.person.clone()),
            MapsTo::Username => Credential::Username(proven.person.clone()),
        }
    }

    /// Fetches the keys, so that the first caller need not wait and a wrong setting is in the log from the start.
    pub fn warm(&self) {
        self.begin_if_idle();
    }

    /// What a token proves.
    ///
    /// # Errors
    /// Why it is not taken.
    pub async fn verify(&self, token: &str) -> Result<Proven, Failure> {
        let keys = self.keys().await.ok_or(Failure::Away)?;
        match self.check(token, &keys) {
            Err(Reason::UnknownKey) => {
                let keys = self.newer_keys().await.ok_or(Failure::Away)?;
                self.check(token, &keys).map_err(Failure::Refused)
            }
            checked => checked.map_err(Failure::Refused),
        }
    }

    fn check(&self, token: &str, keys: &Keys) -> Result<Proven, Reason> {
        let now = Utc::now().timestamp();
        token::verify(token, keys, &self.0.pinned, &self.0.expected, now)
    }

    /// The keys as they are kept; `None` when there are none.
    async fn keys(&self) -> Option<Arc<Keys>> {
        let (age, has_failed, is_due) = {
            let state = self.0.lock();
            let age = state.keys.as_ref().map(|(_, since)| since.elapsed());
            (age, state.has_failed, state.is_due())
        };
        let kept = self.0.kept;
        let is_young = age.is_some_and(|age| age < kept / 2);
        let serves = age.is_some_and(|age| age < kept || (has_failed && age < LONGEST));
        if is_due && !is_young {
            match serves {
                true => self.begin_if_idle(),
                false => self.fetch().await,
            }
        }
        let state = self.0.lock();
        let (keys, since) = state.keys.as_ref()?;
        let lives = since.elapsed()
            < if state.has_failed {
                LONGEST
            } else {
                kept.max(PAUSE)
            };
        lives.then(|| Arc::clone(keys))
    }

    /// The keys after another look at the provider, or as they are when it was asked too often; `None` when that failed.
    async fn newer_keys(&self) -> Option<Arc<Keys>> {
        if self.0.unknown.check().is_ok() {
            self.fetch().await;
        }
        let state = self.0.lock();
        let keys = state.keys.as_ref().filter(|_| !state.has_failed);
        keys.map(|(keys, _)| Arc::clone(keys))
    }

    /// Fetches the keys, or waits for who does so already.
    async fn fetch(&self) {
        let tries = self.0.lock().tries;
        let guard = Arc::clone(&self.0.flight).lock_owned().await;
        if self.0.lock().tries == tries {
            // It goes on when this caller does not wait for it.
            let _ = self.begin(guard).await;
        }
    }

    fn begin_if_idle(&self) {
        if let Ok(guard) = Arc::clone(&self.0.flight).try_lock_owned() {
            self.begin(guard);
        }
    }

    fn begin(&self, guard: OwnedMutexGuard<()>) -> JoinHandle<()> {
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || {
            inner.fetch_now();
            drop(guard);
        })
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fetch_now(&self) {
        let fetched = self.client.keys(&self.expected.issuer, self.url.as_deref());
        let mut state = self.lock();
        let now = Instant::now();
        state.tried = Some(now);
        state.tries += 1;
        state.has_failed = fetched.is_err();
        match fetched {
            Ok(keys) => {
                tracing::debug!(
                    keys = keys.count(),
                    "the keys of the OIDC provider were fetched"
                );
                state.keys = Some((Arc::new(keys), now));
            }
            Err(error) => {
                tracing::warn!(%error, "the keys of the OIDC provider cannot be fetched");
            }
        }
    }
}

impl State {
    fn is_due(&self) -> bool {
        self.tried.is_none_or(|tried| tried.elapsed() >= PAUSE)
    }
}
