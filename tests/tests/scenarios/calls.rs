//! The call itself: who speaks when, who gets in, and how it ends.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use control::feed::FeedEvent;
use serde_json::json;
use storage::call_log::Speaker;
use tests::caller::{Carrier, start};
use tests::dealership::{Dealership, JOHN, Plan, SUE, on_both_books, until};
use tests::feed;
use tests::plane::phone::{Phone, Seen};
use tests::vendors::deepgram_tts::SAMPLES_PER_LETTER;
use tests::vendors::openai::Reply;

use super::booking::last_words;

/// From the first sound of a voice over the agent to its silence; how soon it really is, is measured
/// without two whole dealerships beside it.
const CLEARED_WITHIN: Duration = Duration::from_secs(1);

/// Bytes of an answer after which it is interrupted: a second and a half.
const IN_THE_MIDDLE: usize = 12_000;

const LONG: [&str; 4] = [
    "Our oil change takes half an hour,",
    " and while you wait there is coffee,",
    " a quiet room to work in,",
    " and a shuttle into town every twenty minutes of the day.",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_speaks_over_the_agent_silences_it_and_is_heard_whole() {
    let slowly = Plan {
        samples_per_letter: SAMPLES_PER_LETTER,
        ..Plan::with_model()
    };
    on_both_books(slowly, async |shop: &Dealership| {
        shop.thinks.think(|asked| {
            let said = last_words(asked);
            if said.contains("oil") {
                Reply::saying(&LONG)
            } else {
                Reply::saying(&["All right,", " I am listening."])
            }
        });
        let caller = shop.rings(JOHN).await;
        caller.is_told("How can I help you?").await;
        for words in ["stop", "no i meant tires please"] {
            caller.says("tell me about the oil change").await;
            caller.hears(LONG[0]).await;
            let before = caller.phone().played().len();
            let speaking = |played: &usize| *played >= before + IN_THE_MIDDLE;
            until("it is in the middle of it", speaking, async || {
                caller.phone().played().len()
            })
            .await;
            let spoke = Instant::now();
            caller.says(words).await;
            let cleared = caller.phone().saw(spoke, |seen| *seen == Seen::Clear).await;
            let took = cleared.saturating_duration_since(spoke);
            assert!(took <= CLEARED_WITHIN, "{words}: {took:?}");
            caller.is_told("I am listening.").await;
            let whole = |what: &FeedEvent| {
                matches!(what, FeedEvent::Caller { text, .. } if text.to_lowercase().contains(words))
            };
            assert!(caller.was_told_since(spoke, whole), "{words} came through whole");
        }
        let heard: Vec<String> = caller
            .told()
            .into_iter()
            .filter_map(|what| match what {
                FeedEvent::BargeIn { heard, .. } => Some(heard),
                _ => None,
            })
            .collect();
        assert_eq!(heard.len(), 2, "{heard:?}");
        for heard in heard {
            assert!(!heard.contains("shuttle"), "remembered as heard: {heard:?}");
        }
        caller.hangs_up();
        let log = shop.log(&caller).await;
        let agent = log.transcript.iter().filter(|l| l.speaker == Speaker::Agent);
        for line in agent {
            assert!(!line.text.contains("twenty minutes"), "{line:?}");
        }
        // Nor does the model remember to have said it.
        let asked = shop.thinks.asked();
        let last = asked.last().expect("asked").body["messages"].to_string();
        assert!(!last.contains("twenty minutes"), "{last}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_rounds_of_tools_are_all_answered_and_a_goodbye_is_heard_to_its_end() {
    on_both_books(Plan::with_model(), async |shop: &Dealership| {
        shop.thinks.think(|asked| {
            let messages = asked["messages"].as_array().expect("a conversation");
            let user = messages.iter().rposition(|m| m["role"] == "user");
            let since = messages.get(user.unwrap_or(0)..).unwrap_or_default();
            let rounds = since.iter().filter(|m| m["role"] == "tool").count();
            let said = last_words(asked);
            if said.contains("that is all") {
                if rounds == 0 {
                    return Reply::asking_for("end", "end_call", "{}");
                }
                return Reply::saying(&["Thank you for calling", " and goodbye."]);
            }
            if said.contains("brakes") {
                return Reply::saying(&["We will gladly take care of your brakes."]);
            }
            let day = 24 + rounds;
            let wish = json!({"date": format!("2026-11-{day}"), "to_date": null,
                "service_type": "oil_change"});
            if rounds < 3 {
                let id = format!("call_{}", messages.len());
                return Reply::asking_for(&id, "get_available_slots", &wish.to_string());
            }
            Reply::saying(&["I looked at three days,", " and there is room."])
        });
        let caller = shop.rings(JOHN).await;
        caller.is_told("How can I help you?").await;
        for turn in 0..4 {
            caller.says("what do you have this week").await;
            let answer = caller.is_told("there is room").await;
            assert!(answer.contains("three days"), "turn {turn}: {answer}");
        }
        caller.says("and my brakes").await;
        caller.is_told("take care of your brakes").await;
        caller.says("that is all").await;
        caller.is_told("Goodbye.").await;
        assert!(caller.is_let_go().await.contains("<Hangup/>"));
        let log = shop.log(&caller).await;
        let looked = log
            .tools_used
            .iter()
            .filter(|t| *t == "get_available_slots");
        assert_eq!(looked.count(), 12, "{:?}", log.tools_used);
        // It was not cut off, either.
        let events = caller.told();
        let cut = |what: &FeedEvent| matches!(what, FeedEvent::BargeIn { .. });
        assert!(!events.iter().any(cut));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_is_silent_is_asked_after_fifteen_seconds_and_let_go_five_later() {
    on_both_books(Plan::default(), async |shop: &Dealership| {
        let caller = shop.rings(SUE).await;
        caller.is_told("How can I help you?").await;
        caller.hears("Are you still there?").await;
        caller.hears("I will hang up now").await;
        // How long nobody spoke before each, by the call's own clock.
        let mut silences = Vec::new();
        let mut over = None;
        feed::read(&shop.address(), caller.sid(), |line| {
            match line.what {
                FeedEvent::AgentFinished { .. } => over = Some(line.t_ms),
                FeedEvent::AgentStarted { .. } => {
                    silences.extend(over.take().map(|over| line.t_ms - over));
                }
                _ => {}
            }
            match silences.len() {
                2 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        })
        .await;
        assert!((14_000..17_000).contains(&silences[0]), "{silences:?}");
        assert!((4_000..7_000).contains(&silences[1]), "{silences:?}");
        assert!(caller.is_let_go().await.contains("<Hangup/>"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_webhooks_and_streams_without_a_token_get_nowhere() {
    on_both_books(Plan::default(), async |shop: &Dealership| {
        let sid = shop.next_sid();
        let form = [("CallSid", sid.as_str()), ("From", JOHN)];
        let forger = Carrier::unsigned(&shop.address());
        let (status, said) = forger.hook("inbound-call", &form).await.expect("answered");
        assert_eq!(status, 403);
        assert!(!said.contains("<Stream"), "{said}");
        forger.upgrade().await.expect_err("unsigned");
        // Whoever has got hold of a signed upgrade still needs a token, and one of their own.
        let (_, xml) = shop
            .carrier
            .hook("inbound-call", &form)
            .await
            .expect("answered");
        let token = start(&sid, &xml);
        for opening in [
            start(&sid, "value=\"\""),
            start(&sid, "value=\"forged\""),
            start(&shop.next_sid(), &xml),
        ] {
            let line = shop.carrier.upgrade().await.expect("signed");
            let phone = Phone::connect(line).await;
            phone.send_json(opening);
            assert_eq!(phone.closed().await, Some(1_008));
        }
        let line = shop.carrier.upgrade().await.expect("signed");
        let phone = Phone::connect(line).await;
        phone.send_json(token.clone());
        phone
            .saw(Instant::now(), |seen| matches!(seen, Seen::Media(_)))
            .await;
        let line = shop.carrier.upgrade().await.expect("signed");
        let second = Phone::connect(line).await;
        second.send_json(token);
        assert_eq!(second.closed().await, Some(1_008), "spent");
        phone.hang_up();
    })
    .await;
}
