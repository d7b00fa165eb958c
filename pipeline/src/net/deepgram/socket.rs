//! A WebSocket to Deepgram: opened within a deadline, with buffers fit for speech.

use http::header::{AUTHORIZATION, HeaderValue};
use secrecy::ExposeSecret as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::Error as WsError;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::DeepgramAccount;
use crate::limits::{
    VENDOR_CONNECT, VENDOR_MESSAGE_BYTES, VENDOR_READ_BUFFER_BYTES, VENDOR_WRITE_BACKLOG_BYTES,
};
use crate::vendor::VendorErrorKind;

/// An open socket.
pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why no socket was opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("deepgram: {what}")]
pub struct ConnectError {
    pub kind: VendorErrorKind,
    /// Fit to follow the vendor's name; without the key.
    pub what: String,
}

/// Opens a WebSocket; `path_and_query` begins with a slash.
///
/// # Errors
/// [`ConnectError`] says by its kind whether another attempt may help.
pub async fn connect(
    account: &DeepgramAccount,
    path_and_query: &str,
) -> Result<Socket, ConnectError> {
    let failed = |kind, what: String| ConnectError { kind, what };
    let url = format!("{}{path_and_query}", account.origin);
    let mut request = url.into_client_request().map_err(|error| {
        failed(
            VendorErrorKind::Refused,
            format!("no such address: {error}"),
        )
    })?;
    let mut key = HeaderValue::try_from(format!("Token {}", account.key.expose_secret()))
        .map_err(|_| failed(VendorErrorKind::Unauthorized, "the key is not text".into()))?;
    key.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, key);
    let config = WebSocketConfig::default()
        .read_buffer_size(VENDOR_READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(VENDOR_WRITE_BACKLOG_BYTES)
        .max_message_size(Some(VENDOR_MESSAGE_BYTES))
        .max_frame_size(Some(VENDOR_MESSAGE_BYTES));
    let no_delay = true;
    let opening = connect_async_with_config(request, Some(config), no_delay);
    match timeout(VENDOR_CONNECT, opening).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(WsError::Http(answer))) => {
            let status = answer.status().as_u16();
            let why = answer.headers().get("dg-error");
            let why = why.and_then(|why| why.to_str().ok()).unwrap_or("no reason");
            Err(failed(
                VendorErrorKind::of_status(status),
                format!("answered {status} ({why})"),
            ))
        }
        Ok(Err(error)) => Err(failed(VendorErrorKind::Connect, error.to_string())),
        Err(_) => Err(failed(
            VendorErrorKind::TimedOut,
            "no connection in time".into(),
        )),
    }
}
