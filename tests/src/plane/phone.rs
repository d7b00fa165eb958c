//! A caller's telephone at the far end of a carrier: plays in real time what it gets, returns
//! marks when their audio has been played (or cleared), and sends a frame every 20 ms.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use base64_simd::STANDARD;
use futures_util::{SinkExt, StreamExt};
use pipeline::limits::MARK_OVERDUE;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::audio::SpokenLine;

/// The stream id of every phone.
pub const STREAM_SID: &str = "MZ00000000000000000000000000000001";

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(10);

const FRAME: usize = 160;
const SILENCE: u8 = 0xFF;

/// What happened at the phone, and when.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// The first voiced frame of a spoken line was sent.
    VoiceSent,
    /// Agent audio arrived.
    Media(Vec<u8>),
    Mark(String),
    Clear,
    /// The server said goodbye, or just went.
    Closed(Option<u16>),
}

/// A phone in a call.
#[derive(Debug)]
pub struct Phone {
    wishes: mpsc::UnboundedSender<Wish>,
    diary: watch::Sender<Diary>,
}

/// All that a phone has seen and played.
#[derive(Debug, Default)]
struct Diary {
    seen: Vec<(Instant, Seen)>,
    played: Vec<u8>,
    /// The greatest delay of a tick of its clock.
    lateness: Duration,
}

enum Wish {
    Speak(SpokenLine),
    Play(Vec<Vec<u8>>),
    Send(Message),
    MuteMicrophone,
    DropLine,
}

impl Phone {
    /// Puts a phone at this end of a connection whose upgrade is done.
    pub async fn connect(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("a socket option");
        let socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
        let (wishes, wishes_out) = mpsc::unbounded_channel();
        let diary = watch::Sender::<Diary>::default();
        let line = Line {
            socket,
            wishes: wishes_out,
            diary: diary.clone(),
            buffer: VecDeque::new(),
            marks: VecDeque::new(),
            received: 0,
            played: 0,
            microphone: VecDeque::new(),
            muted: false,
            sequence: 1,
        };
        tokio::spawn(line.run());
        Self { wishes, diary }
    }

    /// Speaks a line, beginning with the next frame.
    pub fn speak(&self, line: SpokenLine) {
        self.wish(Wish::Speak(line));
    }

    /// Sends these frames of 20 ms, one after the other, whatever they are.
    pub fn play(&self, frames: Vec<Vec<u8>>) {
        self.wish(Wish::Play(frames));
    }

    /// Sends any message, as a broken carrier would.
    pub fn send(&self, message: Message) {
        self.wish(Wish::Send(message));
    }

    pub fn send_json(&self, json: impl Into<String>) {
        self.send(Message::text(json.into()));
    }

    /// Hangs up as a carrier does: `stop`, then the WebSocket's goodbye.
    pub fn hang_up(&self) {
        self.send_json(format!(r#"{{"event":"stop","streamSid":"{STREAM_SID}"}}"#));
        self.send(Message::Close(None));
    }

    /// No more media, as when the far end stalls.
    pub fn mute_microphone(&self) {
        self.wish(Wish::MuteMicrophone);
    }

    /// The connection goes without a word.
    pub fn drop_line(&self) {
        self.wish(Wish::DropLine);
    }

    /// When this was first seen after `since`; waits for it.
    pub async fn saw(&self, since: Instant, what: impl Fn(&Seen) -> bool) -> Instant {
        let first = |diary: &Diary| {
            let mut seen = diary.seen.iter();
            seen.find(|(at, seen)| *at >= since && what(seen))
                .map(|(at, _)| *at)
        };
        let mut diary = self.diary.subscribe();
        let found = timeout(PATIENCE, diary.wait_for(|diary| first(diary).is_some())).await;
        let diary = found.expect("the phone sees it").expect("its line is kept");
        first(&diary).expect("it was found")
    }

    /// The close code the phone was sent off with; waits for it.
    pub async fn closed(&self) -> Option<u16> {
        self.saw(Instant::now() - Duration::from_secs(60), |seen| {
            matches!(seen, Seen::Closed(_))
        })
        .await;
        self.seen().into_iter().find_map(|(_, seen)| match seen {
            Seen::Closed(code) => Some(code),
            _ => None,
        })?
    }

    /// Everything seen so far.
    #[must_use]
    pub fn seen(&self) -> Vec<(Instant, Seen)> {
        self.diary.borrow().seen.clone()
    }

    /// Every byte that came out of the earpiece so far; nothing while the buffer was empty.
    #[must_use]
    pub fn played(&self) -> Vec<u8> {
        self.diary.borrow().played.clone()
    }

    /// Waits until exactly this has come out of the earpiece. A phone that was itself held up until its
    /// marks counted as lost may have been sent off in the middle of it.
    ///
    /// # Panics
    /// Where something else is heard.
    pub async fn has_played(&self, whole: &[u8]) {
        let done = |diary: &Diary| {
            let cut = diary.lateness >= MARK_OVERDUE && whole.starts_with(&diary.played);
            let over = || diary.seen.iter().any(|(_, s)| matches!(s, Seen::Closed(_)));
            diary.played == whole || (cut && over())
        };
        let mut diary = self.diary.subscribe();
        let heard = timeout(PATIENCE, diary.wait_for(done)).await;
        assert!(
            heard.is_ok(),
            "{} samples were heard, not {}, or others",
            self.played().len(),
            whole.len()
        );
    }

    /// How late the phone's own clock has been at worst: by so much it may lag behind what the server
    /// rightly assumes of it.
    #[must_use]
    pub fn lateness(&self) -> Duration {
        self.diary.borrow().lateness
    }

    fn wish(&self, wish: Wish) {
        // A phone whose line is gone has no wishes.
        let _ = self.wishes.send(wish);
    }
}

struct Line {
    socket: WebSocketStream<TcpStream>,
    wishes: mpsc::UnboundedReceiver<Wish>,
    diary: watch::Sender<Diary>,
    buffer: VecDeque<u8>,
    /// Marks, by how much must have been played before they return.
    marks: VecDeque<(usize, String)>,
    received: usize,
    played: usize,
    /// Frames to send, and whether the voice begins with one.
    microphone: VecDeque<(Vec<u8>, bool)>,
    muted: bool,
    sequence: u64,
}

impl Line {
    async fn run(mut self) {
        let mut clock = tokio::time::interval(Duration::from_millis(20));
        loop {
            let goes_on = tokio::select! {
                // After a stall, first what has come meanwhile: the server's goodbye may be there.
                biased;
                message = self.socket.next() => self.receive(message).await,
                wish = self.wishes.recv() => match wish {
                    Some(Wish::Speak(line)) => {
                        self.take_line(line);
                        true
                    }
                    Some(Wish::Play(frames)) => {
                        self.microphone.extend(frames.into_iter().map(|frame| (frame, false)));
                        true
                    }
                    Some(Wish::Send(message)) => self.socket.send(message).await.is_ok(),
                    Some(Wish::MuteMicrophone) => {
                        self.muted = true;
                        true
                    }
                    Some(Wish::DropLine) | None => return,
                },
                due = clock.tick() => self.tick(due.into()).await,
            };
            if !goes_on {
                let code = self.goodbye().await;
                return self.note(Seen::Closed(code));
            }
        }
    }

    /// The close code that still waits to be read where nothing can be sent any more.
    async fn goodbye(&mut self) -> Option<u16> {
        while let Some(Ok(message)) = self.socket.next().await {
            if let Message::Close(frame) = message {
                return frame.map(|frame| frame.code.into());
            }
        }
        None
    }

    fn take_line(&mut self, line: SpokenLine) {
        let begins = line.voice_begins_ms as usize / 20;
        let frames = line.mulaw().chunks(FRAME).map(<[u8]>::to_vec);
        let frames = frames.enumerate().map(|(n, frame)| (frame, n == begins));
        self.microphone.extend(frames);
    }

    async fn tick(&mut self, due: Instant) -> bool {
        let playing = self.buffer.len().min(FRAME);
        let out: Vec<u8> = self.buffer.drain(..playing).collect();
        self.played += playing;
        self.diary.send_modify(|diary| {
            diary.played.extend(out);
            diary.lateness = diary.lateness.max(due.elapsed());
        });
        while let Some((at, _)) = self.marks.front()
            && *at <= self.played
            && let Some((_, name)) = self.marks.pop_front()
        {
            if !self.return_mark(&name).await {
                return false;
            }
        }
        if self.muted {
            return true;
        }
        let (frame, voiced) = self
            .microphone
            .pop_front()
            .unwrap_or_else(|| (vec![SILENCE; FRAME], false));
        let payload = STANDARD.encode_to_string(&frame);
        let (sequence, chunk, timestamp) =
            (self.sequence + 1, self.sequence, (self.sequence - 1) * 20);
        self.sequence += 1;
        let media = format!(
            r#"{{"event":"media","sequenceNumber":"{sequence}","streamSid":"{STREAM_SID}","media":{{"track":"inbound","chunk":"{chunk}","timestamp":"{timestamp}","payload":"{payload}"}}}}"#
        );
        if voiced {
            self.note(Seen::VoiceSent);
        }
        self.socket.send(Message::text(media)).await.is_ok()
    }

    async fn receive(
        &mut self,
        message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>,
    ) -> bool {
        match message {
            Some(Ok(Message::Text(text))) => self.receive_text(&text).await,
            Some(Ok(Message::Close(frame))) => {
                self.note(Seen::Closed(frame.map(|frame| frame.code.into())));
                true
            }
            Some(Ok(_)) => true,
            Some(Err(_)) | None => false,
        }
    }

    async fn receive_text(&mut self, text: &str) -> bool {
        let message: serde_json::Value = serde_json::from_str(text).expect("the server sends JSON");
        assert_eq!(message["streamSid"], STREAM_SID);
        match message["event"].as_str() {
            Some("media") => {
                let payload = message["media"]["payload"].as_str().expect("a payload");
                let audio = STANDARD.decode_to_vec(payload).expect("base64");
                self.received += audio.len();
                self.buffer.extend(&audio);
                self.note(Seen::Media(audio));
                true
            }
            Some("mark") => {
                let name = message["mark"]["name"].as_str().expect("a name").to_owned();
                self.note(Seen::Mark(name.clone()));
                if self.buffer.is_empty() {
                    return self.return_mark(&name).await;
                }
                self.marks.push_back((self.received, name));
                true
            }
            Some("clear") => {
                self.note(Seen::Clear);
                self.buffer.clear();
                self.played = self.received;
                for (_, name) in std::mem::take(&mut self.marks) {
                    if !self.return_mark(&name).await {
                        return false;
                    }
                }
                true
            }
            event => panic!("the server sent {event:?}"),
        }
    }

    async fn return_mark(&mut self, name: &str) -> bool {
        let mark = format!(
            r#"{{"event":"mark","sequenceNumber":"{}","streamSid":"{STREAM_SID}","mark":{{"name":"{name}"}}}}"#,
            self.sequence
        );
        self.socket.send(Message::text(mark)).await.is_ok()
    }

    fn note(&self, seen: Seen) {
        let at = Instant::now();
        self.diary.send_modify(|diary| diary.seen.push((at, seen)));
    }
}
