//! Drives one media stream: the socket, the clock and everything pure that hangs on them.
//!
//! One task does it all: every 20 ms by absolute deadlines it plays a frame of the agent's audio,
//! sends a frame of the caller's, and asks the [`Conduct`] whether to speak; in between it reads the
//! agent's messages, the live feed and the keyboard.

use std::sync::Arc;
use std::time::Duration;

use dsp::{FRAME_MS, FRAME_SAMPLES};
use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use reqwest::header::HeaderValue;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use tokio_util::sync::CancellationToken;

use super::conduct::{Conduct, Do, Moment};
use super::ear::{Ear, Noticed};
use super::limits::{CLOSE_TIMEOUT, CONNECT_TIMEOUT, MAX_MESSAGE_BYTES, SEND_TIMEOUT};
use super::line::Line;
use super::live::{FromFeed, Live};
use super::mouth::Mouth;
use super::playout::{Frame, MULAW_SILENCE, Playout};
use super::record::{Ending, Happened, Happening};
use super::twiml;
use super::voice::Repertoire;
use super::wire::{self, FromAgent, Identity, Outbound};
use crate::feed::FeedEvent;
use crate::telephony::signature;

/// What the feed calls speech whose words come in writing.
const TYPED: &str = "typed";

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Who decides what the caller says.
#[derive(Debug)]
pub enum Mind {
    Script(Box<Conduct>),
    /// Somebody at a keyboard; the channel's end is not the end of the call.
    Keyboard(mpsc::Receiver<Line>),
}

/// What a stream needs besides its URL.
#[derive(Debug)]
pub struct Speaking {
    pub mind: Mind,
    pub repertoire: Repertoire,
    pub live: Option<Live>,
    pub feed: Option<mpsc::Receiver<FromFeed>>,
    /// The caller gives up then.
    pub deadline: Instant,
    /// The caller hangs up when it is cancelled.
    pub hang_up: CancellationToken,
    /// The network's, where it signs.
    pub signature: Option<HeaderValue>,
}

/// What a stream leaves behind.
#[derive(Debug)]
pub struct Streamed {
    pub caller: Vec<u8>,
    pub agent: Vec<u8>,
    pub ear: Ear,
    pub end: StreamEnd,
    /// The feed goes on until the agent has written its log.
    pub feed: Option<mpsc::Receiver<FromFeed>>,
}

/// Who ended the stream.
#[derive(Debug)]
pub enum StreamEnd {
    /// The agent closed it, or it broke: the call goes on with TwiML.
    Agent,
    /// The caller's side is done.
    Caller(Ending),
}

/// Why no stream came about.
#[derive(Debug, thiserror::Error)]
#[error("{url}: the media stream was not opened: {reason}")]
pub struct StreamError {
    pub url: String,
    pub reason: String,
}

/// Tells somebody what happens, as it happens.
pub type Tell<'a> = &'a mut (dyn FnMut(Happened) + Send);

/// Opens the stream and stays until one side ends it.
///
/// # Errors
/// [`StreamError`] when it cannot be opened; what happens later is a [`StreamEnd`].
pub async fn run(
    stream: &twiml::Stream,
    identity: Identity,
    speaking: Speaking,
    tell: Tell<'_>,
) -> Result<Streamed, StreamError> {
    let error = |reason: String| StreamError {
        url: stream.url.clone(),
        reason,
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    // Frames are small and each is due now: they must not wait for one another.
    let mut request = stream.url.as_str().into_client_request();
    if let (Ok(request), Some(signature)) = (&mut request, speaking.signature.clone()) {
        request.headers_mut().insert(signature::HEADER, signature);
    }
    let request = request.map_err(|e| error(e.to_string()))?;
    let connect = connect_async_with_config(request, Some(config), true);
    let (socket, _) = timeout(CONNECT_TIMEOUT, connect)
        .await
        .map_err(|_| error(format!("no answer in {CONNECT_TIMEOUT:?}")))?
        .map_err(|e| error(e.to_string()))?;
    let stream_sid = identity.stream_sid.clone();
    let mut line = LiveLine {
        socket,
        out: Outbound::new(identity),
        stream_sid,
        begun: Instant::now(),
        playout: Playout::default(),
        mouth: Mouth::default(),
        ear: Ear::default(),
        typed: false,
        preparing: FuturesOrdered::new(),
        speaking,
        caller: Vec::new(),
        agent: Vec::new(),
        tell,
    };
    let opening = line.open(stream).await;
    let end = match opening {
        Ok(()) => line.converse().await,
        Err(end) => end,
    };
    let mut noticed = Vec::new();
    line.ear.finish(&mut noticed);
    line.noticed(noticed);
    Ok(Streamed {
        caller: line.caller,
        agent: line.agent,
        ear: line.ear,
        end,
        feed: line.speaking.feed,
    })
}

/// An open stream.
struct LiveLine<'a> {
    socket: Socket,
    out: Outbound,
    stream_sid: String,
    begun: Instant,
    playout: Playout,
    mouth: Mouth,
    ear: Ear,
    /// The agent recognises no words: they go to it in writing, too.
    typed: bool,
    /// Lines that are being synthesised, in the order they are to be spoken.
    preparing: FuturesOrdered<JoinHandle<Prepared>>,
    speaking: Speaking,
    caller: Vec<u8>,
    agent: Vec<u8>,
    tell: Tell<'a>,
}

/// A line that can be spoken now, or why it cannot.
struct Prepared {
    line: Line,
    interrupting: bool,
    mulaw: Result<Arc<[u8]>, String>,
}

impl LiveLine<'_> {
    async fn open(&mut self, stream: &twiml::Stream) -> Result<(), StreamEnd> {
        self.send(Outbound::connected()).await?;
        let start = self.out.start(stream);
        self.send(start).await?;
        self.begun = Instant::now();
        let url = stream.url.clone();
        self.happened(Happening::StreamOpened { url });
        Ok(())
    }

    async fn converse(&mut self) -> StreamEnd {
        let mut frames = interval_at(self.begun, Duration::from_millis(FRAME_MS));
        // A late frame is made up for at once: the caller's audio keeps the pace of the wall clock.
        frames.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let deadline = self.speaking.deadline;
        let told = self.speaking.hang_up.clone();
        loop {
            let step = tokio::select! {
                biased;
                message = self.socket.next() => self.read(message).await,
                _ = frames.tick() => self.frame().await,
                Some(prepared) = self.preparing.next() => self.begin_to_speak(prepared),
                line = next(&mut self.speaking.feed) => self.feed(line),
                line = typed(&mut self.speaking.mind) => self.act(line, false).await,
                () = told.cancelled() => self.hang_up(Ending::KeyboardHungUp).await,
                () = tokio::time::sleep_until(deadline) => self.hang_up(Ending::TimedOut).await,
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// One message of the agent's, or the end of the stream.
    async fn read(
        &mut self,
        message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>,
    ) -> Result<(), StreamEnd> {
        match message {
            Some(Ok(Message::Text(text))) => self.obey(&text).await,
            Some(Ok(Message::Close(_))) | None => Err(StreamEnd::Agent),
            Some(Ok(Message::Binary(_))) => {
                self.happened(Happening::Invalid {
                    reason: "a binary frame".to_owned(),
                });
                Ok(())
            }
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(self.broken(&error.to_string())),
        }
    }

    async fn obey(&mut self, text: &str) -> Result<(), StreamEnd> {
        match wire::parse(text, &self.stream_sid) {
            Ok(FromAgent::Media(mulaw)) => self.playout.media(mulaw),
            Ok(FromAgent::Mark(name)) => self.playout.mark(name),
            Ok(FromAgent::Clear) => {
                let mut noticed = Vec::new();
                self.ear.clear(self.now(), &mut noticed);
                let dropped = self.playout.clear();
                self.happened(Happening::Clear { dropped });
                self.noticed(noticed);
            }
            Err(invalid) => self.happened(Happening::Invalid {
                reason: invalid.to_string(),
            }),
        }
        self.return_marks().await
    }

    /// The next 20 ms, both ways.
    async fn frame(&mut self) -> Result<(), StreamEnd> {
        let mut heard: Frame = [MULAW_SILENCE; FRAME_SAMPLES];
        self.playout.play(&mut heard);
        let said = self.mouth.frame();
        // Where this frame lies on the line; the clock may be a little later.
        let timestamp_ms = self.caller.len() as u64 * FRAME_MS / FRAME_SAMPLES as u64;
        let media = self.out.media(timestamp_ms, &said);
        self.send(media).await?;
        self.caller.extend_from_slice(&said);
        self.agent.extend_from_slice(&heard);
        if let Some(key) = self.mouth.key() {
            let dtmf = self.out.dtmf(key);
            self.send(dtmf).await?;
        }
        self.return_marks().await?;
        let mut noticed = Vec::new();
        let at = Duration::from_millis(timestamp_ms);
        let written = self.now();
        self.ear.frames(at, written, &said, &heard, &mut noticed);
        self.noticed(noticed);
        self.consider(at).await
    }

    /// Asks the script whether it is time to say something.
    async fn consider(&mut self, now: Duration) -> Result<(), StreamEnd> {
        let moment = Moment {
            now,
            agent_idle: self.playout.is_idle(),
            agent_heard: self.ear.hears_agent(),
            caller_busy: self.mouth.is_busy() || !self.preparing.is_empty(),
        };
        let Mind::Script(conduct) = &mut self.speaking.mind else {
            return Ok(());
        };
        match conduct.tick(moment) {
            None => Ok(()),
            Some(Do::Say(line)) => self.act(line, false).await,
            Some(Do::Interrupt(line)) => self.act(line, true).await,
            Some(Do::HangUp(why)) => self.hang_up(Ending::CallerHungUp(why)).await,
        }
    }

    async fn act(&mut self, line: Line, interrupting: bool) -> Result<(), StreamEnd> {
        match &line {
            Line::HangUp => return self.hang_up(Ending::KeyboardHungUp).await,
            Line::Keys(keys) => {
                self.mouth.press(keys);
                self.happened(Happening::Says { line, interrupting });
            }
            Line::Speech(words) => {
                let words = words.clone();
                let repertoire = self.speaking.repertoire.clone();
                let live = self.speaking.live.clone().filter(|_| self.typed);
                self.preparing.push_back(tokio::spawn(async move {
                    let mulaw = prepare(&repertoire, live.as_ref(), &words).await;
                    Prepared {
                        line,
                        interrupting,
                        mulaw,
                    }
                }));
            }
        }
        Ok(())
    }

    fn begin_to_speak(&mut self, prepared: Result<Prepared, JoinError>) -> Result<(), StreamEnd> {
        let Prepared {
            line,
            interrupting,
            mulaw,
        } = prepared.map_err(|error| {
            let reason = format!("the voice failed: {error}");
            StreamEnd::Caller(Ending::Lost { reason })
        })?;
        match mulaw {
            Ok(mulaw) => {
                self.mouth.say(&mulaw);
                self.happened(Happening::Says { line, interrupting });
            }
            Err(reason) => self.happened(Happening::Speechless { line, reason }),
        }
        Ok(())
    }

    fn feed(&mut self, line: Option<FromFeed>) -> Result<(), StreamEnd> {
        match line {
            Some(FromFeed::Line(line)) => {
                if let FeedEvent::Started { speech } = &line.what {
                    self.typed = speech == TYPED;
                }
                if let Mind::Script(conduct) = &mut self.speaking.mind {
                    conduct.feed(&line.what);
                }
                self.happened(Happening::Feed(line));
            }
            Some(FromFeed::Lost { reason }) => self.happened(Happening::NoFeed { reason }),
            None => self.speaking.feed = None,
        }
        Ok(())
    }

    /// Says goodbye as Twilio does: `stop`, then the closing handshake.
    async fn hang_up(&mut self, ending: Ending) -> Result<(), StreamEnd> {
        let stop = self.out.stop();
        self.send(stop).await?;
        let goodbye = async {
            // A peer that is already gone needs no goodbye.
            let _ = self.socket.close(None).await;
            while let Some(Ok(_)) = self.socket.next().await {}
        };
        let _ = timeout(CLOSE_TIMEOUT, goodbye).await;
        Err(StreamEnd::Caller(ending))
    }

    async fn return_marks(&mut self) -> Result<(), StreamEnd> {
        while let Some(mark) = self.playout.poll_mark() {
            let echo = self.out.mark(&mark.name);
            self.send(echo).await?;
            self.happened(Happening::Mark {
                name: mark.name,
                cleared: mark.cleared,
            });
        }
        Ok(())
    }

    async fn send(&mut self, message: String) -> Result<(), StreamEnd> {
        match timeout(SEND_TIMEOUT, self.socket.send(Message::text(message))).await {
            Ok(Ok(())) => Ok(()),
            // The agent closed while this was on its way; its goodbye may still wait to be read.
            Ok(Err(error)) => match self.socket.next().now_or_never() {
                Some(Some(Ok(Message::Close(_))) | None) => Err(StreamEnd::Agent),
                _ => Err(self.broken(&error.to_string())),
            },
            Err(_) => Err(self.broken(&format!("the agent has read nothing for {SEND_TIMEOUT:?}"))),
        }
    }

    /// The stream broke on the agent's side. The call goes on without it, as the network's does.
    fn broken(&mut self, reason: &str) -> StreamEnd {
        self.happened(Happening::Invalid {
            reason: format!("the media stream broke: {reason}"),
        });
        StreamEnd::Agent
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn noticed(&mut self, noticed: Vec<Noticed>) {
        for what in noticed {
            self.happened(Happening::Noticed(what));
        }
    }

    fn happened(&mut self, what: Happening) {
        let at = self.now();
        (self.tell)(Happened { at, what });
    }
}

/// Synthesises a line and, for an agent that recognises no words, sends it ahead in writing.
async fn prepare(
    repertoire: &Repertoire,
    in_writing: Option<&Live>,
    words: &str,
) -> Result<Arc<[u8]>, String> {
    let mulaw = repertoire.speak(words).await?;
    if let Some(live) = in_writing {
        live.typed(words).await?;
    }
    Ok(mulaw)
}

/// The next element, or never where there is no channel.
async fn next(feed: &mut Option<mpsc::Receiver<FromFeed>>) -> Option<FromFeed> {
    match feed {
        Some(feed) => feed.recv().await,
        None => std::future::pending().await,
    }
}

/// The next typed line, or never where nobody types.
async fn typed(mind: &mut Mind) -> Line {
    if let Mind::Keyboard(lines) = mind
        && let Some(line) = lines.recv().await
    {
        return line;
    }
    std::future::pending().await
}
