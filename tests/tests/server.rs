//! A whole server on loopback: real HTTP, the real data plane, and a carrier made of bytes.

use std::time::{Duration, Instant};

use base64_simd::STANDARD;
use control::clock::BusinessClock;
use control::config::{Config, Sources};
use control::server::Server;
use storage::Store;
use storage::call_log::CallLog;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long anything may take that is not what a test measures.
const PATIENCE: Duration = Duration::from_secs(10);

const STOP: &str = r#"{"event":"stop","streamSid":"MZ1"}"#;
const INBOUND: &str = "/api/v1/webhooks/inbound-call";

struct Scene {
    server: Server,
    base: String,
    http: reqwest::Client,
    folder: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut sources = Sources::default();
        let data_dir = folder.path().as_os_str().to_owned();
        let settings = [
            ("OTTO_DATA_DIR".into(), data_dir),
            ("OTTO_SPEECH".into(), "typed".into()),
            ("OTTO_DRAIN_SECONDS".into(), "60".into()),
            ("PORT".into(), "0".into()),
        ];
        sources.environment(settings).expect("text");
        let config = Config::parse(&sources).expect("valid settings");
        let server = Server::start(config, BusinessClock::real()).await;
        let server = server.expect("a server");
        Self {
            base: format!("http://{}", server.address()),
            http: reqwest::Client::new(),
            server,
            folder,
        }
    }

    async fn post(&self, path: &str, sid: &str) -> String {
        post(&self.http, &self.base, path, sid).await
    }

    /// The bytes with which a carrier begins the announced call's stream: the upgrade, then `start`.
    async fn opening(&self, sid: &str) -> (String, Vec<u8>) {
        let xml = self.post(INBOUND, sid).await;
        let (_, rest) = xml.split_once("value=\"").expect("a token");
        let (token, _) = rest.split_once('"').expect("its end");
        let upgrade = "GET /api/v1/voice/media-stream HTTP/1.1\r\nHost: otto\r\n\
                       Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let start = format!(
            r#"{{"event":"start","streamSid":"MZ1","start":{{"streamSid":"MZ1","accountSid":"AC1","callSid":"{sid}","customParameters":{{"token":"{token}"}}}}}}"#
        );
        (upgrade.to_owned(), frame(&start))
    }

    /// A call whose agent is heard.
    async fn call(&self, sid: &str) -> TcpStream {
        let (upgrade, start) = self.opening(sid).await;
        let mut stream = self.connect().await;
        let opening = [upgrade.into_bytes(), start].concat();
        stream.write_all(&opening).await.expect("written");
        read_until(&mut stream, b"\"media\"").await;
        stream
    }

    async fn connect(&self) -> TcpStream {
        let address = self.server.address();
        TcpStream::connect(address).await.expect("connected")
    }

    fn store(&self) -> &Store {
        self.server.store()
    }
}

async fn post(http: &reqwest::Client, base: &str, path: &str, sid: &str) -> String {
    let request = http.post(format!("{base}{path}")).form(&[("CallSid", sid)]);
    let answer = request.send().await.expect("answered");
    answer.text().await.expect("text")
}

/// A client's text frame, masked with zeros: that leaves the text as it is.
fn frame(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a short text");
    let mut frame = vec![0x81];
    if length < 126 {
        frame.push(0x80 | u8::try_from(length).expect("below 126"));
    } else {
        frame.push(0x80 | 126);
        frame.extend(length.to_be_bytes());
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

fn media() -> Vec<u8> {
    let payload = STANDARD.encode_to_string([0xff; 160]);
    frame(&format!(
        r#"{{"event":"media","streamSid":"MZ1","media":{{"track":"inbound","payload":"{payload}"}}}}"#
    ))
}

async fn read_until(stream: &mut TcpStream, wanted: &[u8]) {
    let mut got = Vec::new();
    let mut some = [0; 4_096];
    while !got.windows(wanted.len()).any(|window| window == wanted) {
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut some));
        let read = read.await.expect("in time").expect("readable");
        assert!(read > 0, "closed early: {}", String::from_utf8_lossy(&got));
        got.extend_from_slice(&some[..read]);
    }
}

/// The row of a call that has ended; waits for it.
async fn ended(store: &Store, sid: &str) -> CallLog {
    let patience = Instant::now() + PATIENCE;
    loop {
        let row = store.call_logs.by_sid(sid).await.expect("readable");
        if let Some(row) = row.filter(|row| row.summary.is_some()) {
            return row;
        }
        assert!(Instant::now() < patience, "the call never ended");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn reason(row: &CallLog) -> &str {
    row.summary.as_ref().map_or("", |s| s.end_reason.as_str())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_in_one_packet_with_start_is_not_lost() {
    let scene = Scene::new().await;
    // Only in the bytes behind `start` does the caller hang up: lost, they would leave the call on.
    let behind = [media(), media(), frame(STOP)].concat();
    for (sid, with_upgrade) in [("CA1", false), ("CA2", true)] {
        let (upgrade, start) = scene.opening(sid).await;
        let mut stream = scene.connect().await;
        let mut packet = [start, behind.clone()].concat();
        if with_upgrade {
            packet.splice(0..0, upgrade.into_bytes());
        } else {
            stream.write_all(upgrade.as_bytes()).await.expect("written");
            read_until(&mut stream, b"\r\n\r\n").await;
        }
        stream.write_all(&packet).await.expect("written");
        let row = ended(scene.store(), sid).await;
        assert_eq!(reason(&row), "the caller hung up", "{sid}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hang_up_frees_the_call_and_closes_its_log_at_once() {
    let scene = Scene::new().await;
    let mut stream = scene.call("CA1").await;
    stream.write_all(&frame(STOP)).await.expect("written");
    let hung_up = Instant::now();
    let row = ended(scene.store(), "CA1").await;
    loop {
        let page = scene.http.get(format!("{}/metrics", scene.base)).send();
        let page = page.await.expect("answered").text().await.expect("text");
        if page.contains("otto_calls_active 0") {
            break;
        }
        assert!(hung_up.elapsed() < PATIENCE, "{page}");
    }
    let took = hung_up.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(reason(&row), "the caller hung up");
    let xml = scene.post("/api/v1/webhooks/stream-ended", "CA1").await;
    assert!(xml.contains("<Hangup/>"), "{xml}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopping_server_lets_calls_finish_and_takes_no_new_ones() {
    let scene = Scene::new().await;
    let mut going_on = scene.call("CA1").await;
    let (upgrade, start) = scene.opening("CA2").await;
    let (base, http) = (scene.base.clone(), scene.http.clone());
    let (store, mut late) = (scene.store().clone(), scene.connect().await);
    let stopping = tokio::spawn(scene.server.stop(std::future::pending()));
    loop {
        let xml = post(&http, &base, INBOUND, "CA3").await;
        if xml.contains("busy") && xml.contains("<Dial ") {
            break;
        }
        assert!(xml.contains("<Stream"), "{xml}");
    }
    let opening = [upgrade.into_bytes(), start].concat();
    late.write_all(&opening).await.expect("written");
    read_until(&mut late, &1_013_u16.to_be_bytes()).await;

    going_on.write_all(&media()).await.expect("written");
    read_until(&mut going_on, b"\"media\"").await;
    assert!(!stopping.is_finished(), "a call is going on");
    let row = store.call_logs.by_sid("CA1").await.expect("readable");
    assert!(row.is_some_and(|row| row.summary.is_none()));

    going_on.write_all(&frame(STOP)).await.expect("written");
    let stopped = tokio::time::timeout(PATIENCE, stopping).await;
    stopped
        .expect("at once, not after the drain")
        .expect("no panic");
    let address = base.trim_start_matches("http://");
    TcpStream::connect(address)
        .await
        .expect_err("nobody listens");
    let book = Store::open_sqlite(&scene.folder.path().join("otto.db")).await;
    let row = ended(&book.expect("the book"), "CA1").await;
    assert_eq!(reason(&row), "the caller hung up", "not cut off");
}
