//! Deepgram's recogniser behind its edge, against the simulator on real sockets: what the caller
//! said arrives, whatever becomes of the connection.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dsp::Samples;
use pipeline::local::Reading;
use pipeline::message::Expectation;
use pipeline::metrics::{Metrics, Oddity};
use pipeline::net::deepgram::stt;
use pipeline::net::edge::{SttEvent, SttInput};
use pipeline::vendor::{Vendor, VendorErrorKind};
use pipeline::{DeepgramStt, LocalEar};
use tests::vendors::deepgram_stt::audio::{self, FRAME};
use tests::vendors::deepgram_stt::{Connection, DeepgramSttSim, Fault, Finalize, Manner};
use tokio::sync::mpsc;

const FRAME_SAMPLES: u64 = FRAME as u64;

/// A call with a recogniser, and the caller's voice.
struct Call {
    sim: DeepgramSttSim,
    input: mpsc::Sender<SttInput>,
    events: mpsc::Receiver<SttEvent>,
    metrics: Arc<Metrics>,
    /// Frames so far.
    frame: u64,
}

impl Call {
    async fn new() -> Self {
        Self::with(Manner::default(), |_| {}).await
    }

    async fn with(manner: Manner, adjust: impl FnOnce(&mut DeepgramStt)) -> Self {
        let sim = DeepgramSttSim::start(manner).await;
        Self::at(sim, adjust)
    }

    fn at(sim: DeepgramSttSim, adjust: impl FnOnce(&mut DeepgramStt)) -> Self {
        let mut ear = DeepgramStt::new(sim.account());
        adjust(&mut ear);
        let metrics = Arc::<Metrics>::default();
        let (input, input_out) = mpsc::channel(32);
        let (events_in, events) = mpsc::channel(32);
        tokio::spawn(stt::run(
            Arc::new(ear),
            metrics.clone(),
            input_out,
            events_in,
        ));
        Self {
            sim,
            input,
            events,
            metrics,
            frame: 0,
        }
    }

    fn position(&self) -> Samples {
        Samples(self.frame * FRAME_SAMPLES)
    }

    async fn tell(&self, input: SttInput) {
        self.input.send(input).await.expect("the edge listens");
    }

    async fn frames(&mut self, frames: impl IntoIterator<Item = Option<usize>>) {
        for word in frames {
            let position = self.position();
            let mulaw = audio::frame(self.frame, word);
            self.frame += 1;
            self.tell(SttInput::Audio { position, mulaw }).await;
        }
    }

    async fn silence(&mut self, frames: usize) {
        self.frames(std::iter::repeat_n(None, frames)).await;
    }

    /// The caller says this, as the detector has it: told of its start and of its pause.
    async fn says(&mut self, text: &str) {
        let position = self.position();
        self.tell(SttInput::SpeechStarted { position }).await;
        self.frames(audio::say(text)).await;
        let last_voiced = self.position();
        self.silence(10).await;
        let position = self.position();
        self.tell(SttInput::SpeechPaused {
            position,
            last_voiced,
            slow: false,
        })
        .await;
    }

    /// The pause has been long enough.
    async fn ends(&mut self) {
        self.silence(20).await;
        let position = self.position();
        self.tell(SttInput::SpeechEnded { position }).await;
    }

    /// The next answer: its words, `-` for none, `!` for a failure.
    async fn answer(&mut self) -> String {
        loop {
            let event = tokio::time::timeout(Duration::from_secs(10), self.events.recv());
            match event
                .await
                .expect("an answer in time")
                .expect("the edge goes on")
            {
                SttEvent::Partial { .. } | SttEvent::LikelyEnd { .. } | SttEvent::WentOn => {}
                SttEvent::Final(words) => return words.text,
                SttEvent::Nothing { .. } => return "-".into(),
                SttEvent::Failed { .. } => return "!".into(),
            }
        }
    }

    /// Waits until these words are likely all of a turn that has not ended.
    async fn likely(&mut self, words: &str) {
        loop {
            let event = tokio::time::timeout(Duration::from_secs(10), self.events.recv());
            match event.await.expect("in time").expect("the edge goes on") {
                SttEvent::LikelyEnd { text } if text == words => return,
                SttEvent::Partial { .. } | SttEvent::LikelyEnd { .. } | SttEvent::WentOn => {}
                other => panic!("the turn has ended: {other:?}"),
            }
        }
    }

    /// Waits until the connections are so.
    async fn sees(&self, what: impl Fn(&[Connection]) -> bool) {
        until(|| what(&self.sim.connections())).await;
    }

    /// Waits until the vendor has everything that was said.
    async fn all_heard(&self) {
        let end = self.frame * FRAME_SAMPLES;
        self.sees(|all| {
            all.iter()
                .any(|one| one.ranges.last().is_some_and(|r| r.end == end))
        })
        .await;
    }

    fn errors(&self, kind: VendorErrorKind) -> u64 {
        self.metrics
            .vendor_errors
            .count_of(Vendor::DeepgramStt, kind)
    }
}

async fn until(is: impl Fn() -> bool) {
    let patience = Instant::now() + Duration::from_secs(10);
    while !is() {
        assert!(Instant::now() < patience, "it never came to pass");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// What a connection was given, without a gap or a repetition.
fn whole(connection: &Connection) -> Range<u64> {
    match &connection.ranges[..] {
        [range] => range.clone(),
        ranges => panic!("in pieces: {ranges:?}"),
    }
}

/// An ear on this machine that always hears the same.
fn parrot(says: &'static str) -> LocalEar {
    LocalEar::new(move |_, _| async move {
        Ok(Reading {
            grammar: Some(says.into()),
            lm: Some(says.into()),
        })
    })
}

#[tokio::test]
async fn a_complete_answer_comes_with_the_vendors_endpoint_and_without_our_end() {
    let mut call = Call::new().await;
    call.silence(10).await;
    call.says("I need an oil change").await;
    assert_eq!(call.answer().await, "I need an oil change");
    let connections = call.sim.connections();
    let [only] = &connections[..] else {
        panic!("one connection: {connections:?}");
    };
    assert!(
        only.path.starts_with("/v1/listen?model=nova-2-phonecall&"),
        "{}",
        only.path
    );
    assert!(only.path.contains("&endpointing=200&"), "{}", only.path);
    assert_eq!(whole(only), 0..call.frame * FRAME_SAMPLES);
    assert_eq!(only.empty_messages, 0);
}

#[tokio::test]
async fn half_an_answer_comes_with_our_end() {
    let mut call = Call::new().await;
    call.says("I need an oil change and").await;
    call.ends().await;
    assert_eq!(call.answer().await, "I need an oil change and");
}

#[tokio::test]
async fn a_number_in_groups_is_one_answer() {
    let mut call = Call::new().await;
    call.tell(SttInput::Expect(Expectation::Phone)).await;
    call.says("two one seven").await;
    call.tell(SttInput::SpeechResumed {
        position: call.position(),
    })
    .await;
    call.frames(audio::say("five zero five zero one four two"))
        .await;
    let last_voiced = call.position();
    call.silence(10).await;
    let position = call.position();
    call.tell(SttInput::SpeechPaused {
        position,
        last_voiced,
        slow: false,
    })
    .await;
    assert_eq!(
        call.answer().await,
        "two one seven five zero five zero one four two"
    );
}

#[tokio::test]
async fn a_killed_socket_in_the_middle_of_a_word_loses_no_audio_and_no_word() {
    let mut call = Call::new().await;
    call.silence(10).await;
    call.says("hello um").await;
    call.all_heard().await;
    call.tell(SttInput::SpeechResumed {
        position: call.position(),
    })
    .await;
    let rest = audio::say("I need brakes and tires please");
    call.frames(rest[..25].iter().copied()).await;
    call.all_heard().await;
    call.sim.inject(Fault::Kill);
    call.sees(|all| all[0].is_over).await;
    call.frames(rest[25..40].iter().copied()).await;
    call.sim.heal();
    call.frames(rest[40..].iter().copied()).await;
    call.silence(10).await;
    assert_eq!(
        call.answer().await,
        "hello um I need brakes and tires please"
    );
    let connections = call.sim.connections();
    let (first, last) = (&connections[0], connections.last().expect("another one"));
    let (heard, again) = (whole(first), whole(last));
    assert_eq!(heard.start, 0);
    assert!(
        again.start <= heard.end,
        "nothing lies between {heard:?} and {again:?}"
    );
    assert!(
        again.start >= 30 * FRAME_SAMPLES,
        "final words are not heard again: {again:?}"
    );
    assert_eq!(again.end, call.frame * FRAME_SAMPLES);
    assert!(call.errors(VendorErrorKind::Dropped) >= 1);
}

#[tokio::test]
async fn audio_without_a_vendor_is_kept_for_thirty_seconds_and_no_longer() {
    let sim = DeepgramSttSim::start(Manner::default()).await;
    sim.inject(Fault::Refuse);
    let mut call = Call::at(sim, |_| {});
    let position = call.position();
    call.tell(SttInput::SpeechStarted { position }).await;
    call.silence(2_000).await;
    until(|| call.metrics.count_of(Oddity::BacklogDropped) >= 500).await;
    call.sim.heal();
    call.all_heard().await;
    let connections = call.sim.connections();
    let last = connections.last().expect("a connection");
    assert_eq!(whole(last), 500 * FRAME_SAMPLES..2_000 * FRAME_SAMPLES);
}

#[tokio::test]
async fn a_stalled_socket_is_replaced_and_the_turn_heard_again() {
    let mut call = Call::new().await;
    call.silence(10).await;
    call.all_heard().await;
    call.sim.inject(Fault::Stall);
    call.says("brakes please").await;
    call.ends().await;
    call.all_heard().await;
    call.sees(|all| all[0].is_over).await;
    call.sim.heal();
    assert_eq!(call.answer().await, "brakes please");
    assert!(call.errors(VendorErrorKind::TimedOut) >= 1);
}

#[tokio::test]
async fn without_a_vendor_the_ear_on_this_machine_reads_and_the_vendor_is_used_once_it_is_back() {
    let sim = DeepgramSttSim::start(Manner::default()).await;
    sim.inject(Fault::Status(503));
    let mut call = Call::at(sim, |ear| ear.fallback = Some(parrot("read here")));
    call.says("tires please").await;
    call.ends().await;
    assert_eq!(call.answer().await, "read here");
    assert!(call.errors(VendorErrorKind::Failed) >= 1);
    call.sim.heal();
    call.sees(|all| !all.is_empty()).await;
    call.says("tires please").await;
    assert_eq!(call.answer().await, "tires please");
}

#[tokio::test]
async fn without_any_ear_the_lost_turn_is_admitted_and_nothing_is_stuck() {
    let sim = DeepgramSttSim::start(Manner::default()).await;
    sim.inject(Fault::Status(401));
    let mut call = Call::at(sim, |_| {});
    call.says("yes").await;
    call.ends().await;
    assert_eq!(call.answer().await, "!");
    assert_eq!(call.answer().await, "-");
    assert_eq!(
        call.errors(VendorErrorKind::Unauthorized),
        1,
        "a refused key is not hammered"
    );
}

#[tokio::test]
async fn too_many_streams_and_a_wrong_key_are_told_apart() {
    for (status, kind) in [
        (429, VendorErrorKind::RateLimited),
        (401, VendorErrorKind::Unauthorized),
    ] {
        let sim = DeepgramSttSim::start(Manner::default()).await;
        sim.inject(Fault::Status(status));
        let call = Call::at(sim, |_| {});
        until(|| call.errors(kind) >= 1).await;
    }
    let sim = DeepgramSttSim::start(Manner::default()).await;
    let call = Call::at(sim, |ear| ear.account.key = "another".into());
    until(|| call.errors(VendorErrorKind::Unauthorized) == 1).await;
}

#[tokio::test]
async fn a_refused_model_is_replaced_by_the_second_one() {
    let sim = DeepgramSttSim::start(Manner::default()).await;
    sim.inject(Fault::NoModel("nova-2-phonecall"));
    let mut call = Call::at(sim, |ear| ear.fallback_model = Some("nova-3".into()));
    call.says("oil change please").await;
    assert_eq!(call.answer().await, "oil change please");
    let connections = call.sim.connections();
    assert!(
        connections[0].path.contains("model=nova-3&"),
        "{connections:?}"
    );
    assert_eq!(call.errors(VendorErrorKind::Refused), 1);
}

#[tokio::test]
async fn garbage_is_counted_and_the_call_goes_on() {
    let mut call = Call::new().await;
    call.sim.inject(Fault::Garbage);
    call.silence(50).await;
    until(|| call.errors(VendorErrorKind::Garbage) >= 3).await;
    call.sim.heal();
    call.says("yes please").await;
    assert_eq!(call.answer().await, "yes please");
    assert_eq!(call.sim.connections().len(), 1, "the same connection");
}

#[tokio::test]
async fn a_vendor_that_never_makes_words_final_is_taken_at_its_interim_word() {
    let manner = Manner {
        makes_final: false,
        tells_utterance_end: false,
        finalize: Finalize::Ignored,
        ..Manner::default()
    };
    let mut call = Call::with(manner, |_| {}).await;
    call.says("brakes and").await;
    call.ends().await;
    assert_eq!(call.answer().await, "brakes and");
}

#[tokio::test]
async fn a_wish_for_final_words_that_is_answered_emptily_loses_none() {
    let manner = Manner {
        finds_endpoints: false,
        tells_utterance_end: false,
        finalize: Finalize::AnsweredEmpty,
        ..Manner::default()
    };
    let mut call = Call::with(manner, |_| {}).await;
    call.says("yes").await;
    call.ends().await;
    assert_eq!(call.answer().await, "yes");
}

#[tokio::test]
async fn the_end_of_an_utterance_ends_a_turn_on_a_noisy_line() {
    let manner = Manner {
        finds_endpoints: false,
        ..Manner::default()
    };
    let mut call = Call::with(manner, |_| {}).await;
    let position = call.position();
    // The detector hears voice throughout: no pause is ever told.
    call.tell(SttInput::SpeechStarted { position }).await;
    call.frames(audio::say("oil change please")).await;
    call.silence(60).await;
    assert_eq!(call.answer().await, "oil change please");
}

#[tokio::test]
async fn a_slow_vendor_is_waited_for() {
    let mut call = Call::new().await;
    call.silence(10).await;
    call.sim.inject(Fault::Slow(Duration::from_millis(150)));
    call.says("tires please").await;
    call.ends().await;
    assert_eq!(call.answer().await, "tires please");
}

#[tokio::test]
async fn words_that_are_likely_all_are_told_before_their_turn_ends() {
    for model in ["nova-2-phonecall", "flux-general-en"] {
        let waits = Manner {
            finds_endpoints: model.starts_with("flux"),
            ..Manner::default()
        };
        let mut call = Call::with(waits, |ear| {
            ear.model = model.into();
            ear.eager = true;
        })
        .await;
        call.silence(10).await;
        call.says("tires please").await;
        call.likely("tires please").await;
        call.ends().await;
        assert_eq!(call.answer().await, "tires please", "{model}");
        let path = &call.sim.connections()[0].path;
        let asks = path.contains("&eager_eot_threshold=0.50");
        assert_eq!(asks, model.starts_with("flux"), "{path}");
    }
}

#[tokio::test]
async fn flux_ends_turns_by_its_model_and_gets_silence_when_audio_stops() {
    let mut call = Call::with(Manner::default(), |ear| {
        ear.model = "flux-general-en".into();
    })
    .await;
    call.silence(10).await;
    call.says("Tuesday at ten").await;
    // No more audio of the caller's: what the model needs is silence of ours.
    assert_eq!(call.answer().await, "Tuesday at ten");
    let connections = call.sim.connections();
    assert!(
        connections[0]
            .path
            .starts_with("/v2/listen?model=flux-general-en&")
    );
    assert!(connections[0].silence > 0);
    assert!(connections[0].texts.is_empty(), "Flux has no keep-alive");
}

#[tokio::test]
async fn a_call_that_is_over_says_goodbye() {
    let mut call = Call::new().await;
    call.silence(10).await;
    call.all_heard().await;
    let Call { sim, input, .. } = call;
    drop(input);
    until(|| sim.connections()[0].is_over).await;
    assert_eq!(sim.connections()[0].texts, [r#"{"type":"CloseStream"}"#]);
}
