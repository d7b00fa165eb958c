//! Text messages that callers ask for.

use storage::Store;
use storage::asked_text::{Intended, State, Topic};
use storage::consent::Channel;
use storage::customer::Phone;

use super::scene::at;

const CALL: &str = "CA0001";

pub(crate) async fn of_each_kind_a_call_is_sent_one(store: Store) {
    let texts = &store.asked_texts;
    for (call, topic, intended) in [
        (CALL, Topic::Appointment, Intended::Committed),
        (CALL, Topic::Appointment, Intended::Repeated),
        (CALL, Topic::AddressAndHours, Intended::Committed),
        ("CA0002", Topic::Appointment, Intended::Committed),
    ] {
        let found = texts.intend(call, topic, &ann()).await.expect("written");
        assert_eq!(found, intended, "{call} {topic:?}");
    }
    let sent = texts.conclude(CALL, Topic::Appointment, State::Sent).await;
    sent.expect("written");
    let again = texts.intend(CALL, Topic::Appointment, &ann()).await;
    assert_eq!(again.expect("written"), Intended::Repeated);
    let asked = texts.of_call(CALL).await.expect("readable");
    let states: Vec<_> = asked.iter().map(|text| (text.topic, text.state)).collect();
    assert_eq!(
        states,
        [
            (Topic::Appointment, State::Sent),
            (Topic::AddressAndHours, State::Intended)
        ]
    );
    assert_eq!(asked[0].to, ann());
}

pub(crate) async fn what_the_network_refused_may_be_asked_for_again(store: Store) {
    let texts = &store.asked_texts;
    for state in [State::Refused, State::Unknown] {
        let intended = texts.intend(CALL, Topic::Appointment, &ann()).await;
        assert_eq!(intended.expect("written"), Intended::Committed, "{state:?}");
        let kept = texts.conclude(CALL, Topic::Appointment, state).await;
        kept.expect("written");
    }
    // It may have arrived.
    let intended = texts.intend(CALL, Topic::Appointment, &ann()).await;
    assert_eq!(intended.expect("written"), Intended::Repeated);
}

pub(crate) async fn whoever_has_opted_out_is_sent_nothing(store: Store) {
    let ann = ann();
    let stop = store.consents.opt_out(&ann, Channel::Sms, "sms", at(1, 0));
    stop.await.expect("written");
    let texts = &store.asked_texts;
    let intended = texts.intend(CALL, Topic::Appointment, &ann).await;
    assert_eq!(intended.expect("written"), Intended::OptedOut);
    assert_eq!(texts.of_call(CALL).await.expect("readable"), []);
}

fn ann() -> Phone {
    Phone::parse("217-555-0101").expect("a number")
}
