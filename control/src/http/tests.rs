//! The surface over real HTTP, on loopback.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use pipeline::message::{Command, Event};
use pipeline::plane::{CommandRefused, Refused};
use pipeline::{Arrival, SpeechConfig};
use secrecy::SecretString;
use serde_json::{Value, json};
use storage::{Location, Store};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use super::{App, router, server};
use crate::clock::BusinessClock;
use crate::config::BaseUrl;
use crate::dialogue::RuleBrain;
use crate::feed::{FeedEvent, FeedLine};
use crate::limits;
use crate::observe::Metrics;
use crate::reminders::Owed;
use crate::session::{Admission, Calls, Journal, Media, Sessions, SessionsConfig};
use crate::telephony::CallSid;
use crate::telephony::signature::SignatureKey;
use crate::telephony::token::{SpentHere, TokenKey};

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A data plane that notes who came, and has room or not.
#[derive(Default)]
struct Door {
    full: bool,
    arrived: watch::Sender<Vec<(String, Vec<u8>)>>,
}

impl Admission for Door {
    fn admit(
        &self,
        arrival: Arrival,
        _speech: Option<SpeechConfig>,
    ) -> Result<Box<dyn Media>, Refused> {
        if self.full {
            return Err(Refused::Full);
        }
        let (sid, early) = (arrival.stream_sid, arrival.early);
        self.arrived
            .send_modify(|arrived| arrived.push((sid, early)));
        Ok(Box::new(Idle(arrival.socket)))
    }
}

/// A call on which nothing happens.
struct Idle(#[allow(dead_code, reason = "held open")] std::net::TcpStream);

#[async_trait::async_trait]
impl Media for Idle {
    fn send(&self, _: Command) -> Result<(), CommandRefused> {
        Ok(())
    }
    async fn next(&mut self) -> Option<Event> {
        std::future::pending().await
    }
}

struct Scene {
    app: Arc<App>,
    door: Arc<Door>,
    base: String,
    http: reqwest::Client,
}

#[derive(Default)]
struct Setup {
    full: bool,
    admin_token: Option<&'static str>,
    auth_token: Option<&'static str>,
    typed: bool,
}

async fn scene(setup: Setup) -> Scene {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let store = Store::open_in_memory().await.expect("a store");
    let location = Arc::new(Location::example());
    let calls = Arc::new(Calls::default());
    let metrics = Arc::new(Metrics::new(Arc::default()));
    let door = Arc::new(Door {
        full: setup.full,
        ..Door::default()
    });
    let sessions = Sessions::new(SessionsConfig {
        calls: Arc::clone(&calls),
        live: Arc::new(crate::nodes::CallsHere::new("test")),
        store: store.clone(),
        locations: Arc::clone(&location).into(),
        clock: BusinessClock::real(),
        metrics: Arc::clone(&metrics),
        brain: Arc::new(|location| Box::new(RuleBrain::new(Arc::clone(location)))),
        journal: Journal::start(&store),
        model: None,
        calls_at_most: 100,
        typed_speech: setup.typed,
        carrier: None,
        unsaved: None,
        events: None,
    });
    let app = Arc::new(App {
        base_url: BaseUrl::of_listener(address),
        admin_token: setup.admin_token.map(SecretString::from),
        account_sid: None,
        signatures: setup.auth_token.map(SignatureKey::new),
        phone_number: None,
        locations: location.into(),
        speech: Default::default(),
        clock: BusinessClock::real(),
        journal: Journal::start(&store),
        store,
        calls,
        live: Arc::new(crate::nodes::CallsHere::new("test")),
        sessions,
        admission: door.clone(),
        handshakes: Arc::new(Semaphore::new(limits::MAX_MEDIA_HANDSHAKES)),
        tokens: TokenKey::new(b"a key of the tests"),
        spent: Arc::new(SpentHere::default()),
        redis: None,
        metrics,
        typed_speech: setup.typed,
        owed: Owed::in_folder(
            &std::env::temp_dir().join(format!("otto-{:x}", rand::random::<u64>())),
        ),
        stopping: CancellationToken::new(),
    });
    let router = router(Arc::clone(&app));
    tokio::spawn(server::serve(listener, router, CancellationToken::new()));
    Scene {
        app,
        door,
        base: format!("http://{address}"),
        http: reqwest::Client::new(),
    }
}

impl Scene {
    async fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, String) {
        let url = format!("{}{path}", self.base);
        let answer = self.http.post(url).form(form).send().await.expect("sent");
        let status = answer.status().as_u16();
        (status, answer.text().await.expect("text"))
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let url = format!("{}{path}", self.base);
        let answer = self.http.get(url).send().await.expect("sent");
        let status = answer.status().as_u16();
        (status, answer.text().await.expect("text"))
    }

    /// The webhook, and the token of its answer.
    async fn announced(&self, sid: &str) -> String {
        let form = [("CallSid", sid), ("From", "+12175550101")];
        let (status, xml) = self.post(super::paths::INBOUND_CALL, &form).await;
        assert_eq!(status, 200, "{xml}");
        let (_, rest) = xml.split_once("value=\"").expect("a token");
        rest.split_once('"').expect("its end").0.to_owned()
    }

    /// Opens the media socket, says `start`, and gives the close code that comes back; none where
    /// the call is admitted instead.
    async fn stream(&self, sid: &str, token: Option<&str>) -> Option<u16> {
        let url = format!("{}/api/v1/voice/media-stream", self.base).replacen("http", "ws", 1);
        let before = self.arrivals();
        let (mut socket, _) = connect_async(url).await.expect("upgraded");
        let parameters = token.map_or_else(|| json!({}), |token| json!({ "token": token }));
        let connected = json!({"event": "connected", "protocol": "Call", "version": "1.0.0"});
        let start = json!({"event": "start", "sequenceNumber": "1", "streamSid": "MZ1", "start": {
            "streamSid": "MZ1", "accountSid": "AC1", "callSid": sid, "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": parameters}});
        for message in [connected, start, json!({"event": "media"})] {
            let text = Message::text(message.to_string());
            socket.send(text).await.expect("sent");
        }
        let mut arrived = self.door.arrived.subscribe();
        let answered = async {
            tokio::select! {
                answer = socket.next() => match answer {
                    Some(Ok(Message::Close(Some(frame)))) => Some(frame.code.into()),
                    other => panic!("expected a close frame, got {other:?}"),
                },
                admitted = arrived.wait_for(|arrived| arrived.len() > before) => {
                    admitted.expect("the door stays");
                    None
                }
            }
        };
        let answered = tokio::time::timeout(PATIENCE, answered).await;
        answered.expect("neither refused nor admitted")
    }

    fn arrivals(&self) -> usize {
        self.door.arrived.borrow().len()
    }
}

#[tokio::test]
async fn an_inbound_call_is_connected_to_a_stream_of_ours() {
    let scene = scene(Setup::default()).await;
    let form = [("CallSid", "CA1"), ("From", "+12175550101"), ("New", "1")];
    let (status, xml) = scene.post("/api/v1/webhooks/inbound-call", &form).await;
    assert_eq!(status, 200);
    let host = scene.base.trim_start_matches("http");
    assert!(xml.contains(&format!(
        "<Stream url=\"ws{host}/api/v1/voice/media-stream\" name=\"otto-"
    )));
    assert!(xml.contains(&format!(
        "action=\"http{host}/api/v1/webhooks/stream-ended\""
    )));
    assert!(xml.contains(&format!(
        "statusCallback=\"http{host}/api/v1/webhooks/stream-status\""
    )));
    assert!(xml.contains("<Parameter name=\"token\" value=\""));
}

#[tokio::test]
async fn whoever_withholds_a_number_is_welcome_and_whoever_names_no_call_is_not() {
    let scene = scene(Setup::default()).await;
    for from in ["", "anonymous", "+44 20 7946 0000", "<b>"] {
        let form = [("CallSid", "CA1"), ("From", from)];
        let (status, _) = scene.post("/api/v1/webhooks/inbound-call", &form).await;
        assert_eq!(status, 200, "{from:?}");
    }
    let no_from = [("CallSid", "CA2")];
    let (status, _) = scene.post("/api/v1/webhooks/inbound-call", &no_from).await;
    assert_eq!(status, 200);
    for form in [&[][..], &[("CallSid", "")], &[("CallSid", "CA\"><x/>")]] {
        let (status, text) = scene.post("/api/v1/webhooks/inbound-call", form).await;
        assert_eq!(status, 400);
        assert!(text.starts_with("CallSid:"), "{text}");
    }
}

#[tokio::test]
async fn a_good_token_opens_its_stream_once() {
    let scene = scene(Setup::default()).await;
    let token = scene.announced("CA1").await;
    assert_eq!(scene.stream("CA1", Some(&token)).await, None);
    assert_eq!(scene.stream("CA1", Some(&token)).await, Some(1008), "spent");
    let arrived = scene.door.arrived.borrow().clone();
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].0, "MZ1");
}

#[tokio::test]
async fn a_bad_token_starts_nothing() {
    let scene = scene(Setup::default()).await;
    let token = scene.announced("CA1").await;
    assert_eq!(scene.stream("CA1", None).await, Some(1008), "missing");
    assert_eq!(
        scene.stream("CA1", Some("x")).await,
        Some(1008),
        "malformed"
    );
    assert_eq!(
        scene.stream("CA2", Some(&token)).await,
        Some(1008),
        "another call's"
    );
    let sid = CallSid::parse("CA1").expect("valid");
    let old = "2026-01-01T00:00:00Z".parse().expect("valid");
    let expired = scene.app.tokens.issue(&sid, old, [1; 16]);
    assert_eq!(
        scene.stream("CA1", Some(&expired)).await,
        Some(1008),
        "expired"
    );
    assert_eq!(scene.arrivals(), 0);
    let (_, metrics) = scene.get("/metrics").await;
    for reason in ["missing", "malformed", "forged", "expired"] {
        let line = format!("otto_calls_refused_total{{reason=\"token_{reason}\"}} 1");
        assert!(metrics.contains(&line), "{line}\n{metrics}");
    }
}

#[tokio::test]
async fn a_full_house_says_try_again_later_and_the_caller_hears_that_we_are_busy() {
    let scene = scene(Setup {
        full: true,
        ..Setup::default()
    })
    .await;
    let token = scene.announced("CA1").await;
    assert_eq!(scene.stream("CA1", Some(&token)).await, Some(1013));
    let form = [("CallSid", "CA1")];
    let (_, xml) = scene.post("/api/v1/webhooks/stream-ended", &form).await;
    assert!(xml.contains("busy") && xml.contains("<Dial "), "{xml}");
}

#[tokio::test]
async fn a_stream_that_ended_in_an_unknown_call_is_hung_up() {
    let scene = scene(Setup::default()).await;
    let form = [("CallSid", "CA404")];
    let (status, xml) = scene.post("/api/v1/webhooks/stream-ended", &form).await;
    assert_eq!(status, 200);
    assert!(xml.contains("<Response><Hangup/></Response>"), "{xml}");
}

#[tokio::test]
async fn the_media_socket_is_no_web_page() {
    let scene = scene(Setup::default()).await;
    let (status, _) = scene.get("/api/v1/voice/media-stream").await;
    assert_eq!(status, 426);
}

#[tokio::test]
async fn health_tells_of_the_database() {
    let scene = scene(Setup::default()).await;
    let (status, body) = scene.get("/health").await;
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(status, 200);
    assert_eq!(
        body,
        json!({"status": "healthy", "database": "connected", "redis": "embedded"})
    );
    assert_eq!(scene.get("/health/ready").await.0, 200);
    scene.app.store.backend.close().await;
    let (status, body) = scene.get("/health").await;
    assert_eq!(status, 503);
    assert!(body.contains("disconnected"), "{body}");
    assert_eq!(scene.get("/health/ready").await.0, 503);
    assert_eq!(scene.get("/health/live").await.0, 200);
}

#[tokio::test]
async fn the_feed_of_a_call_is_read_from_its_beginning() {
    let scene = scene(Setup::default()).await;
    scene.announced("CA1").await;
    let sid = CallSid::parse("CA1").expect("valid");
    let feed = scene.app.calls.feed(&sid).expect("announced");
    for t_ms in [0, 20] {
        feed.publish(FeedLine {
            call_sid: "CA1".to_owned(),
            t_ms,
            what: FeedEvent::Unclear,
        });
    }
    feed.close();
    let (status, body) = scene.get("/api/v1/calls/CA1/events").await;
    assert_eq!(status, 200);
    let lines: Vec<FeedLine> = body
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).expect("a feed line"))
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1].t_ms, 20);
    assert_eq!(scene.get("/api/v1/calls/CA9/events").await.0, 404);
}

#[tokio::test]
async fn the_calls_api_asks_for_the_admin_token_where_there_is_one() {
    let scene = scene(Setup {
        admin_token: Some("a long enough secret"),
        ..Setup::default()
    })
    .await;
    assert_eq!(scene.get("/api/v1/calls").await.0, 401);
    for (token, status) in [("wrong", 401), ("a long enough secret", 200)] {
        let url = format!("{}/api/v1/calls", scene.base);
        let answer = scene.http.get(url).bearer_auth(token).send().await;
        assert_eq!(answer.expect("sent").status().as_u16(), status);
    }
    assert_eq!(scene.get("/health").await.0, 200, "health stays open");
}

#[tokio::test]
async fn words_are_typed_only_where_nothing_is_recognised() {
    for (typed, status) in [(false, 409), (true, 202)] {
        let scene = scene(Setup {
            typed,
            ..Setup::default()
        })
        .await;
        let token = scene.announced("CA1").await;
        assert_eq!(scene.stream("CA1", Some(&token)).await, None);
        let url = format!("{}/api/v1/calls/CA1/typed", scene.base);
        let words = json!({"text": "an oil change please"});
        let answer = scene.http.post(&url).json(&words).send().await;
        assert_eq!(answer.expect("sent").status().as_u16(), status);
    }
}

#[tokio::test]
async fn an_oversized_body_is_refused() {
    let scene = scene(Setup::default()).await;
    let long = "x".repeat(crate::limits::MAX_BODY_BYTES);
    let form = [("CallSid", "CA1"), ("From", &long)];
    let (status, _) = scene.post("/api/v1/webhooks/inbound-call", &form).await;
    assert_eq!(status, 413);
}

#[tokio::test]
async fn idle_media_sockets_are_bounded_and_leave_room_when_they_go() {
    let scene = scene(Setup::default()).await;
    let places = u32::try_from(limits::MAX_MEDIA_HANDSHAKES).expect("small");
    let taken = Arc::clone(&scene.app.handshakes).acquire_many_owned(places - 1);
    let taken = taken.await.expect("open");
    let url = format!("{}/api/v1/voice/media-stream", scene.base).replacen("http", "ws", 1);
    let (mut idle, _) = connect_async(&url).await.expect("the last place");
    let refused = connect_async(&url).await.expect_err("no place left");
    assert!(refused.to_string().contains("503"), "{refused}");
    idle.close(None).await.expect("closed");
    while scene.app.handshakes.available_permits() == 0 {
        tokio::task::yield_now().await;
    }
    drop(taken);
    let token = scene.announced("CA1").await;
    assert_eq!(scene.stream("CA1", Some(&token)).await, None);
}

#[tokio::test]
async fn a_call_that_is_over_cannot_be_announced_again() {
    let scene = scene(Setup::default()).await;
    let token = scene.announced("CA1").await;
    assert_eq!(scene.stream("CA1", Some(&token)).await, None);
    let sid = CallSid::parse("CA1").expect("valid");
    let now = tokio::time::Instant::now();
    for stage in ["live", "ended"] {
        let form = [("CallSid", "CA1")];
        let (_, xml) = scene.post("/api/v1/webhooks/inbound-call", &form).await;
        assert!(
            xml.contains("<Response><Hangup/></Response>"),
            "{stage}: {xml}"
        );
        scene
            .app
            .calls
            .end(&sid, crate::session::Ending::HungUp, now);
    }
}

#[tokio::test]
async fn the_calls_api_is_closed_to_whoever_comes_through_a_tunnel() {
    let scene = scene(Setup::default()).await;
    assert_eq!(scene.get("/api/v1/calls").await.0, 200);
    for (name, value) in [
        ("x-forwarded-for", "198.51.100.7"),
        ("host", "evil.example"),
    ] {
        let url = format!("{}/api/v1/calls", scene.base);
        let answer = scene.http.get(url).header(name, value).send().await;
        assert_eq!(answer.expect("sent").status().as_u16(), 403, "{name}");
    }
}
