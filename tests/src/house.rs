//! The program between simulated vendors, and callers on its line: everything is a real socket.

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
use crate::program::Program;
use crate::vendors::deepgram_stt::{self, DeepgramSttSim, audio};
use crate::vendors::deepgram_tts::{self, DeepgramTtsSim};
use crate::vendors::front::front;
use crate::vendors::openai::OpenAiServer;

/// How long anything may take that is not what a test measures.
const PATIENCE: Duration = Duration::from_secs(30);

/// A served dealership and its vendors.
#[derive(Debug)]
pub struct House {
    pub program: Program,
    pub hears: DeepgramSttSim,
    pub speaks: DeepgramTtsSim,
    pub thinks: OpenAiServer,
    calls: Mutex<u32>,
}

impl House {
    /// Opens with all vendors well.
    pub async fn open(executable: &'static str) -> Self {
        let hears = DeepgramSttSim::start(deepgram_stt::Manner::default()).await;
        let speaks = DeepgramTtsSim::start(deepgram_tts::Manner::default()).await;
        let thinks = OpenAiServer::start().await;
        let deepgram = format!("ws://{}", front(hears.address(), speaks.address()).await);
        let model = thinks.base_url();
        let settings = [
            ("DEEPGRAM_API_KEY", deepgram_stt::KEY),
            ("DEEPGRAM_URL", &*deepgram),
            ("OPENAI_API_KEY", "a-key-of-no-account"),
            ("OPENAI_BASE_URL", &*model),
        ];
        Self {
            program: Program::serve_with(executable, &settings),
            hears,
            speaks,
            thinks,
            calls: Mutex::new(0),
        }
    }

    /// A caller rings, and hears the greeting to its end.
    pub async fn rings(&self) -> Caller {
        let number = {
            let mut calls = self.calls.lock().expect("no caller panics");
            *calls += 1;
            *calls
        };
        let caller = Caller::ring(self.program.address(), &format!("CA{number:032}")).await;
        caller.hears("How can I help you?").await;
        caller.falls_silent(Instant::now()).await;
        caller
    }

    /// A line of the metrics page, as a number; 0 where it is not there.
    pub async fn metric(&self, line: &str) -> f64 {
        let url = format!("{}/metrics", self.program.address());
        let page = reqwest::get(url).await.expect("served");
        let page = page.text().await.expect("text");
        let value = page.lines().find_map(|l| l.strip_prefix(line));
        value.map_or(0.0, |value| value.trim().parse().expect("a number"))
    }
}

/// Somebody on the line.
#[derive(Debug)]
pub struct Caller {
    phone: Phone,
    feed: Feed,
    spoken: Mutex<u64>,
}

/// What a call's feed said so far, and when.
type Feed = watch::Sender<Vec<(Instant, FeedEvent)>>;

impl Caller {
    async fn ring(server: &str, sid: &str) -> Self {
        let http = reqwest::Client::new();
        let inbound = format!("{server}/api/v1/webhooks/inbound-call");
        let form = [("CallSid", sid), ("From", "+12175550101")];
        let answer = http.post(inbound).form(&form).send().await;
        let xml = answer.expect("answered").text().await.expect("text");
        let (_, rest) = xml.split_once("value=\"").expect("a token");
        let (token, _) = rest.split_once('"').expect("its end");

        let host = server.trim_start_matches("http://");
        let line = TcpStream::connect(host).await.expect("served");
        let url = format!("ws://{host}/api/v1/voice/media-stream");
        let request = url.into_client_request().expect("a request");
        let (socket, _) = client_async(request, line).await.expect("upgraded");
        let phone = Phone::connect(socket.into_inner()).await;
        let start = json!({"event": "start", "streamSid": STREAM_SID, "start": {
            "streamSid": STREAM_SID, "accountSid": "AC1", "callSid": sid,
            "customParameters": {"token": token}}});
        phone.send_json(start.to_string());

        let feed = Feed::default();
        let (server, sid, told) = (server.to_owned(), sid.to_owned(), feed.clone());
        tokio::spawn(async move {
            feed::read(&server, &sid, |what| {
                told.send_modify(|told| told.push((Instant::now(), what)));
                ControlFlow::Continue(())
            })
            .await;
        });
        Self {
            phone,
            feed,
            spoken: Mutex::new(0),
        }
    }

    /// Says words of the simulated recogniser's vocabulary. Gives when they are over.
    pub async fn says(&self, words: &str) -> Instant {
        let words = audio::say(words);
        let count = words.len() as u64;
        let from = {
            let mut spoken = self.spoken.lock().expect("no caller panics");
            *spoken += count;
            *spoken - count
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
