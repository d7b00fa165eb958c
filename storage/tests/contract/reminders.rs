//! Reminders: written with the appointment, claimed by one, dialled at most once.

use std::time::Duration;

use jiff::SignedDuration;
use storage::Store;
use storage::appointment::{Appointment, NewAppointment, Party};
use storage::consent::Channel;
use storage::customer::Phone;
use storage::reminder::{
    About, AttemptId, Claim, Conclusion, Decision, Intended, Intent, Kind, Next, Outcome, Reminder,
    State,
};
use tokio::task::JoinSet;

use super::scene::{BAYS, at, booked, booking_by, person, regular, sedan};

const LEASE: Duration = Duration::from_secs(60);
/// A lease that has run out by the next second of the database's clock.
const NO_LEASE: Duration = Duration::ZERO;

pub(crate) async fn a_booking_plans_its_reminders_and_keeps_the_consent(store: Store) {
    let ann = regular(&store, 101).await;
    let standing = async || {
        let standing = store
            .consents
            .standing(&ann.0.phone, Channel::Voice, at(0, 0));
        standing.await.expect("readable")
    };
    assert!(!standing().await.consented);
    let made = booked(&store, &ann, at(300, 0), at(301, 0)).await;
    let rows = of(&store, &made).await;
    let kinds: Vec<Kind> = rows.iter().map(|row| row.kind).collect();
    assert_eq!(
        kinds,
        [Kind::Voice, Kind::Sms, Kind::Confirmation, Kind::FollowUp]
    );
    for row in &rows {
        assert_eq!((row.state, row.starts_at), (State::Planned, at(300, 0)));
        assert_eq!((row.attempts, &row.attempt, row.outcome), (0, &None, None));
    }
    let week = SignedDuration::from_hours(7 * 24);
    assert_eq!(rows[0].due_at, at(300, 0) - week);
    assert!(rows[2].due_at < at(0, 0), "a confirmation is due at once");
    assert_eq!(rows[3].due_at, at(301, 0));
    assert!(standing().await.consented);
}

pub(crate) async fn a_number_that_was_only_spoken_is_written_to_and_not_called(store: Store) {
    let book = async |last_four: u16, from: Option<u16>| {
        let party = Party::NewCustomer {
            customer: person(last_four),
            vehicle: sedan(),
        };
        let hour = i64::from(last_four);
        let wish = NewAppointment {
            booked_from: from.map(|from| person(from).phone),
            ..booking_by(party, at(hour, 0), at(hour + 1, 0))
        };
        store.appointments.book(&wish).await.expect("free");
        let mut consented = [false; 2];
        for (channel, consented) in [Channel::Voice, Channel::Sms].iter().zip(&mut consented) {
            let phone = person(last_four).phone;
            let standing = store.consents.standing(&phone, *channel, at(0, 0)).await;
            *consented = standing.expect("readable").consented;
        }
        consented
    };
    assert_eq!(book(101, Some(101)).await, [true, true], "their own line");
    assert_eq!(book(102, Some(101)).await, [false, true], "another line");
    assert_eq!(
        book(103, None).await,
        [false, true],
        "a line without number"
    );
}

pub(crate) async fn a_move_plans_anew_and_a_cancellation_plans_nothing(store: Store) {
    let ann = regular(&store, 101).await;
    let made = booked(&store, &ann, at(9, 0), at(10, 0)).await;
    let moved = store
        .appointments
        .reschedule(made.id, at(14, 0), at(15, 0), BAYS)
        .await
        .expect("free");
    let rows = of(&store, &made).await;
    assert_eq!(rows.len(), 8);
    for old in &rows[..4] {
        assert_eq!(old.state, State::Superseded);
        assert_eq!(old.reason.as_deref(), Some("the appointment was moved"));
    }
    for new in &rows[4..] {
        assert_eq!(
            (new.state, new.starts_at),
            (State::Planned, moved.starts_at)
        );
    }
    store
        .appointments
        .cancel(made.id, "other")
        .await
        .expect("it stands");
    let rows = of(&store, &made).await;
    assert_eq!(rows.len(), 8);
    assert!(rows.iter().all(|row| row.state == State::Superseded));
    assert_eq!(
        rows[7].reason.as_deref(),
        Some("the appointment was cancelled")
    );
    assert_eq!(claim(&store, "a", LEASE).await, []);
}

pub(crate) async fn a_failed_move_leaves_the_reminders_as_they_were(store: Store) {
    let ann = regular(&store, 101).await;
    let made = booked(&store, &ann, at(9, 0), at(10, 0)).await;
    booked(&store, &ann, at(14, 0), at(15, 0)).await;
    let before = of(&store, &made).await;
    let refused = store
        .appointments
        .reschedule(made.id, at(14, 0), at(15, 0), BAYS);
    refused.await.expect_err("the vehicle is elsewhere then");
    assert_eq!(of(&store, &made).await, before);
}

pub(crate) async fn a_claimed_reminder_is_nobody_elses_until_its_lease_runs_out(store: Store) {
    let voice = one_due(&store).await;
    let claimed = claim(&store, "a", LEASE).await;
    let mine = claimed.iter().find(|row| row.id == voice.id).expect("due");
    assert_eq!(mine.state, State::Leased);
    assert_eq!(claim(&store, "b", LEASE).await, []);
    store.reminders.release("a").await.expect("written");
    assert_eq!(claim(&store, "b", NO_LEASE).await.len(), claimed.len());
    let again = claim_after_a_second(&store, "c").await;
    assert_eq!(again.len(), claimed.len(), "whoever leased them is gone");
}

pub(crate) async fn a_heartbeat_keeps_a_lease_and_a_release_gives_it_back(store: Store) {
    one_due(&store).await;
    let claimed = claim(&store, "a", NO_LEASE).await.len();
    let beat = store
        .reminders
        .heartbeat("a", LEASE)
        .await
        .expect("written");
    assert_eq!(beat, claimed as u64);
    assert_eq!(
        store
            .reminders
            .heartbeat("b", LEASE)
            .await
            .expect("written"),
        0
    );
    assert_eq!(claim_after_a_second(&store, "b").await, []);
    let released = store.reminders.release("a").await.expect("written");
    assert_eq!(released, claimed as u64);
    assert_eq!(claim(&store, "b", LEASE).await.len(), claimed);
}

pub(crate) async fn a_decision_is_the_owners_alone(store: Store) {
    let voice = one_due(&store).await;
    claim(&store, "a", LEASE).await;
    let decide = async |owner, decision, why| {
        let decided = store.reminders.decide(voice.id, owner, decision, why);
        decided.await.expect("written")
    };
    assert!(!decide("b", Decision::Skip, "not mine").await);
    assert!(decide("a", Decision::Wait(at(0, 30)), "it is night").await);
    assert!(!decide("a", Decision::Skip, "let go already").await);
    let row = read(&store, &voice).await;
    assert_eq!((row.state, row.due_at), (State::Planned, at(0, 30)));
    assert_eq!(row.reason.as_deref(), Some("it is night"));
    claim(&store, "b", LEASE).await;
    assert!(decide("b", Decision::Skip, "no consent").await);
    let row = read(&store, &voice).await;
    assert_eq!(
        (row.state, row.reason.as_deref()),
        (State::Skipped, Some("no consent"))
    );
}

pub(crate) async fn an_intent_is_committed_once_and_never_after_a_change(store: Store) {
    let voice = one_due(&store).await;
    claim(&store, "a", LEASE).await;
    assert_eq!(intend(&store, &voice, "b", 1).await, Intended::Lost);
    assert_eq!(intend(&store, &voice, "a", 1).await, Intended::Committed);
    assert_eq!(intend(&store, &voice, "a", 2).await, Intended::Lost);
    let row = read(&store, &voice).await;
    assert_eq!((row.state, row.attempts), (State::Dialling, 1));
    assert_eq!(row.attempt, Some(AttemptId::new(1)));
    let attempts = store.reminders.attempts(voice.id).await.expect("readable");
    assert_eq!(attempts.len(), 1);
    assert_eq!(
        (attempts[0].intent_at, &attempts[0].call_sid),
        (at(1, 0), &None)
    );

    let other = due_for(&store, 102).await;
    claim(&store, "a", LEASE).await;
    store
        .appointments
        .cancel(other.appointment, "other")
        .await
        .expect("it stands");
    assert_eq!(intend(&store, &other, "a", 3).await, Intended::Lost);
}

pub(crate) async fn nobody_is_dialled_who_has_just_opted_out(store: Store) {
    let voice = one_due(&store).await;
    claim(&store, "a", LEASE).await;
    opt_out(&store, Channel::All).await;
    assert_eq!(intend(&store, &voice, "a", 1).await, Intended::OptedOut);
    assert_eq!(read(&store, &voice).await.state, State::Leased);
    assert_eq!(
        store.reminders.attempts(voice.id).await.expect("readable"),
        []
    );
}

pub(crate) async fn a_crash_after_the_intent_is_found_by_another(store: Store) {
    let voice = one_due(&store).await;
    claim(&store, "a", LEASE).await;
    let (attempt, to) = (AttemptId::new(1), phone(101));
    let brief = Intent {
        lease: NO_LEASE,
        ..intent(&voice, "a", &attempt, &to)
    };
    let committed = store.reminders.intend(&brief).await;
    assert_eq!(committed.expect("written"), Intended::Committed);
    let found = claim_after_a_second(&store, "b").await;
    let found = found
        .iter()
        .find(|row| row.id == voice.id)
        .expect("left behind");
    assert_eq!(
        (found.state, &found.attempt),
        (State::Dialling, &Some(AttemptId::new(1)))
    );
    assert_eq!(
        intend(&store, &voice, "b", 2).await,
        Intended::Lost,
        "never twice"
    );
}

pub(crate) async fn what_came_of_an_attempt_is_kept_once(store: Store) {
    let voice = dialled(&store, 1).await;
    assert!(accepted(&store, 1, "CA1").await);
    assert!(conclude(&store, 1, Outcome::Confirmed, Next::Done).await);
    let kept = read(&store, &voice).await;
    assert_eq!(
        (kept.state, kept.outcome),
        (State::Done, Some(Outcome::Confirmed))
    );
    assert!(
        !conclude(&store, 1, Outcome::Confirmed, Next::Done).await,
        "a repetition"
    );
    assert!(
        !conclude(&store, 1, Outcome::Reached, Next::Done).await,
        "less than is known"
    );
    assert!(
        !conclude(&store, 9, Outcome::Reached, Next::Done).await,
        "nobody's"
    );
    assert_eq!(read(&store, &voice).await, kept);
    let attempt = store.reminders.attempt(&AttemptId::new(1)).await;
    let attempt = attempt.expect("readable").expect("there");
    assert_eq!(attempt.call_sid.as_deref(), Some("CA1"));
    assert_eq!(
        (attempt.result, attempt.to),
        (Some(Outcome::Confirmed), phone(101))
    );
}

pub(crate) async fn a_decision_outweighs_what_the_network_says_in_any_order(store: Store) {
    let voice = dialled(&store, 1).await;
    for (outcome, next) in [
        (Outcome::NoAnswer, Next::Again(at(5, 0))),
        (Outcome::Reached, Next::Done),
        (Outcome::Moved, Next::Done),
    ] {
        assert!(conclude(&store, 1, outcome, next).await);
    }
    assert!(!conclude(&store, 1, Outcome::NoAnswer, Next::Again(at(5, 0))).await);
    let row = read(&store, &voice).await;
    assert_eq!(
        (row.state, row.outcome),
        (State::Done, Some(Outcome::Moved))
    );
}

pub(crate) async fn nobody_answered_and_they_are_tried_again_unless_the_book_has_changed(
    store: Store,
) {
    let voice = dialled(&store, 1).await;
    assert!(conclude(&store, 1, Outcome::Busy, Next::Again(at(0, 30))).await);
    let row = read(&store, &voice).await;
    assert_eq!(
        (row.state, row.due_at, row.attempts),
        (State::Planned, at(0, 30), 1)
    );
    claim(&store, "a", LEASE).await;
    assert_eq!(intend(&store, &voice, "a", 2).await, Intended::Committed);
    // The network refused: nobody was rung.
    assert!(conclude(&store, 2, Outcome::Failed, Next::Unsent(at(0, 30))).await);
    assert_eq!(read(&store, &voice).await.attempts, 1);
    claim(&store, "a", LEASE).await;
    assert_eq!(intend(&store, &voice, "a", 3).await, Intended::Committed);
    // Meanwhile somebody moves it, by another call.
    let moved = store
        .appointments
        .reschedule(voice.appointment, at(400, 0), at(401, 0), BAYS);
    moved.await.expect("free");
    assert_eq!(read(&store, &voice).await.state, State::Dialling);
    assert!(conclude(&store, 3, Outcome::NoAnswer, Next::Again(at(2, 0))).await);
    let row = read(&store, &voice).await;
    assert_eq!(
        (row.state, row.outcome),
        (State::Superseded, Some(Outcome::NoAnswer))
    );
    // What is said of an earlier attempt changes the reminder no more.
    assert!(conclude(&store, 1, Outcome::Reached, Next::Done).await);
    assert_eq!(read(&store, &voice).await.state, State::Superseded);
}

pub(crate) async fn what_nobody_knows_is_given_up_until_somebody_knows(store: Store) {
    let voice = dialled(&store, 1).await;
    let attempt = AttemptId::new(1);
    store
        .reminders
        .doubt(&attempt, NO_LEASE, "no answer")
        .await
        .expect("written");
    let looked_after = claim_after_a_second(&store, "b").await;
    assert!(looked_after.iter().any(|row| row.id == voice.id));
    store
        .reminders
        .give_up(&attempt, "not listed")
        .await
        .expect("written");
    let row = read(&store, &voice).await;
    assert_eq!(
        (row.state, row.reason.as_deref()),
        (State::Unknown, Some("not listed"))
    );
    assert_eq!(
        claim_after_a_second(&store, "c").await,
        [],
        "never dialled again"
    );
    assert!(accepted(&store, 1, "CA1").await, "its webhook came late");
    assert_eq!(read(&store, &voice).await.state, State::Dialling);
    assert!(conclude(&store, 1, Outcome::Reached, Next::Done).await);
    store
        .reminders
        .give_up(&attempt, "too late")
        .await
        .expect("written");
    assert_eq!(read(&store, &voice).await.state, State::Done);
}

pub(crate) async fn a_number_is_not_rung_about_two_appointments_at_once(store: Store) {
    let (first, second) = (due_for(&store, 101).await, due_for(&store, 102).await);
    claim(&store, "a", LEASE).await;
    let rung = phone(101);
    let ring = async |row: &Reminder, attempt| {
        let attempt = AttemptId::new(attempt);
        let intent = intent(row, "a", &attempt, &rung);
        store.reminders.intend(&intent).await.expect("written")
    };
    assert_eq!(ring(&first, 1).await, Intended::Committed);
    assert_eq!(ring(&second, 2).await, Intended::Lost);
    assert!(conclude(&store, 1, Outcome::Busy, Next::Done).await);
    assert_eq!(ring(&second, 3).await, Intended::Committed);
}

pub(crate) async fn one_call_is_one_attempts(store: Store) {
    dialled(&store, 1).await;
    let other = due_for(&store, 102).await;
    claim(&store, "a", LEASE).await;
    assert_eq!(intend(&store, &other, "a", 2).await, Intended::Committed);
    assert!(accepted(&store, 1, "CA1").await);
    assert!(accepted(&store, 1, "CA1").await, "said twice");
    assert!(!accepted(&store, 1, "CA2").await, "it has one already");
    assert!(!accepted(&store, 2, "CA1").await, "another's");
    assert!(!accepted(&store, 9, "CA9").await, "nobody's");
}

pub(crate) async fn a_call_is_told_everything_about_its_appointment(store: Store) {
    let voice = dialled(&store, 1).await;
    for about in [
        About::Reminder(voice.id),
        About::Attempt(AttemptId::new(1)),
        About::Appointment(voice.appointment),
    ] {
        let found = store.reminders.briefing(&about).await.expect("readable");
        let found = found.expect("there");
        assert_eq!(
            (found.reminder.id, found.appointment.id),
            (voice.id, voice.appointment)
        );
        assert_eq!(found.customer.phone, phone(101));
        assert_eq!(found.vehicle.make, "Toyota");
    }
    let nobody = About::Attempt(AttemptId::new(9));
    assert_eq!(
        store.reminders.briefing(&nobody).await.expect("readable"),
        None
    );
}

pub(crate) async fn racing_runners_claim_each_reminder_once(store: Store) {
    const CUSTOMERS: u16 = 60;
    for n in 0..CUSTOMERS {
        due_for(&store, 200 + n).await;
    }
    let mut race = JoinSet::new();
    for runner in 0..6 {
        let store = store.clone();
        race.spawn(async move {
            let owner = format!("runner {runner}");
            let mut mine = Vec::new();
            loop {
                let claim = Claim {
                    now: at(1, 0),
                    owner: &owner,
                    lease: LEASE,
                    limit: 7,
                    only: None,
                };
                let claimed = store.reminders.claim(&claim).await.expect("readable");
                if claimed.is_empty() {
                    return mine;
                }
                mine.extend(claimed.into_iter().map(|row| row.id.0));
            }
        });
    }
    let mut all: Vec<i64> = race.join_all().await.concat();
    let claims = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), claims, "each by one");
    // Three of four kinds are due by then.
    assert_eq!(claims, usize::from(CUSTOMERS) * 3);
}

pub(crate) async fn racing_intents_and_moves_leave_one_reminder(store: Store) {
    let mut rows = Vec::new();
    for n in 0..20 {
        rows.push(due_for(&store, 300 + n).await);
    }
    claim(&store, "a", LEASE).await;
    let mut race = JoinSet::new();
    for (n, row) in rows.iter().cloned().enumerate() {
        let dials = store.clone();
        let moves = store.clone();
        let dialled = row.clone();
        let n = n as i64;
        race.spawn(async move {
            intend(&dials, &dialled, "a", 100 + n as u128).await;
        });
        race.spawn(async move {
            let (from, to) = (at(500 + n, 0), at(501 + n, 0));
            let moved = moves
                .appointments
                .reschedule(row.appointment, from, to, BAYS);
            moved.await.expect("free");
        });
    }
    race.join_all().await;
    for row in &rows {
        let all = store
            .reminders
            .of_appointment(row.appointment)
            .await
            .expect("readable");
        let alive = all.iter().filter(|other| other.kind == Kind::Voice);
        let planned = alive.clone().filter(|other| other.state == State::Planned);
        assert_eq!(planned.count(), 1, "of the new time");
        let old = alive
            .clone()
            .find(|other| other.id == row.id)
            .expect("kept");
        let attempts = store.reminders.attempts(old.id).await.expect("readable");
        match old.state {
            State::Superseded => assert_eq!(attempts, []),
            State::Dialling => assert_eq!(attempts.len(), 1),
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) async fn a_race_of_what_came_of_a_call_and_a_move_refuses_neither(store: Store) {
    let mut rows = Vec::new();
    for n in 0..30 {
        rows.push(due_for(&store, 300 + n).await);
    }
    claim(&store, "a", LEASE).await;
    for (n, row) in (100..).zip(&rows) {
        assert_eq!(intend(&store, row, "a", n).await, Intended::Committed);
    }
    let mut race = JoinSet::new();
    for (n, row) in (0_i64..).zip(&rows) {
        let (tells, moves, appointment) = (store.clone(), store.clone(), row.appointment);
        race.spawn(async move {
            let attempt = 100 + u128::from(n.unsigned_abs());
            let again = Next::Again(at(5, 0));
            assert!(conclude(&tells, attempt, Outcome::Busy, again).await);
        });
        race.spawn(async move {
            let (from, to) = (at(500 + n, 0), at(501 + n, 0));
            let moved = moves.appointments.reschedule(appointment, from, to, BAYS);
            moved.await.expect("free");
        });
    }
    race.join_all().await;
    for (n, row) in (0_i64..).zip(&rows) {
        let all = store.reminders.of_appointment(row.appointment).await;
        let mut open = all.expect("readable");
        open.retain(|other| other.kind == Kind::Voice && other.state == State::Planned);
        assert_eq!(open.len(), 1, "{open:?}");
        assert_eq!(open[0].starts_at, at(500 + n, 0));
        let old = read(&store, row).await;
        assert_eq!(
            (old.state, old.outcome),
            (State::Superseded, Some(Outcome::Busy))
        );
    }
}

pub(crate) async fn a_claim_for_one_number_leaves_everybody_elses(store: Store) {
    let (mine, other) = (due_for(&store, 101).await, due_for(&store, 102).await);
    let number = phone(101);
    let wish = Claim {
        now: at(1, 0),
        owner: "a",
        lease: LEASE,
        limit: 100,
        only: Some(&number),
    };
    let claimed = store.reminders.claim(&wish).await.expect("readable");
    assert!(claimed.iter().any(|row| row.id == mine.id));
    let ours = |row: &Reminder| row.appointment == mine.appointment;
    assert!(claimed.iter().all(ours), "{claimed:?}");
    assert_eq!(read(&store, &other).await, other, "as it was");
    let rest = claim(&store, "b", LEASE).await;
    assert!(rest.iter().any(|row| row.id == other.id));
}

pub(crate) async fn attempts_at_a_number_are_counted(store: Store) {
    dialled(&store, 1).await;
    let standing = async |channel, since| {
        let standing = store.consents.standing(&phone(101), channel, since).await;
        let standing = standing.expect("readable");
        (standing.attempts, standing.last_attempt)
    };
    assert_eq!(
        standing(Channel::Voice, at(0, 0)).await,
        (1, Some(at(1, 0)))
    );
    assert_eq!(
        standing(Channel::Voice, at(2, 0)).await,
        (0, Some(at(1, 0)))
    );
    assert_eq!(standing(Channel::Sms, at(0, 0)).await, (0, None));
    conclude(&store, 1, Outcome::Failed, Next::Unsent(at(5, 0))).await;
    assert_eq!(
        standing(Channel::All, at(0, 0)).await,
        (0, None),
        "nobody was rung"
    );
}

// ---- the scene --------------------------------------------------------------

fn phone(last_four: u16) -> Phone {
    Phone::parse(&format!("217555{last_four:04}")).expect("a number")
}

/// The reminder by voice, which is due, of a new customer's appointment.
async fn due_for(store: &Store, last_four: u16) -> Reminder {
    let who = regular(store, last_four).await;
    let hour = 10 + i64::from(last_four % 100);
    let made = booked(store, &who, at(hour, 0), at(hour + 1, 0)).await;
    of(store, &made).await.remove(0)
}

async fn one_due(store: &Store) -> Reminder {
    due_for(store, 101).await
}

/// As [`one_due`], with an intent of this number committed by `a`.
async fn dialled(store: &Store, attempt: u128) -> Reminder {
    let voice = one_due(store).await;
    claim(store, "a", LEASE).await;
    assert_eq!(
        intend(store, &voice, "a", attempt).await,
        Intended::Committed
    );
    voice
}

async fn of(store: &Store, appointment: &Appointment) -> Vec<Reminder> {
    let rows = store.reminders.of_appointment(appointment.id).await;
    rows.expect("readable")
}

async fn read(store: &Store, reminder: &Reminder) -> Reminder {
    let found = store
        .reminders
        .briefing(&About::Reminder(reminder.id))
        .await;
    found.expect("readable").expect("there").reminder
}

async fn claim(store: &Store, owner: &str, lease: Duration) -> Vec<Reminder> {
    let claim = Claim {
        now: at(1, 0),
        owner,
        lease,
        limit: 100,
        only: None,
    };
    store.reminders.claim(&claim).await.expect("readable")
}

/// Leases are whole seconds of the database's own clock, which no test can set.
async fn claim_after_a_second(store: &Store, owner: &str) -> Vec<Reminder> {
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    claim(store, owner, LEASE).await
}

fn intent<'a>(
    reminder: &Reminder,
    owner: &'a str,
    attempt: &'a AttemptId,
    to: &'a Phone,
) -> Intent<'a> {
    Intent {
        reminder: reminder.id,
        owner,
        attempt,
        to,
        channel: Channel::Voice,
        at: at(1, 0),
        lease: LEASE,
    }
}

async fn intend(store: &Store, reminder: &Reminder, owner: &str, attempt: u128) -> Intended {
    // Each at a number of its own.
    let to = phone(100 + u16::try_from(attempt).expect("a small number"));
    let attempt = AttemptId::new(attempt);
    let intent = intent(reminder, owner, &attempt, &to);
    store.reminders.intend(&intent).await.expect("written")
}

async fn accepted(store: &Store, attempt: u128, sid: &str) -> bool {
    let attempt = AttemptId::new(attempt);
    let accepted = store.reminders.accepted(&attempt, sid, LEASE);
    accepted.await.expect("written")
}

async fn conclude(store: &Store, attempt: u128, outcome: Outcome, next: Next) -> bool {
    let attempt = AttemptId::new(attempt);
    let conclusion = Conclusion {
        outcome,
        reason: "said the test".to_owned(),
        next,
    };
    let concluded = store.reminders.conclude(&attempt, &conclusion);
    concluded.await.expect("written")
}

async fn opt_out(store: &Store, channel: Channel) {
    let ann = phone(101);
    let out = store.consents.opt_out(&ann, channel, "ai_voice", at(2, 0));
    out.await.expect("written");
}
