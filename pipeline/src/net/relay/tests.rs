use ringbuf::HeapRb;
use ringbuf::traits::{Consumer, Split};

use super::*;
use crate::doorbell::Doorbell;
use crate::fact::Order;
use crate::net::edge::{SttConfig, TtsConfig};
use crate::ring::rings;

/// Edges that take what they are given and never answer.
fn mute() -> SpeechConfig {
    SpeechConfig {
        stt: SttConfig::Custom(Arc::new(|input, output| {
            Box::pin(async move {
                let _held = (input, output);
                std::future::pending::<()>().await;
            })
        })),
        tts: TtsConfig::Custom(Arc::new(|input, output| {
            Box::pin(async move {
                let _held = (input, output);
                std::future::pending::<()>().await;
            })
        })),
    }
}

#[tokio::test]
async fn a_hang_up_does_not_wait_for_ever_for_a_synthesiser_that_never_delivers() {
    let (mut voice, net) = rings();
    let (orders, mut ordered) = HeapRb::new(8).split();
    let (_session, commands) = mpsc::channel(1);
    let (events, _told_to_session) = mpsc::channel(8);
    let (_switchboard, told) = mpsc::channel(1);
    let admission = Admission {
        call: CallKey { slot: 0, serial: 1 },
        rings: net,
        commands,
        last_event: events.clone().try_reserve_owned().expect("room"),
        events,
        speech: None,
    };
    let orders = Orders::new(orders, Doorbell::new().expect("an eventfd"));
    let mut relay = Relay::new(admission, told, orders, &mute(), Arc::default());
    let utterance = UtteranceId(1);
    relay.say(utterance, "good".into(), false);
    relay.handle_command(Command::HangUp {
        after_playout: true,
    });
    relay.hang_up_if_delivered();
    assert!(ordered.try_pop().is_none(), "the call waits for its words");
    relay.give_up_waiting();
    let end = voice.agent.try_pop().expect("the utterance is closed");
    assert!(end.is_end() && end.utterance == utterance);
    let given: Vec<Order> = std::iter::from_fn(|| ordered.try_pop())
        .map(|about| about.fact)
        .collect();
    let hang_up = Order::HangUp {
        after_playout: true,
    };
    assert_eq!(given, [Order::Audio, hang_up]);
}
