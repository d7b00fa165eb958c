use dsp::Samples;
use ringbuf::traits::{Consumer, Split};
use ringbuf::{HeapCons, HeapRb};

use super::*;
use crate::doorbell::Doorbell;
use crate::fact::{About, Order, Report};
use crate::message::Transcript;
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
    told: mpsc::Receiver<Event>,
    metrics: Arc<Metrics>,
    _open: (mpsc::Sender<Command>, mpsc::Sender<Told>),
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
        let metrics = Arc::<Metrics>::default();
        Self {
            relay: Relay::new(admission, reports, orders, &mute(), Arc::clone(&metrics)),
            voice,
            ordered,
            told,
            metrics,
            _open: (session, switchboard),
        }
    }

    fn orders(&mut self) -> Vec<Order> {
        let given = std::iter::from_fn(|| self.ordered.try_pop());
        given.map(|about| about.fact).collect()
    }

    fn told(&mut self) -> Vec<EventKind> {
        let told = std::iter::from_fn(|| self.told.try_recv().ok());
        told.map(|event| event.kind).collect()
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
async fn nobody_is_told_of_words_that_a_recogniser_found_in_the_agents_echo() {
    let ms = Samples::from_ms;
    let now = Mono::from_millis(1_000);
    let words = |from, to| Transcript {
        text: "tomorrow at nine".into(),
        second_opinion: None,
        typed: false,
        from: ms(from),
        to: ms(to),
    };
    let partial = || SttEvent::Partial {
        text: "tomorrow".into(),
    };
    let audio = |until, echo| Report::Audio {
        until: ms(until),
        speech: false,
        echo,
    };
    let mut scene = Scene::new();
    scene.relay.handle_report(now, audio(300, true));
    scene.relay.handle_stt(partial());
    scene.relay.handle_stt(SttEvent::Final(words(100, 280)));
    assert_eq!(scene.told(), []);
    let through = ms(280);
    assert_eq!(scene.orders(), [Order::EndTurn { through }]);
    assert_eq!(scene.metrics.count_of(Oddity::EchoedWords), 1);
    // The same words from where no echo is heard are somebody's, though nobody noticed.
    scene.relay.handle_report(now, audio(3_000, false));
    scene.relay.handle_stt(partial());
    scene.relay.handle_stt(SttEvent::Final(words(2_000, 2_800)));
    let told = scene.told();
    assert!(
        matches!(told.first(), Some(EventKind::Partial { .. })),
        "{told:?}"
    );
    assert!(
        matches!(told.last(), Some(EventKind::Transcript(_))),
        "{told:?}"
    );
}
