//! The telephone network behind the simulated API: it rings who a call was created for, and does with
//! whoever answers as Twilio does. It tells how far the call is, fetches the webhook that it was
//! given, signed, opens the media stream in real time, has the machine detector tell later, and
//! follows what the agent wants next.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use control::caller::conduct::Conduct;
use control::caller::script::{Prompter, Script};
use control::caller::stream::Mind;
use control::caller::voice::{Repertoire, Voice};
use control::caller::{CallError, CallPlan, CallRecord, Happening, Network, place};
use control::feed::FeedEvent;
use control::telephony::CallSid;
use control::telephony::signature::SignatureKey;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{ACCOUNT_SID, AUTH_TOKEN, Pairs, Placed, Shared, locked, signed_form, value};
use crate::caller::unpooled_client;

/// Nobody talks to an agent for longer in a test.
const PATIENCE: Duration = Duration::from_secs(180);

/// How long the detector listens before it says that it was a person.
const DETECTION: Duration = Duration::from_millis(2_400);

/// Who takes a call.
#[derive(Clone, Debug)]
pub enum Callee {
    /// Answers the agent's questions by a script.
    Person(&'static str),
    /// Says this and beeps, over whatever it hears, and takes a message.
    Machine(&'static str),
    Busy,
    NoAnswer,
}

/// A call that was carried to its end.
#[derive(Clone, Debug)]
pub struct Carried {
    pub to: String,
    /// What the callee heard and said; nothing where nobody answered.
    pub heard: Option<CallRecord>,
    /// Why a call that was answered came to nothing.
    pub trouble: Option<String>,
}

/// Somebody with a telephone.
type Subscriber = (Callee, Option<Arc<dyn Voice>>);

/// Telephones that ring.
#[derive(Default)]
pub(super) struct Exchange {
    /// By their numbers: who answers, and with what voice.
    callees: Mutex<BTreeMap<String, Subscriber>>,
    carried: watch::Sender<Vec<Carried>>,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}

impl Exchange {
    pub(super) fn connect(&self, number: &str, callee: Callee, voice: Arc<dyn Voice>) {
        locked(&self.callees).insert(number.to_owned(), (callee, Some(voice)));
    }

    /// Rings whoever has the number; nobody else's call goes anywhere.
    pub(super) fn ring(shared: &Shared, placed: &Placed) {
        let to = value(&placed.form, "To").unwrap_or_default();
        let found = locked(&shared.state.exchange.callees).get(to).cloned();
        if let Some((callee, voice)) = found {
            let call = Call {
                shared: shared.clone(),
                sid: placed.sid.clone(),
                form: placed.form.clone(),
                to: to.to_owned(),
                http: unpooled_client(),
            };
            tokio::spawn(call.carry(callee, voice));
        }
    }

    /// Calls that are over, once there are so many.
    pub(super) async fn carried(&self, count: usize) -> Vec<Carried> {
        let mut carried = self.carried.subscribe();
        let all = carried.wait_for(|carried| carried.len() >= count);
        let all = tokio::time::timeout(PATIENCE, all).await;
        let all = all.unwrap_or_else(|_| panic!("{count} calls: there were not so many"));
        all.expect("the exchange stands").clone()
    }
}

impl Carried {
    /// Everything that the agent said, as one text.
    ///
    /// # Panics
    /// Where nobody answered.
    #[must_use]
    pub fn agent(&self) -> String {
        let record = self.heard.as_ref();
        let record = record.unwrap_or_else(|| panic!("nobody heard anything: {self:?}"));
        let said = record.happened.iter().filter_map(|h| match &h.what {
            Happening::Feed(line) => match &line.what {
                FeedEvent::Agent { text, .. } | FeedEvent::AgentGoesOn { text, .. } => {
                    Some(text.as_str())
                }
                _ => None,
            },
            Happening::SaidByNetwork { text } => Some(text.as_str()),
            _ => None,
        });
        said.collect::<Vec<_>>().join("\n")
    }
}

/// One call on its way.
struct Call {
    shared: Shared,
    sid: String,
    form: Pairs,
    to: String,
    http: reqwest::Client,
}

impl Call {
    async fn carry(self, callee: Callee, voice: Option<Arc<dyn Voice>>) {
        self.is_now("initiated", 0).await;
        self.is_now("ringing", 1).await;
        let (heard, status) = match &callee {
            Callee::Busy => (Ok(None), "busy"),
            Callee::NoAnswer => (Ok(None), "no-answer"),
            Callee::Person(_) | Callee::Machine(_) => {
                self.is_now("in-progress", 2).await;
                let voice = voice.expect("whoever answers has one");
                (self.talk(&callee, voice).await.map(Some), "completed")
            }
        };
        let (heard, trouble) = match heard {
            Ok(heard) => (heard, None),
            Err(error) => (None, Some(error.to_string())),
        };
        self.is_now(status, 3).await;
        self.shared.state.exchange.carried.send_modify(|carried| {
            carried.push(Carried {
                to: self.to.clone(),
                heard,
                trouble,
            });
        });
    }

    async fn talk(&self, callee: &Callee, voice: Arc<dyn Voice>) -> Result<CallRecord, CallError> {
        let mut repertoire = Repertoire::new(Arc::clone(&voice));
        let (script, greeting) = match callee {
            Callee::Machine(words) => {
                let mut greeting = voice.speak(words).await.expect("it can be spoken");
                greeting.extend(beep());
                let length = Duration::from_millis(greeting.len() as u64 / 8);
                repertoire.record(words, greeting);
                (format!("barge-in after 1 ms of 1: {words}"), Some(length))
            }
            Callee::Person(script) => ((*script).to_owned(), None),
            Callee::Busy | Callee::NoAnswer => unreachable!("nobody answers"),
        };
        let script = Script::parse(&script).expect("a script");
        let rehearsed = repertoire.rehearse(script.words()).await;
        rehearsed.expect("it can be spoken");
        let detector = Detector {
            url: value(&self.form, "AsyncAmdStatusCallback").map(str::to_owned),
            sid: self.sid.clone(),
            http: self.http.clone(),
        };
        if greeting.is_none() {
            detector.clone().tell_after(DETECTION, "human");
        }
        let url = value(&self.form, "Url").expect("a call has one");
        let plan = CallPlan {
            title: "A call of the agent's".to_owned(),
            webhook: url.parse().expect("a URL"),
            network: Network {
                answers: Some(CallSid::parse(&self.sid).expect("ours")),
                account_sid: Some(ACCOUNT_SID.to_owned()),
                signs: Some(SignatureKey::new(AUTH_TOKEN)),
            },
            from: value(&self.form, "From").expect("given").to_owned(),
            to: self.to.clone(),
            mind: Mind::Script(Box::new(Conduct::new(Prompter::new(script)))),
            repertoire,
            patience: PATIENCE,
            hang_up: CancellationToken::new(),
            token: None,
        };
        place(plan, |event| {
            // The beep ends the greeting.
            if let (Happening::Says { .. }, Some(length)) = (&event.what, greeting) {
                detector.clone().tell_after(length, "machine_end_beep");
            }
        })
        .await
    }

    /// The call has this status from now on; whoever asked to be told is.
    async fn is_now(&self, status: &str, sequence: u32) {
        for call in locked(&self.shared.state.calls).iter_mut() {
            if call.sid == self.sid {
                status.clone_into(&mut call.status);
            }
        }
        let event = match status {
            "initiated" | "ringing" => status,
            "in-progress" => "answered",
            _ => "completed",
        };
        let events = self.form.iter().filter(|(n, _)| n == "StatusCallbackEvent");
        let wanted = events.into_iter().any(|(_, wanted)| wanted == event);
        let Some(url) = value(&self.form, "StatusCallback").filter(|_| wanted) else {
            return;
        };
        let sequence = sequence.to_string();
        let from = value(&self.form, "From").unwrap_or_default();
        let form = [
            ("CallSid", self.sid.as_str()),
            ("From", from),
            ("To", self.to.as_str()),
            ("Direction", "outbound-api"),
            ("CallStatus", status),
            ("SequenceNumber", &sequence),
        ];
        post(&self.http, url, &form).await;
    }
}

/// The machine detector of one call.
#[derive(Clone)]
struct Detector {
    url: Option<String>,
    sid: String,
    http: reqwest::Client,
}

impl Detector {
    fn tell_after(self, listening: Duration, who: &'static str) {
        tokio::spawn(async move {
            tokio::time::sleep(listening).await;
            let Some(url) = &self.url else { return };
            let form = [("CallSid", self.sid.as_str()), ("AnsweredBy", who)];
            post(&self.http, url, &form).await;
        });
    }
}

/// A webhook whose answer nobody waits for. Whether it got through shows in what comes of it.
async fn post(http: &reqwest::Client, url: &str, form: &[(&str, &str)]) {
    let signature = signed_form(url, form);
    let request = http.post(url).header("X-Twilio-Signature", signature);
    drop(request.form(form).send().await);
}

/// Half a second at 1 kHz.
fn beep() -> impl Iterator<Item = u8> {
    let wave = [0, 5_656, 8_000, 5_656, 0, -5_656, -8_000, -5_656];
    wave.into_iter().cycle().take(4_000).map(dsp::mulaw::encode)
}
