//! Calls come and go, and are one call each.

use super::*;

fn sid(text: &str) -> CallSid {
    CallSid::parse(text).expect("valid")
}

fn announced(calls: &Calls, name: &str) {
    calls
        .announce(&sid(name), Parties::default(), Instant::now())
        .expect("announced");
}

#[tokio::test(start_paused = true)]
async fn a_call_has_one_media_stream() {
    let calls = Calls::default();
    announced(&calls, "CA1");
    let begun = calls.begin(&sid("CA1")).expect("first");
    assert_eq!(calls.begin(&sid("CA1")).err(), Some(NotBegun::Live));
    calls.end(&begun.sid, Ending::HungUp, Instant::now());
    assert_eq!(calls.begin(&sid("CA1")).err(), Some(NotBegun::Ended));
    let again = calls.announce(&begun.sid, Parties::default(), Instant::now());
    assert_eq!(again, Err(NotAnnounced::Ended));
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_stream_never_came_is_forgotten() {
    let calls = Calls::default();
    announced(&calls, "CA1");
    tokio::time::advance(limits::PENDING_LIFE).await;
    announced(&calls, "CA2");
    assert_eq!(calls.census().announced, 1);
    assert!(calls.feed(&sid("CA1")).is_none());
}

#[tokio::test(start_paused = true)]
async fn announced_calls_are_bounded() {
    let calls = Calls::default();
    for n in 0..limits::MAX_PENDING_CALLS {
        announced(&calls, &format!("CA{n}"));
    }
    let one_more = calls.announce(&sid("more"), Parties::default(), Instant::now());
    assert_eq!(one_more, Err(NotAnnounced::Full));
}

#[tokio::test(start_paused = true)]
async fn the_question_how_it_ended_may_come_before_the_end() {
    let calls = Arc::new(Calls::default());
    announced(&calls, "CA1");
    let begun = calls.begin(&sid("CA1")).expect("begun");
    let asked = tokio::spawn({
        let calls = Arc::clone(&calls);
        async move { calls.ending(&sid("CA1")).await }
    });
    tokio::task::yield_now().await;
    begun.ending.send_replace(Some(Ending::Transfer));
    assert_eq!(asked.await.expect("no panic"), Some(Ending::Transfer));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_goes_on_has_no_ending() {
    let calls = Calls::default();
    announced(&calls, "CA1");
    let _begun = calls.begin(&sid("CA1")).expect("begun");
    assert_eq!(calls.ending(&sid("CA1")).await, None);
    assert_eq!(calls.ending(&sid("CA2")).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_caller_whom_no_human_took_comes_back_with_a_feed_of_their_own_but_not_for_ever() {
    let calls = Calls::default();
    let parties = Parties {
        from: Phone::parse("+12175550101").ok(),
        ..Parties::default()
    };
    calls
        .announce(&sid("CA1"), parties.clone(), Instant::now())
        .expect("announced");
    let call = sid("CA1");
    let back = || calls.announce_return(&call, Parties::default(), Instant::now());
    for n in 0..limits::MAX_RETURNS {
        let begun = calls.begin(&sid("CA1")).expect("begun");
        assert_eq!(begun.returns, n);
        assert_eq!(begun.parties, parties, "remembered");
        assert_eq!(back().await, Err(NotReturned::NotTransferred), "goes on");
        calls.end(&begun.sid, Ending::Transfer, Instant::now());
        assert_eq!(calls.ending(&begun.sid).await, Some(Ending::Transfer));
        assert_eq!(back().await, Ok(()));
        assert!(!Arc::ptr_eq(
            &begun.feed,
            &calls.feed(&sid("CA1")).expect("a feed")
        ));
    }
    let begun = calls.begin(&sid("CA1")).expect("begun");
    calls.end(&begun.sid, Ending::Transfer, Instant::now());
    assert_eq!(back().await, Err(NotReturned::TooOften));
}

#[tokio::test(start_paused = true)]
async fn nobody_comes_back_who_was_hung_up_or_found_no_room() {
    let calls = Calls::default();
    for (name, ending) in [("CA1", Ending::HungUp), ("CA2", Ending::Busy)] {
        announced(&calls, name);
        let call = sid(name);
        calls.end(&call, ending, Instant::now());
        let back = calls.announce_return(&call, Parties::default(), Instant::now());
        assert_eq!(back.await, Err(NotReturned::NotTransferred));
    }
}

#[tokio::test(start_paused = true)]
async fn a_return_waits_until_the_first_part_is_written_down() {
    let calls = Arc::new(Calls::default());
    announced(&calls, "CA1");
    let begun = calls.begin(&sid("CA1")).expect("begun");
    begun.ending.send_replace(Some(Ending::Transfer));
    let back = tokio::spawn({
        let calls = Arc::clone(&calls);
        async move {
            let parties = Parties::default();
            calls
                .announce_return(&sid("CA1"), parties, Instant::now())
                .await
        }
    });
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert!(!back.is_finished());
    calls.end(&begun.sid, Ending::Transfer, Instant::now());
    drop(begun);
    assert_eq!(back.await.expect("no panic"), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_gone_before_its_stream_came_is_over() {
    let calls = Calls::default();
    announced(&calls, "CA1");
    assert!(calls.is_unasked(&sid("CA1")));
    calls.network_over(&sid("CA1"), Instant::now());
    assert!(!calls.is_unasked(&sid("CA1")));
    assert_eq!(calls.begin(&sid("CA1")).err(), Some(NotBegun::Ended));
}

#[tokio::test(start_paused = true)]
async fn ended_calls_are_bounded_and_the_newest_stay() {
    let calls = Calls::default();
    for n in 0..=limits::MAX_ENDED_CALLS {
        let name = format!("CA{n}");
        announced(&calls, &name);
        calls.end(&sid(&name), Ending::HungUp, Instant::now());
        tokio::time::advance(std::time::Duration::from_millis(1)).await;
    }
    assert!(calls.feed(&sid("CA0")).is_none());
    let newest = sid(&format!("CA{}", limits::MAX_ENDED_CALLS));
    assert!(calls.feed(&newest).is_some());
}
