//! However a call ends, its log is closed, its caller is not left on an open line, and what was begun is
//! finished.

use super::*;

#[tokio::test]
async fn a_line_that_the_network_forgets_is_closed_by_us_but_never_one_that_goes_to_a_human() {
    // What the caller says, whether the network asks what now, and whether it must be told to end.
    for (said, asks, told) in [
        ("bye", false, true),
        ("bye", true, false),
        ("manager", false, false),
    ] {
        let mut call = Call::greeted(polite).await;
        call.says(said);
        let (last, _) = call.said().await;
        call.heard(last);
        call.hung_up().await;
        let (carrier, calls, sid) = (
            Arc::clone(&call.carrier),
            Arc::clone(&call.calls),
            call.sid.clone(),
        );
        call.event(EventKind::Ended {
            reason: EndReason::AgentHungUp,
        });
        assert!(call.sessions.finished(Duration::from_secs(60)).await);
        if asks {
            assert!(calls.ending(&sid).await.is_some());
        }
        tokio::time::sleep(limits::HANG_UP_WATCH * 2).await;
        let ended = carrier.0.lock().expect("no panic").clone();
        assert_eq!(ended == ["CA1"], told, "{said} {asks}: {ended:?}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn a_transfer_closes_the_stream_once_the_words_were_heard() {
    let mut call = Call::greeted(polite).await;
    call.says("manager");
    let (words, _) = call.said().await;
    call.heard(words);
    call.hung_up().await;
    let (log, ending) = call.ended(EndReason::AgentHungUp).await;
    assert_eq!(ending, Some(Ending::Transfer));
    assert_eq!(log.outcome, Outcome::Transferred);
    assert!(log.required_human_transfer);
}

#[tokio::test]
async fn every_ending_closes_the_log() {
    for (reason, outcome, ending) in [
        (EndReason::CallerHungUp, Outcome::Abandoned, Ending::HungUp),
        (EndReason::SocketLost, Outcome::Failed, Ending::Fault),
        (EndReason::SocketStalled, Outcome::Failed, Ending::Fault),
        (EndReason::ProtocolViolation, Outcome::Failed, Ending::Fault),
        (EndReason::Fault, Outcome::Failed, Ending::Fault),
        (EndReason::ShuttingDown, Outcome::Failed, Ending::Fault),
    ] {
        let mut call = Call::begin(polite).await;
        call.said().await;
        let (log, ended) = call.ended(reason).await;
        assert_eq!(log.outcome, outcome, "{reason:?}");
        assert_eq!(ended, Some(ending), "{reason:?}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn audio_that_ends_without_a_word_closes_the_log_too() {
    let mut call = Call::begin(polite).await;
    call.said().await;
    call.events = None;
    let (log, ending) = call.closed().await;
    assert_eq!(log.outcome, Outcome::Failed);
    assert_eq!(ending, Some(Ending::Fault));
}

#[tokio::test]
async fn a_panic_in_the_session_sends_its_caller_to_a_human() {
    let mut call = Call::begin(|input| match input {
        Input::Opened { .. } => vec![say("Hello there.")],
        _ => panic!("a bug"),
    })
    .await;
    let (greeting, _) = call.said().await;
    call.heard(greeting);
    call.says("anything");
    call.hung_up().await;
    let (log, ending) = call.ended(EndReason::AgentHungUp).await;
    assert_eq!(ending, Some(Ending::Fault));
    assert_eq!(log.outcome, Outcome::Failed);
    assert_eq!(log.transcript[0].text, "Hello there.");
}

fn books(input: &Input) -> Vec<Action> {
    use crate::tools::book_appointment::{Arguments, Party};
    use crate::tools::moment::Moment;
    use crate::tools::new_customer::{AddVehicle, CreateCustomer};
    match input {
        Input::Opened { .. } => vec![Action::RunTool {
            id: ToolId(1),
            call: ToolCall::BookAppointment(Arguments {
                party: Party::NewCustomer {
                    create_customer: CreateCustomer {
                        first_name: "Grace".to_owned(),
                        last_name: "Walker".to_owned(),
                        phone_number: "+12175550142".to_owned(),
                        email: None,
                        date_of_birth: None,
                        address: None,
                    },
                    add_vehicle: AddVehicle {
                        year: 2019,
                        make: "Toyota".to_owned(),
                        model: "Camry".to_owned(),
                        vin: None,
                    },
                },
                service_type: "oil_change".to_owned(),
                scheduled_at: Moment::Local("2026-11-24T10:00".parse().expect("valid")),
                notes: None,
                duration_minutes: None,
                location: None,
                another: false,
            }),
        }],
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn a_booking_that_has_begun_is_finished_and_logged_although_the_caller_hangs_up() {
    let call = Call::begin(books).await;
    // The database works in real time.
    tokio::time::resume();
    let book = Arc::clone(&call.sessions.config.store.customers);
    // The hang-up is there before the tool has had a moment to run: nobody waits for its answer.
    let (log, ending) = call.ended(EndReason::CallerHungUp).await;
    assert_eq!(ending, Some(Ending::HungUp));
    assert_eq!(log.outcome, Outcome::Booked);
    assert!(log.appointment.is_some() && log.customer.is_some());
    assert_eq!(log.tools_used, ["book_appointment"]);
    let phone = Phone::parse("+12175550142").expect("valid");
    let customer = book.by_phone(&phone).await.expect("readable");
    assert_eq!(customer.map(|c| c.id), log.customer);
}
