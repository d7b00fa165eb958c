//! Deepgram's recogniser, simulated: v1 and Flux on real sockets.
//!
//! A caller's audio is made by [`audio::say`]: every frame carries its number and the word that is
//! said in it. So the simulator recognises what it really received, and can say which parts of the
//! caller's audio each connection was given.

pub mod audio;
mod ear;

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use pipeline::net::deepgram::DeepgramAccount;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use self::ear::Ear;
use super::Switch;

/// The key that the simulator knows.
pub const KEY: &str = "a-key-of-no-account";

/// How the vendor fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// New connections are closed without an answer.
    Refuse,
    /// Every upgrade is answered by this status.
    Status(u16),
    /// This model, and no other, is answered by 400.
    NoModel(&'static str),
    /// Sockets die at once, without a goodbye.
    Kill,
    /// Audio is taken, and nothing is said any more.
    Stall,
    /// A socket dies once it was given so much audio.
    DropAfter(Duration),
    /// Text that is no message in place of every message.
    Garbage,
    /// Every message comes so much later.
    Slow(Duration),
}

/// How the vendor listens.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Whether v1 finds endpoints; noise on the line keeps it from that.
    pub finds_endpoints: bool,
    /// Whether words ever become final by themselves.
    pub makes_final: bool,
    /// Whether a second without words is told (v1).
    pub tells_utterance_end: bool,
    pub finalize: Finalize,
}

/// What comes of a `Finalize`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finalize {
    Answered,
    AnsweredEmpty,
    Ignored,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            finds_endpoints: true,
            makes_final: true,
            tells_utterance_end: true,
            finalize: Finalize::Answered,
        }
    }
}

/// What one connection was given.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    pub path: String,
    /// Which samples of the caller's audio, in the order of arrival.
    pub ranges: Vec<Range<u64>>,
    /// Samples of silence that is not the caller's.
    pub silence: u64,
    pub texts: Vec<String>,
    pub empty_messages: u32,
    pub is_over: bool,
}

/// The simulator.
#[derive(Clone, Debug)]
pub struct DeepgramSttSim {
    address: SocketAddr,
    manner: Manner,
    switch: Switch<Fault>,
    connections: Arc<Mutex<Vec<Connection>>>,
}

impl DeepgramSttSim {
    /// Opens for business on a free port.
    pub async fn start(manner: Manner) -> Self {
        let door = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let sim = Self {
            address: door.local_addr().expect("a bound listener"),
            manner,
            switch: Switch::default(),
            connections: Arc::default(),
        };
        let host = sim.clone();
        tokio::spawn(async move {
            while let Ok((guest, _)) = door.accept().await {
                tokio::spawn(host.clone().serve(guest));
            }
        });
        sim
    }

    /// Where it is, and the key that it knows.
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

    /// All connections so far, in the order of their upgrades.
    #[must_use]
    pub fn connections(&self) -> Vec<Connection> {
        self.desk().clone()
    }

    fn desk(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.connections.lock().expect("no writer panics")
    }

    async fn serve(self, guest: TcpStream) {
        if self.switch.now() == Some(Fault::Refuse) {
            return;
        }
        let _ = guest.set_nodelay(true);
        let mut path = String::new();
        let fault = self.switch.now();
        #[allow(clippy::result_large_err)] // the library's own type
        let check = |request: &Request, response: Response| {
            path = request.uri().to_string();
            match status(request, fault) {
                None => Ok(response),
                Some(status) => {
                    let mut refusal = ErrorResponse::new(None);
                    *refusal.status_mut() = status.try_into().expect("a status");
                    Err(refusal)
                }
            }
        };
        let Ok(socket) = accept_hdr_async(guest, check).await else {
            return;
        };
        let number = {
            let mut desk = self.desk();
            desk.push(Connection {
                path: path.clone(),
                ..Connection::default()
            });
            desk.len() - 1
        };
        self.listen(socket, number, &path).await;
        self.desk()[number].is_over = true;
    }

    async fn listen(&self, mut socket: WebSocketStream<TcpStream>, number: usize, path: &str) {
        let mut ear = Ear::new(path, self.manner);
        let mut faults = self.switch.watch();
        for greeting in ear.greeting() {
            if self.say(&mut socket, greeting).await.is_err() {
                return;
            }
        }
        loop {
            if self.switch.now() == Some(Fault::Kill) {
                return;
            }
            let message = tokio::select! {
                message = socket.next() => message,
                _ = faults.changed() => continue,
            };
            let answers = match message {
                Some(Ok(Message::Binary(mulaw))) => {
                    let answers = ear.hear(&mulaw);
                    let mut desk = self.desk();
                    desk[number].empty_messages += u32::from(mulaw.is_empty());
                    desk[number].ranges = ear.ranges().to_vec();
                    desk[number].silence = ear.silence();
                    answers
                }
                Some(Ok(Message::Text(text))) => {
                    self.desk()[number].texts.push(text.to_string());
                    if text.contains("CloseStream") {
                        let _ = socket.close(None).await;
                        return;
                    }
                    ear.obey(&text)
                }
                Some(Ok(_)) => Vec::new(),
                Some(Err(_)) | None => return,
            };
            if let Some(Fault::DropAfter(given)) = self.switch.now()
                && ear.given() >= given
            {
                return;
            }
            for answer in answers {
                if self.say(&mut socket, answer).await.is_err() {
                    return;
                }
            }
        }
    }

    async fn say(
        &self,
        socket: &mut WebSocketStream<TcpStream>,
        text: String,
    ) -> Result<(), tokio_tungstenite::tungstenite::Error> {
        let text = match self.switch.now() {
            Some(Fault::Stall) => return Ok(()),
            Some(Fault::Garbage) => "{ this is no JSON".to_owned(),
            Some(Fault::Slow(by)) => {
                tokio::time::sleep(by).await;
                text
            }
            _ => text,
        };
        socket.send(Message::text(text)).await
    }
}

/// The status that refuses a request, if one does.
fn status(request: &Request, fault: Option<Fault>) -> Option<u16> {
    let query = request.uri().query().unwrap_or_default();
    let key = request.headers().get("authorization");
    let knows = key.is_some_and(|key| key == format!("Token {KEY}").as_str());
    let path = request.uri().path();
    match fault {
        Some(Fault::Status(status)) => Some(status),
        Some(Fault::NoModel(model)) if query.contains(&format!("model={model}&")) => Some(400),
        _ if !knows => Some(401),
        _ if !query.contains("encoding=mulaw&sample_rate=8000") => Some(400),
        _ if query.contains("model=flux-") != (path == "/v2/listen") => Some(400),
        _ => None,
    }
}
