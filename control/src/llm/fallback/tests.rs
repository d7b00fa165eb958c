use VendorErrorKind::{Failed, Quota, RateLimited, Refused, TimedOut, Unauthorized};

use super::Role::{Fallback, Primary};
use super::*;

/// A race under a virtual clock, in which breakers admit everybody but those of `shut`.
struct Scene {
    race: Race,
    shut: Vec<Role>,
    /// What was ordered, and when (milliseconds).
    orders: Vec<(u64, Order)>,
}

impl Scene {
    fn new(has_fallback: bool, shut: &[Role]) -> Self {
        let mut scene = Self {
            race: Race::new(Deadlines::default(), has_fallback, at(0)),
            shut: shut.to_vec(),
            orders: Vec::new(),
        };
        scene.poll(0);
        scene
    }

    fn poll(&mut self, ms: u64) {
        while let Some(order) = self.race.poll(at(ms), |role| !self.shut.contains(&role)) {
            self.orders.push((ms, order));
        }
    }

    fn setback(&mut self, attempt: usize, kind: VendorErrorKind, retryable: bool, ms: u64) {
        self.setback_after(attempt, kind, retryable, None, ms);
    }

    fn setback_after(
        &mut self,
        attempt: usize,
        kind: VendorErrorKind,
        retryable: bool,
        retry_after: Option<Duration>,
        ms: u64,
    ) {
        let failure = Failure {
            kind,
            what: String::new(),
        };
        let setback = Setback {
            failure,
            retryable,
            retry_after,
        };
        self.race.handle_setback(attempt, setback, at(ms));
        self.poll(ms);
    }

    /// Lets time pass until all is over.
    fn run(&mut self) -> Vec<String> {
        while let Some(deadline) = self.race.deadline() {
            self.poll(deadline.as_nanos().div_ceil(1_000_000));
        }
        let orders = self.orders.iter().map(|(ms, order)| match order {
            Order::Start { attempt, role } => format!("{ms}: {attempt} {}", role.label()),
            Order::Fail(failure) => format!("{ms}: {}", failure.kind.label()),
        });
        orders.collect()
    }
}

fn at(ms: u64) -> Mono {
    Mono::from_millis(ms)
}

#[test]
fn a_silent_model_is_hedged_and_then_there_is_no_answer() {
    let orders = Scene::new(true, &[]).run();
    assert_eq!(
        orders,
        ["0: 0 primary", "900: 1 fallback", "2900: timed_out"]
    );
    let orders = Scene::new(false, &[]).run();
    assert_eq!(
        orders,
        ["0: 0 primary", "900: 1 primary", "2900: timed_out"]
    );
}

#[test]
fn whoever_speaks_first_is_the_only_one_and_must_go_on() {
    let mut scene = Scene::new(true, &[]);
    scene.race.handle_spoke(at(400));
    scene.race.handle_alive(at(1_400));
    assert_eq!(scene.run(), ["0: 0 primary", "2900: timed_out"]);
}

#[test]
fn an_answer_that_never_ends_is_ended() {
    let mut scene = Scene::new(false, &[]);
    scene.race.handle_spoke(at(400));
    for ms in (400..19_900).step_by(500) {
        scene.race.handle_alive(at(ms));
        scene.poll(ms);
    }
    assert_eq!(scene.run(), ["0: 0 primary", "20000: timed_out"]);
}

#[test]
fn a_failure_is_made_good_once_and_the_retry_has_a_hedge() {
    let mut scene = Scene::new(true, &[]);
    scene.setback(0, Failed, true, 100);
    let orders = scene.run();
    let expected = [
        "0: 0 primary",
        "100: 1 fallback",
        "1000: 2 primary",
        "3000: timed_out",
    ];
    assert_eq!(orders, expected);
    let mut scene = Scene::new(false, &[]);
    scene.setback(0, Failed, true, 100);
    assert_eq!(scene.orders.len(), 1, "the second start is due at 200");
    scene.poll(250);
    scene.setback(1, Failed, true, 300);
    let expected = [
        "0: 0 primary",
        "250: 1 primary",
        "1150: 2 primary",
        "3150: timed_out",
    ];
    assert_eq!(scene.run(), expected);
}

#[test]
fn silence_is_over_in_time_whatever_fails() {
    let bound = Deadlines::default().silence;
    for has_fallback in [false, true] {
        for first in (0..3_000).step_by(100) {
            let mut scene = Scene::new(has_fallback, &[]);
            while scene
                .race
                .deadline()
                .is_some_and(|deadline| deadline <= at(first))
            {
                let deadline = scene.race.deadline().expect("there is one");
                scene.poll(deadline.as_nanos() / 1_000_000);
            }
            scene.setback(0, Failed, true, first);
            let orders = scene.run();
            let (end, last) = scene.orders.last().expect("orders");
            assert!(matches!(last, Order::Fail(_)), "{orders:?}");
            assert!(Duration::from_millis(*end) <= bound, "{orders:?}");
            assert!(scene.orders.len() <= limits::LLM_ATTEMPTS + 1, "{orders:?}");
        }
    }
}

#[test]
fn the_vendors_wait_is_kept_where_there_is_time_and_another_model_need_not_wait() {
    let mut scene = Scene::new(false, &[]);
    scene.setback_after(0, RateLimited, true, Some(Duration::from_millis(700)), 100);
    assert_eq!(scene.run()[1], "800: 1 primary");
    let mut scene = Scene::new(false, &[]);
    scene.setback_after(0, RateLimited, true, Some(Duration::from_secs(20)), 100);
    assert_eq!(scene.run(), ["0: 0 primary", "100: rate_limited"]);
    let mut scene = Scene::new(true, &[]);
    scene.setback_after(0, RateLimited, true, Some(Duration::from_secs(20)), 100);
    assert_eq!(scene.run()[1], "100: 1 fallback");
}

#[test]
fn a_key_that_is_no_good_is_not_tried_with_another_model() {
    for kind in [Unauthorized, Quota] {
        let mut scene = Scene::new(true, &[]);
        scene.setback(0, kind, false, 100);
        assert_eq!(
            scene.run(),
            ["0: 0 primary".to_owned(), format!("100: {}", kind.label())]
        );
    }
}

#[test]
fn a_refused_request_is_tried_with_the_other_model_only() {
    let mut scene = Scene::new(true, &[]);
    scene.setback(0, Refused, false, 100);
    scene.setback(1, Refused, false, 200);
    assert_eq!(
        scene.orders.len(),
        3,
        "no third attempt: {:?}",
        scene.orders
    );
    let mut scene = Scene::new(false, &[]);
    scene.setback(0, Refused, false, 100);
    assert_eq!(scene.run(), ["0: 0 primary", "100: refused"]);
}

#[test]
fn while_one_is_still_asked_the_others_failure_is_no_end() {
    let mut scene = Scene::new(true, &[]);
    scene.poll(900);
    scene.setback(0, Refused, false, 1_000);
    assert_eq!(scene.orders.len(), 2, "the fallback is still asked");
    scene.race.handle_spoke(at(1_200));
    assert_eq!(scene.run().last().expect("an end"), "2700: timed_out");
}

#[test]
fn a_model_that_is_left_alone_is_not_asked() {
    let orders = Scene::new(true, &[Primary]).run();
    assert_eq!(
        orders,
        ["0: 0 fallback", "900: 1 fallback", "2900: timed_out"]
    );
    let orders = Scene::new(true, &[Fallback]).run();
    assert_eq!(
        orders,
        ["0: 0 primary", "900: 1 primary", "2900: timed_out"]
    );
    let mut scene = Scene::new(true, &[Primary, Fallback]);
    assert_eq!(scene.run(), ["0: failed"]);
    assert_eq!(Scene::new(false, &[Primary]).run(), ["0: failed"]);
}

#[test]
fn what_is_told_too_late_changes_nothing() {
    let mut scene = Scene::new(true, &[]);
    scene.race.handle_spoke(at(100));
    scene.setback(0, Failed, true, 200);
    scene.setback(7, Failed, true, 200);
    assert_eq!(scene.orders.len(), 1);
    assert_eq!(scene.run(), ["0: 0 primary", "1600: timed_out"]);
    assert_eq!(
        scene.orders.last().map(|(_, order)| order),
        Some(&Order::Fail(timed_out("no end")))
    );
    assert_eq!(timed_out("").kind, TimedOut);
}
