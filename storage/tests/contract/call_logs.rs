//! What stays of a call.

use storage::Store;
use storage::call_log::{
    CallEvent, CallStatus, CallSummary, Direction, Line, NetworkStatus, NewCallLog, Outcome,
    Speaker, TurnTimings,
};

use super::scene::{at, booked, regular};

pub(crate) async fn a_call_that_was_never_closed_is_still_there(store: Store) {
    store
        .call_logs
        .open(&call("CA1", 9))
        .await
        .expect("written");
    let log = store.call_logs.by_sid("CA1").await.expect("readable");
    let log = log.expect("opened");
    assert_eq!(log.call, call("CA1", 9));
    assert_eq!(log.summary, None, "in progress");
    assert_eq!(store.call_logs.by_sid("CA2").await.expect("readable"), None);
}

pub(crate) async fn a_closed_call_is_read_back_whole(store: Store) {
    let ann = regular(&store, 101).await;
    let made = booked(&store, &ann, at(12, 0), at(13, 0)).await;
    let summary = CallSummary {
        customer: Some(ann.0.id),
        appointment: Some(made.id),
        transcript: vec![
            Line {
                at_ms: 0,
                speaker: Speaker::Agent,
                text: "Otto's Auto, how can I help?".into(),
            },
            Line {
                at_ms: 3_120,
                speaker: Speaker::Caller,
                text: "an \"oil change\"; please — naïve 🛢".into(),
            },
        ],
        turns: vec![TurnTimings {
            speech_end_at_ms: 4_000,
            endpoint_ms: Some(310.25),
            first_heard_ms: None,
            ..TurnTimings::default()
        }],
        tools_used: vec!["get_available_slots".into(), "book_appointment".into()],
        ..summary(Outcome::Booked)
    };
    store
        .call_logs
        .open(&call("CA1", 9))
        .await
        .expect("written");
    store
        .call_logs
        .close(&call("CA1", 9), &summary)
        .await
        .expect("written");
    let log = store.call_logs.by_sid("CA1").await.expect("readable");
    assert_eq!(log.and_then(|log| log.summary), Some(summary));
}

pub(crate) async fn a_call_that_was_never_opened_is_not_lost(store: Store) {
    let summary = CallSummary {
        required_human_transfer: true,
        ..summary(Outcome::Transferred)
    };
    store
        .call_logs
        .close(&call("CA1", 9), &summary)
        .await
        .expect("written");
    let log = store.call_logs.by_sid("CA1").await.expect("readable");
    let log = log.expect("created");
    assert_eq!(log.call, call("CA1", 9));
    assert_eq!(log.summary, Some(summary));
}

pub(crate) async fn one_sid_is_one_row(store: Store) {
    for _ in 0..2 {
        store
            .call_logs
            .open(&call("CA1", 9))
            .await
            .expect("written");
    }
    for outcome in [Outcome::Abandoned, Outcome::Booked] {
        store
            .call_logs
            .close(&call("CA1", 9), &summary(outcome))
            .await
            .expect("written");
    }
    let logs = store.call_logs.recent(10).await.expect("readable");
    assert_eq!(logs.len(), 1);
    assert_eq!(logs[0].summary, Some(summary(Outcome::Booked)));
}

pub(crate) async fn a_late_open_does_not_reopen_a_closed_call(store: Store) {
    let over = summary(Outcome::Answered);
    store
        .call_logs
        .close(&call("CA1", 9), &over)
        .await
        .expect("written");
    store
        .call_logs
        .open(&call("CA1", 9))
        .await
        .expect("written");
    let log = store.call_logs.by_sid("CA1").await.expect("readable");
    assert_eq!(log.and_then(|log| log.summary), Some(over));
}

pub(crate) async fn the_newest_calls_come_first(store: Store) {
    for (sid, hour) in [("CA1", 10), ("CA2", 12), ("CA3", 11)] {
        store
            .call_logs
            .open(&call(sid, hour))
            .await
            .expect("written");
    }
    let logs = store.call_logs.recent(2).await.expect("readable");
    let sids: Vec<&str> = logs.iter().map(|log| log.call.call_sid.as_str()).collect();
    assert_eq!(sids, ["CA2", "CA3"]);
}

pub(crate) async fn the_network_is_believed_in_its_own_order(store: Store) {
    let logs = &store.call_logs;
    logs.open(&call("CA1", 9)).await.expect("written");
    let over = status(CallStatus::Completed, 3);
    for said in [
        status(CallStatus::Ringing, 1),
        over,
        status(CallStatus::InProgress, 2),
        over,
    ] {
        let unspoken = summary(Outcome::Abandoned);
        logs.network(&call("CA1", 9), &said, &unspoken)
            .await
            .expect("written");
    }
    let log = logs.by_sid("CA1").await.expect("readable").expect("opened");
    assert_eq!(log.network, Some(over));
    assert_eq!(log.summary, None, "whoever leads it closes it");
}

pub(crate) async fn the_network_ends_no_call_that_somebody_leads(store: Store) {
    let logs = &store.call_logs;
    let over = status(CallStatus::Completed, 3);
    let unspoken = summary(Outcome::Abandoned);
    let booked = summary(Outcome::Booked);
    logs.close(&call("CA1", 9), &booked).await.expect("written");
    // Before the row: it is there by the time its call is closed.
    for sid in ["CA1", "CA2"] {
        logs.network(&call(sid, 9), &over, &unspoken)
            .await
            .expect("written");
    }
    logs.open(&call("CA2", 9)).await.expect("written");
    logs.close(&call("CA2", 9), &booked).await.expect("written");
    for sid in ["CA1", "CA2"] {
        let log = logs.by_sid(sid).await.expect("readable").expect("a row");
        assert_eq!(log.summary.as_ref(), Some(&booked), "{sid}");
        assert_eq!(log.network, Some(over), "{sid}");
    }
}

pub(crate) async fn a_call_that_nobody_answered_is_in_the_log(store: Store) {
    let logs = &store.call_logs;
    let unspoken = summary(Outcome::Abandoned);
    for said in [
        status(CallStatus::Ringing, 1),
        status(CallStatus::NoAnswer, 2),
    ] {
        logs.network(&call("CA1", 9), &said, &unspoken)
            .await
            .expect("written");
        let log = logs.by_sid("CA1").await.expect("readable");
        assert_eq!(log.is_some(), said.status.is_final());
    }
    let log = logs.by_sid("CA1").await.expect("readable").expect("a row");
    assert_eq!(log.summary, Some(unspoken));
}

pub(crate) async fn what_the_network_repeats_is_kept_once(store: Store) {
    let event = |kind: &str, minute| CallEvent {
        call_sid: "CA1".into(),
        kind: kind.into(),
        at: at(9, minute),
        detail: serde_json::json!({"answered_by": "human"}),
    };
    for event in [event("amd", 0), event("stream", 1), event("amd", 2)] {
        store.call_logs.note(&event).await.expect("written");
    }
    let events = store.call_logs.events("CA1").await.expect("readable");
    assert_eq!(events, [event("amd", 0), event("stream", 1)]);
    let others = store.call_logs.events("CA2").await.expect("readable");
    assert_eq!(others, []);
}

pub(crate) async fn the_end_of_a_call_and_the_networks_word_race_and_the_summary_stays(
    store: Store,
) {
    let over = status(CallStatus::Completed, 3);
    let booked = summary(Outcome::Booked);
    for round in 0..20 {
        let sid = format!("CA{round}");
        let logs = &store.call_logs;
        let unspoken = summary(Outcome::Abandoned);
        let call = call(&sid, 9);
        let (closed, told) = tokio::join!(
            logs.close(&call, &booked),
            logs.network(&call, &over, &unspoken)
        );
        closed.expect("written");
        told.expect("written");
        let log = logs.by_sid(&sid).await.expect("readable").expect("a row");
        assert_eq!(log.summary.as_ref(), Some(&booked), "{sid}");
        assert_eq!(log.network, Some(over), "{sid}");
    }
}

pub(crate) async fn whatever_was_said_is_kept(store: Store) {
    let said = |text: &str| CallSummary {
        transcript: vec![Line {
            at_ms: 0,
            speaker: Speaker::Caller,
            text: text.into(),
        }],
        ..summary(Outcome::Answered)
    };
    let long = "so I said ".repeat(1_000);
    for (sid, text) in [
        ("CA1", long.as_str()),
        ("CA2", "\\u0000 is no NUL"),
        ("CA3", "'; --"),
    ] {
        let logs = &store.call_logs;
        logs.close(&call(sid, 9), &said(text))
            .await
            .expect("written");
        let log = logs.by_sid(sid).await.expect("readable").expect("a row");
        assert_eq!(log.summary, Some(said(text)));
    }
    // A NUL may be replaced; the call is there.
    let logs = &store.call_logs;
    let nul = said("before\0after");
    logs.close(&call("CA4", 9), &nul).await.expect("written");
    let log = logs.by_sid("CA4").await.expect("readable").expect("a row");
    let text = &log.summary.expect("closed").transcript[0].text;
    assert!(text.starts_with("before") && text.ends_with("after"));
    // Longer than an index entry may be.
    let event = CallEvent {
        call_sid: "CA1".into(),
        kind: "sms".into(),
        at: at(9, 0),
        detail: serde_json::json!({"body": (0..2_000).map(|n| n.to_string()).collect::<String>()}),
    };
    for _ in 0..2 {
        logs.note(&event).await.expect("written");
    }
    assert_eq!(logs.events("CA1").await.expect("readable"), [event]);
}

fn status(status: CallStatus, sequence: u32) -> NetworkStatus {
    NetworkStatus {
        status,
        duration_s: status.is_final().then_some(42),
        sequence,
    }
}

fn call(sid: &str, hour: i64) -> NewCallLog {
    NewCallLog {
        call_sid: sid.into(),
        direction: Direction::Inbound,
        from_number: Some("+12175550142".into()),
        to_number: None,
        started_at: at(hour, 0),
    }
}

fn summary(outcome: Outcome) -> CallSummary {
    CallSummary {
        ended_at: at(9, 4),
        duration_ms: 245_310,
        outcome,
        end_reason: "the caller hung up".into(),
        customer: None,
        appointment: None,
        required_human_transfer: false,
        transcript: Vec::new(),
        turns: Vec::new(),
        tools_used: Vec::new(),
    }
}
