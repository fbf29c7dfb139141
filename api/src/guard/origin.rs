//! Where a request comes from.

use std::{net::IpAddr, sync::Arc};

use actix_web::{HttpRequest, http::header::HeaderMap};

/// Through which door a request comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Door {
    /// `POST` and `GET /graphql`.
    #[default]
    GraphQl,
    /// A socket of `/graphql`.
    Socket,
    /// The paths under `/api`.
    Rest,
    /// Files of reports.
    Report,
}

impl Door {
    /// The name in the audit log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Door::GraphQl => "graphql",
            Door::Socket => "socket",
            Door::Rest => "rest",
            Door::Report => "report",
        }
    }
}

/// Where a request comes from, as the audit log names it.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// Its door.
    pub door: Door,
    /// Address of the client; `None` when it is not known.
    pub address: Option<IpAddr>,
    /// Method and pattern of the path; empty for GraphQL, whose fields say more.
    pub path: String,
    /// Trace of the request, 32 hexadecimal digits; `None` when the client gave none.
    pub trace: Option<String>,
}

impl Origin {
    /// The origin of a request. Only where a proxy of ours stands in front, the address is the one that the proxy saw.
    #[must_use]
    pub fn of(request: &HttpRequest, door: Door, trust_proxy: bool) -> Arc<Self> {
        let forwarded = trust_proxy.then(|| forwarded(request.headers())).flatten();
        let pattern = match door {
            Door::GraphQl | Door::Socket => None,
            Door::Rest | Door::Report => request.match_pattern(),
        };
        Arc::new(Origin {
            door,
            address: forwarded.or_else(|| request.peer_addr().map(|address| address.ip())),
            path: pattern.map_or_else(String::new, |pattern| {
                format!("{} {pattern}", request.method())
            }),
            trace: trace(request.headers()),
        })
    }
}

/// The last address of `X-Forwarded-For`: the one that the nearest proxy added, which nobody before it can forge.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").last()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

/// The trace of the header `traceparent`: `00-{trace}-{span}-{flags}`.
fn trace(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let trace = text.split('-').nth(1)?;
    let is_trace = trace.len() == 32 && trace.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_trace.then(|| trace.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn only_the_nearest_proxy_is_believed_and_only_when_there_is_one() {
        let request = TestRequest::get()
            .peer_addr(([10, 0, 0, 1], 5000).into())
            .insert_header(("x-forwarded-for", "1.2.3.4, 192.0.2.7"))
            .insert_header((
                "traceparent",
                "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01",
            ))
            .to_http_request();
        let address = |trust| {
            Origin::of(&request, Door::Rest, trust)
                .address
                .map(|ip| ip.to_string())
        };
        assert_eq!(address(false).as_deref(), Some("10.0.0.1"));
        assert_eq!(address(true).as_deref(), Some("192.0.2.7"));
        let trace = Origin::of(&request, Door::Rest, false).trace.clone();
        assert_eq!(trace.as_deref(), Some("0123456789abcdef0123456789abcdef"));
    }
}
