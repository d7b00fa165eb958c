//! Vendors that fail in the middle of a call.

use std::time::{Duration, Instant};

use tests::caller::Caller;
use tests::dealership::{Dealership, JOHN, Plan, at, on_both_books, until};
use tests::vendors::google::Fault as Calendar;
use tests::vendors::openai::{Fault as Model, Reply};
use tests::vendors::{deepgram_stt, deepgram_tts};

/// From the end of the caller's words, beyond the deadlines themselves, to the agent's.
const WITHIN: Duration = Duration::from_secs(3);

/// Samples of the caller's words after which the line breaks: more than half a second.
const IN_MID_SENTENCE: u64 = 4_800;

const SHALL_I: &str = "Shall I book it?";

/// How many samples of callers' words the recogniser has.
fn heard(shop: &Dealership) -> u64 {
    let lines = shop.hears.connections();
    let ranges = lines.iter().flat_map(|line| &line.ranges);
    ranges.map(|range| range.end - range.start).sum()
}

async fn is_answered(caller: &Caller, words: &str, answer: &str) -> Duration {
    let over = caller.says(words).await;
    let (at, _) = caller
        .hears_an_answer(over, |said| said.contains(answer))
        .await;
    caller.is_told(answer).await;
    at.saturating_duration_since(over)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_calendar_gone_the_book_decides_and_the_calendar_catches_up() {
    on_both_books(Plan::default(), async |shop: &Dealership| {
        shop.calendar_agrees().await;
        let john = shop.rings(JOHN).await;
        john.is_told("How can I help you?").await;
        shop.google.faults.inject(Calendar::Dead);
        is_answered(&john, "i need an oil change", "What day and time").await;
        // Of what the book knows to be taken, nothing is invented.
        let offered = is_answered(&john, "tomorrow at ten", "already taken").await;
        assert!(
            offered <= control::limits::CALENDAR_OUTLOOK_DEADLINE + WITHIN,
            "{offered:?}"
        );
        is_answered(&john, "ten thirty", SHALL_I).await;
        is_answered(&john, "yes", "You are booked").await;
        john.hangs_up();
        let booked = shop.booked().await;
        assert_eq!(booked.len(), 1);
        assert_eq!(booked[0].starts_at, at("2026-11-24T16:30:00Z"));
        assert_eq!(shop.google.events().len(), 1, "nobody could tell it yet");
        shop.google.faults.heal();
        assert_eq!(shop.calendar_agrees().await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_calendar_that_fails_every_other_time_has_every_booking_once() {
    on_both_books(Plan::default(), async |shop: &Dealership| {
        shop.google.faults.inject(Calendar::Failing(50));
        let john = shop.rings(JOHN).await;
        john.is_told("How can I help you?").await;
        for (service, wish) in [
            ("i need an oil change", "wednesday at nine"),
            ("i need a tire rotation", "friday at eleven"),
            ("i need a brake inspection", "saturday at ten"),
        ] {
            is_answered(&john, service, "What day and time").await;
            is_answered(&john, wish, SHALL_I).await;
            is_answered(&john, "yes", "You are booked").await;
        }
        john.hangs_up();
        assert_eq!(shop.booked().await.len(), 3);
        shop.google.faults.heal();
        assert_eq!(shop.calendar_agrees().await.len(), 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_model_gone_in_mid_booking_the_rules_finish_it() {
    on_both_books(Plan::with_model(), async |shop: &Dealership| {
        shop.thinks
            .think(|_| Reply::saying(&["What day and time", " would suit you?"]));
        let john = shop.rings(JOHN).await;
        john.is_told("How can I help you?").await;
        is_answered(&john, "i need an oil change", "What day and time").await;
        shop.thinks.inject(Model::StallBeforeFirst);
        let over = john.says("an oil change on friday at two p m").await;
        let (at_, _) = john
            .hears_an_answer(over, |said| said.contains(SHALL_I))
            .await;
        let took = at_.saturating_duration_since(over);
        assert!(took <= control::limits::LLM_SILENCE + WITHIN, "{took:?}");
        john.is_told(SHALL_I).await;
        john.says("yes").await;
        john.is_told("You are booked").await;
        john.hangs_up();
        let booked = shop.booked().await;
        assert_eq!(booked.len(), 1);
        assert_eq!(booked[0].starts_at, at("2026-11-27T20:00:00Z"));
        assert_eq!(shop.calendar_agrees().await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recogniser_that_drops_its_line_in_mid_sentence_loses_no_word() {
    on_both_books(Plan::default(), async |shop: &Dealership| {
        let john = shop.rings(JOHN).await;
        john.is_told("How can I help you?").await;
        let killing = async {
            let amid = |samples: &u64| *samples >= IN_MID_SENTENCE;
            until("he is in mid-sentence", amid, async || heard(shop)).await;
            shop.hears.inject(deepgram_stt::Fault::Kill);
            let dropped = |over: &bool| *over;
            until("its line is gone", dropped, async || {
                shop.hears.connections().iter().any(|c| c.is_over)
            })
            .await;
            shop.hears.heal();
        };
        tokio::join!(
            john.says("i need an oil change on friday at two p m please"),
            killing
        );
        john.is_told("Friday, November 27 at 2 p.m.").await;
        john.says("yes").await;
        john.is_told("You are booked").await;
        assert!(
            shop.hears.connections().len() >= 2,
            "there was a second line"
        );
        john.hangs_up();
        assert_eq!(shop.booked().await.len(), 1);
        shop.calendar_agrees().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voice_whose_line_is_gone_speaks_again_and_everything_is_free_soon_after_the_call() {
    on_both_books(Plan::default(), async |shop: &Dealership| {
        let john = shop.rings(JOHN).await;
        john.is_told("How can I help you?").await;
        let before = shop.speaks.gone();
        shop.speaks.inject(deepgram_tts::Fault::Kill);
        let dropped = |gone: &usize| *gone > before;
        until("its line is gone", dropped, async || shop.speaks.gone()).await;
        shop.speaks.heal();
        let took = is_answered(&john, "i need an oil change", "What day and time").await;
        assert!(
            took <= pipeline::limits::TTS_FIRST_AUDIO + WITHIN,
            "{took:?}"
        );
        is_answered(&john, "friday at two p m", SHALL_I).await;
        john.hangs_up();
        let hung_up = Instant::now();
        shop.log(&john).await;
        let idle = |page: &String| page.contains("otto_calls_active 0");
        until("the call is freed", idle, async || shop.metrics().await).await;
        assert!(
            hung_up.elapsed() <= Duration::from_secs(5),
            "{:?}",
            hung_up.elapsed()
        );
        assert_eq!(shop.booked().await, [], "without a yes");
    })
    .await;
}
