use ringbuf::traits::{Consumer, Split};
use ringbuf::{HeapCons, HeapRb};

use super::*;
use crate::doorbell::Doorbell;
use crate::fact::{About, Order};
use crate::net::edge::{SttConfig, TtsConfig};
use crate::ring::{VoiceEnds, rings};

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

/// A relay, and what stands around it.
struct Scene {
    relay: Relay,
    voice: VoiceEnds,
    ordered: HeapCons<About<Order>>,
    _open: (
        mpsc::Sender<Command>,
        mpsc::Sender<Told>,
        mpsc::Receiver<Event>,
    ),
}

impl Scene {
    fn new() -> Self {
        let (voice, net) = rings();
        let (orders, ordered) = HeapRb::new(8).split();
        let (session, commands) = mpsc::channel(1);
        let (events, told) = mpsc::channel(8);
        let (switchboard, reports) = mpsc::channel(1);
        let admission = Admission {
            call: CallKey { slot: 0, serial: 1 },
            rings: net,
            commands,
            last_event: events.clone().try_reserve_owned().expect("room"),
            events,
            speech: None,
        };
        let orders = Orders::new(orders, Doorbell::new().expect("an eventfd"));
        Self {
            relay: Relay::new(admission, reports, orders, &mute(), Arc::default()),
            voice,
            ordered,
            _open: (session, switchboard, told),
        }
    }

    fn orders(&mut self) -> Vec<Order> {
        let given = std::iter::from_fn(|| self.ordered.try_pop());
        given.map(|about| about.fact).collect()
    }
}

#[tokio::test]
async fn a_hang_up_does_not_wait_for_ever_for_a_synthesiser_that_never_delivers() {
    let mut scene = Scene::new();
    let utterance = UtteranceId(1);
    scene.relay.say(utterance, "good".into(), false);
    scene.relay.handle_command(Command::HangUp {
        after_playout: true,
    });
    scene.relay.hang_up_if_delivered();
    assert_eq!(scene.orders(), [], "the call waits for its words");
    scene.relay.give_up_waiting();
    let end = scene
        .voice
        .agent
        .try_pop()
        .expect("the utterance is closed");
    assert!(end.is_end() && end.utterance == utterance);
    let hang_up = Order::HangUp {
        after_playout: true,
    };
    assert_eq!(scene.orders(), [Order::Audio, hang_up]);
}
