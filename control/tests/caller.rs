//! The simulated caller against a small scripted agent, over real sockets and in real time.

#![allow(clippy::unwrap_used)] // tests may fail by panic

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use control::caller::conduct::Conduct;
use control::caller::script::{Prompter, Script};
use control::caller::stream::Mind;
use control::caller::voice::{Repertoire, Voice};
use control::caller::{CallPlan, CallRecord, Ending, Happening, Network, place};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

/// A voice that says everything as half a second of a loud tone.
struct Tone;

#[async_trait]
impl Voice for Tone {
    async fn speak(&self, _words: &str) -> Result<Vec<u8>, String> {
        Ok(tone(500))
    }
}

fn tone(ms: u64) -> Vec<u8> {
    (0..ms * 8)
        .map(|n| dsp::mulaw::encode(if n % 20 < 10 { 6_000 } else { -6_000 }))
        .collect()
}

fn is_loud(mulaw: &[u8]) -> bool {
    mulaw.iter().any(|code| dsp::mulaw::decode(*code) > 3_000)
}

/// What the agent saw.
#[derive(Debug, Default)]
struct Seen {
    forms: Vec<String>,
    messages: Vec<Value>,
}

type Shared = Arc<Mutex<Seen>>;

/// The agent's end of the stream.
struct Agent {
    socket: WebSocketStream<TcpStream>,
    sid: String,
    seen: Shared,
}

impl Agent {
    async fn accept(listener: TcpListener, seen: Shared) -> Self {
        let (tcp, _) = listener.accept().await.unwrap();
        let socket = tokio_tungstenite::accept_async(tcp).await.unwrap();
        let mut agent = Self {
            socket,
            sid: String::new(),
            seen,
        };
        assert_eq!(agent.next().await.unwrap()["event"], "connected");
        let start = agent.next().await.unwrap();
        assert_eq!(start["event"], "start");
        agent.sid = start["streamSid"].as_str().unwrap().to_owned();
        agent
    }

    async fn next(&mut self) -> Option<Value> {
        loop {
            match self.socket.next().await?.ok()? {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    self.seen.lock().unwrap().messages.push(message.clone());
                    return Some(message);
                }
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    async fn next_mark(&mut self) -> String {
        loop {
            let message = self.next().await.expect("the caller is on the line");
            if message["event"] == "mark" {
                return message["mark"]["name"].as_str().unwrap().to_owned();
            }
        }
    }

    async fn hear_voice(&mut self) {
        loop {
            let message = self.next().await.expect("the caller is on the line");
            let payload = message["media"]["payload"].as_str().unwrap_or_default();
            if is_loud(&BASE64.decode(payload).unwrap()) {
                return;
            }
        }
    }

    async fn send(&mut self, message: Value) {
        let text = Message::text(message.to_string());
        self.socket.send(text).await.unwrap();
    }

    async fn say(&mut self, ms: u64, mark: &str) {
        let payload = BASE64.encode(tone(ms));
        let sid = self.sid.clone();
        self.send(json!({"event": "media", "streamSid": sid, "media": {"payload": payload}}))
            .await;
        self.send(json!({"event": "mark", "streamSid": sid, "mark": {"name": mark}}))
            .await;
    }

    async fn clear(&mut self) {
        let sid = self.sid.clone();
        self.send(json!({"event": "clear", "streamSid": sid})).await;
    }
}

/// Serves the webhooks and a feed; returns the webhook's URL and the media listener.
async fn agent_http(seen: &Shared, feed: String, after: &'static str) -> (String, TcpListener) {
    let media = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let media_url = format!("ws://{}/media", media.local_addr().unwrap());
    let twiml = format!(
        "<Response><Connect action='/after?x=1&amp;y=2'><Stream url='{media_url}'>\
         <Parameter name='token' value='t&amp;1'/></Stream></Connect></Response>"
    );
    let xml = |body| ([(CONTENT_TYPE, "text/xml")], body);
    let note = |seen: &Shared, form: String| seen.lock().unwrap().forms.push(form);
    let app = Router::new()
        .route(
            "/inbound-call",
            post(move |State(seen): State<Shared>, form: String| async move {
                note(&seen, form);
                xml(twiml)
            }),
        )
        .route(
            "/after",
            post(move |State(seen): State<Shared>, form: String| async move {
                note(&seen, form);
                xml(after.to_owned())
            }),
        )
        .route(
            "/api/v1/calls/{sid}/events",
            get(move || async move { ([(CONTENT_TYPE, "text/event-stream")], feed) }),
        )
        .with_state(seen.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/inbound-call", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, media)
}

fn feed_line(t_ms: u64, event: Value) -> String {
    let mut line = json!({"call_sid": "CA", "t_ms": t_ms});
    line.as_object_mut()
        .unwrap()
        .extend(event.as_object().unwrap().clone());
    format!("data: {line}\n\n")
}

async fn call(webhook: &str, script: &str) -> CallRecord {
    call_until(webhook, script, CancellationToken::new()).await
}

async fn call_until(webhook: &str, script: &str, hang_up: CancellationToken) -> CallRecord {
    let script = Script::parse(script).unwrap();
    place(
        CallPlan {
            title: "test".into(),
            webhook: webhook.parse().unwrap(),
            network: Network::default(),
            from: "+12175550101".into(),
            to: "+12175550100".into(),
            mind: Mind::Script(Box::new(Conduct::new(Prompter::new(script)))),
            hang_up,
            repertoire: Repertoire::new(Arc::new(Tone)),
            patience: Duration::from_secs(20),
            token: None,
        },
        |_| {},
    )
    .await
    .unwrap()
}

#[tokio::test]
async fn an_interrupted_call_ends_in_a_transfer() {
    let seen = Shared::default();
    let feed = feed_line(
        0,
        json!({"event": "agent", "utterance": 0, "text": "hi", "question": "help"}),
    ) + &feed_line(0, json!({"event": "agent_started", "utterance": 0}));
    let after = "<Response><Say>One moment</Say><Dial>+12175550199</Dial></Response>";
    let (webhook, media) = agent_http(&seen, feed, after).await;
    let agent = tokio::spawn({
        let seen = seen.clone();
        async move {
            let mut agent = Agent::accept(media, seen).await;
            agent.say(8_000, "long").await;
            agent.hear_voice().await;
            agent.clear().await;
            assert_eq!(agent.next_mark().await, "long");
            agent.say(200, "short").await;
            assert_eq!(agent.next_mark().await, "short");
            agent.socket.close(None).await.unwrap();
            while agent.next().await.is_some() {}
        }
    });
    let record = call(&webhook, "barge-in after 600 ms of help: stop it").await;
    agent.await.unwrap();

    assert_eq!(
        record.ending,
        Ending::Transferred {
            to: "+12175550199".into()
        }
    );
    assert_eq!(record.overlaps.len(), 1);
    let to_clear = record.overlaps[0].to_clear.expect("the clear was read");
    assert!(to_clear < Duration::from_secs(1), "{to_clear:?}");
    // Of eight seconds the caller heard about one: from the interruption on it was silent.
    let heard = record.agent.chunks(160).filter(|f| is_loud(f)).count() * 20;
    assert!((600..1_600).contains(&heard), "{heard} ms were heard");
    assert!(
        record
            .happened
            .iter()
            .any(|h| matches!(&h.what, Happening::SaidByNetwork { text } if text == "One moment"))
    );

    let seen = seen.lock().unwrap();
    assert!(seen.forms[0].contains(&format!("CallSid={}", record.call_sid)));
    assert!(seen.forms[0].contains("From=%2B12175550101"));
    assert!(seen.forms[0].contains("CallStatus=ringing"));
    assert!(seen.forms[1].contains("CallStatus=in-progress"));
    let start = &seen.messages[1]["start"];
    assert_eq!(start["customParameters"]["token"], "t&1");
    assert_eq!(start["callSid"], record.call_sid.as_str());
}

#[tokio::test]
async fn the_callers_audio_keeps_the_pace_of_the_clock() {
    let seen = Shared::default();
    let (webhook, media) = agent_http(&seen, String::new(), "<Response/>").await;
    let began = tokio::time::Instant::now();
    let agent = tokio::spawn({
        let seen = seen.clone();
        async move {
            let mut agent = Agent::accept(media, seen).await;
            agent.say(200, "hello").await;
            agent.hear_voice().await;
            let mut frames = 0;
            while frames < 60 {
                frames += u32::from(agent.next().await.unwrap()["event"] == "media");
            }
            agent.socket.close(None).await.unwrap();
            while agent.next().await.is_some() {}
        }
    });
    let record = call(&webhook, "good morning").await;
    let took = began.elapsed();
    agent.await.unwrap();
    assert_eq!(record.ending, Ending::AgentHungUp);
    let length = record.length();
    assert!(
        took.abs_diff(length) < Duration::from_secs(1),
        "{took:?} {length:?}"
    );

    let seen = seen.lock().unwrap();
    let media: Vec<&Value> = seen
        .messages
        .iter()
        .filter(|m| m["event"] == "media")
        .collect();
    for (n, message) in media.iter().enumerate() {
        assert_eq!(message["media"]["chunk"], (n + 1).to_string());
        assert_eq!(message["media"]["timestamp"], (n * 20).to_string());
    }
    let numbers = seen.messages[1..].iter().enumerate();
    for (n, message) in numbers {
        assert_eq!(message["sequenceNumber"], (n + 1).to_string());
    }
}

#[tokio::test]
async fn a_caller_told_to_hang_up_does_so_politely_and_keeps_what_was_heard() {
    let seen = Shared::default();
    let (webhook, media) = agent_http(&seen, String::new(), "<Response/>").await;
    let hang_up = CancellationToken::new();
    let agent = tokio::spawn({
        let (seen, hang_up) = (seen.clone(), hang_up.clone());
        async move {
            let mut agent = Agent::accept(media, seen).await;
            agent.say(200, "hello").await;
            assert_eq!(agent.next_mark().await, "hello");
            hang_up.cancel();
            while agent.next().await.is_some() {}
        }
    });
    let record = call_until(&webhook, "when: never asked", hang_up).await;
    agent.await.unwrap();
    assert_eq!(record.ending, Ending::KeyboardHungUp);
    assert!(record.agent.chunks(160).any(is_loud));
    assert_eq!(
        seen.lock().unwrap().messages.last().unwrap()["event"],
        "stop"
    );
}

#[tokio::test]
async fn a_caller_who_hangs_up_says_stop_and_asks_for_no_more_twiml() {
    let seen = Shared::default();
    let feed = feed_line(
        0,
        json!({"event": "agent", "utterance": 0, "text": "hi", "question": "help"}),
    ) + &feed_line(0, json!({"event": "agent_finished", "utterance": 0}));
    let (webhook, media) = agent_http(&seen, feed, "<Response/>").await;
    let agent = tokio::spawn({
        let seen = seen.clone();
        async move {
            let mut agent = Agent::accept(media, seen).await;
            agent.say(200, "hello").await;
            while agent.next().await.is_some() {}
        }
    });
    let record = call(&webhook, "help: /hangup").await;
    agent.await.unwrap();
    assert_eq!(record.ending, Ending::KeyboardHungUp);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.messages.last().unwrap()["event"], "stop");
    assert_eq!(seen.forms.len(), 1);
}

#[tokio::test]
async fn a_stream_that_breaks_is_followed_by_the_action_as_one_that_ends() {
    let seen = Shared::default();
    let after = "<Response><Dial>+12175550199</Dial></Response>";
    let (webhook, media) = agent_http(&seen, String::new(), after).await;
    let agent = tokio::spawn({
        let seen = seen.clone();
        async move {
            let agent = Agent::accept(media, seen).await;
            drop(agent); // no goodbye
        }
    });
    let record = call(&webhook, "hello").await;
    agent.await.unwrap();
    let to = "+12175550199".to_owned();
    assert_eq!(record.ending, Ending::Transferred { to });
    let broke = |h: &control::caller::Happened| matches!(h.what, Happening::Invalid { .. });
    assert!(record.happened.iter().any(broke));
}
