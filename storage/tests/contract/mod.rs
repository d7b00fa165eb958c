//! What every implementation of the book must hold. Each test is a function over an empty
//! [`Store`](storage::Store); `suite!` turns them into the tests of one implementation, which gives
//! no store where this machine lacks its database.

pub(crate) mod asked_texts;
pub(crate) mod audit;
pub(crate) mod booking;
pub(crate) mod calendar;
pub(crate) mod call_logs;
pub(crate) mod changes;
pub(crate) mod consents;
pub(crate) mod holds;
pub(crate) mod locations;
pub(crate) mod people;
pub(crate) mod races;
pub(crate) mod reminders;
pub(crate) mod scene;
pub(crate) mod verification;
pub(crate) mod waitlist;

macro_rules! suite {
    ($store:path) => {
        $crate::contract::tests!($store, booking: [
            a_booking_takes_the_first_free_bay,
            a_booking_is_read_back_as_it_was_made,
            one_may_start_when_another_ends,
            a_full_slot_is_refused,
            a_vehicle_cannot_be_in_two_bays_at_once,
            one_key_is_one_booking,
            a_key_whose_appointment_is_another_one_books_nothing,
            what_was_moved_or_cancelled_since_is_not_booked_again_under_its_key,
            a_new_customer_comes_with_vehicle_and_appointment,
            a_failed_booking_leaves_nobody_behind,
            a_number_that_someone_has_is_refused,
            someone_elses_vehicle_is_refused,
            nobody_books_for_an_unknown_customer,
            an_appointment_takes_time,
            no_bays_means_no_booking,
        ]);
        $crate::contract::tests!($store, changes: [
            a_moved_appointment_keeps_its_identity,
            an_appointment_does_not_stand_in_its_own_way,
            a_move_changes_the_bay_only_where_its_own_is_taken,
            a_move_to_a_full_slot_is_refused_and_changes_nothing,
            a_move_onto_the_same_vehicles_other_appointment_is_refused,
            a_cancelled_appointment_frees_its_bay_and_its_vehicle,
            a_cancelled_appointment_stays_cancelled,
            a_confirmed_appointment_stays_until_it_is_moved_or_cancelled,
            an_unknown_appointment_cannot_be_changed,
            upcoming_is_what_is_still_to_come_earliest_first,
            busy_is_what_overlaps_the_asked_time,
        ]);
        $crate::contract::tests!($store, locations: [
            bays_are_a_locations_own,
            a_vehicle_is_at_one_location_at_a_time,
            an_appointment_is_moved_among_its_own_locations_bays,
        ]);
        $crate::contract::tests!($store, waitlist: [
            whoever_came_first_waits_first,
            a_vehicle_waits_once_and_keeps_its_place,
            an_offer_stands_for_a_while_and_then_it_is_the_next_ones,
            an_answer_counts_once,
            racing_offers_of_one_bay_are_one_offer,
        ]);
        $crate::contract::tests!($store, races: [
            a_thousand_racing_callers_fill_a_hundred_slots_and_no_more,
            racing_callers_fill_every_bay_and_no_more,
            racing_callers_never_overlap_where_starts_are_closer_than_services_are_long,
            racing_calls_for_one_vehicle_book_it_once,
            racing_repeats_of_one_booking_are_one_booking,
            racing_moves_into_one_slot_fill_every_bay_and_no_more,
            racing_newcomers_with_one_number_are_one_customer,
            racing_bookings_and_moves_never_overlap,
            a_racing_repeat_with_a_new_vehicle_leaves_one_vehicle,
        ]);
        $crate::contract::tests!($store, calendar: [
            what_is_booked_is_in_the_outbox_once,
            a_booking_repeated_under_its_key_is_no_second_entry,
            the_newest_change_supersedes_what_nobody_has_begun,
            one_entry_of_a_booking_is_under_way_at_a_time,
            a_failure_is_tried_again_unless_something_newer_waits,
            a_lease_that_ran_out_frees_its_entry,
            what_is_given_up_is_seen_until_the_booking_changes,
            what_is_over_is_forgotten,
            racing_workers_never_take_one_entry_twice,
        ]);
        $crate::contract::tests!($store, holds: [
            a_held_time_is_not_free_for_others,
            as_many_hold_a_time_as_it_has_room_for,
            a_change_of_mind_frees_what_was_held,
            who_decides_between_overlapping_times_takes_one_bay,
            a_late_release_takes_nothing_newer_away,
            a_hold_runs_out_by_itself,
            racing_callers_hold_no_more_than_there_is_room_for,
        ]);
        $crate::contract::tests!($store, people: [
            a_customer_is_found_by_number,
            two_customers_cannot_have_one_number,
            names_are_the_same_in_any_case_and_without_accents,
            wildcards_in_a_name_are_letters,
            whatever_a_caller_is_called_is_only_text,
            at_most_five_of_a_name_are_found_and_others_do_not_count,
            vehicles_are_listed_in_the_order_they_came,
            a_vehicle_that_is_there_is_not_written_twice,
            history_is_newest_first,
        ]);
        $crate::contract::tests!($store, audit: [
            every_change_is_written_down_with_the_call_that_made_it,
            what_was_refused_leaves_no_line,
            a_repeated_booking_is_written_down_once,
        ]);
        $crate::contract::tests!($store, verification: [
            so_many_wrong_answers_lock_a_customer_for_a_while,
            wrong_answers_count_no_longer_than_their_window,
            whoever_has_proved_all_has_guessed_nothing,
            one_customers_lock_is_nobody_elses,
            racing_guesses_are_no_more_guesses,
            an_answer_that_was_right_is_taken_back_and_the_wrong_ones_stay,
            what_is_guessed_by_a_name_counts_for_the_name_alone,
        ]);
        $crate::contract::tests!($store, call_logs: [
            a_call_that_was_never_closed_is_still_there,
            a_closed_call_is_read_back_whole,
            a_call_that_was_never_opened_is_not_lost,
            one_sid_is_one_row,
            a_late_open_does_not_reopen_a_closed_call,
            the_newest_calls_come_first,
            the_network_is_believed_in_its_own_order,
            the_network_ends_no_call_that_somebody_leads,
            a_call_that_nobody_answered_is_in_the_log,
            what_the_network_repeats_is_kept_once,
            the_end_of_a_call_and_the_networks_word_race_and_the_summary_stays,
            whatever_was_said_is_kept,
        ]);
        $crate::contract::tests!($store, consents: [
            consents_are_kept_with_their_source_and_an_opt_out_outweighs_them,
            a_wish_that_comes_late_changes_nothing_that_was_wished_since,
        ]);
        $crate::contract::tests!($store, asked_texts: [
            of_each_kind_a_call_is_sent_one,
            what_the_network_refused_may_be_asked_for_again,
            whoever_has_opted_out_is_sent_nothing,
        ]);
        $crate::contract::tests!($store, reminders: [
            a_booking_plans_its_reminders_and_keeps_the_consent,
            a_number_that_was_only_spoken_is_written_to_and_not_called,
            a_move_plans_anew_and_a_cancellation_plans_nothing,
            a_failed_move_leaves_the_reminders_as_they_were,
            a_claimed_reminder_is_nobody_elses_until_its_lease_runs_out,
            a_heartbeat_keeps_a_lease_and_a_release_gives_it_back,
            a_decision_is_the_owners_alone,
            an_intent_is_committed_once_and_never_after_a_change,
            nobody_is_dialled_who_has_just_opted_out,
            a_crash_after_the_intent_is_found_by_another,
            what_came_of_an_attempt_is_kept_once,
            a_decision_outweighs_what_the_network_says_in_any_order,
            nobody_answered_and_they_are_tried_again_unless_the_book_has_changed,
            what_nobody_knows_is_given_up_until_somebody_knows,
            one_call_is_one_attempts,
            a_number_is_not_rung_about_two_appointments_at_once,
            a_call_is_told_everything_about_its_appointment,
            racing_runners_claim_each_reminder_once,
            racing_intents_and_moves_leave_one_reminder,
            a_race_of_what_came_of_a_call_and_a_move_refuses_neither,
            a_claim_for_one_number_leaves_everybody_elses,
            attempts_at_a_number_are_counted,
        ]);
    };
}

macro_rules! tests {
    ($store:path, $aggregate:ident: [$($name:ident),* $(,)?]) => {
        mod $aggregate {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    if let Some(store) = $store().await {
                        $crate::contract::$aggregate::$name(store).await;
                    }
                }
            )*
        }
    };
}

pub(crate) use {suite, tests};
