//! What callers do in the middle of a request: change their minds, name half a time, lose a race.

use storage::Location;
use storage::appointment::Status;
use storage::vehicle::VehicleId;

use super::scene::{JOHN, MARIA, Scene, at};
use crate::dialogue::Question;

const BORN: &str = "july second nineteen ninety";

#[tokio::test]
async fn the_other_car_is_the_one_that_was_not_talked_of() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&["i want a tire rotation for the truck", "friday at two"])
        .await;
    call.hears("for your truck, Friday, November 27 at 2 p.m.");
    call.says("no the other car").await;
    call.hears("for your other vehicle, Friday, November 27 at 2 p.m.");
    call.hears_not("Camry");
    call.says("yes").await;
    assert_eq!(call.booked().await[0].vehicle, VehicleId(3));
}

#[tokio::test]
async fn whoever_has_no_other_car_is_asked_for_it() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "friday at two", "no the other one"])
        .await;
    call.is_asked(Question::Vehicle);
    call.says("twenty eighteen ford f one fifty").await;
    call.hears("for your 2018 Ford F-150, Friday, November 27 at 2 p.m.");
}

#[tokio::test]
async fn no_thursday_is_a_correction_and_a_holiday_is_no_day() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "wednesday at two", "no thursday"])
        .await;
    call.hears("Thanksgiving Day");
    call.is_asked(Question::When);
    call.says("friday at two then").await;
    call.hears("Friday, November 27 at 2 p.m.");
    call.is_asked(Question::Confirm);
    assert_eq!(call.booked().await, []);
}

#[tokio::test]
async fn two_cars_are_booked_in_one_call_and_each_its_own_service() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    for (wish, time) in [
        ("the truck needs an oil change", "friday at nine a m"),
        ("and a tire rotation for the toyota", "friday at nine a m"),
    ] {
        call.says_in_turn(&[wish, time, "yes"]).await;
        call.is_asked(Question::AnythingElse);
    }
    let booked = call.booked().await;
    let what: Vec<_> = booked
        .iter()
        .map(|b| (b.vehicle.0, b.service.as_str(), b.starts_at))
        .collect();
    let nine = at("2026-11-27T15:00:00Z");
    assert_eq!(what, [(2, "oil_change", nine), (3, "tire_rotation", nine)]);
}

#[tokio::test]
async fn one_car_is_not_in_two_places() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "friday at nine a m", "yes"])
        .await;
    call.says_in_turn(&["i also need a tire rotation", "friday at nine a m", "yes"])
        .await;
    call.hears("that time was just taken");
    call.hears("9:30 a.m.");
    call.says_in_turn(&["nine thirty", "yes"]).await;
    let starts: Vec<_> = call.booked().await.iter().map(|b| b.starts_at).collect();
    assert_eq!(
        starts,
        [at("2026-11-27T15:00:00Z"), at("2026-11-27T15:30:00Z")]
    );
}

#[tokio::test]
async fn a_bare_hour_is_the_one_at_which_the_shop_is_open() {
    for (wish, heard) in [
        ("friday at five", "Friday, November 27 at 5 p.m."),
        ("friday at ten", "Friday, November 27 at 10 a.m."),
        (
            "friday at half past nine",
            "Friday, November 27 at 9:30 a.m.",
        ),
        (
            "friday quarter to three",
            "Friday, November 27 at 2:45 p.m.",
        ),
    ] {
        let mut call = Scene::in_a_shop(every_quarter, Some(JOHN)).await;
        call.opens().await;
        call.says_in_turn(&["i need an oil change", wish]).await;
        call.hears(heard);
        call.is_asked(Question::Confirm);
    }
}

#[tokio::test]
async fn an_hour_at_which_it_is_open_twice_is_asked_about() {
    let mut call = Scene::in_a_shop(day_and_night, Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "friday at seven"])
        .await;
    call.hears("7 a.m.");
    call.hears("7 p.m.");
    call.is_asked(Question::When);
    call.says("seven p m").await;
    call.hears("7 p.m.");
    call.says("yes").await;
    let booked = call.booked().await;
    assert_eq!(booked.len(), 1);
    assert_eq!(booked[0].starts_at, at("2026-11-28T01:00:00Z"));
}

#[tokio::test]
async fn half_past_without_an_hour_is_no_time() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "friday at half past"])
        .await;
    call.is_asked(Question::When);
    call.says("half past ten").await;
    call.hears("Friday, November 27 at 10:30 a.m.");
}

#[tokio::test]
async fn on_the_day_of_a_clock_change_an_hour_is_the_one_on_the_wall() {
    // Springfield is six hours behind until the clocks go forward, then five.
    for (day, utc) in [
        ("march thirteenth at nine a m", "2027-03-13T15:00:00Z"),
        ("march fourteenth at nine a m", "2027-03-14T14:00:00Z"),
        ("march fifteenth at nine a m", "2027-03-15T14:00:00Z"),
    ] {
        let mut call = Scene::in_a_shop(never_closed, Some(JOHN)).await;
        call.opens().await;
        call.says_in_turn(&["i need an oil change", day]).await;
        call.hears("9 a.m.");
        call.is_asked(Question::Confirm);
        call.says("yes").await;
        let booked = call.booked().await;
        assert_eq!(booked[0].starts_at, at(utc), "{day}");
        let length = booked[0].ends_at.duration_since(booked[0].starts_at);
        assert_eq!(length.as_mins(), 30, "{day}");
    }
    let mut call = Scene::in_a_shop(never_closed, Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "march fourteenth at two thirty a m"])
        .await;
    call.hears("The clocks change that night, so there is no such time.");
    call.is_asked(Question::When);
    assert_eq!(call.booked().await, []);
}

#[tokio::test]
async fn a_cancellation_is_taken_back_while_its_time_is_free() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&["cancel my appointment", BORN, "i am busy", "yes"])
        .await;
    call.hears("Your appointment is cancelled.");
    assert_eq!(call.appointment(1).await.status, Status::Cancelled);
    call.says("oh wait i changed my mind please keep it").await;
    call.hears("2020 Toyota Camry, tomorrow, Tuesday, November 24 at 10 a.m.");
    call.is_asked(Question::Confirm);
    assert_eq!(call.booked().await, [], "not without a yes");
    call.says("yes").await;
    call.hears("You are booked");
    let booked = call.booked().await;
    assert_eq!(booked.len(), 1);
    assert_eq!(booked[0].starts_at, at("2026-11-24T16:00:00Z"));
    assert_eq!(booked[0].vehicle, VehicleId(3));
    // What stands again is not given up by the same words.
    call.says("keep it").await;
    assert_eq!(call.booked().await.len(), 1);
}

#[tokio::test]
async fn a_cancellation_whose_time_is_gone_meanwhile_is_answered_with_the_nearest() {
    let mut call = Scene::one_bay(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&["cancel my appointment", BORN, "i am busy", "yes"])
        .await;
    call.somebody_books("2026-11-24T16:00:00Z", 30).await;
    call.says("do not cancel it").await;
    call.hears("already taken");
    call.hears("9:30 a.m.");
    call.hears("10:30 a.m.");
    call.is_asked(Question::When);
}

#[tokio::test]
async fn a_cancellation_is_taken_back_before_the_yes_by_a_no() {
    let mut call = Scene::new(Some(MARIA)).await;
    call.opens().await;
    call.says_in_turn(&["cancel my appointment", BORN, "i am busy"])
        .await;
    call.is_asked(Question::Confirm);
    call.says("no wait keep it").await;
    call.hears("I will leave it as it is");
    assert_eq!(call.appointment(1).await.status, Status::Scheduled);
}

#[tokio::test]
async fn the_hours_of_a_holiday_are_none_and_its_name_is_said() {
    for question in [
        "are you open on thanksgiving",
        "what are your hours on thursday",
        "are you open on christmas day",
    ] {
        let mut call = Scene::new(Some(JOHN)).await;
        call.opens().await;
        call.says(question).await;
        call.hears("closed");
        call.hears(" Day");
        call.is_asked(Question::AnythingElse);
    }
}

#[tokio::test]
async fn at_a_time_without_work_the_nearest_are_offered() {
    let lunch = |location: &mut Location| {
        let open = jiff::civil::time(12, 0, 0, 0);
        let close = jiff::civil::time(13, 0, 0, 0);
        location.breaks = vec![storage::location::Hours { open, close }];
    };
    let mut call = Scene::in_a_shop(lunch, Some(JOHN)).await;
    call.opens().await;
    call.says_in_turn(&["i need an oil change", "friday at noon"])
        .await;
    call.hears("nobody works on vehicles from noon to 1 p.m. I have");
    call.hears("11:30 a.m.");
    call.hears("1 p.m.");
    call.says("yes").await;
    assert_eq!(call.booked().await, []);
}

fn every_quarter(location: &mut Location) {
    location.grid = jiff::SignedDuration::from_mins(15);
}

/// From six in the morning to eleven at night, whatever the day.
fn day_and_night(location: &mut Location) {
    open(location, "06:00-23:00");
}

fn never_closed(location: &mut Location) {
    open(location, "00:00-23:59");
    location.horizon_days = 200;
}

fn open(location: &mut Location, hours: &str) {
    const EXAMPLE: &str = include_str!("../../../../../storage/locations/ottos-auto.toml");
    let text = EXAMPLE
        .replace("\"closed\"", &format!("\"{hours}\""))
        .replace("\"08:00-18:00\"", &format!("\"{hours}\""))
        .replace("\"09:00-15:00\"", &format!("\"{hours}\""));
    *location = Location::parse(&text).expect("a location file");
}
