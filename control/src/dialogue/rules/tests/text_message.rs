//! What callers want to have in writing.

use storage::asked_text::{State, Topic};
use storage::consent::Channel;
use storage::customer::Phone;

use super::scene::{JOHN, MARIA, Scene, now};
use crate::dialogue::Question;

const TEXTED: &str = "I have sent you a text message.";

#[tokio::test]
async fn what_was_booked_is_texted_to_whoever_asks_for_it() {
    let (mut call, outbox) = Scene::new(Some(JOHN)).await.with_messenger();
    call.opens().await;
    call.says_in_turn(&["oil change tomorrow at ten", "yes", "can you text me that"])
        .await;
    call.hears(TEXTED);
    call.is_asked(Question::AnythingElse);
    // Asked for again, it is not sent again.
    call.says("please text me that").await;
    call.hears(TEXTED);
    let sent = outbox.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].0, JOHN);
    assert!(
        sent[0]
            .1
            .contains("booked for oil change on Tuesday, November 24 at 10:00 AM")
    );
    let kept = call.store.asked_texts.of_call("CA0001").await;
    let kept = kept.expect("readable");
    assert_eq!(
        (kept[0].topic, kept[0].state),
        (Topic::Appointment, State::Sent)
    );
}

#[tokio::test]
async fn the_address_is_texted_in_the_middle_of_a_booking_and_the_booking_goes_on() {
    let (mut call, outbox) = Scene::new(Some(JOHN)).await.with_messenger();
    call.opens().await;
    call.says_in_turn(&["oil change tomorrow at ten", "can you text me the address"])
        .await;
    call.hears(TEXTED);
    call.is_asked(Question::Confirm);
    assert!(call.booked().await.is_empty());
    call.says("yes").await;
    assert_eq!(call.booked().await.len(), 1);
    assert!(outbox.sent()[0].1.contains("123 Main Street, Springfield"));
}

#[tokio::test]
async fn who_is_not_verified_gets_nothing_of_the_record_in_writing() {
    let (mut call, outbox) = Scene::new(Some(MARIA)).await.with_messenger();
    call.opens().await;
    call.says("text me the time of my appointment").await;
    let words: String = outbox.sent().into_iter().map(|(_, body)| body).collect();
    assert!(
        !words.contains("Maria") && !words.contains("oil change"),
        "{words}"
    );
}

#[tokio::test]
async fn whoever_wants_no_messages_is_sent_none() {
    let (mut call, outbox) = Scene::new(Some(JOHN)).await.with_messenger();
    let john = Phone::parse(JOHN).expect("a number");
    let stop = call
        .store
        .consents
        .opt_out(&john, Channel::Sms, "sms", now());
    stop.await.expect("written");
    call.opens().await;
    call.says("can you text me the address").await;
    call.hears("Text START to our number");
    assert_eq!(outbox.sent(), []);
}

#[tokio::test]
async fn where_nothing_can_be_sent_the_caller_is_told_so() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says("can you text me your hours").await;
    call.hears("I cannot send you a text message.");
    let (mut call, outbox) = Scene::new(None).await.with_messenger();
    call.opens().await;
    call.says("can you text me your hours").await;
    call.hears("I cannot send you a text message.");
    assert_eq!(outbox.sent(), []);
}

#[tokio::test]
async fn a_text_is_asked_for_in_spanish() {
    let (mut call, outbox) = Scene::new(Some(JOHN)).await.with_messenger();
    call.opens().await;
    call.says_in_turn(&["En español, por favor.", "mándeme la dirección"])
        .await;
    call.hears("Le envié un mensaje de texto.");
    assert_eq!(outbox.sent().len(), 1);
}
