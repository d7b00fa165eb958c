//! The waiting list as customers and the network meet it: a real server, a simulated Twilio.

use std::sync::Arc;

use control::clock::BusinessClock;
use control::config::{Config, Sources};
use control::reminders::{ByNetwork, Offers};
use control::server::{self, Server};
use control::tools::Toolbox;
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use storage::Location;
use storage::appointment::{AppointmentId, NewAppointment, Party};
use storage::consent::Channel;
use storage::customer::{Customer, CustomerId, NewCustomer, Phone};
use storage::vehicle::{NewVehicle, VehicleId};
use storage::waitlist::{NewWait, Offer, Wait, WaitState};
use tempfile::TempDir;
use tests::program::NOW;
use tests::vendors::twilio::{ACCOUNT_SID, AUTH_TOKEN, Fault, Twilio, signed_form, value};
use tokio_util::sync::CancellationToken;

const OURS: &str = "+12175550100";
const JOHN: &str = "+12175550101";
const SUE: &str = "+12175550103";

/// A shop that is full on Wednesday, with John and then Sue waiting for it.
struct Scene {
    server: Server,
    twilio: Twilio,
    settings: Vec<(&'static str, String)>,
    /// The bookings of one start, ten in the morning.
    at_ten: Vec<AppointmentId>,
    john: Wait,
    sue: Wait,
    _folder: TempDir,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let twilio = Twilio::start().await;
        let settings = [
            ("OTTO_SPEECH", "typed".to_owned()),
            ("PORT", "0".to_owned()),
            ("ENV", "development".to_owned()),
            ("TWILIO_ACCOUNT_SID", ACCOUNT_SID.to_owned()),
            ("TWILIO_AUTH_TOKEN", AUTH_TOKEN.to_owned()),
            ("TWILIO_PHONE_NUMBER", OURS.to_owned()),
            ("TWILIO_API_URL", twilio.origin()),
            ("OTTO_DATA_DIR", folder.path().display().to_string()),
        ];
        let settings = settings.to_vec();
        let server = Server::start(config(&settings, OURS), clock_at(0)).await;
        let server = server.expect("a server");
        let location = Location::example();
        let store = server.store();
        let now = location.local(clock_at(0).now());
        storage::seed::seed(store, &location, &now)
            .await
            .expect("seeds");
        let mut at_ten = Vec::new();
        for bay in 0..location.bays {
            for half_hour in 0..20 {
                let starts_at = wednesday(8, 0) + SignedDuration::from_mins(30 * half_hour);
                let booking = NewAppointment {
                    // Everybody but John and Sue.
                    party: Party::Known {
                        customer: CustomerId([2, 2, 4][usize::try_from(bay).expect("few")]),
                        vehicle: VehicleId([2, 3, 5][usize::try_from(bay).expect("few")]),
                    },
                    location: location.key.clone(),
                    service: "oil_change".to_owned(),
                    starts_at,
                    ends_at: starts_at + SignedDuration::from_mins(30),
                    bays: location.bays,
                    notes: None,
                    idempotency_key: format!("full:{bay}:{half_hour}"),
                    booked_by: "test".to_owned(),
                    booked_from: None,
                };
                let booked = store.appointments.book(&booking).await.expect("free");
                if starts_at == wednesday(10, 0) {
                    at_ten.push(booked.id);
                }
            }
        }
        let mut waits = Vec::new();
        for number in [JOHN, SUE] {
            let customer = customer(&server, number).await;
            let vehicles = store.vehicles.of_customer(customer.id).await.expect("read");
            let consents = &store.consents;
            let asked =
                consents.consent(&customer.phone, Channel::Sms, "waitlist", now.timestamp());
            asked.await.expect("written");
            let wait = NewWait {
                customer: customer.id,
                vehicle: vehicles[0].id,
                location: location.key.clone(),
                service: "oil_change".to_owned(),
                first_day: date(2026, 11, 25),
                last_day: date(2026, 11, 25),
            };
            waits.push(store.waitlist.join(&wait).await.expect("joined"));
        }
        let sue = waits.pop().expect("two");
        let john = waits.pop().expect("two");
        Self {
            settings,
            server,
            twilio,
            at_ten,
            john,
            sue,
            _folder: folder,
        }
    }

    /// What came free is offered, so many minutes after the start, to whoever may be written to.
    async fn offers(&self, minutes: i64, test_number: &str) -> u32 {
        let config = config(&self.settings, test_number);
        let locations = server::locations(&config).expect("the example");
        let (store, clock) = (self.server.store().clone(), clock_at(minutes));
        let tools = Toolbox::new(store.clone(), locations.clone(), clock);
        let messenger = ByNetwork::new(&config, Default::default());
        let messenger = Arc::new(messenger.expect("there is an account"));
        let offers = Offers::new(&config, locations, tools, store, clock, messenger);
        let offers = offers.expect("there is a waiting list");
        offers
            .pass(&CancellationToken::new())
            .await
            .expect("a pass")
    }

    async fn somebody_cancels(&self, which: usize) {
        let id = self.at_ten[which];
        let cancelled = self.server.store().appointments.cancel(id, "other");
        cancelled.await.expect("cancelled");
    }

    /// What Otto answers to a text message.
    async fn texts(&self, from: &str, body: &str, sid: &str) -> String {
        let path = "/api/v1/webhooks/sms";
        let url = format!("http://{}{path}", self.server.address());
        let form = [
            ("MessageSid", sid),
            ("From", from),
            ("To", OURS),
            ("Body", body),
        ];
        let answer = reqwest::Client::new()
            .post(&url)
            .header("X-Twilio-Signature", signed_form(&url, &form))
            .form(&form)
            .send()
            .await
            .expect("answered");
        assert_eq!(answer.status(), 200);
        answer.text().await.expect("text")
    }

    async fn state(&self, wait: &Wait) -> WaitState {
        let found = self.server.store().waitlist.wait(wait.id).await;
        found.expect("readable").expect("there").state
    }

    /// The text messages to a number.
    fn messages_to(&self, number: &str) -> Vec<String> {
        let messages = self.twilio.messages();
        let to = messages
            .iter()
            .filter(|message| value(message, "To") == Some(number));
        to.map(|message| value(message, "Body").expect("a body").to_owned())
            .collect()
    }

    async fn booked_at_ten(&self, number: &str) -> usize {
        let customer = customer(&self.server, number).await;
        let all = self
            .server
            .store()
            .appointments
            .of_customer(customer.id)
            .await;
        let all = all.expect("readable");
        all.iter()
            .filter(|own| own.starts_at == wednesday(10, 0))
            .count()
    }
}

/// Where only this number may be written to.
fn config(settings: &[(&'static str, String)], test_number: &str) -> Config {
    let test_number = ("YOUR_TEST_NUMBER", test_number.to_owned());
    let all = settings.iter().cloned().chain([test_number]);
    let mut sources = Sources::default();
    sources
        .environment(all.map(|(key, value)| (key.into(), value.into())))
        .expect("text");
    Config::parse(&sources).expect("valid settings")
}

fn clock_at(minutes: i64) -> BusinessClock {
    let now: Timestamp = NOW.parse().expect("an instant");
    BusinessClock::starting_at(now + SignedDuration::from_mins(minutes))
}

fn wednesday(hour: i64, minute: i64) -> Timestamp {
    let midnight: Timestamp = "2026-11-25T00:00:00-06:00".parse().expect("an instant");
    midnight + SignedDuration::from_mins(60 * hour + minute)
}

fn phone(text: &str) -> Phone {
    Phone::parse(text).expect("a number")
}

async fn customer(server: &Server, number: &str) -> Customer {
    let found = server.store().customers.by_phone(&phone(number)).await;
    found.expect("readable").expect("seeded")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_that_comes_free_is_offered_and_a_yes_books_it_once() {
    let scene = Scene::new().await;
    assert_eq!(scene.offers(0, JOHN).await, 0, "nothing is free");
    scene.somebody_cancels(0).await;
    assert_eq!(scene.offers(0, JOHN).await, 1);
    assert_eq!(scene.offers(0, JOHN).await, 0, "not twice");
    let messages = scene.messages_to(JOHN);
    assert_eq!(messages.len(), 1);
    assert!(
        messages[0].contains("Wednesday, November 25 at 10:00 AM has come free"),
        "{messages:?}"
    );
    assert_eq!(
        scene.booked_at_ten(JOHN).await,
        0,
        "nothing is booked without a yes"
    );
    for sid in ["SM1", "SM1"] {
        scene.texts(JOHN, "Yes please", sid).await;
    }
    assert_eq!(scene.booked_at_ten(JOHN).await, 1);
    assert_eq!(scene.state(&scene.john).await, WaitState::Booked);
    assert_eq!(scene.offers(0, SUE).await, 0, "the time is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_that_nobody_answers_goes_to_the_next() {
    let scene = Scene::new().await;
    scene.somebody_cancels(0).await;
    assert_eq!(scene.offers(0, JOHN).await, 1);
    assert_eq!(scene.offers(10, SUE).await, 0, "it is still John's");
    assert_eq!(scene.offers(31, SUE).await, 1);
    assert_eq!(scene.state(&scene.john).await, WaitState::Expired);
    assert_eq!(scene.state(&scene.sue).await, WaitState::Offered);
    scene.texts(JOHN, "YES", "SM2").await;
    assert_eq!(scene.booked_at_ten(JOHN).await, 0, "too late");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_no_is_the_next_ones_chance_and_a_sentence_is_asked_about() {
    let scene = Scene::new().await;
    scene.somebody_cancels(0).await;
    assert_eq!(scene.offers(0, JOHN).await, 1);
    for sentence in ["what is this about", "I'd like to know if yes means I pay"] {
        let asked = scene.texts(JOHN, sentence, "SM3").await;
        assert!(asked.contains("please reply YES"), "{asked}");
        assert_eq!(scene.state(&scene.john).await, WaitState::Offered);
    }
    let silence = scene.texts(SUE, "what is this about", "SM3").await;
    assert!(!silence.contains("<Message>"), "nothing stands: {silence}");
    let answer = scene.texts(JOHN, "no thanks", "SM4").await;
    assert!(answer.contains("all right, John"), "{answer}");
    assert_eq!(scene.state(&scene.john).await, WaitState::Declined);
    assert_eq!(scene.offers(1, SUE).await, 1);
    assert_eq!(scene.messages_to(SUE).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_that_was_taken_meanwhile_is_told_and_they_wait_on() {
    let scene = Scene::new().await;
    scene.somebody_cancels(0).await;
    assert_eq!(scene.offers(0, JOHN).await, 1);
    // Somebody insists on it, past what is offered.
    let sues = NewAppointment {
        party: Party::Known {
            customer: scene.sue.customer,
            vehicle: scene.sue.vehicle,
        },
        location: "main".to_owned(),
        service: "oil_change".to_owned(),
        starts_at: wednesday(10, 0),
        ends_at: wednesday(10, 30),
        bays: 3,
        notes: None,
        idempotency_key: "insists".to_owned(),
        booked_by: "test".to_owned(),
        booked_from: None,
    };
    let store = scene.server.store();
    store.appointments.book(&sues).await.expect("free");
    let answer = scene.texts(JOHN, "yes", "SM5").await;
    assert!(answer.contains("that time has just gone"), "{answer}");
    assert_eq!(scene.booked_at_ten(JOHN).await, 0);
    assert_eq!(scene.state(&scene.john).await, WaitState::Waiting);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_booked_the_same_meanwhile_is_not_booked_twice() {
    let scene = Scene::new().await;
    scene.somebody_cancels(0).await;
    assert_eq!(scene.offers(0, JOHN).await, 1);
    let store = scene.server.store();
    let friday = wednesday(58, 0);
    for (wait, key) in [(&scene.john, "john"), (&scene.sue, "sue")] {
        let booking = NewAppointment {
            party: Party::Known {
                customer: wait.customer,
                vehicle: wait.vehicle,
            },
            location: "main".to_owned(),
            service: "oil_change".to_owned(),
            starts_at: friday,
            ends_at: friday + SignedDuration::from_mins(30),
            bays: 3,
            notes: None,
            idempotency_key: key.to_owned(),
            booked_by: "test".to_owned(),
            booked_from: None,
        };
        store.appointments.book(&booking).await.expect("free");
    }
    let answer = scene.texts(JOHN, "Sí, por favor", "SM7").await;
    assert!(answer.contains("has an appointment already"), "{answer}");
    assert!(answer.contains("November 27 at 10:00 AM"), "{answer}");
    assert_eq!(scene.booked_at_ten(JOHN).await, 0);
    assert_eq!(scene.state(&scene.john).await, WaitState::Left);
    assert_eq!(scene.offers(1, SUE).await, 0, "she has one, too");
    assert_eq!(scene.state(&scene.sue).await, WaitState::Left);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_against_the_rules_is_not_booked() {
    let scene = Scene::new().await;
    let store = scene.server.store();
    let thanksgiving = wednesday(34, 0);
    let offer = Offer {
        starts_at: thanksgiving,
        ends_at: thanksgiving + SignedDuration::from_mins(30),
        until: clock_at(30).now(),
    };
    let now = clock_at(0).now();
    let offered = store.waitlist.offer(scene.john.id, &offer, 3, now).await;
    assert!(offered.expect("written"));
    let answer = scene.texts(JOHN, "yes", "SM8").await;
    assert!(answer.contains("that time has just gone"), "{answer}");
    let his = store.appointments.of_customer(scene.john.customer).await;
    assert_eq!(his.expect("readable"), []);
    assert_eq!(scene.state(&scene.john).await, WaitState::Waiting);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_for_whom_nothing_is_free_keep_nobody_from_the_offers() {
    let scene = Scene::new().await;
    scene.somebody_cancels(0).await;
    let store = scene.server.store();
    // Sixty for Thanksgiving, when nobody works, and then one for Wednesday.
    for n in 0..=60 {
        let grace = NewCustomer {
            phone: phone(&format!("+121755502{n:02}")),
            first_name: "Grace".to_owned(),
            last_name: "Hill".to_owned(),
            email: None,
            date_of_birth: None,
            address: None,
        };
        let grace = store.customers.create(&grace).await.expect("new");
        let now = clock_at(0).now();
        let consent = &store.consents;
        let consent = consent.consent(&grace.phone, Channel::Sms, "test", now);
        consent.await.expect("written");
        let sedan = NewVehicle {
            year: 2020,
            make: "Toyota".to_owned(),
            model: "Camry".to_owned(),
            vin: None,
        };
        let vehicle = store.vehicles.add(grace.id, &sedan).await.expect("hers");
        let day = date(2026, 11, if n == 60 { 25 } else { 26 });
        let wait = NewWait {
            customer: grace.id,
            vehicle: vehicle.id,
            location: "main".to_owned(),
            service: "oil_change".to_owned(),
            first_day: day,
            last_day: day,
        };
        store.waitlist.join(&wait).await.expect("joined");
    }
    assert_eq!(scene.offers(0, "+12175550260").await, 1);
    assert_eq!(scene.messages_to("+12175550260").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_written_to_who_opted_out_or_may_not_be_or_at_night() {
    let scene = Scene::new().await;
    scene.somebody_cancels(0).await;
    assert_eq!(
        scene.offers(0, "+12175550199").await,
        0,
        "the guard fails closed"
    );
    assert_eq!(scene.state(&scene.john).await, WaitState::Waiting);
    let night = 14 * 60;
    assert_eq!(scene.offers(night, JOHN).await, 0);
    scene.texts(JOHN, "STOP", "SM6").await;
    assert_eq!(scene.offers(0, JOHN).await, 0);
    assert_eq!(scene.state(&scene.john).await, WaitState::Left);
    assert_eq!(scene.messages_to(JOHN), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_refused_leaves_its_reader_waiting() {
    let scene = Scene::new().await;
    scene.somebody_cancels(0).await;
    scene.twilio.faults.inject(Fault::TooMany(50));
    scene.offers(0, JOHN).await;
    assert_eq!(scene.state(&scene.john).await, WaitState::Waiting);
    scene.twilio.faults.heal();
    assert_eq!(scene.offers(1, JOHN).await, 1);
    assert_eq!(scene.messages_to(JOHN).len(), 1);
}
