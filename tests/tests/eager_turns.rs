//! A language model that is asked before the caller's turn has ended: sooner answers, and nothing
//! that comes of words that nobody has said in the end. Everything is a real socket.

use std::time::{Duration, Instant};

use control::feed::FeedEvent;
use control::limits::LLM_HEDGE_AFTER;
use serde_json::Value;
use tests::caller::Caller;
use tests::dealership::{Dealership, Plan};
use tests::vendors::deepgram_stt::{Finalize, Manner};
use tests::vendors::openai::Reply;

const V1: (&str, &str) = ("DEEPGRAM_MODEL", "nova-3");
const FLUX: (&str, &str) = ("DEEPGRAM_MODEL", "flux-general-en");
const OFF: (&str, &str) = ("TURN_EAGER", "off");

/// Until the model's first word.
const THINKS: Duration = Duration::from_millis(300);

async fn open(settings: &[(&'static str, &'static str)]) -> Dealership {
    open_hearing(Manner::default(), settings).await
}

async fn open_hearing(ear: Manner, settings: &[(&'static str, &'static str)]) -> Dealership {
    let plan = Plan {
        ear,
        settings: settings.to_vec(),
        ..Plan::with_model()
    };
    Dealership::open(&plan, None).await
}

async fn rings(shop: &Dealership) -> Caller {
    let caller = shop.rings("+12175550101").await;
    caller.is_told("How can I help you?").await;
    caller
}

/// A line of the metrics page, as a number; 0 where it is not there.
async fn metric(shop: &Dealership, line: &str) -> f64 {
    let page = shop.metrics().await;
    let value = page.lines().find_map(|l| l.strip_prefix(line));
    value.map_or(0.0, |value| value.trim().parse().expect("a number"))
}

const USED: &str = r#"otto_speculations_total{outcome="used"}"#;
const DISCARDED: &str = r#"otto_speculations_total{outcome="discarded"}"#;
const SHED: &str = r#"otto_speculations_total{outcome="shed"}"#;

/// How long a caller waits for answers, the median of some.
async fn waits(shop: &Dealership) -> Duration {
    shop.thinks
        .reply(Reply::saying(&["Sure,", " that is fine."]).after(THINKS));
    let caller = rings(shop).await;
    let mut waited = Vec::new();
    for words in ["I need an oil change", "for my old truck", "with new tires"] {
        let over = caller.says(words).await;
        let (at, _) = caller.hears_an_answer(over, |_| true).await;
        waited.push(at.saturating_duration_since(over));
        caller.falls_silent(over).await;
    }
    let in_vain = metric(shop, DISCARDED).await as usize;
    assert_eq!(shop.thinks.asked().len(), 3 + in_vain, "each turn once");
    waited.sort();
    waited[1]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_waits_less_where_flux_says_early_that_a_turn_may_be_over() {
    let eager = open(&[FLUX]).await;
    let sooner = waits(&eager).await;
    assert_eq!(metric(&eager, USED).await, 3.0);
    assert_eq!(metric(&eager, DISCARDED).await, 0.0);
    eager.close().await;
    let patient = open(&[FLUX, OFF]).await;
    let later = waits(&patient).await;
    assert_eq!(metric(&patient, USED).await, 0.0);
    patient.close().await;
    assert!(
        sooner + Duration::from_millis(100) <= later,
        "{sooner:?}, without {later:?}"
    );
}

/// The answer to each turn was asked for before the turn had ended, and kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_to_words_that_v1_shows_in_a_moment_of_silence_is_kept_until_the_turn_ends() {
    let eager = open(&[V1]).await;
    waits(&eager).await;
    assert!(eager.hears.connections()[0].path.starts_with("/v1/"));
    assert_eq!(metric(&eager, USED).await, 3.0);
    eager.close().await;
    let patient = open(&[V1, OFF]).await;
    waits(&patient).await;
    assert_eq!(metric(&patient, USED).await, 0.0);
    patient.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_to_half_a_sentence_is_never_heard_with_flux() {
    let shop = open(&[FLUX]).await;
    half_a_sentence_is_never_answered(shop).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_to_half_a_sentence_is_never_heard_with_v1() {
    // Whose vendor finds no end, nor any when it is asked: the turn is over by our own clock.
    let ear = Manner {
        finds_endpoints: false,
        finalize: Finalize::Ignored,
        ..Manner::default()
    };
    let shop = open_hearing(ear, &[V1]).await;
    half_a_sentence_is_never_answered(shop).await;
}

/// The caller pauses until a model is asked about what they have said so far, and goes on.
async fn half_a_sentence_is_never_answered(shop: Dealership) {
    shop.thinks.think(|body: &Value| {
        let last = body["messages"].as_array().and_then(|all| all.last());
        let words = last
            .and_then(|last| last["content"].as_str())
            .unwrap_or_default();
        let answer = if words.contains("tires") {
            "Both, then."
        } else {
            "Only oil."
        };
        Reply::saying(&[answer])
    });
    let caller = rings(&shop).await;
    let began = Instant::now();
    caller.says("I need an oil change").await;
    shop.thinks.wait(|seen| seen.asked == 1).await;
    let over = caller.says("and new tires").await;
    let (_, words) = caller.hears_an_answer(over, |_| true).await;
    assert_eq!(words, "Both,");
    let half =
        |what: &FeedEvent| matches!(what, FeedEvent::Agent { text, .. } if text.contains("Only"));
    assert!(!caller.was_told_since(began, half));
    caller.falls_silent(over).await;
    caller.hangs_up();
    let log = shop.log(&caller).await;
    let written = log.transcript.iter().map(|line| line.text.as_str());
    let written: Vec<&str> = written.collect();
    assert!(
        !written.iter().any(|text| text.contains("Only")),
        "{written:?}"
    );
    assert!(
        written.contains(&"I need an oil change and new tires"),
        "{written:?}"
    );
    assert_eq!(metric(&shop, DISCARDED).await, 1.0);
    let wasted = r#"otto_speculation_wasted_characters_total{kind="prompt"}"#;
    assert!(metric(&shop, wasted).await > 100.0, "it is counted");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_that_was_slow_is_asked_nothing_ahead_for_a_while() {
    let shop = open(&[FLUX]).await;
    let caller = rings(&shop).await;
    let fine = Reply::saying(&["That is fine."]);
    let turns = [
        // Slow enough to be asked once more.
        (
            "I need an oil change",
            fine.clone().after(LLM_HEDGE_AFTER + THINKS),
        ),
        ("for my old truck", fine),
    ];
    for (words, reply) in turns {
        shop.thinks.reply(reply);
        let over = caller.says(words).await;
        caller.hears_an_answer(over, |_| true).await;
        caller.falls_silent(over).await;
    }
    assert_eq!(metric(&shop, USED).await, 1.0, "the first");
    assert_eq!(metric(&shop, SHED).await, 1.0, "the second");
    let asked = shop.thinks.asked();
    assert_eq!(asked.len(), 3, "twice, and once when its turn had ended");
    shop.close().await;
}
