//! Guesses at who a customer is: counted across calls, and never more of them by racing.

use jiff::{SignedDuration, Timestamp};
use storage::customer::CustomerId;
use storage::location::Verification;
use storage::verification::{Attempt, Guessed};
use storage::{Location, Store};
use tokio::task::JoinSet;

use super::scene::{at, regular};

const LEFT_4: Attempt = Attempt::Allowed { left: 4 };

pub(crate) async fn so_many_wrong_answers_lock_a_customer_for_a_while(store: Store) {
    let ann = regular(&store, 101).await.0.id;
    for left in [4, 3, 2, 1, 0] {
        assert_eq!(
            guess(&store, ann, at(9, 0)).await,
            Attempt::Allowed { left }
        );
    }
    assert_eq!(guess(&store, ann, at(9, 1)).await, Attempt::Locked);
    assert_eq!(guess(&store, ann, at(9, 59)).await, Attempt::Locked);
    assert_eq!(guess(&store, ann, at(10, 0)).await, LEFT_4, "counted anew");
}

pub(crate) async fn wrong_answers_count_no_longer_than_their_window(store: Store) {
    let ann = regular(&store, 101).await.0.id;
    for left in [4, 3, 2, 1] {
        assert_eq!(
            guess(&store, ann, at(9, 0)).await,
            Attempt::Allowed { left }
        );
    }
    assert_eq!(guess(&store, ann, at(9 + 24, 0)).await, LEFT_4);
}

pub(crate) async fn whoever_has_proved_all_has_guessed_nothing(store: Store) {
    let ann = regular(&store, 101).await.0.id;
    for _ in 0..5 {
        assert_ne!(guess(&store, ann, at(9, 0)).await, Attempt::Locked);
    }
    store.verifications.clear(ann).await.expect("writable");
    assert_eq!(guess(&store, ann, at(9, 0)).await, LEFT_4);
    // There may be nothing to forget.
    for _ in 0..2 {
        store.verifications.clear(ann).await.expect("writable");
    }
}

pub(crate) async fn one_customers_lock_is_nobody_elses(store: Store) {
    let ann = regular(&store, 101).await.0.id;
    let ben = regular(&store, 102).await.0.id;
    while guess(&store, ann, at(9, 0)).await != Attempt::Locked {}
    assert_eq!(guess(&store, ben, at(9, 0)).await, LEFT_4);
}

pub(crate) async fn racing_guesses_are_no_more_guesses(store: Store) {
    let ann = regular(&store, 101).await.0.id;
    let mut race = JoinSet::new();
    for _ in 0..40 {
        let store = store.clone();
        race.spawn(async move { guess(&store, ann, at(9, 0)).await });
    }
    let guesses = race.join_all().await;
    let mut left: Vec<u8> = Vec::new();
    for guess in guesses {
        if let Attempt::Allowed { left: more } = guess {
            left.push(more);
        }
    }
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4], "five were let in, each once");
}

pub(crate) async fn an_answer_that_was_right_is_taken_back_and_the_wrong_ones_stay(store: Store) {
    let ann = regular(&store, 101).await.0.id;
    let take_back = async || {
        let about = Guessed::Customer(ann);
        let done = store.verifications.take_back(about).await;
        done.expect("writable");
    };
    // There may be nothing to take back.
    take_back().await;
    for left in [4, 3, 2, 1] {
        assert_eq!(
            guess(&store, ann, at(9, 0)).await,
            Attempt::Allowed { left }
        );
    }
    for _ in 0..3 {
        // The fifth answer would be the last, were it not right.
        let last = guess(&store, ann, at(9, 1)).await;
        assert_eq!(last, Attempt::Allowed { left: 0 });
        assert!(is_locked(&store, ann, at(9, 1)).await);
        take_back().await;
        assert!(!is_locked(&store, ann, at(9, 1)).await);
    }
    for _ in 0..9 {
        take_back().await;
    }
    assert_eq!(guess(&store, ann, at(9, 2)).await, LEFT_4);
}

pub(crate) async fn what_is_guessed_by_a_name_counts_for_the_name_alone(store: Store) {
    let ann = regular(&store, 101).await.0.id;
    let by_name = Guessed::Namesakes(ann);
    for _ in 0..5 {
        assert_ne!(
            guess_about(&store, by_name, at(9, 0)).await,
            Attempt::Locked
        );
    }
    assert_eq!(
        guess_about(&store, by_name, at(9, 0)).await,
        Attempt::Locked
    );
    assert!(!is_locked(&store, ann, at(9, 0)).await);
    assert_eq!(guess(&store, ann, at(9, 0)).await, LEFT_4);
    // Whoever is verified has said nothing about the others of that name.
    store.verifications.clear(ann).await.expect("writable");
    assert_eq!(
        guess_about(&store, by_name, at(9, 0)).await,
        Attempt::Locked
    );
    assert_ne!(
        guess_about(&store, by_name, at(10, 0)).await,
        Attempt::Locked
    );
}

async fn is_locked(store: &Store, customer: CustomerId, now: Timestamp) -> bool {
    let locked = store.verifications.is_locked(customer, now).await;
    locked.expect("readable")
}

async fn guess(store: &Store, customer: CustomerId, now: Timestamp) -> Attempt {
    guess_about(store, Guessed::Customer(customer), now).await
}

async fn guess_about(store: &Store, about: Guessed, now: Timestamp) -> Attempt {
    let attempt = store.verifications.attempt(about, now, &policy()).await;
    attempt.expect("writable")
}

/// Five in a day, then an hour's lock.
fn policy() -> Verification {
    Verification {
        wrong_answers: 5,
        window: SignedDuration::from_hours(24),
        lock: SignedDuration::from_hours(1),
        ..Location::example().verification
    }
}
