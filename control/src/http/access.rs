//! Who may read the calls API.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
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
            if !peer.is_some_and(|Peer(address)| address.ip().to_canonical().is_loopback()) {
                return Err(ApiError::NotLocal);
            }
        }
    }
    Ok(next.run(request).await)
}

/// Compares in a time that depends on the lengths only.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differ, (x, y)| differ | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn secrets_are_equal_only_in_full() {
        assert!(same(b"secret", b"secret"));
        for other in [&b"secreT"[..], b"secre", b"secrets", b""] {
            assert!(!same(b"secret", other));
        }
    }
}
