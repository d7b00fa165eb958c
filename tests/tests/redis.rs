//! Otto with a Redis server: what nodes share by it, and what a caller notices when it is gone.

use std::process::Output;
use std::sync::Arc;
use std::time::{Duration, Instant};

use control::nodes::{Link, RedisAddress, SpentEverywhere};
use control::observe::Metrics;
use control::telephony::CallSid;
use control::telephony::token::{Checked, SpentHere, SpentTokens, TokenKey};
use futures_util::{SinkExt as _, StreamExt as _};
use jiff::Timestamp;
use serde_json::{Value, json};
use storage::call_log::Outcome;
use tests::postgres::postgres;
use tests::program::{Program, command, printed, wait};
use tests::redis::{Redis, redis};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const OTTO: &str = env!("CARGO_BIN_EXE_otto-under-test");

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);
const KEY: &str = "a key that all nodes have";
const MEDIA: &str = "/api/v1/voice/media-stream";

fn node(redis: &Redis) -> Program {
    let settings = [
        ("OTTO_SPEECH", "typed"),
        ("REDIS_URL", &redis.address()),
        ("MEDIA_TOKEN_KEY", KEY),
    ];
    Program::serve_with(OTTO, &settings)
}

async fn page(node: &Program, path: &str) -> String {
    let answer = reqwest::get(format!("{}{path}", node.address())).await;
    answer.expect("answered").text().await.expect("text")
}

async fn healthy_with(node: &Program, redis: &str) {
    let wanted = format!(r#"{{"status":"healthy","database":"connected","redis":"{redis}"}}"#);
    let patience = Instant::now() + PATIENCE;
    loop {
        let health = page(node, "/health").await;
        if health == wanted {
            return;
        }
        assert!(Instant::now() < patience, "{health}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Announces a call at a node, and gives the token of its answer.
async fn announced(node: &Program, sid: &str) -> String {
    let url = format!("{}/api/v1/webhooks/inbound-call", node.address());
    let form = [("CallSid", sid), ("From", "+12175550101")];
    let answer = reqwest::Client::new().post(url).form(&form).send().await;
    let xml = answer.expect("answered").text().await.expect("text");
    let (_, rest) = xml.split_once("value=\"").expect("a token");
    rest.split_once('"').expect("its end").0.to_owned()
}

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Brings a call's stream to a node, which takes it or closes it.
async fn stream(node: &Program, sid: &str, token: &str) -> Option<Stream> {
    let url = format!("{}{MEDIA}", node.address()).replace("http://", "ws://");
    let (mut socket, _) = connect_async(url).await.expect("upgraded");
    let start = json!({"event": "start", "streamSid": "MZ1", "start": {
        "streamSid": "MZ1", "accountSid": "AC1", "callSid": sid,
        "customParameters": {"token": token}}});
    let sent = socket.send(Message::text(start.to_string())).await;
    sent.expect("the socket is open");
    let heard = tokio::time::timeout(PATIENCE, socket.next()).await;
    match heard.expect("the node answers") {
        Some(Ok(Message::Text(_))) => Some(socket),
        Some(Ok(Message::Close(frame))) => {
            assert_eq!(frame.map(|frame| u16::from(frame.code)), Some(1008));
            None
        }
        other => panic!("{other:?}"),
    }
}

async fn takes(node: &Program, sid: &str, token: &str) -> bool {
    stream(node, sid, token).await.is_some()
}

/// What a node answers to the network that asks what becomes of a caller.
async fn stream_ended(node: &Program, sid: &str) -> String {
    let url = format!("{}/api/v1/webhooks/stream-ended", node.address());
    let form = [
        ("CallSid", sid),
        ("From", "+12175550101"),
        ("To", "+12175550100"),
    ];
    let answer = reqwest::Client::new().post(url).form(&form).send().await;
    answer.expect("answered").text().await.expect("text")
}

/// The calls of all nodes, as one of them lists them.
async fn live(node: &Program) -> Vec<Value> {
    let listed = page(node, "/api/v1/calls/live").await;
    serde_json::from_str(&listed).expect("a list")
}

async fn link(address: &str) -> Arc<Link> {
    let address = RedisAddress::parse(address).expect("an address");
    let metrics = Arc::new(Metrics::new(Arc::default()));
    Arc::new(Link::start(address, metrics).await)
}

fn token(nonce: u8) -> (Checked, Timestamp) {
    let (key, now) = (TokenKey::new(KEY.as_bytes()), Timestamp::now());
    let sid = CallSid::parse("CA1").expect("valid");
    let token = key.issue(&sid, now, [nonce; 16]);
    (key.check(&sid, &token, now).expect("fresh"), now)
}

/// What every store of spent tokens promises.
async fn spends_once(store: &dyn SpentTokens) {
    let ((one, now), (other, _)) = (token(1), token(2));
    assert!(store.spend(one, now).await);
    assert!(!store.spend(one, now).await);
    assert!(store.spend(other, now).await);
}

#[tokio::test]
async fn a_token_is_spent_once_in_one_process_and_by_way_of_redis() {
    spends_once(&SpentHere::default()).await;
    let Some(redis) = redis() else { return };
    spends_once(&SpentEverywhere::new(link(&redis.address()).await)).await;
}

#[tokio::test]
async fn of_nodes_that_race_for_a_token_one_gets_it_and_redis_forgets_it_by_itself() {
    let Some(redis) = redis() else { return };
    let mut nodes = Vec::new();
    for _ in 0..8 {
        nodes.push(SpentEverywhere::new(link(&redis.address()).await));
    }
    let (token, now) = token(3);
    let race = nodes.iter().map(|node| node.spend(token, now));
    let won = futures_util::future::join_all(race).await;
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    let key = format!("otto:media-token:{}", token.nonce);
    let left: i64 = redis.says(&["PTTL", &key]).parse().expect("a time");
    assert!((60_000..=90_000).contains(&left), "{left} ms");
}

#[tokio::test]
async fn without_redis_a_node_spends_tokens_alone_without_a_wait_and_shares_again_when_it_is_back()
{
    let Some(mut redis) = redis() else { return };
    let (a, b) = (link(&redis.address()).await, link(&redis.address()).await);
    let nodes = [
        SpentEverywhere::new(a.clone()),
        SpentEverywhere::new(b.clone()),
    ];
    redis.kill();
    until(|| !a.is_up() && !b.is_up()).await;
    let (lost, now) = token(4);
    let began = Instant::now();
    assert!(nodes[0].spend(lost, now).await && !nodes[0].spend(lost, now).await);
    assert!(
        began.elapsed() < control::limits::REDIS_DEADLINE,
        "{:?}",
        began.elapsed()
    );
    redis.start_again();
    until(|| a.is_up() && b.is_up()).await;
    let (shared, now) = token(5);
    assert!(nodes[0].spend(shared, now).await && !nodes[1].spend(shared, now).await);
}

async fn until(holds: impl Fn() -> bool) {
    let patience = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < patience, "never");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn another_node_takes_a_stream_and_then_nobody_takes_it_again() {
    let Some(redis) = redis() else { return };
    let (announces, answers) = (node(&redis), node(&redis));
    let token = announced(&announces, "CA1").await;
    assert!(takes(&answers, "CA1", &token).await);
    assert!(!takes(&announces, "CA1", &token).await);
    let metrics = page(&announces, "/metrics").await;
    assert!(
        metrics.contains(r#"otto_calls_refused_total{reason="token_spent"} 1"#),
        "{metrics}"
    );
}

/// Two processes with one book and one Redis.
fn two_nodes(redis: &Redis) -> Option<[Program; 2]> {
    let database = postgres()?.database();
    let address = redis.address();
    let settings = [
        ("OTTO_SPEECH", "typed"),
        ("DATABASE_URL", database.as_str()),
        ("REDIS_URL", address.as_str()),
        ("MEDIA_TOKEN_KEY", KEY),
    ];
    Some([0, 1].map(|_| Program::serve_with(OTTO, &settings)))
}

#[tokio::test]
async fn a_call_that_one_node_announced_and_another_leads_is_known_to_both() {
    let Some(redis) = redis() else { return };
    let Some([announces, leads]) = two_nodes(&redis) else {
        return;
    };
    let token = announced(&announces, "CA1").await;
    let mut socket = stream(&leads, "CA1", &token).await.expect("taken");
    let patience = Instant::now() + PATIENCE;
    let call = loop {
        let listed = live(&announces).await;
        // Who calls is known by the number that only the other node was told.
        match listed.as_slice() {
            [call] if call["customer_id"] == 1 && call["state"] == "intent_detection" => {
                break call.clone();
            }
            _ => assert!(Instant::now() < patience, "{listed:?}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(call["call_sid"], "CA1");
    assert_eq!(call["from_number"], "…01");
    let by_who_leads = live(&leads).await;
    assert_eq!(by_who_leads.len(), 1, "{by_who_leads:?}");
    assert_eq!(by_who_leads[0]["node"], call["node"]);
    let stop = json!({"event": "stop", "streamSid": "MZ1", "stop": {
        "accountSid": "AC1", "callSid": "CA1"}});
    let hung_up = socket.send(Message::text(stop.to_string())).await;
    hung_up.expect("the socket is open");
    let said = stream_ended(&announces, "CA1").await;
    assert!(said.contains("<Hangup"), "{said}");
    assert!(!said.contains("<Dial"), "the caller has gone: {said}");
    let patience = Instant::now() + PATIENCE;
    while !live(&announces).await.is_empty() {
        assert!(Instant::now() < patience, "it goes on for ever");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let stranger = stream_ended(&announces, "CA2").await;
    assert!(!stranger.contains("<Dial"), "{stranger}");
}

#[tokio::test]
async fn a_caller_whose_node_was_killed_reaches_a_human_by_another_node() {
    let Some(redis) = redis() else { return };
    let Some([asked, mut dies]) = two_nodes(&redis) else {
        return;
    };
    let token = announced(&dies, "CA1").await;
    let _socket = stream(&dies, "CA1", &token).await.expect("taken");
    let patience = Instant::now() + PATIENCE;
    while live(&asked).await.is_empty() {
        assert!(Instant::now() < patience, "nobody tells of it");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    dies.signal("KILL");
    dies.wait();
    let said = stream_ended(&asked, "CA1").await;
    assert!(said.contains("<Dial"), "{said}");
}

#[tokio::test]
async fn callers_are_answered_while_redis_is_killed_and_after_it_is_back() {
    let Some(mut redis) = redis() else { return };
    let otto = node(&redis);
    healthy_with(&otto, "connected").await;
    let say = [
        "--speech",
        "typed",
        "--limit",
        "20",
        "--say",
        "what are your hours on saturday",
    ];
    let mut during = otto.call(&say);
    redis.kill();
    let mut without = otto.call(&say);
    healthy_with(&otto, "disconnected").await;
    let _ = (wait(&mut during), wait(&mut without));
    let metrics = page(&otto, "/metrics").await;
    assert!(
        metrics.contains(r#"otto_redis_failures_total{op="spend"}"#),
        "{metrics}"
    );
    redis.start_again();
    healthy_with(&otto, "connected").await;
    let mut after = otto.call(&say);
    let _ = wait(&mut after);
    let closed = |calls: &[storage::call_log::CallLog]| {
        calls.iter().filter(|call| call.summary.is_some()).count() == 3
    };
    for call in otto.calls(closed).await {
        let summary = call.summary.as_ref().expect("closed");
        assert_eq!(summary.outcome, Outcome::Answered, "{summary:?}");
    }
}

fn examined(redis: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output: Output = command(OTTO, folder.path(), &["doctor", "--speech", "typed"])
        .env("RUST_LOG", "off")
        .env("PORT", "0")
        .env("REDIS_URL", redis)
        .output()
        .expect("the program starts");
    let all = printed(&output);
    let line = all.lines().find(|line| line.contains(" redis: "));
    line.unwrap_or_else(|| panic!("nothing of Redis in {all}"))
        .to_owned()
}

#[test]
fn the_doctor_says_whether_redis_answers_and_shows_no_password() {
    let said = examined("");
    assert!(
        said.starts_with("ok") && said.contains("REDIS_URL is not set"),
        "{said}"
    );
    let said = examined("redis://otto:s3cret@127.0.0.1:1");
    assert!(
        said.starts_with("BROKEN") && said.contains("REDIS_URL"),
        "{said}"
    );
    assert!(!said.contains("s3cret"), "{said}");
    let Some(redis) = redis() else { return };
    let said = examined(&redis.address());
    assert!(
        said.starts_with("ok") && said.contains("answers in"),
        "{said}"
    );
}

#[tokio::test]
async fn a_node_starts_without_its_redis_and_answers() {
    let settings = [
        ("OTTO_SPEECH", "typed"),
        ("REDIS_URL", "redis://127.0.0.1:1"),
    ];
    let otto = Program::serve_with(OTTO, &settings);
    healthy_with(&otto, "disconnected").await;
    let token = announced(&otto, "CA1").await;
    assert!(takes(&otto, "CA1", &token).await);
}

#[test]
fn the_demos_five_calls_go_well_with_redis() {
    let Some(redis) = redis() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let address = redis.address();
    let played = command(
        OTTO,
        folder.path(),
        &["demo", "--speech", "typed", "--redis", &address],
    )
    .output()
    .expect("the program starts");
    let said = printed(&played);
    assert!(
        played.status.success() && said.contains("demo: 5/5"),
        "{said}"
    );
    let tokens = redis.says(&["--scan", "--pattern", "otto:media-token:*"]);
    assert_eq!(tokens.lines().count(), 5, "{tokens}");
}
