//! A whole server behind signed webhooks, and the network's end of its media streams.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use control::clock::BusinessClock;
use control::config::{Config, Sources};
use control::feed::FeedEvent;
use control::server::Server;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use storage::call_log::CallLog;
use storage::customer::Phone;
use tempfile::TempDir;
use tests::caller::unpooled_client;
use tests::feed;
use tests::vendors::twilio::{self, AUTH_TOKEN};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long anything may take that is not what a test measures.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) const HOOKS: &str = "/api/v1/webhooks";
pub(super) const MEDIA: &str = "/api/v1/voice/media-stream";
pub(super) const JOHN: &str = "+12175550101";
pub(super) const MARIA: &str = "+12175550102";
pub(super) const OURS: &str = "+12175550100";

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A server that knows the account's token.
pub(super) struct Scene {
    pub(super) server: Server,
    pub(super) base: String,
    http: reqwest::Client,
    _folder: TempDir,
}

impl Scene {
    pub(super) async fn new() -> Self {
        Self::with(&[]).await
    }

    pub(super) async fn with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut sources = Sources::default();
        let data_dir = folder.path().as_os_str().to_owned();
        let usual = [
            ("OTTO_SPEECH", "typed"),
            ("TWILIO_AUTH_TOKEN", AUTH_TOKEN),
            ("PORT", "0"),
        ];
        let usual = usual.iter().chain(settings);
        let usual = usual.map(|(key, value)| ((*key).into(), (*value).into()));
        sources
            .environment(usual.chain([("OTTO_DATA_DIR".into(), data_dir)]))
            .expect("text");
        let config = Config::parse(&sources).expect("valid settings");
        let server = Server::start(config, BusinessClock::real()).await;
        let server = server.expect("a server");
        Self {
            base: format!("http://{}", server.address()),
            http: unpooled_client(),
            server,
            _folder: folder,
        }
    }

    /// A webhook as Twilio posts it.
    pub(super) async fn hook(&self, path: &str, form: &[(&str, &str)]) -> (u16, String) {
        let url = format!("{}{HOOKS}{path}", self.base);
        let signature = twilio::signed_form(&url, form);
        self.post(&url, Some(&signature), form).await
    }

    pub(super) async fn post(
        &self,
        url: &str,
        signature: Option<&str>,
        form: &[(&str, &str)],
    ) -> (u16, String) {
        let mut request = self.http.post(url).form(form);
        if let Some(signature) = signature {
            request = request.header("X-TWILIO-signature", signature);
        }
        let answer = request.send().await.expect("answered");
        let status = answer.status().as_u16();
        (status, answer.text().await.expect("text"))
    }

    pub(super) async fn get(&self, path: &str) -> String {
        let answer = self.http.get(format!("{}{path}", self.base)).send();
        answer.await.expect("answered").text().await.expect("text")
    }

    /// Opens a media socket, with this signature.
    pub(super) async fn upgrade(
        &self,
        path: &str,
        signature: Option<String>,
    ) -> Result<Socket, Error> {
        let url = format!("{}{path}", self.base.replacen("http", "ws", 1));
        let mut request = url.into_client_request().expect("a request");
        if let Some(signature) = signature {
            let signature = signature.parse().expect("a header");
            request
                .headers_mut()
                .insert("x-twilio-signature", signature);
        }
        connect_async(request).await.map(|(socket, _)| socket)
    }

    /// Follows a `<Connect><Stream>` as Twilio does.
    pub(super) async fn stream(&self, sid: &str, xml: &str) -> Line {
        let url = format!("{}{MEDIA}", self.base.replacen("http", "ws", 1));
        assert!(xml.contains(&format!("<Stream url=\"{url}\"")), "{xml}");
        let signature = twilio::signed_upgrade(&url);
        let socket = self.upgrade(MEDIA, Some(signature)).await;
        let mut socket = socket.expect("upgraded");
        let (_, rest) = xml.split_once("value=\"").expect("a token");
        let (token, _) = rest.split_once('"').expect("its end");
        let start = json!({"event": "start", "streamSid": "MZ1", "start": {
            "streamSid": "MZ1", "accountSid": "AC1", "callSid": sid,
            "customParameters": {"token": token}}});
        let start = Message::text(start.to_string());
        socket.send(start).await.expect("sent");
        Line { socket }
    }

    /// Waits until the agent has begun to say these words.
    pub(super) async fn fed(&self, sid: &str, words: &str) {
        self.follow(sid, words, |_| true).await;
    }

    /// Waits until the caller has heard these words to their end.
    pub(super) async fn heard(&self, sid: &str, words: &str) {
        self.follow(sid, words, |line| {
            matches!(line, FeedEvent::AgentFinished { .. })
        })
        .await;
    }

    /// Reads a call's feed up to the line about the utterance with these words that `until` wants.
    pub(super) async fn follow(&self, sid: &str, words: &str, until: fn(&FeedEvent) -> bool) {
        let (mut wanted, mut found) = (None, false);
        let reading = feed::read(&self.base, sid, |line| {
            let utterance = match &line.what {
                FeedEvent::Agent {
                    utterance, text, ..
                } if text.contains(words) => {
                    wanted = Some(*utterance);
                    wanted
                }
                FeedEvent::AgentFinished { utterance } => Some(*utterance),
                _ => None,
            };
            found = utterance.is_some() && utterance == wanted && until(&line.what);
            if found {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        let read = tokio::time::timeout(PATIENCE, reading).await;
        read.unwrap_or_else(|_| panic!("{words:?} was never said"));
        assert!(found, "the call ended without {words:?}");
    }

    /// A call's row, once `until` holds for it.
    pub(super) async fn row(&self, sid: &str, until: impl Fn(&CallLog) -> bool) -> CallLog {
        let patience = Instant::now() + PATIENCE;
        let logs = &self.server.store().call_logs;
        loop {
            let row = logs.by_sid(sid).await.expect("readable");
            if let Some(row) = row.clone().filter(&until) {
                return row;
            }
            assert!(Instant::now() < patience, "{row:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The network's end of a media stream: plays at once whatever comes.
pub(super) struct Line {
    pub(super) socket: Socket,
}

impl Line {
    pub(super) async fn say(&mut self, message: Value) {
        let message = Message::text(message.to_string());
        self.socket.send(message).await.expect("sent");
    }

    pub(super) async fn press(&mut self, digit: &str) {
        let dtmf = json!({"track": "inbound_track", "digit": digit});
        self.say(json!({"event": "dtmf", "streamSid": "MZ1", "dtmf": dtmf}))
            .await;
    }

    pub(super) async fn hang_up(&mut self) {
        self.say(json!({"event": "stop", "streamSid": "MZ1"})).await;
    }

    /// Echoes marks for as long as `meanwhile` takes.
    pub(super) async fn during<T>(&mut self, meanwhile: impl Future<Output = T>) -> T {
        let mut meanwhile = std::pin::pin!(meanwhile);
        loop {
            tokio::select! {
                done = meanwhile.as_mut() => return done,
                heard = self.echo() => assert!(heard, "the stream was closed"),
            }
        }
    }

    pub(super) async fn closed(&mut self) {
        let closing = async { while self.echo().await {} };
        let closed = tokio::time::timeout(PATIENCE, closing).await;
        closed.expect("the agent hands the caller over");
    }

    /// Takes a message; false after the last.
    pub(super) async fn echo(&mut self) -> bool {
        match self.socket.next().await {
            Some(Ok(Message::Text(text))) => {
                if text.contains("\"mark\"") {
                    self.socket.send(Message::Text(text)).await.expect("sent");
                }
                true
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => false,
            Some(Ok(_)) => true,
        }
    }
}

pub(super) fn phone(text: &str) -> Phone {
    Phone::parse(text).expect("valid")
}
