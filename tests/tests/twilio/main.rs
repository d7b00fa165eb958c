//! Twilio as a vendor: its signed webhooks in front of a whole server.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use control::clock::BusinessClock;
use control::config::{Config, Sources};
use control::feed::FeedEvent;
use control::server::Server;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use storage::appointment::{AppointmentId, Status};
use storage::call_log::{self, CallLog, CallStatus, Direction, Speaker};
use storage::consent::Channel;
use storage::customer::Phone;
use storage::reminder::{AttemptId, Claim, Intended, Intent, Kind, Outcome};
use tempfile::TempDir;
use tests::feed;
use tests::vendors::twilio::{self, AUTH_TOKEN};
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
    assert_ne!(
        summary.outcome,
        call_log::Outcome::Transferred,
        "nobody was reached"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dialled_number_decides_which_location_answers_and_whose_humans_take_over() {
    let both = format!("{}/../storage/locations", env!("CARGO_MANIFEST_DIR"));
    let scene = Scene::with(&[("OTTO_LOCATION", &both)]).await;
    for (sid, dialled, key, name, humans) in [
        ("CA1", OURS, "main", "Otto's Auto", "+12175550199"),
        (
            "CA2",
            "+12695550110",
            "north",
            "Otto's North",
            "+12695550119",
        ),
    ] {
        let form = [("CallSid", sid), ("From", JOHN), ("To", dialled)];
        let (_, xml) = scene.hook("/inbound-call", &form).await;
        let ended = format!("/stream-ended?location={key}");
        assert!(
            xml.contains(&format!("action=\"{}{HOOKS}{ended}\"", scene.base)),
            "{xml}"
        );
        let mut line = scene.stream(sid, &xml).await;
        let greeting = format!("thank you for calling {name}");
        line.during(scene.fed(sid, &greeting)).await;
        line.during(scene.heard(sid, "How can I help you?")).await;
        line.press("0").await;
        line.closed().await;
        let (_, xml) = scene.hook(&ended, &form).await;
        assert!(xml.contains(&format!("<Number>{humans}</Number>")), "{xml}");
        let result = format!("{HOOKS}/dial-result?location={key}");
        assert!(xml.contains(&result), "{xml}");
    }
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
    assert_eq!(summary.outcome, call_log::Outcome::Abandoned);
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

/// The reminder by voice of Maria's appointment, and an attempt at it that is under way.
async fn attempt_at_maria(scene: &Scene) -> (AppointmentId, AttemptId) {
    let store = scene.server.store();
    let location = storage::Location::example();
    let now = location.local(BusinessClock::real().now());
    let seeded = storage::seed::seed(store, &location, &now).await;
    seeded.expect("seeded");
    let maria = store.customers.by_phone(&phone(MARIA)).await;
    let maria = maria.expect("readable").expect("seeded").id;
    let upcoming = store.appointments.upcoming(maria, now.timestamp()).await;
    let appointment = upcoming.expect("readable").first().expect("seeded").id;
    let lease = Duration::from_secs(60);
    let claim = Claim {
        now: now.timestamp(),
        owner: "test",
        lease,
        limit: 100,
        only: None,
    };
    let rows = store.reminders.claim(&claim).await.expect("readable");
    let mut rows = rows.iter();
    let row = rows.find(|row| row.appointment == appointment && row.kind == Kind::Voice);
    let attempt = AttemptId::new(7);
    let intent = Intent {
        reminder: row.expect("written with the booking").id,
        owner: "test",
        attempt: &attempt,
        to: &phone(MARIA),
        channel: Channel::Voice,
        at: now.timestamp(),
        lease,
    };
    let intended = store.reminders.intend(&intent).await.expect("writable");
    assert_eq!(intended, Intended::Committed);
    (appointment, attempt)
}

const OF_OURS: [(&str, &str); 4] = [
    ("CallSid", "CA1"),
    ("From", OURS),
    ("To", MARIA),
    ("Direction", "outbound-api"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_who_says_that_they_will_come_is_confirmed_and_the_attempt_concluded() {
    let scene = Scene::new().await;
    let (appointment, attempt) = attempt_at_maria(&scene).await;
    let hook = format!(
        "/outbound-reminder?appointment_id={}&attempt={attempt}",
        appointment.0
    );
    let (_, xml) = scene.hook(&hook, &OF_OURS).await;
    let mut line = scene.stream("CA1", &xml).await;
    line.during(scene.heard("CA1", "Can you make it?")).await;
    line.press("1").await;
    line.closed().await;
    let row = scene.row("CA1", |row| row.summary.is_some()).await;
    let summary = row.summary.expect("closed");
    let said = |words: &str| {
        summary
            .transcript
            .iter()
            .any(|line| line.text.contains(words))
    };
    assert!(said("We will see you"), "{:?}", summary.transcript);
    assert_eq!(summary.appointment, Some(appointment));
    let store = scene.server.store();
    let booked = store.appointments.by_id(appointment).await;
    let status = booked.expect("readable").expect("there").status;
    assert_eq!(status, Status::Confirmed);
    let patience = Instant::now() + Duration::from_secs(10);
    loop {
        let known = store.reminders.attempt(&attempt).await.expect("readable");
        let known = known.expect("it was committed");
        assert_eq!(known.call_sid.as_deref(), Some("CA1"));
        if known.result == Some(Outcome::Confirmed) {
            break;
        }
        assert!(Instant::now() < patience, "{known:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_hears_the_message_in_place_of_the_question() {
    let scene = Scene::new().await;
    let (appointment, _) = attempt_at_maria(&scene).await;
    let hook = format!("/outbound-reminder?appointment_id={}", appointment.0);
    let (_, xml) = scene.hook(&hook, &OF_OURS).await;
    let mut line = scene.stream("CA1", &xml).await;
    line.during(scene.fed("CA1", "Hello Maria")).await;
    let machine = [("CallSid", "CA1"), ("AnsweredBy", "machine_end_beep")];
    let (status, _) = scene.hook("/amd", &machine).await;
    assert_eq!(status, 204);
    line.closed().await;
    let row = scene.row("CA1", |row| row.summary.is_some()).await;
    let said = row.summary.expect("closed").transcript;
    let message = "with a reminder of your appointment";
    assert!(
        said.iter().any(|line| line.text.contains(message)),
        "{said:?}"
    );
    assert!(said.iter().all(|line| line.speaker == Speaker::Agent));
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

fn phone(text: &str) -> Phone {
    Phone::parse(text).expect("valid")
}
