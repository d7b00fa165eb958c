//! Who may read the calls API.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, FORWARDED, HOST};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::Response;
use secrecy::ExposeSecret as _;

use super::App;
use super::error::ApiError;

/// The other end of the TCP connection, attached to every request by the server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub SocketAddr);

/// With an `ADMIN_TOKEN`: whoever shows it. Without one: this machine alone. (Production does not
/// start without the token.)
pub(super) async fn admin(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    match &app.admin_token {
        Some(token) => {
            let shown = request
                .headers()
                .get(AUTHORIZATION)
                .and_then(|value| value.to_str().ok())
                .and_then(|value| value.strip_prefix("Bearer "))
                .unwrap_or_default();
            if !same(shown.as_bytes(), token.expose_secret().as_bytes()) {
                return Err(ApiError::WrongToken);
            }
        }
        None => {
            let peer = request.extensions().get::<Peer>();
            let near = peer.is_some_and(|Peer(address)| address.ip().to_canonical().is_loopback());
            if !near || !is_direct(request.headers()) {
                return Err(ApiError::NotLocal);
            }
        }
    }
    Ok(next.run(request).await)
}

/// What tunnels and reverse proxies add on behalf of a peer that is elsewhere.
const ON_BEHALF: [HeaderName; 4] = [
    FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-real-ip"),
];

/// Whether a loopback peer asks for itself. A tunnel on this machine connects from loopback for
/// anybody on the internet, and a web page can make a browser here ask under the page's own name.
fn is_direct(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = host.and_then(|host| host.parse::<http::uri::Authority>().ok());
    let local = authority.is_some_and(|authority| {
        let name = authority.host().trim_matches(['[', ']']);
        let address = name.parse::<std::net::IpAddr>();
        name == "localhost" || address.is_ok_and(|a| a.to_canonical().is_loopback())
    });
    local && !ON_BEHALF.iter().any(|name| headers.contains_key(name))
}

/// Compares in a time that depends on the lengths only.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differ, (x, y)| differ | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direct(pairs: &[(&'static str, &'static str)]) -> bool {
        let pairs = pairs.iter().map(|(name, value)| {
            let value = axum::http::HeaderValue::from_static(value);
            (HeaderName::from_static(name), value)
        });
        is_direct(&pairs.collect())
    }

    #[test]
    fn a_tunnel_on_this_machine_is_not_this_machine() {
        for host in [
            "localhost:8000",
            "127.0.0.1:8000",
            "127.0.0.1",
            "[::1]:8000",
        ] {
            assert!(direct(&[("host", host)]), "{host}");
            for header in ["x-forwarded-for", "forwarded", "x-real-ip"] {
                let through = [("host", host), (header, "198.51.100.7")];
                assert!(!direct(&through), "{host} {header}");
            }
        }
        for host in [
            "otto.example",
            "127.0.0.1.example:8000",
            "",
            "@",
            "10.0.0.1",
        ] {
            assert!(!direct(&[("host", host)]), "{host}");
        }
        assert!(!direct(&[]));
    }

    #[test]
    fn secrets_are_equal_only_in_full() {
        assert!(same(b"secret", b"secret"));
        for other in [&b"secreT"[..], b"secre", b"secrets", b""] {
            assert!(!same(b"secret", other));
        }
    }
}
