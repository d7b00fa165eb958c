//! Twilio as a vendor: its signed webhooks in front of a whole server, and its REST API.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use control::clock::BusinessClock;
use control::config::{Config, Sources};
use control::feed::FeedEvent;
use control::server::Server;
use control::telephony::CallSid;
use control::telephony::rest::{
    CallFilter, NewCall, NewMessage, Rest, RestError, Sender, Sent, TwimlOrUrl,
};
use futures_util::{SinkExt as _, StreamExt as _};
use pipeline::metrics::Metrics;
use pipeline::vendor::{Vendor, VendorErrorKind};
use serde_json::{Value, json};
use storage::call_log::{CallLog, CallStatus, Direction, Outcome};
use storage::customer::Phone;
use tempfile::TempDir;
use tests::feed;
use tests::vendors::twilio::{self, AUTH_TOKEN, Fault, Twilio, value};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long anything may take that is not what a test measures.
const PATIENCE: Duration = Duration::from_secs(20);

const HOOKS: &str = "/api/v1/webhooks";
const MEDIA: &str = "/api/v1/voice/media-stream";
const JOHN: &str = "+12175550101";
const MARIA: &str = "+12175550102";
const OURS: &str = "+12175550100";

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A server that knows the account's token.
struct Scene {
    server: Server,
    base: String,
    http: reqwest::Client,
    _folder: TempDir,
}

impl Scene {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    async fn with(settings: &[(&str, &str)]) -> Self {
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
            http: reqwest::Client::new(),
            server,
            _folder: folder,
        }
    }

    /// A webhook as Twilio posts it.
    async fn hook(&self, path: &str, form: &[(&str, &str)]) -> (u16, String) {
        let url = format!("{}{HOOKS}{path}", self.base);
        let signature = twilio::signed_form(&url, form);
        self.post(&url, Some(&signature), form).await
    }

    async fn post(
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

    async fn get(&self, path: &str) -> String {
        let answer = self.http.get(format!("{}{path}", self.base)).send();
        answer.await.expect("answered").text().await.expect("text")
    }

    /// Opens a media socket, with this signature.
    async fn upgrade(&self, path: &str, signature: Option<String>) -> Result<Socket, Error> {
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
    async fn stream(&self, sid: &str, xml: &str) -> Line {
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
    async fn fed(&self, sid: &str, words: &str) {
        self.follow(sid, words, |_| true).await;
    }

    /// Waits until the caller has heard these words to their end.
    async fn heard(&self, sid: &str, words: &str) {
        self.follow(sid, words, |line| {
            matches!(line, FeedEvent::AgentFinished { .. })
        })
        .await;
    }

    /// Reads a call's feed up to the line about the utterance with these words that `until` wants.
    async fn follow(&self, sid: &str, words: &str, until: fn(&FeedEvent) -> bool) {
        let (mut wanted, mut found) = (None, false);
        let reading = feed::read(&self.base, sid, |what| {
            let utterance = match &what {
                FeedEvent::Agent {
                    utterance, text, ..
                } if text.contains(words) => {
                    wanted = Some(*utterance);
                    wanted
                }
                FeedEvent::AgentFinished { utterance } => Some(*utterance),
                _ => None,
            };
            found = utterance.is_some() && utterance == wanted && until(&what);
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
    async fn row(&self, sid: &str, until: impl Fn(&CallLog) -> bool) -> CallLog {
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
struct Line {
    socket: Socket,
}

impl Line {
    async fn say(&mut self, message: Value) {
        let message = Message::text(message.to_string());
        self.socket.send(message).await.expect("sent");
    }

    async fn press(&mut self, digit: &str) {
        let dtmf = json!({"track": "inbound_track", "digit": digit});
        self.say(json!({"event": "dtmf", "streamSid": "MZ1", "dtmf": dtmf}))
            .await;
    }

    async fn hang_up(&mut self) {
        self.say(json!({"event": "stop", "streamSid": "MZ1"})).await;
    }

    /// Echoes marks for as long as `meanwhile` takes.
    async fn during<T>(&mut self, meanwhile: impl Future<Output = T>) -> T {
        let mut meanwhile = std::pin::pin!(meanwhile);
        loop {
            tokio::select! {
                done = meanwhile.as_mut() => return done,
                heard = self.echo() => assert!(heard, "the stream was closed"),
            }
        }
    }

    async fn closed(&mut self) {
        let closing = async { while self.echo().await {} };
        let closed = tokio::time::timeout(PATIENCE, closing).await;
        closed.expect("the agent hands the caller over");
    }

    /// Takes a message; false after the last.
    async fn echo(&mut self) -> bool {
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

// ---- signatures -------------------------------------------------------------

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_twilio_signed_gets_an_answer() {
    let scene = Scene::new().await;
    let form = [("CallSid", "CA1"), ("From", JOHN), ("New", "yes & no")];
    let (status, xml) = scene.hook("/inbound-call", &form).await;
    assert_eq!(status, 200, "{xml}");
    assert!(xml.contains("<Stream"), "{xml}");

    let url = format!("{}{HOOKS}/inbound-call", scene.base);
    let signature = twilio::signed_form(&url, &form);
    let (status, said) = scene.post(&url, None, &form).await;
    assert_eq!(status, 403);
    assert!(said.starts_with("X-Twilio-Signature: missing"), "{said}");
    let altered = [("CallSid", "CA2"), ("From", JOHN), ("New", "yes & no")];
    let elsewhere = format!("{}{HOOKS}/stream-ended", scene.base);
    let with_query = format!("{url}?a=1");
    for (url, signature, form) in [
        (&url, "nonsense", &form),
        (&url, signature.as_str(), &altered),
        (&elsewhere, signature.as_str(), &form),
        (&with_query, signature.as_str(), &form),
    ] {
        let (status, said) = scene.post(url, Some(signature), form).await;
        assert_eq!(status, 403, "{url}");
        assert!(said.starts_with("X-Twilio-Signature:"), "{said}");
        assert!(!said.contains(AUTH_TOKEN));
    }
    let page = scene.get("/metrics").await;
    for (reason, count) in [("missing", 1), ("malformed", 1), ("wrong", 3)] {
        let line = format!("otto_webhooks_refused_total{{reason=\"{reason}\"}} {count}");
        assert!(page.contains(&line), "{line}\n{page}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_webhook_is_closed_to_strangers_and_none_asks_them_for_more() {
    let scene = Scene::new().await;
    for hook in [
        "/inbound-call",
        "/outbound-reminder?appointment_id=1",
        "/stream-ended",
        "/dial-result",
        "/call-status",
        "/stream-status",
        "/amd",
        "/recording",
        "/sms",
    ] {
        let url = format!("{}{HOOKS}{hook}", scene.base);
        let (status, _) = scene.post(&url, None, &[("CallSid", "CA1")]).await;
        assert_eq!(status, 403, "{hook}");
        let (status, said) = scene.hook(hook, &[("Unknown", "1")]).await;
        assert_eq!(status, 400, "{hook}: signed, but nothing in it");
        assert!(said.contains("Sid: expected"), "{hook}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_url_is_the_configured_one_whatever_the_request_says_of_its_host() {
    let scene = Scene::with(&[("BASE_URL", "https://otto.example")]).await;
    let form = [("CallSid", "CA1")];
    let local = format!("{}{HOOKS}/inbound-call", scene.base);
    let port = "https://otto.example:443/api/v1/webhooks/inbound-call";
    let public = "https://otto.example/api/v1/webhooks/inbound-call";
    for (signed_for, status) in [(public, 200), (port, 200), (local.as_str(), 403)] {
        let signature = twilio::signed_form(signed_for, &form);
        let answer = scene.post(&local, Some(&signature), &form).await;
        assert_eq!(answer.0, status, "{signed_for}");
    }
    // A query and its escapes are signed as they stand.
    let path = "/outbound-reminder?appointment_id=7&note=a%2Fb";
    let url = format!("https://otto.example{HOOKS}{path}");
    let signature = twilio::signed_form(&url, &form);
    let local = format!("{}{HOOKS}{path}", scene.base);
    let (status, xml) = scene.post(&local, Some(&signature), &form).await;
    assert_eq!(status, 200, "{xml}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_media_socket_opens_to_the_url_of_our_twiml_alone() {
    let plain = Scene::new().await;
    let secure = Scene::with(&[("BASE_URL", "https://otto.example")]).await;
    let host = plain.base.trim_start_matches("http://");
    for (scene, signed_for, opens) in [
        (&plain, format!("ws://{host}{MEDIA}"), true),
        (&plain, format!("http://{host}{MEDIA}"), true),
        (&plain, format!("wss://{host}{MEDIA}"), false),
        (&plain, format!("ws://{host}{MEDIA}/"), false),
        (&secure, format!("wss://otto.example{MEDIA}"), true),
        (&secure, format!("wss://otto.example:443{MEDIA}"), true),
        (&secure, format!("https://otto.example{MEDIA}"), true),
        (&secure, format!("ws://otto.example{MEDIA}"), false),
    ] {
        let signature = twilio::signed_upgrade(&signed_for);
        let opened = scene.upgrade(MEDIA, Some(signature)).await;
        assert_eq!(opened.is_ok(), opens, "{signed_for}");
    }
    let refused = plain.upgrade(MEDIA, None).await.expect_err("unsigned");
    assert!(refused.to_string().contains("403"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_body_is_refused_before_anything_is_computed() {
    let scene = Scene::new().await;
    let long = "x".repeat(control::limits::MAX_BODY_BYTES);
    let (status, _) = scene
        .hook("/sms", &[("MessageSid", "SM1"), ("Body", &long)])
        .await;
    assert_eq!(status, 413);
}

// ---- calls ------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_whom_no_human_takes_is_back_with_the_agent_and_may_ask_to_be_called_back() {
    let scene = Scene::new().await;
    let form = [("CallSid", "CA1"), ("From", JOHN), ("To", OURS)];
    let (_, xml) = scene.hook("/inbound-call", &form).await;
    let mut line = scene.stream("CA1", &xml).await;
    line.during(scene.heard("CA1", "How can I help you?")).await;
    line.press("0").await;
    line.closed().await;

    let (_, xml) = scene.hook("/stream-ended", &form).await;
    let action = format!("action=\"{}{HOOKS}/dial-result\"", scene.base);
    for part in [
        "<Dial timeout=\"25\"",
        &action,
        "answerOnBridge=\"true\"",
        &format!("callerId=\"{OURS}\""),
        "<Number>",
    ] {
        assert!(xml.contains(part), "{part}: {xml}");
    }

    let unanswered = [form.as_slice(), &[("DialCallStatus", "no-answer")]].concat();
    let (_, first) = scene.hook("/dial-result", &unanswered).await;
    let (_, again) = scene.hook("/dial-result", &unanswered).await;
    assert!(first.contains("<Stream"), "{first}");
    assert_ne!(first, again, "a token of its own");
    let mut line = scene.stream("CA1", &again).await;
    line.during(scene.heard("CA1", "Shall one of them call you back?"))
        .await;
    line.press("1").await;
    line.during(scene.heard("CA1", "will call you back.")).await;
    line.hang_up().await;

    let both_parts = |row: &CallLog| {
        let summary = row.summary.as_ref();
        summary.is_some_and(|s| s.end_reason == "the caller hung up")
    };
    let row = scene.row("CA1", both_parts).await;
    let summary = row.summary.expect("closed");
    assert!(summary.required_human_transfer);
    assert!(summary.tools_used.iter().any(|t| t == "transfer_to_human"));
    let said = |words: &str| summary.transcript.iter().any(|l| l.text.contains(words));
    assert!(said("thank you for calling"), "{:?}", summary.transcript);
    assert!(said("none of my colleagues"), "{:?}", summary.transcript);
    assert!(said("will call you back"), "{:?}", summary.transcript);
    assert_ne!(summary.outcome, Outcome::Transferred, "nobody was reached");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_talked_to_a_human_is_let_go_and_whoever_was_not_transferred_too() {
    let scene = Scene::new().await;
    let hung_up = "<Response><Hangup/></Response>";
    for result in ["completed", "answered"] {
        let form = [("CallSid", "CA1"), ("DialCallStatus", result)];
        let (_, xml) = scene.hook("/dial-result", &form).await;
        assert!(xml.contains(hung_up), "{result}: {xml}");
    }
    let gone = [
        ("CallSid", "CA2"),
        ("DialCallStatus", "canceled"),
        ("CallStatus", "completed"),
    ];
    let (_, xml) = scene.hook("/dial-result", &gone).await;
    assert!(xml.contains(hung_up), "the caller hung up meanwhile: {xml}");
    let (_, xml) = scene.hook("/inbound-call", &[("CallSid", "CA3")]).await;
    let mut line = scene.stream("CA3", &xml).await;
    line.during(scene.fed("CA3", "How can I help you?")).await;
    let form = [("CallSid", "CA3"), ("DialCallStatus", "busy")];
    let (_, xml) = scene.hook("/dial-result", &form).await;
    assert!(xml.contains(hung_up), "it goes on: {xml}");
    let (status, said) = scene.hook("/dial-result", &[("CallSid", "CA3")]).await;
    assert_eq!(status, 400);
    assert!(said.starts_with("DialCallStatus: expected"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statuses_count_by_their_own_order() {
    let scene = Scene::new().await;
    let form = [("CallSid", "CA1"), ("From", JOHN)];
    let (_, xml) = scene.hook("/inbound-call", &form).await;
    let mut line = scene.stream("CA1", &xml).await;
    line.during(scene.fed("CA1", "How can I help you?")).await;
    line.hang_up().await;
    scene.row("CA1", |row| row.summary.is_some()).await;
    let statuses: [&[(&str, &str)]; 4] = [
        &[
            ("CallStatus", "completed"),
            ("CallDuration", "42"),
            ("SequenceNumber", "3"),
        ],
        &[("CallStatus", "in-progress"), ("SequenceNumber", "2")],
        &[("CallStatus", "ringing")],
        &[
            ("CallStatus", "completed"),
            ("CallDuration", "41"),
            ("SequenceNumber", "3"),
        ],
    ];
    for status in statuses {
        let status = [form.as_slice(), status].concat();
        let (code, _) = scene.hook("/call-status", &status).await;
        assert_eq!(code, 204);
    }
    // Notes are written in their order: after this one all are.
    let (code, _) = scene
        .hook(
            "/call-status",
            &[("CallSid", "CA9"), ("CallStatus", "busy")],
        )
        .await;
    assert_eq!(code, 204);
    scene.row("CA9", |_| true).await;
    let row = scene.row("CA1", |row| row.network.is_some()).await;
    let network = row.network.expect("told");
    assert_eq!(network.status, CallStatus::Completed);
    assert_eq!((network.duration_s, network.sequence), (Some(42), 3));
    let reason = row.summary.map(|summary| summary.end_reason);
    assert_eq!(reason.as_deref(), Some("the caller hung up"), "ours stands");
    for (name, wrong) in [
        (
            "CallStatus",
            [("CallStatus", "dancing"), ("SequenceNumber", "1")],
        ),
        (
            "CallDuration",
            [("CallStatus", "completed"), ("CallDuration", "long")],
        ),
        (
            "SequenceNumber",
            [("CallStatus", "completed"), ("SequenceNumber", "-1")],
        ),
    ] {
        let form = [form.as_slice(), &wrong].concat();
        let (code, said) = scene.hook("/call-status", &form).await;
        assert_eq!(code, 400);
        assert!(said.starts_with(&format!("{name}: expected")), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_over_before_its_stream_is_in_the_log_and_takes_none_any_more() {
    let scene = Scene::new().await;
    let form = [("CallSid", "CA1"), ("From", JOHN), ("To", OURS)];
    let (_, xml) = scene.hook("/inbound-call", &form).await;
    for _ in 0..2 {
        let over = [form.as_slice(), &[("CallStatus", "canceled")]].concat();
        assert_eq!(scene.hook("/call-status", &over).await.0, 204);
    }
    let row = scene.row("CA1", |row| row.summary.is_some()).await;
    assert_eq!(row.call.direction, Direction::Inbound);
    let summary = row.summary.expect("closed");
    assert_eq!(summary.outcome, Outcome::Abandoned);
    assert_eq!(summary.end_reason, "over before a word was said: canceled");
    let mut line = scene.stream("CA1", &xml).await;
    line.closed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_is_about_an_appointment_that_is_to_come() {
    let scene = Scene::new().await;
    let store = scene.server.store();
    let location = storage::Location::example();
    let now = location.local(BusinessClock::real().now());
    storage::seed::seed(store, &location, &now)
        .await
        .expect("seeded");
    let maria = store.customers.by_phone(&phone(MARIA)).await;
    let maria = maria.expect("readable").expect("seeded").id;
    let booked = store.appointments.upcoming(maria, now.timestamp()).await;
    let booked = booked.expect("readable").first().expect("seeded").id;

    let mut form = [
        ("CallSid", "CA1"),
        ("From", OURS),
        ("To", MARIA),
        ("Direction", "outbound-api"),
    ];
    for (n, wrong) in ["", "0", "-1", "seven", "999999", "99999999999999999999"]
        .iter()
        .enumerate()
    {
        let mut form = form;
        let sid = format!("CA-{n}");
        form[0].1 = &sid;
        let hook = format!("/outbound-reminder?appointment_id={wrong}");
        let (status, xml) = scene.hook(&hook, &form).await;
        assert_eq!(status, 200, "{wrong}");
        assert!(
            xml.contains("<Say") && xml.contains("<Hangup/>"),
            "{wrong}: {xml}"
        );
        assert!(!xml.contains("<Stream"), "{wrong}: {xml}");
    }
    let hook = format!("/outbound-reminder?appointment_id={}", booked.0);
    let (_, xml) = scene.hook(&hook, &form).await;
    let mut line = scene.stream("CA1", &xml).await;
    // Whom we called is who is greeted.
    line.during(scene.fed("CA1", "Hello Maria")).await;
    line.hang_up().await;
    let row = scene.row("CA1", |row| row.summary.is_some()).await;
    assert_eq!(row.call.direction, Direction::Outbound);
    assert_eq!(row.call.to_number.as_deref(), Some(MARIA));

    store
        .appointments
        .cancel(booked, "sold")
        .await
        .expect("cancelled");
    form[0].1 = "CA2";
    let (_, xml) = scene.hook(&hook, &form).await;
    assert!(!xml.contains("<Stream"), "nothing to be reminded of: {xml}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_network_tells_is_kept_once_and_masked() {
    let scene = Scene::new().await;
    let told: [(&str, &[(&str, &str)]); 4] = [
        (
            "/amd",
            &[
                ("CallSid", "CA1"),
                ("AnsweredBy", "machine_end_beep"),
                ("MachineDetectionDuration", "3200"),
            ],
        ),
        (
            "/recording",
            &[
                ("CallSid", "CA1"),
                ("RecordingSid", "RE1"),
                ("RecordingStatus", "completed"),
                ("RecordingDuration", "12"),
            ],
        ),
        (
            "/stream-status",
            &[
                ("CallSid", "CA1"),
                ("StreamSid", "MZ1"),
                ("StreamEvent", "stream-error"),
                ("StreamError", "31921"),
            ],
        ),
        (
            "/sms",
            &[
                ("MessageSid", "SM1"),
                ("From", JOHN),
                ("Body", "STOP, I was born March 14th 1985"),
            ],
        ),
    ];
    for _ in 0..2 {
        for (hook, form) in told {
            let (status, said) = scene.hook(hook, form).await;
            if hook == "/sms" {
                assert!(said.contains("no more calls or messages"), "{said}");
            } else {
                assert_eq!(status, 204, "{hook}: {said}");
            }
        }
    }
    let (status, _) = scene
        .hook(
            "/call-status",
            &[("CallSid", "CA9"), ("CallStatus", "busy")],
        )
        .await;
    assert_eq!(status, 204);
    scene.row("CA9", |_| true).await;
    let logs = &scene.server.store().call_logs;
    let kinds: Vec<(String, Value)> = logs
        .events("CA1")
        .await
        .expect("readable")
        .into_iter()
        .map(|event| (event.kind, event.detail))
        .collect();
    assert_eq!(
        kinds,
        [
            (
                "amd".to_owned(),
                json!({"answered_by": "machine_end_beep", "took_ms": 3200})
            ),
            (
                "recording".to_owned(),
                json!({"recording_sid": "RE1", "status": "completed", "duration_s": 12})
            ),
            (
                "stream".to_owned(),
                json!({"stream_sid": "MZ1", "event": "stream-error", "error": "31921"})
            ),
        ]
    );
    let messages = logs.events("SM1").await.expect("readable");
    assert_eq!(messages.len(), 1);
    let text = messages[0].detail.to_string();
    assert!(text.contains("STOP") && text.contains("…01"), "{text}");
    assert!(!text.contains("1985") && !text.contains("555"), "{text}");
    let page = scene.get("/metrics").await;
    let line = "otto_network_events_total{kind=\"amd\",what=\"machine_end_beep\"} 2";
    assert!(page.contains(line), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_are_answered_at_once_under_load() {
    let scene = Arc::new(Scene::new().await);
    let workers = (0..8).map(|worker| {
        let scene = Arc::clone(&scene);
        tokio::spawn(async move {
            let mut took = Vec::new();
            for n in 0..100 {
                let sid = format!("CA-{worker}-{n}");
                let form = [("CallSid", sid.as_str()), ("From", JOHN), ("To", OURS)];
                let began = Instant::now();
                let (status, _) = scene.hook("/inbound-call", &form).await;
                took.push(began.elapsed());
                assert_eq!(status, 200);
            }
            took
        })
    });
    let mut took = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        took.extend(worker.await.expect("no panic"));
    }
    took.sort();
    let p95 = took[took.len() * 95 / 100];
    println!("p50 {:?}, p95 {p95:?}", took[took.len() / 2]);
    // A busy machine is slower than the 10 ms we aim at; a wait for anything is slower still.
    assert!(p95 < Duration::from_millis(250), "{p95:?}");
}

// ---- REST -------------------------------------------------------------------

struct Api {
    twilio: Twilio,
    rest: Rest,
    metrics: Arc<Metrics>,
}

impl Api {
    async fn new() -> Self {
        let twilio = Twilio::start().await;
        let metrics = Arc::<Metrics>::default();
        let deadline = Duration::from_millis(500);
        let rest = Rest::with_deadline(twilio.account(), Arc::clone(&metrics), deadline);
        Self {
            twilio,
            rest,
            metrics,
        }
    }

    fn errors(&self, kind: VendorErrorKind) -> u64 {
        self.metrics.vendor_errors.count_of(Vendor::Twilio, kind)
    }
}

fn phone(text: &str) -> Phone {
    Phone::parse(text).expect("valid")
}

fn new_call() -> NewCall {
    NewCall {
        to: phone(JOHN),
        from: phone(OURS),
        answered: TwimlOrUrl::Url("https://otto.example/hook".to_owned()),
        status_callback: Some("https://otto.example/status".to_owned()),
        timeout: None,
        detection: None,
    }
}

fn message() -> NewMessage {
    NewMessage {
        to: phone(JOHN),
        sender: Sender::Number(phone(OURS)),
        body: "See you tomorrow".to_owned(),
        status_callback: None,
    }
}

fn sid(text: &str) -> CallSid {
    CallSid::parse(text).expect("valid")
}

#[tokio::test]
async fn a_call_is_placed_once_however_the_answer_gets_lost() {
    let api = Api::new().await;
    let Ok(Sent::Done(call)) = api.rest.create_call(&new_call()).await else {
        panic!("it works");
    };
    assert_eq!(call.status, "queued");
    for fault in [
        Fault::DoneThenSilent,
        Fault::DoneThenDropped,
        Fault::Garbage,
        Fault::Status(502),
    ] {
        let before = api.twilio.requests();
        api.twilio.faults.inject(fault.clone());
        assert_eq!(
            api.rest.create_call(&new_call()).await,
            Ok(Sent::Unknown),
            "{fault:?}"
        );
        assert_eq!(
            api.rest.send_message(&message()).await,
            Ok(Sent::Unknown),
            "{fault:?}"
        );
        assert_eq!(
            api.twilio.requests() - before,
            2,
            "{fault:?}: asked once each"
        );
    }
    assert_eq!(api.errors(VendorErrorKind::TimedOut), 2);
    assert_eq!(api.errors(VendorErrorKind::Dropped), 2);
    assert_eq!(api.errors(VendorErrorKind::Failed), 2);
    assert_eq!(api.twilio.calls().len(), 4, "it was placed all the same");
}

#[tokio::test]
async fn what_twilio_had_no_time_for_is_asked_again() {
    let api = Api::new().await;
    api.twilio.faults.inject(Fault::TooMany(2));
    let placed = api.rest.create_call(&new_call()).await;
    assert!(matches!(placed, Ok(Sent::Done(_))), "{placed:?}");
    assert_eq!(api.twilio.calls().len(), 1);
    assert_eq!(api.twilio.requests(), 3);
    assert_eq!(api.errors(VendorErrorKind::RateLimited), 2);
    api.twilio.faults.inject(Fault::TooMany(usize::MAX));
    let refused = api.rest.create_call(&new_call()).await;
    assert_eq!(refused, Err(RestError::RateLimited { code: 20_429 }));
    assert_eq!(api.twilio.calls().len(), 1);
}

#[tokio::test]
async fn nothing_was_placed_where_nobody_listened() {
    let mut api = Api::new().await;
    api.twilio.unplug().await;
    let refused = api.rest.create_call(&new_call()).await;
    assert_eq!(refused, Err(RestError::Connect));
    assert_eq!(api.errors(VendorErrorKind::Connect), 4, "every attempt");
}

#[tokio::test]
async fn a_line_is_closed_and_one_that_is_closed_already_is_as_good() {
    let api = Api::new().await;
    api.twilio.add_call("CA1", JOHN);
    for _ in 0..2 {
        assert_eq!(api.rest.hang_up(&sid("CA1")).await, Ok(()));
    }
    let call = api.rest.call(&sid("CA1")).await.expect("answered");
    assert_eq!(call.expect("known").status, "completed");
    assert_eq!(api.rest.hang_up(&sid("CA404")).await, Ok(()), "never was");
    assert_eq!(api.rest.call(&sid("CA404")).await, Ok(None));
    let calls = api.twilio.calls();
    assert_eq!(calls[0].updates.len(), 1);
    assert_eq!(value(&calls[0].updates[0], "Status"), Some("completed"));
    // To hang up twice does no harm.
    api.twilio.add_call("CA2", JOHN);
    api.twilio.faults.inject(Fault::DoneThenDropped);
    let broken = api.rest.hang_up(&sid("CA2")).await;
    assert_eq!(broken, Err(RestError::Dropped));
    assert_eq!(api.twilio.calls()[0].status, "completed");
}

#[tokio::test]
async fn a_caller_is_handed_over_by_twiml_and_rung_through_once() {
    let api = Api::new().await;
    api.twilio.add_call("CA1", JOHN);
    let dial = TwimlOrUrl::Twiml("<Response><Dial>+12175550100</Dial></Response>".to_owned());
    assert_eq!(api.rest.redirect(&sid("CA1"), &dial).await, Ok(()));
    api.twilio.faults.inject(Fault::DoneThenDropped);
    let broken = api.rest.redirect(&sid("CA1"), &dial).await;
    assert_eq!(broken, Err(RestError::Dropped));
    let updates = api.twilio.calls().remove(0).updates;
    assert_eq!(updates.len(), 2, "not a third time");
    assert!(value(&updates[0], "Twiml").is_some_and(|twiml| twiml.contains("<Dial>")));
}

#[tokio::test]
async fn calls_are_listed_page_by_page() {
    let api = Api::new().await;
    for n in 0..250 {
        let from = if n % 50 == 0 { OURS } else { JOHN };
        api.twilio.add_call(&format!("CA{n}"), from);
    }
    let from = |number| CallFilter {
        from: Some(phone(number)),
        ..CallFilter::default()
    };
    let all = api.rest.calls(&from(JOHN)).await.expect("listed");
    assert_eq!(all.len(), 245);
    assert_eq!(all[0].sid, "CA249", "the newest first");
    assert_eq!(api.twilio.requests(), 3);
    let few = api.rest.calls(&from(OURS)).await.expect("listed");
    assert_eq!(few.len(), 5);
    let later = CallFilter {
        since: "2026-11-23T15:00:01Z".parse().ok(),
        ..from(OURS)
    };
    assert_eq!(
        api.rest.calls(&later).await,
        Ok(Vec::new()),
        "to the second"
    );
}

#[tokio::test]
async fn who_opted_out_is_told_apart_from_every_other_refusal() {
    let api = Api::new().await;
    let sent = api.rest.send_message(&message()).await;
    assert!(matches!(sent, Ok(Sent::Done(_))), "{sent:?}");
    let sent = api.twilio.messages();
    assert_eq!(value(&sent[0], "Body"), Some("See you tomorrow"));
    api.twilio.faults.inject(Fault::Code(21_610));
    assert_eq!(
        api.rest.send_message(&message()).await,
        Err(RestError::OptedOut)
    );
    api.twilio.faults.inject(Fault::Code(21_211));
    let refused = api
        .rest
        .send_message(&message())
        .await
        .expect_err("refused");
    assert_eq!(
        refused,
        RestError::Refused {
            status: 400,
            code: 21_211
        }
    );
    assert!(!refused.to_string().contains("555"), "{refused}");
    assert_eq!(api.twilio.requests(), 3, "neither is asked again");
}

#[tokio::test]
async fn an_account_answers_for_itself_or_by_its_calls() {
    let api = Api::new().await;
    let sentence = api.rest.probe().await.expect("well");
    assert!(sentence.contains("active"), "{sentence}");
    api.twilio.faults.inject(Fault::NoAccountResource);
    let sentence = api.rest.probe().await.expect("well");
    assert!(sentence.contains("listed"), "{sentence}");
    let mut account = api.twilio.account();
    account.secret = "another".to_owned().into();
    let stranger = Rest::new(account, Arc::default());
    let refused = stranger.probe().await.expect_err("a stranger");
    assert!(
        refused.to_string().contains("TWILIO_AUTH_TOKEN"),
        "{refused}"
    );
}
