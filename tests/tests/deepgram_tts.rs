//! Deepgram's synthesiser on real sockets: what the call hears when all is well, and who speaks
//! when it is not.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use pipeline::limits::{BREAKER_FAILURES, BREAKER_REST, TTS_FIRST_AUDIO};
use pipeline::local::Speech;
use pipeline::message::{Command, EventKind, UtteranceId};
use pipeline::metrics::Metrics;
use pipeline::net::deepgram::tts::{DEFAULT_MODEL, run};
use pipeline::net::edge::{TtsEvent, TtsInput};
use pipeline::vendor::{SharedBreaker, Vendor, VendorErrorKind};
use pipeline::{DataPlaneConfig, DeepgramTts, LocalVoice, PhraseCache, SpeechConfig, TtsConfig};
use tests::plane::speech::{Notebook, listener};
use tests::plane::stage::{Stage, event, finished};
use tests::vendors::deepgram_tts::{DeepgramTtsSim, Fault, Manner, Sent, SocketFault, voice_of};
use tokio::sync::mpsc;

const HELLO: &str = "Thank you for calling.";
const WHEN: &str = "We have Monday at nine,";
const OR: &str = "or Tuesday at three.";

// ---- the scene ---------------------------------------------------------------

/// The voice on this machine: a byte that the vendor's never has.
fn our_voice(text: &str) -> Vec<u8> {
    vec![0xA5; text.len() * 100]
}

fn voice(sim: &DeepgramTtsSim) -> DeepgramTts {
    DeepgramTts {
        account: sim.account(),
        model: DEFAULT_MODEL.into(),
        http: reqwest::Client::new(),
        phrases: Arc::new(PhraseCache::open(None, DEFAULT_MODEL, [])),
        fallback: Some(LocalVoice::new(|text| {
            Ok(Speech::Kept(our_voice(text).into()))
        })),
        breaker: SharedBreaker::default(),
    }
}

/// A call's end of the edge.
struct Call {
    wishes: mpsc::Sender<TtsInput>,
    events: mpsc::Receiver<TtsEvent>,
    metrics: Arc<Metrics>,
}

/// What was heard of one utterance.
#[derive(Debug, Default)]
struct Heard {
    audio: Vec<u8>,
    /// From the wish to the first audio.
    first: Duration,
    clauses: Vec<(u32, u64)>,
    failed: bool,
}

impl Call {
    fn start(voice: DeepgramTts) -> Self {
        let (wishes, input) = mpsc::channel(32);
        let (output, events) = mpsc::channel(32);
        let metrics = Arc::<Metrics>::default();
        tokio::spawn(run(Arc::new(voice), metrics.clone(), input, output));
        Self {
            wishes,
            events,
            metrics,
        }
    }

    async fn say(&self, utterance: u32, clauses: &[&str]) {
        for (clause, text) in clauses.iter().enumerate() {
            let speak = TtsInput::Speak {
                utterance: UtteranceId(utterance),
                clause: clause as u32,
                text: (*text).into(),
                last: clause + 1 == clauses.len(),
            };
            self.wishes.send(speak).await.expect("the edge listens");
        }
    }

    async fn cancel(&self, utterance: u32) {
        let utterance = UtteranceId(utterance);
        let cancel = TtsInput::Cancel { utterance };
        self.wishes.send(cancel).await.expect("the edge listens");
    }

    async fn next(&mut self) -> TtsEvent {
        let next = tokio::time::timeout(Duration::from_secs(10), self.events.recv());
        next.await
            .expect("it comes in time")
            .expect("the edge goes on")
    }

    /// All of an utterance; that nothing of another is heard.
    async fn hear(&mut self, utterance: u32) -> Heard {
        let begun = Instant::now();
        let mut heard = Heard::default();
        loop {
            match self.next().await {
                TtsEvent::Audio {
                    utterance: id,
                    mulaw,
                } => {
                    assert_eq!(id.0, utterance);
                    if heard.audio.is_empty() {
                        heard.first = begun.elapsed();
                    }
                    heard.audio.extend_from_slice(&mulaw);
                }
                TtsEvent::ClauseDone {
                    utterance: id,
                    clause,
                    samples,
                } => {
                    assert_eq!(id.0, utterance);
                    heard.clauses.push((clause, samples.0));
                }
                TtsEvent::Done { utterance: id } => {
                    assert_eq!(id.0, utterance);
                    return heard;
                }
                TtsEvent::Failed { utterance: id, .. } => {
                    assert_eq!(id.0, utterance);
                    heard.failed = true;
                    return heard;
                }
            }
        }
    }

    async fn says(&mut self, utterance: u32, clauses: &[&str]) -> Heard {
        self.say(utterance, clauses).await;
        self.hear(utterance).await
    }

    fn errors(&self) -> u64 {
        let errors = &self.metrics.vendor_errors;
        let kinds = VendorErrorKind::ALL.into_iter();
        kinds
            .map(|kind| errors.count_of(Vendor::DeepgramTts, kind))
            .sum()
    }
}

fn spoken(clauses: &[&str]) -> Vec<u8> {
    clauses.iter().flat_map(|clause| voice_of(clause)).collect()
}

async fn until(what: impl Fn() -> bool) {
    let patience = Instant::now() + Duration::from_secs(10);
    while !what() {
        assert!(Instant::now() < patience, "it never happened");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn is_socket(sent: &Sent) -> bool {
    matches!(sent, Sent::Socket(_))
}

fn is_rest(sent: &Sent) -> bool {
    matches!(sent, Sent::Rest(_))
}

// ---- when all is well ----------------------------------------------------------

#[tokio::test]
async fn clauses_are_heard_whole_and_in_order_in_chunks_of_any_size() {
    for chunk in [1, 159, 160, 161, 1_000, 7_777] {
        let sim = DeepgramTtsSim::start(Manner {
            chunk,
            ..Manner::default()
        })
        .await;
        let mut call = Call::start(voice(&sim));
        until(|| sim.count(is_socket) == 1).await;
        let words: &[&str] = if chunk == 1 {
            &["Yes."]
        } else {
            &[HELLO, WHEN, OR]
        };
        let heard = call.says(1, words).await;
        assert!(heard.audio == spoken(words), "chunks of {chunk}");
        let lengths: u64 = heard.clauses.iter().map(|(_, samples)| samples).sum();
        assert_eq!(lengths, heard.audio.len() as u64);
        assert_eq!(heard.clauses.len(), words.len());
        assert_eq!(heard.clauses[0], (0, voice_of(words[0]).len() as u64));
        assert_eq!((call.errors(), sim.count(is_rest)), (0, 0));
        let sent = sim.sent();
        let Sent::Socket(query) = &sent[0] else {
            panic!("first a socket")
        };
        assert_eq!(
            query,
            "model=aura-2-asteria-en&encoding=mulaw&sample_rate=8000&container=none"
        );
    }
}

#[tokio::test]
async fn audio_is_handed_on_as_soon_as_it_has_come() {
    let sim = DeepgramTtsSim::start(Manner::default()).await;
    let mut call = Call::start(voice(&sim));
    let mut late = Vec::new();
    for utterance in 0..15 {
        let before = sim.audio_sent().len();
        call.say(utterance, &["Yes."]).await;
        assert!(matches!(call.next().await, TtsEvent::Audio { .. }));
        late.push(sim.audio_sent()[before].elapsed());
        call.hear(utterance).await;
    }
    late.sort();
    // The median: this machine may do other things, too.
    assert!(late[7] < Duration::from_millis(2), "{late:?}");
}

#[tokio::test]
async fn a_call_that_takes_no_audio_for_a_while_misses_none_of_it() {
    let sim = DeepgramTtsSim::start(Manner::default()).await;
    let mut call = Call::start(voice(&sim));
    let words = ["Take your time, there is no hurry at all."; 20];
    call.say(1, &words).await;
    until(|| call.events.len() == 32).await;
    tokio::time::sleep(TTS_FIRST_AUDIO + Duration::from_millis(300)).await;
    let heard = call.hear(1).await;
    assert!(heard.audio == spoken(&words));
    assert_eq!(call.errors(), 0);
}

#[tokio::test]
async fn an_idle_socket_that_the_vendor_closes_is_opened_again_and_nobody_hears_of_it() {
    let sim = DeepgramTtsSim::start(Manner::default()).await;
    let mut call = Call::start(voice(&sim));
    assert!(call.says(1, &[HELLO]).await.audio == voice_of(HELLO));
    sim.hang_up_idle();
    until(|| sim.gone() == 1).await;
    assert!(call.says(2, &[OR]).await.audio == voice_of(OR));
    assert_eq!(sim.count(is_socket), 2);
    assert_eq!((call.errors(), sim.count(is_rest)), (0, 0));
}

#[tokio::test]
async fn the_end_of_a_call_is_said_to_the_vendor() {
    let sim = DeepgramTtsSim::start(Manner::default()).await;
    let mut call = Call::start(voice(&sim));
    call.says(1, &[HELLO]).await;
    drop(call);
    until(|| sim.count(|sent| *sent == Sent::Close) == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_hears_a_streamed_answer_whole_though_its_end_has_no_words() {
    let sim = DeepgramTtsSim::start(Manner::default()).await;
    let config = DataPlaneConfig::new(SpeechConfig {
        stt: listener(&Notebook::default()),
        tts: TtsConfig::Deepgram(Arc::new(voice(&sim))),
    });
    let stage = Stage::new(config).await;
    let (phone, mut handle) = stage.call().await;
    let say = |utterance, text: &str, last| Command::Say {
        utterance: UtteranceId(utterance),
        text: text.into(),
        last,
    };
    for (text, last) in [("Yes,", false), ("at nine.", false), ("", true)] {
        handle.send(say(1, text, last)).expect("taken");
    }
    let mut clauses = 0;
    while clauses < 3 {
        clauses += event(&mut handle, |kind| match kind {
            EventKind::ClauseSynthesised { .. } => Some(1),
            EventKind::SpeechFailed { reason, .. } => panic!("{reason}"),
            _ => None,
        })
        .await;
    }
    finished(&mut handle, 1).await;
    let words = spoken(&["Yes,", "at nine."]);
    let played = phone.played();
    assert!(played.windows(words.len()).any(|heard| heard == words));
    // Nothing to say is said at once, and the call goes on.
    handle.send(say(2, "", true)).expect("taken");
    finished(&mut handle, 2).await;
    assert_eq!(stage.plane.metrics().tts_first_byte.snapshot().count(), 1);
}

// ---- interruptions -------------------------------------------------------------

#[tokio::test]
async fn nothing_of_a_cancelled_utterance_is_heard_in_the_next() {
    let sim = DeepgramTtsSim::start(Manner {
        between: Duration::from_millis(3),
        ..Manner::default()
    })
    .await;
    sim.inject(Fault::LateAudio(Duration::from_secs(1)));
    let mut call = Call::start(voice(&sim));
    for utterance in 0..4 {
        call.say(2 * utterance, &[WHEN, OR]).await;
        while !matches!(call.next().await, TtsEvent::Audio { .. }) {}
        call.cancel(2 * utterance).await;
        // What had been handed on by then is the relay's to drop.
        call.say(2 * utterance + 1, &[HELLO]).await;
        let mut audio = Vec::new();
        loop {
            match call.next().await {
                TtsEvent::Audio {
                    utterance: id,
                    mulaw,
                } if id.0 == 2 * utterance + 1 => audio.extend_from_slice(&mulaw),
                TtsEvent::Done { utterance: id } if id.0 == 2 * utterance + 1 => break,
                TtsEvent::Failed { reason, .. } => panic!("{reason}"),
                _ => {}
            }
        }
        assert!(audio == voice_of(HELLO));
    }
    assert_eq!(sim.count(|sent| *sent == Sent::Clear), 4);
    assert_eq!((call.errors(), sim.count(is_socket)), (0, 1));
}

#[tokio::test]
async fn a_clear_that_is_never_acknowledged_does_not_silence_the_next_utterance() {
    let sim = DeepgramTtsSim::start(Manner {
        between: Duration::from_millis(3),
        ..Manner::default()
    })
    .await;
    sim.inject(Fault::NoCleared);
    let mut call = Call::start(voice(&sim));
    call.say(1, &[WHEN]).await;
    while !matches!(call.next().await, TtsEvent::Audio { .. }) {}
    call.cancel(1).await;
    while tokio::time::timeout(Duration::from_millis(100), call.events.recv())
        .await
        .is_ok()
    {}
    assert!(call.says(2, &[HELLO]).await.audio == voice_of(HELLO));
}

// ---- the line of speakers ------------------------------------------------------

#[tokio::test]
async fn a_socket_that_fails_before_its_first_audio_is_replaced_by_plain_requests() {
    for fault in [
        SocketFault::Status(429),
        SocketFault::Status(500),
        SocketFault::Kill,
        SocketFault::Stall,
        SocketFault::Garbage,
    ] {
        let sim = DeepgramTtsSim::start(Manner::default()).await;
        let mut call = Call::start(voice(&sim));
        assert!(
            call.says(1, &[HELLO]).await.audio == voice_of(HELLO),
            "{fault:?}"
        );
        sim.inject(Fault::SocketOnly(fault));
        if fault == SocketFault::Kill || matches!(fault, SocketFault::Status(_)) {
            sim.hang_up_idle();
            until(|| sim.gone() == 1).await;
        }
        let heard = call.says(2, &[WHEN, OR]).await;
        assert!(heard.audio == spoken(&[WHEN, OR]), "{fault:?}");
        assert_eq!(sim.count(is_rest), 2, "{fault:?}");
        assert!(call.errors() > 0, "{fault:?}");
        assert!(
            heard.first < TTS_FIRST_AUDIO * 2,
            "{fault:?}: {:?}",
            heard.first
        );
    }
}

#[tokio::test]
async fn a_socket_that_breaks_off_in_the_middle_is_gone_on_with_by_plain_requests() {
    let sim = DeepgramTtsSim::start(Manner {
        between: Duration::from_millis(2),
        ..Manner::default()
    })
    .await;
    let mut call = Call::start(voice(&sim));
    sim.inject(Fault::SocketOnly(SocketFault::DropAfter(
        Duration::from_millis(10),
    )));
    let heard = call.says(1, &[WHEN, OR]).await;
    // What was begun is said again from its begin, and then the rest.
    let whole = spoken(&[WHEN, OR]);
    assert!(heard.audio.ends_with(&whole));
    let begun = heard.audio.len() - whole.len();
    assert!(
        begun > 0 && heard.audio[..begun] == whole[..begun],
        "{begun}"
    );
}

#[tokio::test]
async fn flushes_that_are_not_answered_are_not_waited_for() {
    for live_warnings in [true, false] {
        let sim = DeepgramTtsSim::start(Manner {
            live_warnings,
            ..Manner::default()
        })
        .await;
        sim.inject(Fault::ExcessiveFlush);
        let mut call = Call::start(voice(&sim));
        let heard = call.says(1, &[WHEN, OR]).await;
        assert!(heard.audio == spoken(&[WHEN, OR]));
        assert!(heard.first < TTS_FIRST_AUDIO, "{:?}", heard.first);
    }
    let sim = DeepgramTtsSim::start(Manner::default()).await;
    sim.inject(Fault::NoFlushed);
    let mut call = Call::start(voice(&sim));
    let heard = call.says(1, &[WHEN]).await;
    assert!(
        heard.audio == voice_of(WHEN),
        "all was said, and is not said again"
    );
}

#[tokio::test]
async fn a_vendor_that_fails_altogether_is_replaced_by_the_voice_on_this_machine_in_time() {
    for fault in [
        Fault::Refuse,
        Fault::Status(401),
        Fault::Status(429),
        Fault::Status(503),
        Fault::Kill,
        Fault::Stall,
        Fault::Garbage,
        Fault::Silence,
    ] {
        let sim = DeepgramTtsSim::start(Manner::default()).await;
        sim.inject(fault);
        let mut call = Call::start(voice(&sim));
        let heard = call.says(1, &[WHEN, OR]).await;
        assert!(
            heard.audio == [our_voice(WHEN), our_voice(OR)].concat(),
            "{fault:?}"
        );
        let bound = TTS_FIRST_AUDIO + Duration::from_secs(3);
        assert!(heard.first < bound, "{fault:?}: {:?}", heard.first);
        assert!(call.errors() > 0, "{fault:?}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_everywhere_ends_in_the_voice_on_this_machine() {
    let sim = DeepgramTtsSim::start(Manner {
        between: Duration::from_millis(2),
        ..Manner::default()
    })
    .await;
    sim.inject(Fault::DropAfter(Duration::from_millis(10)));
    let mut call = Call::start(voice(&sim));
    let heard = call.says(1, &[WHEN]).await;
    assert!(heard.audio.ends_with(&our_voice(WHEN)));
}

#[tokio::test]
async fn where_nobody_can_speak_the_utterance_fails_aloud() {
    let sim = DeepgramTtsSim::start(Manner::default()).await;
    sim.inject(Fault::Status(500));
    let mut call = Call::start(DeepgramTts {
        fallback: None,
        ..voice(&sim)
    });
    assert!(call.says(1, &[WHEN, OR]).await.failed);
    // The edge lives, and says the next thing when the vendor is back.
    sim.heal();
    assert!(call.says(2, &[HELLO]).await.audio == voice_of(HELLO));
}

#[tokio::test]
async fn a_vendor_that_is_left_alone_is_asked_again_after_its_rest() {
    let sim = DeepgramTtsSim::start(Manner::default()).await;
    sim.inject(Fault::Status(503));
    let voice = voice(&sim);
    let mut call = Call::start(voice.clone());
    for utterance in 0..BREAKER_FAILURES {
        call.says(utterance, &[HELLO]).await;
    }
    let asked = sim.sent().len();
    let mut other = Call::start(voice);
    let heard = other.says(0, &[HELLO]).await;
    assert!(heard.audio == our_voice(HELLO));
    assert_eq!(
        sim.sent().len(),
        asked,
        "no call asks a vendor that is down"
    );
    sim.heal();
    tokio::time::sleep(BREAKER_REST).await;
    assert!(other.says(1, &[WHEN]).await.audio == voice_of(WHEN));
    assert!(call.says(9, &[OR]).await.audio == voice_of(OR));
}

// ---- phrases -------------------------------------------------------------------

#[tokio::test]
async fn fixed_phrases_are_made_once_and_heard_without_the_vendor_after_a_restart() {
    let sim = DeepgramTtsSim::start(Manner::default()).await;
    let dir = tempfile::tempdir().expect("a place");
    let restarted = |phrases: [&str; 2]| DeepgramTts {
        phrases: Arc::new(PhraseCache::open(
            Some(dir.path().into()),
            DEFAULT_MODEL,
            phrases.map(str::to_owned),
        )),
        fallback: None,
        ..voice(&sim)
    };
    // A vendor that fails at first is asked again.
    sim.inject(Fault::Status(503));
    let metrics = Metrics::default();
    let first = restarted([HELLO, OR]);
    let healed = async {
        until(|| sim.count(is_rest) == 1).await;
        sim.heal();
    };
    tokio::join!(first.warm(&metrics.vendor_errors), healed);
    assert_eq!(sim.count(is_rest), 3);
    let failed = VendorErrorKind::Failed;
    assert_eq!(
        metrics.vendor_errors.count_of(Vendor::DeepgramTts, failed),
        1
    );

    sim.inject(Fault::Status(503));
    let second = restarted([HELLO, OR]);
    second.warm(&metrics.vendor_errors).await;
    assert_eq!(sim.count(is_rest), 3, "nothing is missing");
    let mut call = Call::start(second);
    let heard = call.says(1, &[HELLO, OR]).await;
    assert!(heard.audio == spoken(&[HELLO, OR]));
    assert_eq!(heard.clauses.len(), 2);
    let files = std::fs::read_dir(dir.path()).expect("readable").count();
    assert_eq!(files, 2);
}

#[tokio::test]
async fn a_phrase_in_the_middle_of_an_answer_keeps_its_place() {
    let sim = DeepgramTtsSim::start(Manner::default()).await;
    let phrases = PhraseCache::open(None, DEFAULT_MODEL, [HELLO.to_owned()]);
    let kept = vec![0xEE; 800];
    phrases
        .keep(HELLO, Bytes::from(kept.clone()))
        .expect("in memory");
    let mut call = Call::start(DeepgramTts {
        phrases: Arc::new(phrases),
        ..voice(&sim)
    });
    let heard = call.says(1, &[HELLO, WHEN, HELLO, OR]).await;
    let expected = [kept.clone(), voice_of(WHEN), kept, voice_of(OR)].concat();
    assert!(heard.audio == expected);
    assert_eq!(sim.count(is_rest), 0);
}
