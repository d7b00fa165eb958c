//! The media socket: upgrade, wait for `start`, check the token, hand the connection over.
//!
//! Until its token is checked a peer costs us one task and one buffer, nothing else: no session, no
//! speech, no slot. A good one leaves this plane for ever: its TCP connection and the bytes that
//! were read too far go to the data plane.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use pipeline::wire::twilio::{self, Start};
use pipeline::wire::websocket::{self, CloseCode, Decoder, Message, Opcode};
use pipeline::{Arrival, SpeechConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::{App, wall_clock};
use crate::limits;
use crate::session::{Ending, Media, NotBegun, elsewhere};
use crate::telephony::CallSid;
use crate::telephony::token::TokenRefused;
use crate::telephony::twiml::TOKEN_PARAMETER;

/// `GET …/media-stream`: answers the upgrade; the rest happens in a task of its own, since the
/// upgrade completes only after this answer has left.
pub(super) async fn upgrade(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let accept = match accept_header(request.headers()) {
        Ok(accept) => accept,
        Err(sentence) => {
            app.metrics.handshake_failed();
            let version = [(header::SEC_WEBSOCKET_VERSION, "13")];
            return (StatusCode::UPGRADE_REQUIRED, version, sentence).into_response();
        }
    };
    // Strangers may open as many sockets as they like; what they cost is bounded.
    let Ok(place) = Arc::clone(&app.handshakes).try_acquire_owned() else {
        app.metrics.handshake_failed();
        let sentence = "too many media sockets are waiting for their `start`; try again";
        return (StatusCode::SERVICE_UNAVAILABLE, sentence).into_response();
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        take_over(app, upgrade).await;
        drop(place);
    });
    let headers = [
        (header::CONNECTION, "Upgrade".to_owned()),
        (header::UPGRADE, "websocket".to_owned()),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

fn accept_header(headers: &HeaderMap) -> Result<String, &'static str> {
    let says = |name, word: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    if !says(header::UPGRADE, "websocket") || !says(header::CONNECTION, "upgrade") {
        return Err("this is the media socket; ask for an upgrade to websocket");
    }
    if !says(header::SEC_WEBSOCKET_VERSION, "13") {
        return Err("Sec-WebSocket-Version: expected 13");
    }
    let key = headers
        .get(header::SEC_WEBSOCKET_KEY)
        .ok_or("Sec-WebSocket-Key: missing")?;
    websocket::accept_key(key.as_bytes())
        .map_err(|_| "Sec-WebSocket-Key: expected the base64 of 16 bytes")
}

/// Why a media socket is closed instead of handed over.
#[derive(Debug, thiserror::Error)]
enum Turned {
    #[error("the connection could not be upgraded: {0}")]
    Upgrade(#[from] hyper::Error),
    #[error("the connection is not a plain TCP stream")]
    NotTcp,
    #[error("the connection broke: {0}")]
    Broke(#[from] std::io::Error),
    #[error("the peer closed before `start`")]
    ClosedEarly,
    #[error("no `start` came in time")]
    Late,
    #[error("too much came before `start`")]
    TooMuch,
    #[error("{0}")]
    Violation(#[from] websocket::Violation),
    #[error("start.callSid: not a call SID")]
    BadCallSid,
    #[error("start.accountSid: another account's")]
    OtherAccount,
    #[error("start.mediaFormat: expected audio/x-mulaw at 8000 Hz")]
    OtherFormat,
    #[error("{0}")]
    Token(#[from] TokenRefused),
    #[error("{0}")]
    NotBegun(#[from] NotBegun),
    #[error("the process is stopping")]
    Stopping,
    #[error("{0}")]
    NoRoom(#[from] pipeline::plane::Refused),
}

impl Turned {
    /// Nothing that looks like a call of ours: counted, but not worth a line of the log each.
    fn is_noise(&self) -> bool {
        matches!(
            self,
            Self::Broke(_) | Self::ClosedEarly | Self::Late | Self::TooMuch | Self::Violation(_)
        )
    }

    fn close_code(&self) -> CloseCode {
        match self {
            Self::Violation(violation) => violation.close_code(),
            Self::TooMuch => CloseCode::TOO_BIG,
            Self::Stopping | Self::NoRoom(_) => CloseCode::TRY_AGAIN_LATER,
            Self::ClosedEarly => CloseCode::NORMAL,
            _ => CloseCode::POLICY,
        }
    }
}

async fn take_over(app: Arc<App>, upgrade: OnUpgrade) {
    let (mut socket, early) = match opened(upgrade).await {
        Ok(opened) => opened,
        Err(error) => {
            tracing::debug!(%error, "a media socket was not opened");
            app.metrics.handshake_failed();
            return;
        }
    };
    let taken = match handshake(&app, &mut socket, &early).await {
        Ok(checked) => hand_over(&app, socket, checked).await,
        Err(turned) => Err((turned, Some(socket))),
    };
    let Err((turned, back)) = taken else {
        return;
    };
    // Before the peer can know of it: whoever was refused finds it counted.
    match &turned {
        Turned::Token(refused) => app.metrics.token_refused(*refused),
        Turned::Stopping | Turned::NoRoom(_) => app.metrics.call_refused(),
        _ => app.metrics.handshake_failed(),
    }
    if turned.is_noise() {
        tracing::debug!(reason = %turned, "a media socket was turned away");
    } else {
        tracing::warn!(reason = %turned, "a media socket was turned away");
    }
    if let Some(mut socket) = back {
        close(&mut socket, &turned).await;
    }
}

/// The TCP stream under an upgraded connection, and what hyper had read of it too far.
async fn opened(upgrade: OnUpgrade) -> Result<(TcpStream, bytes::Bytes), Turned> {
    let upgraded: Upgraded = upgrade.await?;
    let parts = upgraded
        .downcast::<TokioIo<TcpStream>>()
        .map_err(|_| Turned::NotTcp)?;
    Ok((parts.io.into_inner(), parts.read_buf))
}

/// A stream that proved to belong to a call of ours.
struct Checked {
    call: CallSid,
    stream_sid: String,
    /// Undecoded, from a frame boundary on.
    early: Vec<u8>,
}

async fn handshake(app: &App, socket: &mut TcpStream, early: &[u8]) -> Result<Checked, Turned> {
    let started = timeout(limits::START_DEADLINE, until_start(socket, early));
    let (start, early) = started.await.map_err(|_| Turned::Late)??;
    let call = CallSid::parse(&start.call_sid).map_err(|_| Turned::BadCallSid)?;
    check_token(app, &call, &start).await?;
    let ours = app.account_sid.as_ref();
    if ours.is_some_and(|ours| *ours != start.account_sid) {
        return Err(Turned::OtherAccount);
    }
    let mulaw = start.encoding.is_none_or(|e| e == "audio/x-mulaw");
    if !mulaw || start.sample_rate_hz.is_some_and(|rate| rate != 8_000) {
        return Err(Turned::OtherFormat);
    }
    Ok(Checked {
        call,
        stream_sid: start.stream_sid,
        early,
    })
}

async fn check_token(app: &App, call: &CallSid, start: &Start) -> Result<(), TokenRefused> {
    let token = start
        .parameters
        .get(TOKEN_PARAMETER)
        .ok_or(TokenRefused::Missing)?;
    let now = wall_clock();
    let checked = app.tokens.check(call, token, now)?;
    if app.spent.spend(checked, now).await {
        Ok(())
    } else {
        Err(TokenRefused::Spent)
    }
}

/// Reads until `start`. Anything else before it means nothing and is skipped, within bounds.
async fn until_start(socket: &mut TcpStream, early: &[u8]) -> Result<(Start, Vec<u8>), Turned> {
    let mut decoder = Decoder::new(vec![0; limits::START_BUFFER_BYTES].into_boxed_slice());
    let mut received = early.len();
    if decoder.feed(early) < early.len() {
        return Err(Turned::TooMuch);
    }
    loop {
        let mut pong = None;
        let start = loop {
            match decoder.next_message()? {
                None => break None,
                Some(Message::Text(text)) => {
                    if let Some(start) = start_of(text) {
                        break Some(start);
                    }
                }
                Some(Message::Ping(payload)) => pong = Some(payload.to_vec()),
                Some(Message::Close(_)) => return Err(Turned::ClosedEarly),
                Some(Message::Binary(_) | Message::Pong(_)) => {}
            }
        };
        if let Some(payload) = pong {
            write_frame(socket, Opcode::Pong, &payload).await?;
        }
        if let Some(start) = start {
            // `start` was a whole message, so a frame begins where it ended.
            let rest = decoder.undecoded().unwrap_or_default().to_vec();
            return Ok((start, rest));
        }
        let read = socket.read(decoder.spare()).await?;
        if read == 0 {
            return Err(Turned::ClosedEarly);
        }
        decoder.received(read);
        received += read;
        if received > limits::MAX_BYTES_BEFORE_START {
            return Err(Turned::TooMuch);
        }
    }
}

fn start_of(text: &str) -> Option<Start> {
    // Media before `start` belongs to no call: there is no room to decode it into.
    let inbound = twilio::parse(text, &mut []).ok()?;
    match inbound.event {
        twilio::Event::Start => Start::parse(text).ok(),
        _ => None,
    }
}

/// Makes the call live and gives its socket to the data plane. The second half of an error is a
/// socket on which the peer can still be told.
async fn hand_over(
    app: &App,
    socket: TcpStream,
    checked: Checked,
) -> Result<(), (Turned, Option<TcpStream>)> {
    elsewhere::adopt(&app.calls, app.live.as_ref(), &checked.call).await;
    let begun = match app.calls.begin(&checked.call) {
        Ok(begun) => begun,
        Err(refused) => return Err((refused.into(), Some(socket))),
    };
    let call = checked.call.clone();
    let location = app.locations.dialled(begun.parties.ours());
    let speech = app.speech.get(&location.key).cloned();
    match admit(app, socket, checked, speech) {
        Ok(media) => {
            app.sessions.start(begun, media);
            Ok(())
        }
        Err((turned, back)) => {
            app.calls.end(&call, Ending::Busy, Instant::now());
            Err((turned, back))
        }
    }
}

fn admit(
    app: &App,
    socket: TcpStream,
    checked: Checked,
    speech: Option<SpeechConfig>,
) -> Result<Box<dyn Media>, (Turned, Option<TcpStream>)> {
    if app.stopping.is_cancelled() {
        return Err((Turned::Stopping, Some(socket)));
    }
    let lost = |error: std::io::Error| (error.into(), None);
    let socket = socket.into_std().map_err(lost)?;
    // The data plane closes what it refuses; a second handle lets us say why first.
    let spare = socket.try_clone().map_err(lost)?;
    let arrival = Arrival {
        socket,
        early: checked.early,
        stream_sid: checked.stream_sid,
    };
    app.admission
        .admit(arrival, speech)
        .map_err(|refused| (refused.into(), TcpStream::from_std(spare).ok()))
}

/// Says why, waits for the peer to close, and gives up on it after a moment.
async fn close(socket: &mut TcpStream, turned: &Turned) {
    let goodbye = async {
        let mut frame = [0; 128];
        let code = turned.close_code();
        // What we do not reveal to a stranger stays in our log.
        let len = websocket::encode_close(&mut frame, code, "").unwrap_or(0);
        socket.write_all(&frame[..len]).await?;
        socket.shutdown().await?;
        let mut rest = [0; 1_024];
        while socket.read(&mut rest).await? > 0 {}
        Ok::<(), std::io::Error>(())
    };
    // How a refused peer goes is its own affair.
    drop(timeout(limits::CLOSE_DEADLINE, goodbye).await);
}

async fn write_frame(
    socket: &mut TcpStream,
    opcode: Opcode,
    payload: &[u8],
) -> std::io::Result<()> {
    let mut frame = [0; 128];
    let len = websocket::encode(&mut frame, opcode, payload).unwrap_or(0);
    socket.write_all(&frame[..len]).await
}
