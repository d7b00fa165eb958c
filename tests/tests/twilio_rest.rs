//! Twilio's REST API as its client meets it: slow, repeating itself, refusing, silent.

use std::sync::Arc;
use std::time::Duration;

use control::telephony::CallSid;
use control::telephony::rest::{
    CallFilter, NewCall, NewMessage, Rest, RestError, Sender, Sent, TwimlOrUrl,
};
use pipeline::metrics::Metrics;
use pipeline::vendor::{Vendor, VendorErrorKind};
use storage::customer::Phone;
use tests::vendors::twilio::{Fault, Twilio, value};

const JOHN: &str = "+12175550101";
const OURS: &str = "+12175550100";

/// Of one attempt; where Twilio is silent, a short one.
const DEADLINE: Duration = Duration::from_secs(10);
const SHORT_DEADLINE: Duration = Duration::from_millis(500);

struct Api {
    twilio: Twilio,
    rest: Rest,
    metrics: Arc<Metrics>,
}

impl Api {
    async fn new() -> Self {
        let twilio = Twilio::start().await;
        let metrics = Arc::<Metrics>::default();
        let rest = Rest::with_deadline(twilio.account(), Arc::clone(&metrics), DEADLINE);
        Self {
            twilio,
            rest,
            metrics,
        }
    }

    /// The same API, for whoever does not wait long.
    fn in_a_hurry(&self) -> Rest {
        let metrics = Arc::clone(&self.metrics);
        Rest::with_deadline(self.twilio.account(), metrics, SHORT_DEADLINE)
    }

    fn errors(&self, kind: VendorErrorKind) -> u64 {
        self.metrics.vendor_errors.count_of(Vendor::Twilio, kind)
    }
}

fn phone(text: &str) -> Phone {
    Phone::parse(text).expect("valid")
}

fn new_call() -> NewCall {
    NewCall {
        to: phone(JOHN),
        from: phone(OURS),
        answered: TwimlOrUrl::Url("https://otto.example/hook".to_owned()),
        status_callback: Some("https://otto.example/status".to_owned()),
        timeout: None,
        detection: None,
    }
}

fn message() -> NewMessage {
    NewMessage {
        to: phone(JOHN),
        sender: Sender::Number(phone(OURS)),
        body: "See you tomorrow".to_owned(),
        status_callback: None,
    }
}

fn sid(text: &str) -> CallSid {
    CallSid::parse(text).expect("valid")
}

#[tokio::test]
async fn a_call_is_placed_once_however_the_answer_gets_lost() {
    let api = Api::new().await;
    let Ok(Sent::Done(call)) = api.rest.create_call(&new_call()).await else {
        panic!("it works");
    };
    assert_eq!(call.status, "queued");
    for fault in [
        Fault::DoneThenSilent,
        Fault::DoneThenDropped,
        Fault::Garbage,
        Fault::Status(502),
    ] {
        let before = api.twilio.requests();
        api.twilio.faults.inject(fault.clone());
        let rest = match fault {
            Fault::DoneThenSilent => api.in_a_hurry(),
            _ => api.rest.clone(),
        };
        let placed = rest.create_call(&new_call()).await;
        assert_eq!(placed, Ok(Sent::Unknown), "{fault:?}");
        let sent = rest.send_message(&message()).await;
        assert_eq!(sent, Ok(Sent::Unknown), "{fault:?}");
        assert_eq!(
            api.twilio.requests() - before,
            2,
            "{fault:?}: asked once each"
        );
    }
    assert_eq!(api.errors(VendorErrorKind::TimedOut), 2);
    assert_eq!(api.errors(VendorErrorKind::Dropped), 2);
    assert_eq!(api.errors(VendorErrorKind::Failed), 2);
    assert_eq!(api.twilio.calls().len(), 4, "it was placed all the same");
}

#[tokio::test]
async fn what_twilio_had_no_time_for_is_asked_again() {
    let api = Api::new().await;
    api.twilio.faults.inject(Fault::TooMany(2));
    let placed = api.rest.create_call(&new_call()).await;
    assert!(matches!(placed, Ok(Sent::Done(_))), "{placed:?}");
    assert_eq!(api.twilio.calls().len(), 1);
    assert_eq!(api.twilio.requests(), 3);
    assert_eq!(api.errors(VendorErrorKind::RateLimited), 2);
    api.twilio.faults.inject(Fault::TooMany(usize::MAX));
    let refused = api.rest.create_call(&new_call()).await;
    assert_eq!(refused, Err(RestError::RateLimited { code: 20_429 }));
    assert_eq!(api.twilio.calls().len(), 1);
}

#[tokio::test]
async fn nothing_was_placed_where_nobody_listened() {
    let mut api = Api::new().await;
    api.twilio.unplug().await;
    let refused = api.rest.create_call(&new_call()).await;
    assert_eq!(refused, Err(RestError::Connect));
    assert_eq!(api.errors(VendorErrorKind::Connect), 4, "every attempt");
}

#[tokio::test]
async fn a_line_is_closed_and_one_that_is_closed_already_is_as_good() {
    let api = Api::new().await;
    api.twilio.add_call("CA1", JOHN);
    for _ in 0..2 {
        assert_eq!(api.rest.hang_up(&sid("CA1")).await, Ok(()));
    }
    let call = api.rest.call(&sid("CA1")).await.expect("answered");
    assert_eq!(call.expect("known").status, "completed");
    assert_eq!(api.rest.hang_up(&sid("CA404")).await, Ok(()), "never was");
    assert_eq!(api.rest.call(&sid("CA404")).await, Ok(None));
    let calls = api.twilio.calls();
    assert_eq!(calls[0].updates.len(), 1);
    assert_eq!(value(&calls[0].updates[0], "Status"), Some("completed"));
    // To hang up twice does no harm.
    api.twilio.add_call("CA2", JOHN);
    api.twilio.faults.inject(Fault::DoneThenDropped);
    let broken = api.rest.hang_up(&sid("CA2")).await;
    assert_eq!(broken, Err(RestError::Dropped));
    assert_eq!(api.twilio.calls()[0].status, "completed");
}

#[tokio::test]
async fn a_caller_is_handed_over_by_twiml_and_rung_through_once() {
    let api = Api::new().await;
    api.twilio.add_call("CA1", JOHN);
    let dial = TwimlOrUrl::Twiml("<Response><Dial>+12175550100</Dial></Response>".to_owned());
    assert_eq!(api.rest.redirect(&sid("CA1"), &dial).await, Ok(()));
    api.twilio.faults.inject(Fault::DoneThenDropped);
    let broken = api.rest.redirect(&sid("CA1"), &dial).await;
    assert_eq!(broken, Err(RestError::Dropped));
    let updates = api.twilio.calls().remove(0).updates;
    assert_eq!(updates.len(), 2, "not a third time");
    assert!(value(&updates[0], "Twiml").is_some_and(|twiml| twiml.contains("<Dial>")));
}

#[tokio::test]
async fn calls_are_listed_page_by_page() {
    let api = Api::new().await;
    for n in 0..250 {
        let from = if n % 50 == 0 { OURS } else { JOHN };
        api.twilio.add_call(&format!("CA{n}"), from);
    }
    let from = |number| CallFilter {
        from: Some(phone(number)),
        ..CallFilter::default()
    };
    let all = api.rest.calls(&from(JOHN)).await.expect("listed");
    assert_eq!(all.len(), 245);
    assert_eq!(all[0].sid, "CA249", "the newest first");
    assert_eq!(api.twilio.requests(), 3);
    let few = api.rest.calls(&from(OURS)).await.expect("listed");
    assert_eq!(few.len(), 5);
    let later = CallFilter {
        since: "2026-11-23T15:00:01Z".parse().ok(),
        ..from(OURS)
    };
    assert_eq!(
        api.rest.calls(&later).await,
        Ok(Vec::new()),
        "to the second"
    );
}

#[tokio::test]
async fn who_opted_out_is_told_apart_from_every_other_refusal() {
    let api = Api::new().await;
    let sent = api.rest.send_message(&message()).await;
    assert!(matches!(sent, Ok(Sent::Done(_))), "{sent:?}");
    let sent = api.twilio.messages();
    assert_eq!(value(&sent[0], "Body"), Some("See you tomorrow"));
    api.twilio.faults.inject(Fault::Code(21_610));
    assert_eq!(
        api.rest.send_message(&message()).await,
        Err(RestError::OptedOut)
    );
    api.twilio.faults.inject(Fault::Code(21_211));
    let refused = api
        .rest
        .send_message(&message())
        .await
        .expect_err("refused");
    assert_eq!(
        refused,
        RestError::Refused {
            status: 400,
            code: 21_211
        }
    );
    assert!(!refused.to_string().contains("555"), "{refused}");
    assert_eq!(api.twilio.requests(), 3, "neither is asked again");
}

#[tokio::test]
async fn an_account_answers_for_itself_or_by_its_calls() {
    let api = Api::new().await;
    let sentence = api.rest.probe().await.expect("well");
    assert!(sentence.contains("active"), "{sentence}");
    api.twilio.faults.inject(Fault::NoAccountResource);
    let sentence = api.rest.probe().await.expect("well");
    assert!(sentence.contains("listed"), "{sentence}");
    let mut account = api.twilio.account();
    account.secret = "another".to_owned().into();
    let stranger = Rest::new(account, Arc::default());
    let refused = stranger.probe().await.expect_err("a stranger");
    assert!(
        refused.to_string().contains("TWILIO_AUTH_TOKEN"),
        "{refused}"
    );
}
