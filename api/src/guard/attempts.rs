//! How often somebody may present a token that is not valid: by address and by the beginning of the token. Who presents a
//! valid one is never asked here, whatever others do at the same address.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

/// Characters of a token that tell tokens apart here.
const BEGINNING: usize = 12;
/// Failures after which those are forgotten that may try again.
const SWEEP: u32 = 1_000;

/// Failed sign-ins of a server.
#[derive(Clone)]
pub struct Attempts(Option<Arc<Limits>>);

struct Limits {
    by_address: DefaultKeyedRateLimiter<IpAddr>,
    by_beginning: DefaultKeyedRateLimiter<String>,
    failures: AtomicU32,
}

impl Attempts {
    /// At most so many failures a minute; 0 for any number.
    #[must_use]
    pub fn new(a_minute: u32) -> Self {
        let limits = NonZeroU32::new(a_minute).map(|most| {
            let quota = Quota::per_minute(most);
            Arc::new(Limits {
                by_address: RateLimiter::keyed(quota),
                by_beginning: RateLimiter::keyed(quota),
                failures: AtomicU32::new(0),
            })
        });
        Attempts(limits)
    }

    /// Counts a failure from an address with a token, given by its [`mark`]. Returns how long to wait when there were too many, else `None`.
    #[must_use]
    pub fn failed(&self, address: Option<IpAddr>, mark: &str) -> Option<Duration> {
        let limits = self.0.as_deref()?;
        if limits.failures.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            limits.by_address.retain_recent();
            limits.by_beginning.retain_recent();
        }
        let now = DefaultClock::default().now();
        let by_address = address.and_then(|address| limits.by_address.check_key(&address).err());
        let by_beginning = limits.by_beginning.check_key(&mark.to_owned()).err();
        [by_address, by_beginning]
            .into_iter()
            .flatten()
            .map(|refused| refused.wait_time_from(now).max(Duration::from_secs(1)))
            .max()
    }
}

/// What failures with a token are counted by: its beginning, which is too short to be of use to who reads it.
#[must_use]
pub fn mark(token: &str) -> String {
    token.chars().take(BEGINNING).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_a_beginning_have_so_many_failures() {
        let attempts = Attempts::new(3);
        let here = Some(IpAddr::from([192, 0, 2, 1]));
        for number in 0..3 {
            assert_eq!(
                attempts.failed(here, &mark(&format!("{number}another_one"))),
                None
            );
        }
        let wait = attempts
            .failed(here, &mark("something_else"))
            .expect("a wait");
        assert!(wait <= Duration::from_secs(20), "{wait:?}");
        // Other addresses are others, but the same token is the same everywhere.
        for number in 1..4 {
            let there = Some(IpAddr::from([192, 0, 2, 10 + number]));
            assert_eq!(attempts.failed(there, &mark("clg_guessed_token")), None);
        }
        assert!(
            attempts
                .failed(
                    Some(IpAddr::from([192, 0, 2, 99])),
                    &mark("clg_guessed_other")
                )
                .is_some()
        );
        assert_eq!(Attempts::new(0).failed(here, "x"), None);
    }
}
