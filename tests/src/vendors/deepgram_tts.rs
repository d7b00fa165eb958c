//! Deepgram's synthesiser, simulated: the streaming socket and the plain request.
//!
//! A text is spoken as audio that is all its own ([`voice_of`]), so that a test hears who said
//! what, whole or in part.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::Listener;
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use pipeline::net::deepgram::DeepgramAccount;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, sleep_until};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use super::Switch;

/// The key that the simulator knows.
pub const KEY: &str = "a-key-of-no-account";

/// Samples per letter: fifteen letters a second.
pub const SAMPLES_PER_LETTER: usize = 533;

/// Flushes in a minute; one more is answered by a warning.
const FLUSHES: usize = 20;
const WINDOW: Duration = Duration::from_secs(60);

/// How the vendor fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// New connections are closed without an answer.
    Refuse,
    /// Every request is answered by this status.
    Status(u16),
    /// Sockets die at once, without a goodbye.
    Kill,
    /// Connections are held, and nothing is said any more.
    Stall,
    /// The socket (or the answer) breaks off this long after its first audio.
    DropAfter(Duration),
    /// Text that is no JSON, in place of audio.
    Garbage,
    /// Audio goes on for this long after a clear, before it is acknowledged.
    LateAudio(Duration),
    /// Flushes are answered by audio, but not by `Flushed`.
    NoFlushed,
    /// Clears are not acknowledged.
    NoCleared,
    /// Every flush is one too many.
    ExcessiveFlush,
    /// Flushes are answered by `Flushed` alone.
    Silence,
    /// The socket works no more; plain requests do.
    SocketOnly(SocketFault),
}

/// As [`Fault`], for the socket alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketFault {
    Status(u16),
    Kill,
    Stall,
    Garbage,
    DropAfter(Duration),
}

/// How the vendor speaks.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// From a flush to its first audio.
    pub first_byte: Duration,
    /// Bytes of a message.
    pub chunk: usize,
    /// Before each further message.
    pub between: Duration,
    /// How slowly it speaks.
    pub samples_per_letter: usize,
    /// Whether the vendor sends the specification's members or the live service's.
    pub live_warnings: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            first_byte: Duration::from_millis(20),
            chunk: 1_000,
            between: Duration::ZERO,
            samples_per_letter: SAMPLES_PER_LETTER,
            live_warnings: true,
        }
    }
}

/// What was sent to the vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A socket was opened, with this query.
    Socket(String),
    Speak(String),
    Flush,
    Clear,
    Close,
    /// A plain request for this text.
    Rest(String),
}

/// The simulator.
#[derive(Clone, Debug)]
pub struct DeepgramTtsSim {
    address: SocketAddr,
    switch: Switch<Fault>,
    desk: Arc<Mutex<Desk>>,
}

#[derive(Debug, Default)]
struct Desk {
    manner: Manner,
    sent: Vec<Sent>,
    /// When audio was sent by a socket.
    audio_sent: Vec<Instant>,
    /// Sockets that are over.
    gone: usize,
    /// Idle sockets are told to go.
    hang_up_idle: u64,
}

impl DeepgramTtsSim {
    /// Opens for business on a free port.
    pub async fn start(manner: Manner) -> Self {
        let door = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let sim = Self {
            address: door.local_addr().expect("a bound listener"),
            switch: Switch::default(),
            desk: Arc::new(Mutex::new(Desk {
                manner,
                ..Desk::default()
            })),
        };
        let app = Router::new()
            .route("/v1/speak", get(open_socket).post(speak_once))
            .with_state(sim.clone());
        let door = Door {
            door,
            switch: sim.switch.clone(),
        };
        tokio::spawn(async move { axum::serve(door, app).await });
        sim
    }

    #[must_use]
    pub fn account(&self) -> DeepgramAccount {
        DeepgramAccount {
            origin: format!("ws://{}", self.address),
            key: KEY.into(),
        }
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn inject(&self, fault: Fault) {
        self.switch.inject(fault);
    }

    pub fn heal(&self) {
        self.switch.heal();
    }

    /// Everything it was sent so far.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        self.desk().sent.clone()
    }

    /// How often this was sent.
    #[must_use]
    pub fn count(&self, what: impl Fn(&Sent) -> bool) -> usize {
        self.desk().sent.iter().filter(|sent| what(sent)).count()
    }

    /// How many sockets are over.
    #[must_use]
    pub fn gone(&self) -> usize {
        self.desk().gone
    }

    /// Closes the sockets that have nothing to do, as the vendor does after a while.
    pub fn hang_up_idle(&self) {
        self.desk().hang_up_idle += 1;
    }

    /// When it sent audio by a socket, message by message.
    #[must_use]
    pub fn audio_sent(&self) -> Vec<Instant> {
        self.desk().audio_sent.clone()
    }

    fn note(&self, sent: Sent) {
        self.desk().sent.push(sent);
    }

    fn desk(&self) -> std::sync::MutexGuard<'_, Desk> {
        self.desk.lock().expect("no holder panics")
    }
}

/// Where connections arrive, and are turned away.
struct Door {
    door: TcpListener,
    switch: Switch<Fault>,
}

impl Listener for Door {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            let arrived = Listener::accept(&mut self.door).await;
            if self.switch.now() != Some(Fault::Refuse) {
                let _ = arrived.0.set_nodelay(true);
                return arrived;
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.door.local_addr()
    }
}

/// What this text sounds like: letters, each [`SAMPLES_PER_LETTER`] long, as bytes from 1 on, that
/// depend on the text and the place in it.
#[must_use]
pub fn voice_of(text: &str) -> Vec<u8> {
    voice_at(text, SAMPLES_PER_LETTER)
}

/// What it sounds like at another speed.
#[must_use]
pub fn voice_at(text: &str, samples_per_letter: usize) -> Vec<u8> {
    let text = text.trim();
    let seed = text.bytes().fold(7_u32, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    let length = text.chars().count() * samples_per_letter;
    (0..length as u32)
        .map(|at| {
            let mixed = (seed ^ at.wrapping_mul(0x9E37_79B9)).wrapping_mul(0x85EB_CA6B);
            (mixed >> 24) as u8 % 0x7F + 1
        })
        .collect()
}

// ---- the plain request -------------------------------------------------------

#[derive(serde::Deserialize)]
struct Question {
    text: String,
}

async fn speak_once(
    State(sim): State<DeepgramTtsSim>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let question: Question = serde_json::from_slice(&body).expect("a JSON body");
    sim.note(Sent::Rest(question.text.clone()));
    if !knows(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let manner = sim.desk().manner;
    let broken_off = match sim.switch.now() {
        Some(Fault::Status(status)) => return refusal(status),
        Some(Fault::Refuse | Fault::Kill) => return broken_answer(Duration::ZERO),
        Some(Fault::Stall) => std::future::pending().await,
        Some(Fault::Garbage) => {
            return ([(header::CONTENT_TYPE, "application/json")], "{").into_response();
        }
        Some(Fault::Silence) => return audio(Body::empty()),
        Some(Fault::DropAfter(after)) => Some(after),
        _ => None,
    };
    if question.text.chars().count() > 2_000 {
        return refusal(413);
    }
    let mut mulaw = voice_at(&question.text, manner.samples_per_letter);
    if !query.is_some_and(|query| query.contains("container=none")) {
        mulaw.splice(0..0, *b"RIFF");
    }
    let mut chunks: VecDeque<Vec<u8>> = mulaw.chunks(manner.chunk).map(<[u8]>::to_vec).collect();
    if broken_off.is_some() {
        chunks.truncate(chunks.len() / 2);
    }
    let mut first = true;
    let stream = futures_util::stream::unfold(chunks, move |mut chunks| {
        let pause = if std::mem::take(&mut first) {
            manner.first_byte
        } else {
            manner.between
        };
        async move {
            sleep(pause).await;
            match (chunks.pop_front(), broken_off) {
                (Some(chunk), _) => Some((Ok(chunk), chunks)),
                (None, Some(after)) => {
                    sleep(after).await;
                    Some((Err("broken off"), chunks))
                }
                (None, None) => None,
            }
        }
    });
    audio(Body::from_stream(stream))
}

fn audio(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "audio/mulaw")], body).into_response()
}

fn broken_answer(after: Duration) -> Response {
    let stream = futures_util::stream::once(async move {
        sleep(after).await;
        Err::<Bytes, _>("broken off")
    });
    audio(Body::from_stream(stream))
}

fn refusal(status: u16) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    let body = r#"{"err_code":"REFUSED","err_msg":"as told","request_id":"r"}"#;
    (status, [("dg-error", "as told")], body).into_response()
}

fn knows(headers: &HeaderMap) -> bool {
    let key = headers.get(header::AUTHORIZATION);
    key.is_some_and(|key| key.as_bytes() == format!("Token {KEY}").as_bytes())
}

// ---- the socket --------------------------------------------------------------

/// The fault of a socket.
fn socket_fault(sim: &DeepgramTtsSim) -> Option<Fault> {
    Some(match sim.switch.now()? {
        Fault::SocketOnly(SocketFault::Status(status)) => Fault::Status(status),
        Fault::SocketOnly(SocketFault::Kill) => Fault::Kill,
        Fault::SocketOnly(SocketFault::Stall) => Fault::Stall,
        Fault::SocketOnly(SocketFault::Garbage) => Fault::Garbage,
        Fault::SocketOnly(SocketFault::DropAfter(after)) => Fault::DropAfter(after),
        fault => fault,
    })
}

async fn open_socket(
    State(sim): State<DeepgramTtsSim>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    sim.note(Sent::Socket(query.unwrap_or_default()));
    if !knows(request.headers()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match socket_fault(&sim) {
        Some(Fault::Status(status)) => return refusal(status),
        Some(Fault::Refuse | Fault::Kill) => return refusal(503),
        Some(Fault::Stall) => std::future::pending::<()>().await,
        _ => {}
    }
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY);
    let Some(accept) = key.map(|key| derive_accept_key(key.as_bytes())) else {
        return refusal(400);
    };
    tokio::spawn(async move {
        let Ok(upgraded) = hyper::upgrade::on(request).await else {
            return;
        };
        let io = TokioIo::new(upgraded);
        let socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
        // However it ends, the socket goes.
        let _ = Conversation::new(sim.clone(), socket).run().await;
        sim.desk().gone += 1;
    });
    let headers = [
        (header::CONNECTION, "upgrade".to_owned()),
        (header::UPGRADE, "websocket".to_owned()),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

/// One socket.
struct Conversation {
    sim: DeepgramTtsSim,
    socket: WebSocketStream<TokioIo<Upgraded>>,
    /// Spoken words that no flush has come for.
    text: Vec<String>,
    /// What is to be sent, in order.
    audio: VecDeque<Out>,
    /// When the last flushes came.
    flushes: VecDeque<Instant>,
    /// When the next of the audio is due.
    due: tokio::time::Instant,
    flushed: u32,
    cleared: u32,
    breaks_at: Option<tokio::time::Instant>,
    hung_up: u64,
}

enum Out {
    Audio(Vec<u8>),
    Flushed,
    Cleared,
}

/// The socket is over.
struct Gone;

impl Conversation {
    fn new(sim: DeepgramTtsSim, socket: WebSocketStream<TokioIo<Upgraded>>) -> Self {
        let hung_up = sim.desk().hang_up_idle;
        Self {
            sim,
            socket,
            text: Vec::new(),
            audio: VecDeque::new(),
            flushes: VecDeque::new(),
            due: tokio::time::Instant::now(),
            flushed: 0,
            cleared: 0,
            breaks_at: None,
            hung_up,
        }
    }

    async fn run(mut self) -> Result<(), Gone> {
        self.say(
            r#"{"type":"Metadata","request_id":"r","model_name":"aura-2-asteria-en","model_version":"1","model_uuid":"u"}"#,
        )
        .await?;
        let mut faults = self.sim.switch.watch();
        let mut look_up = tokio::time::interval(Duration::from_millis(5));
        loop {
            let stalled = socket_fault(&self.sim) == Some(Fault::Stall);
            if socket_fault(&self.sim) == Some(Fault::Kill) {
                return Err(Gone);
            }
            let breaks_at = self.breaks_at;
            tokio::select! {
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => self.handle(text.as_str()).await?,
                    Some(Ok(Message::Binary(_))) => {
                        self.close(1003, "MESSAGE-0000").await;
                        return Err(Gone);
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Gone),
                    Some(Ok(_)) => {}
                },
                () = sleep_until(self.due), if !self.audio.is_empty() && !stalled => self.deliver().await?,
                () = sleep_until(breaks_at.unwrap_or(self.due)), if breaks_at.is_some() => return Err(Gone),
                _ = faults.changed() => {}
                _ = look_up.tick() => {
                    let asked = self.sim.desk().hang_up_idle;
                    if asked > self.hung_up && self.audio.is_empty() && self.text.is_empty() {
                        self.close(1000, "idle").await;
                        // Over when the client has seen it, too.
                        while let Some(Ok(_)) = self.socket.next().await {}
                        return Err(Gone);
                    }
                    self.hung_up = asked;
                }
            }
        }
    }

    async fn handle(&mut self, message: &str) -> Result<(), Gone> {
        let message: serde_json::Value = serde_json::from_str(message).expect("we are sent JSON");
        match message["type"].as_str() {
            Some("Speak") => {
                let text = message["text"].as_str().expect("a text").to_owned();
                self.sim.note(Sent::Speak(text.clone()));
                if text.chars().count() > 2_000 {
                    self.close(1008, "DATA-0001").await;
                    return Err(Gone);
                }
                self.text.push(text);
            }
            Some("Flush") => {
                self.sim.note(Sent::Flush);
                self.flush().await?;
            }
            Some("Clear") => {
                self.sim.note(Sent::Clear);
                self.clear();
            }
            Some("Close") => {
                self.sim.note(Sent::Close);
                return Err(Gone);
            }
            _ => {
                self.close(1008, "DATA-0000").await;
                return Err(Gone);
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        let now = Instant::now();
        self.flushes.retain(|at| now - *at < WINDOW);
        let fault = socket_fault(&self.sim);
        if self.flushes.len() >= FLUSHES || fault == Some(Fault::ExcessiveFlush) {
            let live = self.sim.desk().manner.live_warnings;
            return self
                .say(if live {
                    r#"{"type":"Warning","warn_code":"EXCESSIVE_FLUSH","warn_msg":"too many"}"#
                } else {
                    r#"{"type":"Warning","code":"EXCESSIVE_FLUSH","description":"too many"}"#
                })
                .await;
        }
        self.flushes.push_back(now);
        if fault == Some(Fault::Garbage) {
            return self.say("this is no JSON").await;
        }
        if self.audio.is_empty() {
            let wait = self.sim.desk().manner.first_byte;
            self.due = tokio::time::Instant::now() + wait;
        }
        let words = std::mem::take(&mut self.text);
        let chunk = self.sim.desk().manner.chunk.max(1);
        if fault != Some(Fault::Silence) {
            // Words that are not kept apart are one word.
            let slow = self.sim.desk().manner.samples_per_letter;
            let mut rest: Vec<u8> = words.iter().flat_map(|words| spoken(words, slow)).collect();
            while !rest.is_empty() {
                let tail = rest.split_off(chunk.min(rest.len()));
                self.audio.push_back(Out::Audio(rest));
                rest = tail;
            }
        }
        if fault != Some(Fault::NoFlushed) {
            self.audio.push_back(Out::Flushed);
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.text.clear();
        let late = match socket_fault(&self.sim) {
            Some(Fault::LateAudio(late)) => late.as_millis() as usize * 8,
            _ => 0,
        };
        let rest = std::mem::take(&mut self.audio).into_iter();
        let rest = rest.filter_map(|out| match out {
            Out::Audio(audio) => Some(audio),
            Out::Flushed | Out::Cleared => None,
        });
        let rest: Vec<u8> = rest.flatten().take(late).collect();
        self.audio = rest
            .chunks(1_000)
            .map(|audio| Out::Audio(audio.to_vec()))
            .collect();
        if socket_fault(&self.sim) != Some(Fault::NoCleared) {
            self.audio.push_back(Out::Cleared);
        }
        self.due = tokio::time::Instant::now();
    }

    async fn deliver(&mut self) -> Result<(), Gone> {
        match self.audio.pop_front() {
            Some(Out::Audio(audio)) => {
                if let Some(Fault::DropAfter(after)) = socket_fault(&self.sim) {
                    self.breaks_at
                        .get_or_insert(tokio::time::Instant::now() + after);
                }
                let between = self.sim.desk().manner.between;
                self.due = tokio::time::Instant::now() + between;
                self.sim.desk().audio_sent.push(Instant::now());
                let sent = self.socket.send(Message::Binary(audio.into())).await;
                sent.map_err(|_| Gone)
            }
            Some(Out::Flushed) => {
                let number = self.flushed;
                self.flushed += 1;
                self.say(&format!(r#"{{"type":"Flushed","sequence_id":{number}}}"#))
                    .await
            }
            Some(Out::Cleared) => {
                let number = self.cleared;
                self.cleared += 1;
                self.say(&format!(r#"{{"type":"Cleared","sequence_id":{number}}}"#))
                    .await
            }
            None => Ok(()),
        }
    }

    async fn say(&mut self, text: &str) -> Result<(), Gone> {
        let sent = self.socket.send(Message::Text(text.into())).await;
        sent.map_err(|_| Gone)
    }

    async fn close(&mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        let _ = self.socket.send(Message::Close(Some(frame))).await;
    }
}

/// What one message of words sounds like. Words that end in no space or mark would be glued to the
/// next ones: they come out as a croak.
fn spoken(words: &str, samples_per_letter: usize) -> Vec<u8> {
    if words.ends_with([' ', '.', ',', '!', '?']) {
        voice_at(words, samples_per_letter)
    } else {
        vec![0; 800]
    }
}
