use ringbuf::traits::{Consumer, Split};
use ringbuf::{HeapCons, HeapRb};

use super::*;
use crate::doorbell::Doorbell;
use crate::fact::{About, Order};
use crate::ring::{VoiceEnds, rings};

/// A relay, and what stands around it.
struct Scene {
    relay: Relay,
    voice: VoiceEnds,
    ordered: HeapCons<About<Order>>,
    /// What a recogniser is told that hears the whole line.
    stt: mpsc::Receiver<SttInput>,
    /// The other ends.
    _open: Box<dyn Send>,
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
        let (stt_link, stt, stt_events) = EdgeLink::open();
        let (tts_link, tts, tts_events) = EdgeLink::open();
        let relay = Relay::between(
            admission,
            reports,
            orders,
            (stt_link, tts_link),
            Delivery::Live,
            Arc::default(),
        );
        Self {
            relay,
            voice,
            ordered,
            stt,
            _open: Box::new((session, switchboard, told, tts, stt_events, tts_events)),
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

#[tokio::test]
async fn the_recogniser_is_told_in_which_audio_the_agent_may_have_come_back() {
    let mut scene = Scene::new();
    let now = Mono::from_millis(1_000);
    for (until, echo) in [(100, false), (200, true), (300, false)] {
        let report = Report::Audio {
            until: Samples::from_ms(until),
            speech: false,
            echo,
        };
        scene.relay.handle_report(now, report);
    }
    let told = scene.stt.try_recv().expect("it is told");
    let SttInput::Echo { from, until } = told else {
        panic!("{told:?}");
    };
    assert_eq!([from, until].map(Samples::as_ms), [100, 200]);
    assert!(scene.stt.try_recv().is_err(), "and of no other audio");
}
