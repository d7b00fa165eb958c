//! Somebody on the line of a served Otto, and the carrier between them: signed webhooks, a media
//! stream in real time, and words that the simulated recogniser hears.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use control::feed::FeedEvent;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::feed;
use crate::plane::phone::{Phone, STREAM_SID, Seen};
use crate::vendors::deepgram_stt::audio;
use crate::vendors::twilio;

/// How long anything may take that is not what a test measures.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

const HOOKS: &str = "/api/v1/webhooks";
const MEDIA: &str = "/api/v1/voice/media-stream";

/// A client that has a new connection for each request: one that was idle for a while may be closed
/// by the server at the very moment at which it is used again.
///
/// # Panics
/// Where the machine has no working TLS.
#[must_use]
pub fn unpooled_client() -> reqwest::Client {
    let client = reqwest::Client::builder().pool_max_idle_per_host(0);
    client.build().expect("a client")
}

/// The telephone network's end: posts webhooks and opens media streams.
#[derive(Clone, Debug)]
pub struct Carrier {
    /// Where the server listens.
    server: String,
    /// What it calls itself in public; requests are signed for that.
    public: Option<String>,
    http: reqwest::Client,
}

impl Carrier {
    /// For a server that checks no signatures.
    #[must_use]
    pub fn unsigned(server: &str) -> Self {
        Self {
            server: server.to_owned(),
            public: None,
            http: unpooled_client(),
        }
    }

    /// For a server that is called `public`, such as `https://otto.example`, wherever it listens.
    #[must_use]
    pub fn signing(server: &str, public: &str) -> Self {
        Self {
            public: Some(public.to_owned()),
            ..Self::unsigned(server)
        }
    }

    /// Posts a webhook. Gives the status and the body of the answer.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn hook(
        &self,
        name: &str,
        form: &[(&str, &str)],
    ) -> Result<(u16, String), reqwest::Error> {
        let path = format!("{HOOKS}/{name}");
        let mut request = self.http.post(format!("{}{path}", self.server)).form(form);
        if let Some(public) = &self.public {
            let signature = twilio::signed_form(&format!("{public}{path}"), form);
            request = request.header("X-Twilio-Signature", signature);
        }
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    /// Opens a media stream, signed like everything else.
    ///
    /// # Errors
    /// Where the server refuses it.
    pub async fn upgrade(&self) -> Result<TcpStream, tokio_tungstenite::tungstenite::Error> {
        let host = self.server.trim_start_matches("http://");
        let line = TcpStream::connect(host).await?;
        let url = format!("ws://{host}{MEDIA}");
        let mut request = url.into_client_request()?;
        if let Some(public) = &self.public {
            let signed = public.replacen("http", "ws", 1) + MEDIA;
            let signature = twilio::signed_upgrade(&signed).parse().expect("a header");
            request
                .headers_mut()
                .insert("x-twilio-signature", signature);
        }
        let (socket, _) = client_async(request, line).await?;
        Ok(socket.into_inner())
    }
}

/// The first message of a stream: which call it is, and the token from the webhook's answer.
#[must_use]
pub fn start(sid: &str, xml: &str) -> String {
    let (_, rest) = xml.split_once("value=\"").expect("a token");
    let (token, _) = rest.split_once('"').expect("its end");
    json!({"event": "start", "streamSid": STREAM_SID, "start": {
        "streamSid": STREAM_SID, "accountSid": twilio::ACCOUNT_SID, "callSid": sid,
        "customParameters": {"token": token}}})
    .to_string()
}

/// Somebody on the line.
#[derive(Debug)]
pub struct Caller {
    carrier: Carrier,
    sid: String,
    phone: Phone,
    feed: Feed,
    spoken: Mutex<Spoken>,
}

/// What the caller has said so far.
#[derive(Debug)]
struct Spoken {
    frames: u64,
    /// When the last words began.
    last: Instant,
}

/// What a call's feed said so far, and when.
type Feed = watch::Sender<Vec<(Instant, FeedEvent)>>;

impl Caller {
    /// A call from this number, or, where the webhook is that of a reminder, to it.
    ///
    /// # Panics
    /// Where it is not answered by the agent.
    pub async fn ring(carrier: &Carrier, hook: &str, sid: &str, number: &str) -> Self {
        let rung = Self::try_ring(carrier, hook, sid, number).await;
        rung.unwrap_or_else(|| panic!("{hook}: nobody answers"))
    }

    /// As [`Self::ring`]; none where the server is not there, or goes before the line stands.
    pub async fn try_ring(carrier: &Carrier, hook: &str, sid: &str, number: &str) -> Option<Self> {
        // The agent may greet before the rest of this is done.
        let dialled = Instant::now();
        let form = [("CallSid", sid), ("From", number), ("To", number)];
        let (_, xml) = carrier.hook(hook, &form).await.ok()?;
        Self::connect(carrier, sid, &xml, dialled).await
    }

    /// They were put through, and nobody answers there: they are back with the agent, in the same call.
    ///
    /// # Panics
    /// Where the agent does not take them back.
    pub async fn comes_back(&self) -> Self {
        let dialled = Instant::now();
        let form = [
            ("CallSid", self.sid.as_str()),
            ("DialCallStatus", "no-answer"),
        ];
        let result = self.carrier.hook("dial-result", &form).await;
        let (_, xml) = result.expect("answered");
        let back = Self::connect(&self.carrier, &self.sid, &xml, dialled).await;
        back.expect("the agent takes them back")
    }

    /// The line that the network was told to open.
    async fn connect(carrier: &Carrier, sid: &str, xml: &str, dialled: Instant) -> Option<Self> {
        let line = carrier.upgrade().await.ok()?;
        let phone = Phone::connect(line).await;
        phone.send_json(start(sid, xml));

        let feed = Feed::default();
        let (server, told) = (carrier.server.clone(), feed.clone());
        let sid = sid.to_owned();
        let of = sid.clone();
        tokio::spawn(async move {
            feed::read(&server, &of, |line| {
                told.send_modify(|told| told.push((Instant::now(), line.what)));
                ControlFlow::Continue(())
            })
            .await;
        });
        Some(Self {
            carrier: carrier.clone(),
            sid,
            phone,
            feed,
            spoken: Mutex::new(Spoken {
                frames: 0,
                last: dialled,
            }),
        })
    }

    /// The call's id.
    #[must_use]
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// What came out of the earpiece, and what was done to the line.
    #[must_use]
    pub fn phone(&self) -> &Phone {
        &self.phone
    }

    /// Waits until the caller has heard these words, and all that was said with them, since they last
    /// spoke. Gives the whole utterance.
    ///
    /// # Panics
    /// Where that does not come to pass.
    pub async fn is_told(&self, words: &str) -> String {
        let since = self.spoken.lock().expect("no caller panics").last;
        self.wait(words, |feed| {
            let finished = feed.iter().filter_map(|(_, what)| match what {
                FeedEvent::AgentFinished { utterance } => Some(*utterance),
                _ => None,
            });
            let mut whole = finished.map(|utterance| utterance_since(feed, utterance, since));
            whole.find(|whole| !whole.is_empty() && whole.contains(words))
        })
        .await
    }

    /// Waits for as long as it takes until the caller has heard a question to its end, or these words
    /// begin. Gives the question's name, or none. For a line that may go dead at any moment.
    pub async fn is_asked_or_told(&self, words: &str) -> Option<String> {
        let since = self.spoken.lock().expect("no caller panics").last;
        let mut feed = self.feed.subscribe();
        let mut found = None;
        let come = feed.wait_for(|feed| {
            let fresh = || feed.iter().filter(|(at, _)| *at >= since);
            let told = |what: &FeedEvent| matches!(what, FeedEvent::Agent { text, .. } if text.contains(words));
            if fresh().any(|(_, what)| told(what)) {
                found = Some(None);
            }
            let ended = |of: u32| {
                let end = FeedEvent::AgentFinished { utterance: of };
                fresh().any(|(_, what)| *what == end)
            };
            let asked = fresh().find_map(|(_, what)| match what {
                FeedEvent::Agent {
                    utterance,
                    question,
                    ..
                } if question != "none" && ended(*utterance) => Some(question.clone()),
                _ => None,
            });
            if let Some(asked) = asked {
                found.get_or_insert(Some(asked));
            }
            found.is_some()
        });
        // The sender lives as long as `self`.
        drop(come.await);
        found.flatten()
    }

    /// Presses keys.
    pub fn presses(&self, keys: &str) {
        for digit in keys.chars() {
            let dtmf = json!({"track": "inbound_track", "digit": digit.to_string()});
            let key = json!({"event": "dtmf", "streamSid": STREAM_SID, "dtmf": dtmf});
            self.phone.send_json(key.to_string());
        }
    }

    pub fn hangs_up(&self) {
        self.phone.hang_up();
    }

    /// Waits until the agent has closed the stream. Gives what the network is told to do then.
    ///
    /// # Panics
    /// Where the agent does not, or gives no answer.
    pub async fn is_let_go(&self) -> String {
        self.phone.closed().await;
        let form = [("CallSid", self.sid.as_str())];
        let (_, xml) = self
            .carrier
            .hook("stream-ended", &form)
            .await
            .expect("answered");
        xml
    }

    /// Everything the feed has told so far.
    #[must_use]
    pub fn told(&self) -> Vec<FeedEvent> {
        self.feed
            .borrow()
            .iter()
            .map(|(_, what)| what.clone())
            .collect()
    }

    /// Says words that the simulated recogniser hears. Gives when they are over.
    pub async fn says(&self, words: &str) -> Instant {
        self.speaks(audio::say(words)).await
    }

    /// Says words, and more after a pause, which is as long in their audio whatever else this machine
    /// has to do. Gives when all is over.
    pub async fn says_and_goes_on(&self, words: &str, pause: Duration, more: &str) -> Instant {
        let mut frames = audio::say(words);
        let silence = pause.as_millis() / u128::from(dsp::FRAME_MS);
        frames.extend(std::iter::repeat_n(None, silence as usize));
        frames.extend(audio::say(more));
        self.speaks(frames).await
    }

    async fn speaks(&self, words: Vec<Option<usize>>) -> Instant {
        let count = words.len() as u64;
        let from = {
            let mut spoken = self.spoken.lock().expect("no caller panics");
            spoken.last = Instant::now();
            spoken.frames += count;
            spoken.frames - count
        };
        let frames = (from..).zip(words);
        let frames = frames.map(|(number, word)| audio::frame(number, word).to_vec());
        self.phone.play(frames.collect());
        let over = Instant::now() + Duration::from_millis(20) * count as u32;
        tokio::time::sleep_until(over.into()).await;
        over
    }

    /// Waits until the agent is heard saying this. Gives when its first frame left.
    ///
    /// # Panics
    /// Where it is not.
    pub async fn hears(&self, words: &str) -> Instant {
        let (at, audible) = self
            .wait(words, |feed| {
                let (utterance, said) = feed.iter().rev().find_map(|(at, what)| match what {
                    FeedEvent::Agent {
                        utterance, text, ..
                    }
                    | FeedEvent::AgentGoesOn {
                        utterance, text, ..
                    } if text.contains(words) => Some((*utterance, *at)),
                    _ => None,
                })?;
                Some((started(feed, utterance)?, said))
            })
            .await;
        self.phone
            .saw(audible.min(at), |seen| matches!(seen, Seen::Media(_)))
            .await;
        at
    }

    /// Waits until the agent is heard saying something like `wanted`, and not only that it takes
    /// a moment. Gives when its first frame left, and its first words.
    ///
    /// # Panics
    /// Where it is not.
    pub async fn hears_an_answer(
        &self,
        since: Instant,
        wanted: impl Fn(&str) -> bool,
    ) -> (Instant, String) {
        let is_filler =
            |text: &str| text.contains("One moment") || text.contains("Thank you for waiting");
        self.wait("an answer", |feed| {
            let said = feed.iter().filter(|(at, _)| *at >= since);
            said.filter_map(|(_, what)| match what {
                FeedEvent::Agent {
                    utterance, text, ..
                } if !is_filler(text) && wanted(text) => {
                    Some((started(feed, *utterance)?, text.clone()))
                }
                _ => None,
            })
            .next()
        })
        .await
    }

    /// Waits until everything that the agent has said since then was heard, and anything was.
    ///
    /// # Panics
    /// Where that does not come to pass.
    pub async fn falls_silent(&self, since: Instant) {
        self.wait("silence", |feed| {
            let mut open = 0;
            let mut any = false;
            for (at, what) in feed {
                match what {
                    FeedEvent::Agent { .. } => open += 1,
                    FeedEvent::AgentFinished { .. } => {
                        open -= 1;
                        any |= *at >= since;
                    }
                    _ => {}
                }
            }
            (any && open <= 0).then_some(())
        })
        .await;
    }

    /// Whether the feed has told of this since then.
    #[must_use]
    pub fn was_told_since(&self, since: Instant, of: impl Fn(&FeedEvent) -> bool) -> bool {
        let feed = self.feed.borrow();
        feed.iter().any(|(at, what)| *at >= since && of(what))
    }

    async fn wait<T>(&self, what: &str, find: impl Fn(&[(Instant, FeedEvent)]) -> Option<T>) -> T {
        let mut feed = self.feed.subscribe();
        let come = feed.wait_for(|feed| find(feed).is_some());
        let found = match tokio::time::timeout(PATIENCE, come).await {
            Ok(Ok(feed)) => find(&feed),
            Ok(Err(_)) | Err(_) => None,
        };
        found.unwrap_or_else(|| {
            let feed = self.feed.borrow();
            let lines = feed.iter().map(|(_, what)| format!("{what:?}"));
            panic!("{what}: never\n{}", lines.collect::<Vec<_>>().join("\n"));
        })
    }
}

/// When the first frame of an utterance left.
fn started(feed: &[(Instant, FeedEvent)], utterance: u32) -> Option<Instant> {
    let is_it = |what: &FeedEvent| *what == FeedEvent::AgentStarted { utterance };
    let found = feed.iter().find(|(_, what)| is_it(what));
    found.map(|(at, _)| *at)
}

/// All that was said in an utterance, where it was begun since then.
fn utterance_since(feed: &[(Instant, FeedEvent)], utterance: u32, since: Instant) -> String {
    let texts = feed.iter().filter(|(at, _)| *at >= since);
    let texts = texts.filter_map(|(_, what)| match what {
        FeedEvent::Agent {
            utterance: of,
            text,
            ..
        }
        | FeedEvent::AgentGoesOn {
            utterance: of,
            text,
            ..
        } if *of == utterance => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join(" ")
}
