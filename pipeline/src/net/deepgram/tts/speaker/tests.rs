//! The machine under a virtual clock: what it sends, what the call hears, and when.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::limits::{BREAKER_FAILURES, TTS_CHARACTERS, TTS_FLUSHES, TTS_PIECE_BYTES, TTS_WINDOW};

const ONE: UtteranceId = UtteranceId(1);
const TWO: UtteranceId = UtteranceId(2);

/// A machine, and all that came of it.
struct Scene {
    speaker: Speaker,
    breaker: SharedBreaker,
    metrics: Arc<Metrics>,
    now: Mono,
}

impl Scene {
    /// With a voice on this machine, before the call's begin.
    fn new() -> Self {
        Self::with(true)
    }

    fn with(speaks_locally: bool) -> Self {
        let (breaker, metrics) = (SharedBreaker::default(), Arc::<Metrics>::default());
        Self {
            speaker: Speaker::new(speaks_locally, breaker.clone(), metrics.clone()),
            breaker,
            metrics,
            now: Mono::from_millis(1_000),
        }
    }

    /// With its socket open.
    fn open() -> Self {
        let mut scene = Self::new();
        scene.speaker.handle_start();
        assert_eq!(scene.orders(), [Order::Open]);
        scene.speaker.handle_opened(scene.now);
        scene
    }

    fn say(&mut self, utterance: UtteranceId, clause: u32, text: &str, last: bool) {
        self.say_kept(utterance, clause, text, last, None);
    }

    fn say_kept(
        &mut self,
        utterance: UtteranceId,
        clause: u32,
        text: &str,
        last: bool,
        kept: Option<Bytes>,
    ) {
        let words = Words {
            utterance,
            clause,
            text: text.into(),
            last,
            kept,
        };
        self.speaker.handle_speak(words, self.now);
    }

    fn audio(&mut self, bytes: usize) {
        self.speaker.handle_audio(vec![7; bytes].into(), self.now);
    }

    fn text(&mut self, kind: &str) {
        let message = format!(r#"{{"type":"{kind}"}}"#);
        self.speaker.handle_text(&message, self.now);
    }

    /// Lets time pass, deadline by deadline.
    fn pass(&mut self, span: Duration) {
        let until = self.now.plus(span);
        for _ in 0..100 {
            match self.speaker.timeout(self.now) {
                Some(due) if due <= until => {
                    self.now = self.now.max(due);
                    self.speaker.handle_time(self.now);
                }
                _ => {
                    self.now = until;
                    return;
                }
            }
        }
        panic!("deadlines pass and nothing comes of it");
    }

    fn orders(&mut self) -> Vec<Order> {
        std::iter::from_fn(|| self.speaker.poll_order()).collect()
    }

    /// What was sent, in short.
    fn sent(&mut self) -> Vec<String> {
        self.orders().iter().map(in_short).collect()
    }

    fn events(&mut self) -> Vec<TtsEvent> {
        std::iter::from_fn(|| self.speaker.poll_event()).collect()
    }

    /// Audio heard, in bytes, and the other events.
    fn heard(&mut self) -> (usize, Vec<TtsEvent>) {
        let (mut bytes, mut others) = (0, Vec::new());
        for event in self.events() {
            match event {
                TtsEvent::Audio { mulaw, .. } => bytes += mulaw.len(),
                other => others.push(other),
            }
        }
        (bytes, others)
    }

    fn errors(&self, kind: VendorErrorKind) -> u64 {
        let errors = &self.metrics.vendor_errors;
        errors.count_of(Vendor::DeepgramTts, kind)
    }

    fn break_vendor(&self) {
        for _ in 0..BREAKER_FAILURES {
            self.breaker.failed(self.now);
        }
    }
}

fn in_short(order: &Order) -> String {
    match order {
        Order::Send(message) => {
            let message: serde_json::Value = serde_json::from_str(message).expect("JSON");
            match message["text"].as_str() {
                Some(text) => format!("say {text}"),
                None => message["type"].as_str().expect("a type").to_lowercase(),
            }
        }
        Order::Fetch { from, text } => format!("{from:?} {text}").to_lowercase(),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn clause_done(utterance: UtteranceId, clause: u32, samples: u64) -> TtsEvent {
    TtsEvent::ClauseDone {
        utterance,
        clause,
        samples: Samples(samples),
    }
}

fn done(utterance: UtteranceId) -> TtsEvent {
    TtsEvent::Done { utterance }
}

// ---- clauses and flushes -----------------------------------------------------

#[test]
fn the_first_clause_is_spoken_at_once_and_the_last_whatever_happens() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "Well,", false);
    assert_eq!(scene.sent(), ["say Well, ", "flush"]);
    scene.say(ONE, 1, "let me see.", false);
    assert_eq!(scene.sent(), ["say let me see. "]);
    scene.say(ONE, 2, "Monday is free.", true);
    assert_eq!(scene.sent(), ["say Monday is free. ", "flush"]);
}

#[test]
fn sentences_gather_while_the_vendor_speaks_and_go_together_when_it_has_nothing_left() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "Well.", false);
    scene.say(ONE, 1, "One.", false);
    scene.say(ONE, 2, "Two.", false);
    assert_eq!(
        scene.sent(),
        ["say Well. ", "flush", "say One. ", "say Two. "]
    );
    scene.audio(40_000);
    scene.text("Flushed");
    assert_eq!(scene.sent(), ["flush"]);
}

#[test]
fn words_that_end_no_sentence_wait_for_company_until_the_caller_would_have_nothing_to_hear() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "Well.", false);
    scene.audio(16_000);
    scene.text("Flushed");
    scene.sent();
    scene.say(ONE, 1, "on Monday,", false);
    scene.pass(Duration::from_millis(1_500));
    assert_eq!(scene.sent(), ["say on Monday, "]);
    scene.pass(Duration::from_millis(200));
    assert_eq!(scene.sent(), ["flush"]);
}

#[test]
fn a_last_clause_without_words_closes_the_utterance() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "Well.", false);
    scene.say(ONE, 1, "On Monday", false);
    scene.sent();
    scene.say(ONE, 2, "", true);
    assert_eq!(scene.sent(), ["flush"]);
    scene.audio(500);
    scene.text("Flushed");
    scene.audio(900);
    scene.text("Flushed");
    let expected = [
        clause_done(ONE, 0, 500),
        clause_done(ONE, 1, 900),
        clause_done(ONE, 2, 0),
        done(ONE),
    ];
    assert_eq!(scene.heard(), (1_400, expected.to_vec()));
    // With nothing unflushed there is nothing to flush.
    scene.say(TWO, 0, "Hello.", false);
    scene.sent();
    scene.say(TWO, 1, " ", true);
    assert_eq!(scene.sent(), [""; 0]);
}

#[test]
fn the_audio_of_a_flush_is_apportioned_to_its_clauses_by_their_letters() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "Hello.", false);
    scene.say(ONE, 1, "1234.", false);
    scene.say(ONE, 2, "1234567890123 5", true);
    scene.audio(100);
    assert_eq!(
        scene.heard(),
        (100, vec![]),
        "no length is known before its flush is answered"
    );
    scene.text("Flushed");
    scene.audio(300);
    scene.audio(101);
    scene.text("Flushed");
    let expected = [
        clause_done(ONE, 0, 100),
        clause_done(ONE, 1, 100),
        clause_done(ONE, 2, 301),
        done(ONE),
    ];
    assert_eq!(scene.heard(), (401, expected.to_vec()));
}

#[test]
fn a_clause_too_long_for_one_message_is_spoken_in_pieces_and_is_one_clause() {
    let mut scene = Scene::open();
    let text = "word ".repeat(TTS_PIECE_BYTES / 5 + 20);
    scene.say(ONE, 0, &text, true);
    let sent = scene.sent();
    assert_eq!(sent.len(), 3, "{sent:?}");
    let said = format!("{}{}", &sent[0][4..], &sent[1][4..]);
    assert_eq!(said, text);
    scene.audio(700);
    scene.audio(600);
    scene.text("Flushed");
    assert_eq!(
        scene.heard(),
        (1_300, vec![clause_done(ONE, 0, 1_300), done(ONE)])
    );
}

#[test]
fn a_phrase_made_before_needs_no_vendor_and_does_not_overtake_one() {
    let mut scene = Scene::new();
    let kept = || Some(Bytes::from_static(&[1; 160]));
    scene.say_kept(ONE, 0, "Hello.", false, kept());
    assert_eq!(scene.heard(), (160, vec![clause_done(ONE, 0, 160)]));
    assert_eq!(scene.sent(), [""; 0]);
    scene.say(ONE, 1, "Ms. Carter,", false);
    scene.say_kept(ONE, 2, "Goodbye.", true, kept());
    assert_eq!(scene.sent(), ["open"]);
    scene.speaker.handle_opened(scene.now);
    assert_eq!(scene.sent(), ["say Ms. Carter, ", "flush"]);
    assert_eq!(scene.heard(), (0, vec![]));
    scene.audio(300);
    scene.text("Flushed");
    let expected = [
        clause_done(ONE, 1, 300),
        clause_done(ONE, 2, 160),
        done(ONE),
    ];
    assert_eq!(scene.heard(), (460, expected.to_vec()));
}

// ---- interruptions -----------------------------------------------------------

#[test]
fn a_cancelled_utterance_is_cleared_and_its_audio_dropped_until_every_clear_is_answered() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", true);
    scene.audio(100);
    scene.speaker.handle_cancel(ONE, scene.now);
    assert_eq!(
        scene.heard(),
        (0, vec![]),
        "what was not handed on is forgotten, too"
    );
    // The next utterance does not wait for the answer.
    scene.say(TWO, 0, "Two.", true);
    scene.speaker.handle_cancel(TWO, scene.now);
    scene.say(UtteranceId(3), 0, "Three.", true);
    assert_eq!(
        scene.sent(),
        [
            "say One. ",
            "flush",
            "clear",
            "say Two. ",
            "flush",
            "clear",
            "say Three. ",
            "flush"
        ]
    );
    scene.audio(200);
    scene.text("Flushed");
    scene.text("Cleared");
    scene.audio(300);
    assert_eq!(scene.heard(), (0, vec![]), "one clear is still unanswered");
    scene.text("Cleared");
    scene.audio(400);
    scene.text("Flushed");
    let three = UtteranceId(3);
    assert_eq!(
        scene.heard(),
        (400, vec![clause_done(three, 0, 400), done(three)])
    );
}

#[test]
fn an_utterance_behind_a_cancelled_one_is_given_to_the_vendor_again() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", true);
    scene.say(TWO, 0, "Two.", true);
    scene.sent();
    scene.speaker.handle_cancel(ONE, scene.now);
    assert_eq!(scene.sent(), ["clear", "say Two. ", "flush"]);
}

#[test]
fn a_later_utterance_is_cancelled_without_a_word_lost_of_the_one_being_spoken() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", true);
    scene.say(TWO, 0, "Two.", false);
    scene.speaker.handle_cancel(TWO, scene.now);
    scene.say(UtteranceId(3), 0, "Three.", true);
    for bytes in [100, 200, 300] {
        scene.audio(bytes);
        scene.text("Flushed");
    }
    let three = UtteranceId(3);
    let expected = [
        clause_done(ONE, 0, 100),
        done(ONE),
        clause_done(three, 0, 300),
        done(three),
    ];
    assert_eq!(scene.heard(), (400, expected.to_vec()));
    assert!(!scene.sent().contains(&"clear".to_owned()));
}

#[test]
fn clauses_that_come_after_the_cancellation_are_ignored() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", false);
    scene.speaker.handle_cancel(ONE, scene.now);
    scene.sent();
    scene.say(ONE, 1, "More.", true);
    assert_eq!(scene.sent(), [""; 0]);
}

#[test]
fn a_clear_that_is_not_answered_in_time_costs_the_socket_and_not_the_next_utterance() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", true);
    scene.speaker.handle_cancel(ONE, scene.now);
    scene.say(TWO, 0, "Two.", true);
    scene.sent();
    scene.pass(TTS_CLEARED);
    assert_eq!(scene.sent(), ["hangup", "rest two."]);
    assert_eq!(scene.errors(VendorErrorKind::TimedOut), 1);
}

// ---- failures ----------------------------------------------------------------

#[test]
fn each_speaker_that_keeps_silent_hands_over_in_time_and_the_last_failure_is_said() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", true);
    scene.sent();
    scene.pass(TTS_FIRST_AUDIO);
    assert_eq!(scene.sent(), ["hangup", "rest one."]);
    scene.pass(TTS_FIRST_AUDIO);
    assert_eq!(scene.sent(), ["stopfetch", "local one."]);
    scene.pass(TTS_FIRST_AUDIO);
    assert_eq!(scene.sent(), ["stopfetch"]);
    let (_, events) = scene.heard();
    assert!(
        matches!(events[..], [TtsEvent::Failed { utterance: ONE, .. }]),
        "{events:?}"
    );
    assert_eq!(
        scene.errors(VendorErrorKind::TimedOut),
        2,
        "our own voice is no vendor"
    );
    // Said again, it is another utterance, and begins anew.
    scene.say(TWO, 0, "One.", true);
    assert_eq!(scene.sent(), ["open"]);
}

#[test]
fn audio_that_stops_in_the_middle_is_gone_on_with_where_it_stopped() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "Well now.", false);
    scene.audio(9 * 533);
    scene.text("Flushed");
    scene.say(ONE, 1, "Ten letter", false);
    scene.say(ONE, 2, "Ten letter", false);
    scene.say(ONE, 3, "The end.", true);
    scene.heard();
    scene.sent();
    // The first of three is over, and the second begun.
    scene.audio(12 * 533);
    scene.pass(TTS_NEXT_AUDIO);
    assert_eq!(scene.sent(), ["hangup", "rest ten letter"]);
    assert_eq!(scene.heard(), (12 * 533, vec![clause_done(ONE, 1, 5_330)]));
    scene
        .speaker
        .handle_fetched(vec![7; 5_000].into(), scene.now);
    scene.speaker.handle_fetch_done(scene.now);
    // What was heard of it the first time is part of its length.
    assert_eq!(
        scene.heard(),
        (5_000, vec![clause_done(ONE, 2, 2 * 533 + 5_000)])
    );
    assert_eq!(scene.sent(), ["rest the end."]);
}

#[test]
fn audio_that_is_all_there_is_not_repeated_where_only_its_end_is_not_told() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "Ten letter", true);
    scene.audio(5_330);
    scene.pass(TTS_NEXT_AUDIO);
    let (bytes, events) = scene.heard();
    assert_eq!(
        (bytes, &events[..]),
        (5_330, &[clause_done(ONE, 0, 5_330), done(ONE)][..])
    );
    assert_eq!(scene.sent(), ["say Ten letter ", "flush", "hangup"]);
    assert_eq!(scene.errors(VendorErrorKind::TimedOut), 1);
}

#[test]
fn a_flush_that_was_one_too_many_is_not_waited_for() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", true);
    scene.sent();
    let warning = r#"{"type":"Warning","warn_code":"EXCESSIVE_FLUSH"}"#;
    scene.speaker.handle_text(warning, scene.now);
    assert_eq!(scene.sent(), ["hangup", "rest one."]);
    assert_eq!(scene.errors(VendorErrorKind::RateLimited), 1);
    // No further flush is wasted before the minute is over.
    scene.speaker.handle_fetched(vec![7; 10].into(), scene.now);
    scene.speaker.handle_fetch_done(scene.now);
    scene.say(TWO, 0, "Two.", true);
    assert_eq!(scene.sent(), ["open"]);
    scene.speaker.handle_opened(scene.now);
    assert_eq!(scene.sent(), ["rest two."]);
}

#[test]
fn garbage_and_errors_hand_over_at_once_and_unknown_messages_are_ignored() {
    for (message, kind) in [
        ("this is no JSON", VendorErrorKind::Garbage),
        (r#"["Flushed"]"#, VendorErrorKind::Garbage),
        (
            r#"{"type":"Error","err_code":"NET-0000"}"#,
            VendorErrorKind::Failed,
        ),
    ] {
        let mut scene = Scene::open();
        scene.say(ONE, 0, "One.", true);
        scene.text("News");
        scene.text("Metadata");
        scene.text("Warning");
        assert_eq!(scene.sent(), ["say One. ", "flush"]);
        scene.speaker.handle_text(message, scene.now);
        assert_eq!(scene.sent(), ["hangup", "rest one."], "{message}");
        assert_eq!(scene.errors(kind), 1);
    }
}

#[test]
fn an_answer_without_any_audio_is_no_answer() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", true);
    scene.text("Flushed");
    assert_eq!(scene.sent(), ["say One. ", "flush", "hangup", "rest one."]);
    scene.speaker.handle_fetch_done(scene.now);
    assert_eq!(scene.sent(), ["local one."]);
    // Where nothing can be heard, nothing is missed.
    let mut scene = Scene::open();
    scene.say(ONE, 0, "...", true);
    scene.text("Flushed");
    assert_eq!(scene.heard(), (0, vec![clause_done(ONE, 0, 0), done(ONE)]));
}

#[test]
fn audio_without_end_is_not_listened_to() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "No.", true);
    for _ in 0..10 {
        scene.audio(8_000);
    }
    assert_eq!(scene.errors(VendorErrorKind::Garbage), 1);
    let (bytes, events) = scene.heard();
    assert!(bytes < 48_000, "{bytes}");
    assert_eq!(events.last(), Some(&done(ONE)));
}

#[test]
fn a_key_that_is_not_known_goes_straight_to_the_voice_on_this_machine() {
    let mut scene = Scene::new();
    scene.say(ONE, 0, "One.", true);
    scene
        .speaker
        .handle_not_opened(VendorErrorKind::Unauthorized, scene.now);
    assert_eq!(scene.sent(), ["open", "hangup", "local one."]);
}

#[test]
fn an_idle_socket_that_is_closed_is_no_failure_and_opened_again_when_there_are_words() {
    let mut scene = Scene::open();
    scene
        .speaker
        .handle_closed(VendorErrorKind::Dropped, scene.now);
    scene.pass(Duration::from_secs(60));
    assert_eq!(scene.sent(), [""; 0]);
    scene.say(ONE, 0, "One.", true);
    assert_eq!(scene.sent(), ["open"]);
    scene.speaker.handle_opened(scene.now);
    assert_eq!(scene.sent(), ["say One. ", "flush"]);
    let errors = &scene.metrics.vendor_errors;
    for kind in VendorErrorKind::ALL {
        assert_eq!(errors.count_of(Vendor::DeepgramTts, kind), 0);
    }
}

#[test]
fn words_wait_no_longer_than_a_moment_for_a_socket() {
    let mut scene = Scene::new();
    scene.speaker.handle_start();
    scene.pass(Duration::from_millis(700));
    scene.say(ONE, 0, "One.", true);
    assert_eq!(scene.sent(), ["open"]);
    scene.pass(TTS_OPEN);
    assert_eq!(scene.sent(), ["hangup", "rest one."]);
}

#[test]
fn an_utterance_is_not_given_back_to_what_failed_it() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", false);
    scene
        .speaker
        .handle_closed(VendorErrorKind::Dropped, scene.now);
    scene.speaker.handle_fetched(vec![7; 10].into(), scene.now);
    scene.speaker.handle_fetch_done(scene.now);
    scene.sent();
    scene.say(ONE, 1, "Two.", true);
    assert_eq!(scene.sent(), ["rest two."]);
}

#[test]
fn while_the_call_takes_no_audio_no_deadline_passes() {
    let mut scene = Scene::open();
    scene.say(ONE, 0, "One.", true);
    scene.audio(100);
    scene.now = scene.now.plus(TTS_NEXT_AUDIO * 10);
    scene.speaker.handle_room(scene.now);
    scene.pass(TTS_NEXT_AUDIO / 2);
    assert_eq!(scene.sent(), ["say One. ", "flush"]);
    scene.pass(TTS_NEXT_AUDIO);
    assert_eq!(scene.sent(), ["hangup", "rest one."]);
}

#[test]
fn more_words_than_are_kept_fail_their_utterance_aloud() {
    let mut scene = Scene::new();
    for clause in 0..=TTS_FLUSHES as u32 * 100 {
        scene.say(ONE, clause, "word", false);
    }
    let (_, events) = scene.heard();
    assert!(
        matches!(events[..], [TtsEvent::Failed { utterance: ONE, .. }]),
        "{events:?}"
    );
}

// ---- the breaker -------------------------------------------------------------

#[test]
fn while_the_breaker_is_open_the_voice_on_this_machine_speaks_and_one_utterance_tries_again() {
    let mut scene = Scene::new();
    scene.break_vendor();
    scene.speaker.handle_start();
    assert_eq!(scene.sent(), [""; 0], "no socket is opened ahead");
    scene.say(ONE, 0, "One.", true);
    assert_eq!(scene.sent(), ["local one."]);
    scene.speaker.handle_fetched(vec![7; 10].into(), scene.now);
    scene.speaker.handle_fetch_done(scene.now);
    scene.pass(crate::limits::BREAKER_REST);
    scene.say(TWO, 0, "Two.", true);
    assert_eq!(scene.sent(), ["open"]);
    assert!(!scene.breaker.is_closed());
    scene.speaker.handle_opened(scene.now);
    scene.audio(100);
    scene.text("Flushed");
    assert!(scene.breaker.is_closed(), "its success lets everybody in");
}

#[test]
fn without_a_voice_on_this_machine_the_vendor_is_asked_whatever_the_breaker_says() {
    let mut scene = Scene::with(false);
    scene.break_vendor();
    scene.say(ONE, 0, "One.", true);
    assert_eq!(scene.sent(), ["open"]);
    scene
        .speaker
        .handle_not_opened(VendorErrorKind::Connect, scene.now);
    assert_eq!(scene.sent(), ["hangup", "rest one."]);
    scene
        .speaker
        .handle_fetch_failed(VendorErrorKind::Connect, "no connection", scene.now);
    let (_, events) = scene.heard();
    assert!(
        matches!(events[..], [TtsEvent::Failed { utterance: ONE, .. }]),
        "{events:?}"
    );
}

#[test]
fn a_socket_that_opens_and_never_speaks_opens_the_breaker() {
    let mut scene = Scene::open();
    for utterance in 0..BREAKER_FAILURES {
        let utterance = UtteranceId(utterance);
        scene.say(utterance, 0, "One.", true);
        if scene.sent() == ["open"] {
            scene.speaker.handle_opened(scene.now);
        }
        scene.pass(TTS_FIRST_AUDIO);
        scene.speaker.handle_cancel(utterance, scene.now);
        scene.sent();
    }
    assert!(!scene.breaker.is_closed());
}

// ---- the budget --------------------------------------------------------------

/// Counts what the vendor would count.
#[derive(Default)]
struct Meter {
    flushes: Vec<Mono>,
    letters: Vec<(Mono, usize)>,
}

impl Meter {
    fn read(&mut self, scene: &mut Scene) -> usize {
        let mut flushes = 0;
        for order in scene.sent() {
            if order == "flush" {
                self.flushes.push(scene.now);
                flushes += 1;
            } else if let Some(text) = order.strip_prefix("say ") {
                self.letters.push((scene.now, text.chars().count()));
            } else if let Some(text) = order.strip_prefix("rest ") {
                let mulaw = vec![7; text.len() * 533];
                scene.speaker.handle_fetched(mulaw.into(), scene.now);
                scene.speaker.handle_fetch_done(scene.now);
                flushes += self.read(scene);
            } else {
                assert!(["clear", "stopfetch"].contains(&&*order), "{order}");
            }
        }
        let minute = Duration::from_secs(60);
        let within = |at: &Mono| scene.now.since(*at) < minute;
        let recent = self.flushes.iter().filter(|at| within(at)).count();
        assert!(recent <= TTS_FLUSHES, "{recent} flushes in a minute");
        let letters = self.letters.iter().filter(|(at, _)| within(at));
        let letters: usize = letters.map(|(_, letters)| letters).sum();
        assert!(
            letters <= TTS_CHARACTERS as usize,
            "{letters} characters in a minute"
        );
        flushes
    }
}

#[test]
fn a_fast_dialogue_never_breaks_the_budget_and_every_word_is_heard_to_its_end() {
    let mut scene = Scene::open();
    let mut meter = Meter::default();
    let mut ended = 0;
    for turn in 0..300_u32 {
        let utterance = UtteranceId(turn);
        let mut owed = 0;
        for (clause, text, last) in [
            (0, "Certainly, let me look into that for you.", false),
            (
                1,
                "On Monday we have a free place at nine in the morning,",
                false,
            ),
            (2, "and another one at three.", false),
            (3, "Which one would you like?", true),
        ] {
            scene.say(utterance, clause, text, last);
            owed += meter.read(&mut scene);
            scene.pass(Duration::from_millis(150));
            owed += meter.read(&mut scene);
            if turn % 3 != 0 {
                while owed > 0 {
                    owed -= 1;
                    scene.audio(4_000);
                    scene.text("Flushed");
                    owed += meter.read(&mut scene);
                }
            }
        }
        // Every third turn is interrupted.
        if turn % 3 == 0 {
            scene.speaker.handle_cancel(utterance, scene.now);
            if scene.sent().contains(&"clear".to_owned()) {
                scene.text("Cleared");
            }
        }
        let (_, events) = scene.heard();
        ended += usize::from(events.contains(&done(utterance)));
        scene.pass(Duration::from_millis(400));
        meter.read(&mut scene);
    }
    assert_eq!(ended, 200, "an utterance did not end");
    assert!(meter.flushes.len() > TTS_FLUSHES);
}

#[test]
fn with_few_flushes_left_only_the_end_of_an_utterance_is_flushed() {
    let mut scene = Scene::open();
    let spent = TTS_FLUSHES - TTS_FLUSHES_NEARLY_GONE;
    for _ in 0..spent {
        scene.speaker.budget.note_flush(scene.now);
    }
    scene.say(ONE, 0, "One.", false);
    scene.say(ONE, 1, "Two.", false);
    assert_eq!(scene.sent(), ["say One. ", "say Two. "]);
    scene.pass(TTS_WINDOW / 2);
    assert_eq!(scene.sent(), [""; 0]);
    scene.say(ONE, 2, "Three.", true);
    assert_eq!(scene.sent(), ["say Three. ", "flush"]);
}

#[test]
fn words_beyond_the_characters_of_a_minute_are_asked_for_by_plain_requests() {
    let mut scene = Scene::open();
    let long = "word ".repeat(170);
    for clause in 0..2 {
        scene.say(ONE, clause, &long, false);
    }
    scene.say(ONE, 2, &long, false);
    scene.say(ONE, 3, "The end.", true);
    let sent = scene.sent();
    // The third does not fit; what was sent before it is flushed, and waited for.
    assert_eq!(sent.len(), 4, "{sent:?}");
    scene.audio(1_000);
    scene.text("Flushed");
    scene.audio(1_000);
    scene.text("Flushed");
    let sent = scene.sent();
    assert!(
        sent.len() == 1 && sent[0].starts_with("rest word"),
        "{sent:?}"
    );
}

// ---- nothing lost ------------------------------------------------------------

proptest! {
    #[test]
    fn no_byte_is_lost_or_repeated_in_chunks_of_any_size(
        chunks in prop::collection::vec(0_usize..3_000, 1..60),
        flushed_after in 0_usize..60,
    ) {
        let mut scene = Scene::open();
        scene.say(ONE, 0, "Four hundred letters would do.", false);
        scene.say(ONE, 1, &"and more ".repeat(40), true);
        let mut next = 0_u8;
        let (mut sent, mut heard) = (Vec::new(), Vec::new());
        let mut samples = 0;
        let mut events = Vec::new();
        for (n, chunk) in chunks.iter().enumerate() {
            let mulaw: Vec<u8> = (0..*chunk).map(|_| { next = next.wrapping_add(1); next }).collect();
            sent.extend_from_slice(&mulaw);
            scene.speaker.handle_audio(mulaw.into(), scene.now);
            if n == flushed_after.min(chunks.len() - 1) && !sent.is_empty() {
                scene.text("Flushed");
            }
            events.extend(scene.events());
        }
        prop_assume!(sent.len() < 30 * 8_000);
        for event in events {
            match event {
                TtsEvent::Audio { mulaw, .. } => heard.extend_from_slice(&mulaw),
                TtsEvent::ClauseDone { samples: length, .. } => samples += length.0,
                _ => {}
            }
        }
        prop_assert!(sent.starts_with(&heard));
        prop_assert!(samples <= heard.len() as u64);
        if scene.metrics.vendor_errors.count_of(Vendor::DeepgramTts, VendorErrorKind::Garbage) == 0 {
            prop_assert_eq!(sent, heard);
        }
    }
}
