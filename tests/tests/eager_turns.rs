//! A language model that is asked before the caller's turn has ended: sooner answers, and nothing
//! that comes of words that nobody has said in the end. Everything is a real socket.

use std::time::{Duration, Instant};

use control::feed::FeedEvent;
use control::limits::LLM_HEDGE_AFTER;
use serde_json::Value;
use tests::caller::Caller;
use tests::dealership::{Dealership, Plan};
use tests::vendors::deepgram_stt::{Fault, Finalize, Manner};
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

/// How often a busy machine may spoil a measurement: whoever is late looks like a slow model, which is
/// asked twice, and then nothing ahead for a while.
const ATTEMPTS: usize = 3;

/// By how much sooner a caller is answered at least.
const SOONER: Duration = Duration::from_millis(100);

/// What became of three turns.
#[derive(Debug)]
struct Turns {
    /// How long their caller waited for answers, the median.
    waited: Duration,
    /// Of the answers that were asked for ahead.
    used: f64,
    discarded: f64,
    asked: usize,
}

async fn turns(shop: &Dealership) -> Turns {
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
    waited.sort();
    Turns {
        waited: waited[1],
        used: metric(shop, USED).await,
        discarded: metric(shop, DISCARDED).await,
        asked: shop.thinks.asked().len(),
    }
}

/// Holds three turns with early questions against three without, in the same minute.
async fn is_answered_sooner(settings: &[(&'static str, &'static str)], fault: Option<Fault>) {
    let without: Vec<_> = settings.iter().copied().chain([OFF]).collect();
    let mut seen = Vec::new();
    for _ in 0..ATTEMPTS {
        let mut both = Vec::new();
        for settings in [settings, &without] {
            let shop = open(settings).await;
            if let Some(fault) = fault {
                shop.hears.inject(fault);
            }
            both.push(turns(&shop).await);
            shop.close().await;
        }
        let [eager, patient] = &both[..] else {
            unreachable!("two were measured");
        };
        assert_eq!(patient.used + patient.discarded, 0.0, "it is off");
        let once = eager.asked == 3 + eager.discarded as usize && patient.asked == 3;
        if once && eager.used >= 2.0 && eager.waited + SOONER <= patient.waited {
            return;
        }
        seen.push(both);
    }
    panic!("with early questions, and without: {seen:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_waits_less_where_flux_says_early_that_a_turn_may_be_over() {
    is_answered_sooner(&[FLUX], None).await;
}

/// The answer to each turn is asked for before the turn has ended, and kept. The vendor's final
/// words take as long as they do by way of a network.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_waits_less_where_v1_shows_all_their_words_in_a_moment_of_silence() {
    let late = Fault::Slow(Duration::from_millis(50));
    is_answered_sooner(&[V1, ("DEEPGRAM_ENDPOINTING", "300")], Some(late)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_to_half_a_sentence_is_never_heard_with_flux() {
    let pause = Duration::from_millis(300);
    half_a_sentence_is_never_answered(async || open(&[FLUX]).await, pause).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_to_half_a_sentence_is_never_heard_with_v1() {
    // Whose vendor finds no end, nor any when it is asked: the turn is over by our own clock.
    let ear = Manner {
        finds_endpoints: false,
        finalize: Finalize::Ignored,
        ..Manner::default()
    };
    let pause = Duration::from_millis(460);
    half_a_sentence_is_never_answered(async || open_hearing(ear, &[V1]).await, pause).await;
}

/// The caller pauses for so long that a model is asked about what they have said so far, and goes
/// on. On a machine that is too busy it may be asked too late; so it must have been asked once in
/// some calls, and its answer must not be heard in any.
async fn half_a_sentence_is_never_answered(open: impl AsyncFn() -> Dealership, pause: Duration) {
    for _ in 0..ATTEMPTS {
        let shop = open().await;
        let in_vain = goes_on_after_half_a_sentence(&shop, pause).await;
        shop.close().await;
        if in_vain {
            return;
        }
    }
    panic!("the model was never asked about half a sentence");
}

/// Whether a model was asked about its first half.
async fn goes_on_after_half_a_sentence(shop: &Dealership, pause: Duration) -> bool {
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
    let caller = rings(shop).await;
    let began = Instant::now();
    let over = caller
        .says_and_goes_on("I need an oil change", pause, "and new tires")
        .await;
    let (_, words) = caller.hears_an_answer(began, |_| true).await;
    assert_eq!(words, "Both,");
    let half =
        |what: &FeedEvent| matches!(what, FeedEvent::Agent { text, .. } if text.contains("Only"));
    caller.falls_silent(over).await;
    assert!(!caller.was_told_since(began, half));
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
    let in_vain = metric(shop, DISCARDED).await;
    assert_eq!(shop.thinks.asked().len(), 1 + in_vain as usize);
    let wasted = r#"otto_speculation_wasted_characters_total{kind="prompt"}"#;
    let is_counted = metric(shop, wasted).await > 100.0;
    assert_eq!(is_counted, in_vain > 0.0);
    in_vain > 0.0
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
