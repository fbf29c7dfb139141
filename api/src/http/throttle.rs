//! How much one caller may ask for: so many requests a minute, and so many at a time.
//!
//! It stands before everything else, so that a refused request costs no connection. Who calls is known from the
//! credential's last request; until then the credential counts for itself. A request without one is refused by whoever
//! answers it, at no cost.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
};

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{AUTHORIZATION, RETRY_AFTER},
    },
    middleware::Next,
    web::{self, Bytes},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};
use sha2::{Digest, Sha256};

use super::error_response;
use crate::{limits::LimitSettings, rest::error::Refusal};

/// Most credentials whose caller is remembered. Beyond that all are forgotten, and learned again.
const MOST_CREDENTIALS: usize = 100_000;

/// After so many requests, callers that were quiet for long are forgotten.
const REQUESTS_BETWEEN_CLEANINGS: u32 = 10_000;

/// The code of a refusal.
pub const TOO_MANY: &str = "TOO_MANY_REQUESTS";

/// The person that a request turned out to come from, among the extensions of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Person(pub i64);

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Caller {
    Person(Person),
    Credential([u8; 16]),
}

/// Why a request is not answered now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// The limit, as a sentence.
    most: u32,
    is_rate: bool,
    /// Seconds until it is worth asking again.
    pub seconds: u64,
}

impl Refused {
    /// A sentence that names the limit.
    #[must_use]
    pub fn message(&self) -> String {
        let most = self.most;
        match self.is_rate {
            true => format!("a caller may send {most} requests a minute (--rate-limit); wait"),
            false => format!(
                "a caller may have {most} requests under way at a time (--max-concurrent); wait for one"
            ),
        }
    }
}

/// What is known of callers.
pub struct Throttle {
    rate: Option<DefaultKeyedRateLimiter<Caller>>,
    a_minute: u32,
    at_a_time: u32,
    people: Mutex<HashMap<[u8; 16], Person>>,
    under_way: Mutex<HashMap<Caller, u32>>,
    checked: AtomicU32,
}

impl Throttle {
    /// Nobody called yet.
    #[must_use]
    pub fn new(limits: &LimitSettings) -> Self {
        let quota = NonZeroU32::new(limits.rate_limit).map(Quota::per_minute);
        Throttle {
            rate: quota.map(RateLimiter::keyed),
            a_minute: limits.rate_limit,
            at_a_time: limits.max_concurrent,
            people: Mutex::default(),
            under_way: Mutex::default(),
            checked: AtomicU32::new(0),
        }
    }

    /// Counts a request of a person, who has one connection for many of them.
    ///
    /// # Errors
    /// When it is one too many.
    pub fn count(&self, person: Person) -> Result<(), Refused> {
        self.check_rate(&Caller::Person(person))
    }

    /// Whether there is any limit.
    fn limits(&self) -> bool {
        self.rate.is_some() || self.at_a_time > 0
    }

    fn caller(&self, credential: [u8; 16]) -> Caller {
        let person = lock(&self.people).get(&credential).copied();
        person.map_or(Caller::Credential(credential), Caller::Person)
    }

    fn learn(&self, credential: [u8; 16], person: Person) {
        let mut people = lock(&self.people);
        if people.len() >= MOST_CREDENTIALS {
            people.clear();
        }
        people.insert(credential, person);
    }

    fn check_rate(&self, caller: &Caller) -> Result<(), Refused> {
        let Some(rate) = &self.rate else {
            return Ok(());
        };
        let checked = self.checked.fetch_add(1, Ordering::Relaxed);
        if checked.is_multiple_of(REQUESTS_BETWEEN_CLEANINGS) {
            rate.retain_recent();
            rate.shrink_to_fit();
        }
        rate.check_key(caller).map_err(|until| {
            let wait = until.wait_time_from(rate.clock().now());
            Refused {
                most: self.a_minute,
                is_rate: true,
                seconds: wait.as_secs() + 1,
            }
        })
    }

    /// A place among the requests of a caller, until it is dropped.
    fn enter(self: &Arc<Self>, caller: Caller) -> Result<Place, Refused> {
        let mut under_way = lock(&self.under_way);
        let count = under_way.entry(caller).or_default();
        if self.at_a_time > 0 && *count >= self.at_a_time {
            return Err(Refused {
                most: self.at_a_time,
                is_rate: false,
                seconds: 1,
            });
        }
        *count += 1;
        drop(under_way);
        Ok(Place {
            throttle: Arc::clone(self),
            caller,
        })
    }
}

/// A request under way.
struct Place {
    throttle: Arc<Throttle>,
    caller: Caller,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut under_way = lock(&self.throttle.under_way);
        if let Some(count) = under_way.get_mut(&self.caller) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.caller);
            }
        }
    }
}

/// Answers a request, or 429 when it is one too many.
///
/// # Errors
/// What the handler returned.
pub async fn throttle(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let throttle = request.app_data::<web::Data<Throttle>>();
    let throttle = throttle.filter(|throttle| throttle.limits()).cloned();
    let credential = request.headers().get(AUTHORIZATION).map(|value| {
        let hash: [u8; 32] = Sha256::digest(value.as_bytes()).into();
        std::array::from_fn(|place| hash[place])
    });
    let (Some(throttle), Some(credential)) = (throttle, credential) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let throttle = throttle.into_inner();
    let caller = throttle.caller(credential);
    let entered = throttle
        .check_rate(&caller)
        .and_then(|()| throttle.enter(caller));
    let place = match entered {
        Ok(place) => place,
        Err(refused) => {
            let response = refusal(request.path(), &refused);
            return Ok(request.into_response(response));
        }
    };
    let response = next.call(request).await?;
    if let Caller::Credential(_) = caller
        && let Some(person) = response.request().extensions().get::<Person>()
    {
        throttle.learn(credential, *person);
    }
    // A socket has limits of its own, and lives long.
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Ok(response.map_into_boxed_body());
    }
    Ok(response.map_body(|_, body| {
        BoxBody::new(Held {
            body: BoxBody::new(body),
            place,
        })
    }))
}

/// 429 in the form of the door that was asked at.
fn refusal(path: &str, refused: &Refused) -> HttpResponse {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let message = refused.message();
    let mut response = match path.starts_with("/api") {
        true => actix_web::ResponseError::error_response(&Refusal::new(status, message)),
        false => error_response(status, TOO_MANY, &message),
    };
    response
        .headers_mut()
        .insert(RETRY_AFTER, refused.seconds.into());
    response
}

/// A body whose request is under way until the last piece was taken.
struct Held {
    body: BoxBody,
    place: Place,
}

impl MessageBody for Held {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let place = self.place;
        self.body
            .try_into_bytes()
            .map_err(|body| Held { body, place })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
