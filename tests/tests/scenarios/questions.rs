//! Questions, and the wish for a human.

use storage::call_log::{Outcome, Speaker};
use tests::dealership::{Dealership, JOHN, Plan, STRANGER, SUE, on_both_books};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hours_and_prices_are_answered_from_the_location_file_alone() {
    on_both_books(Plan::default(), async |shop: &Dealership| {
        let caller = shop.rings(STRANGER).await;
        caller.is_told("How can I help you?").await;
        for (words, answer) in [
            ("what are your hours on saturday", "from 9 a.m. to 3 p.m."),
            ("and on thursday", "Thanksgiving Day"),
            ("how much is an oil change", "40 to 80 dollars"),
        ] {
            caller.says(words).await;
            caller.is_told(answer).await;
        }
        caller.says("no thank you goodbye").await;
        assert!(caller.is_let_go().await.contains("<Hangup/>"));
        let log = shop.log(&caller).await;
        assert_eq!(log.outcome, Outcome::Answered);
        assert!(
            log.tools_used.iter().all(|tool| tool == "lookup_customer"),
            "{:?}",
            log.tools_used
        );
        assert_eq!(shop.booked().await, []);
        assert_eq!(shop.customer(STRANGER).await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_wants_a_manager_is_put_through_and_a_caller_named_sue_is_not() {
    on_both_books(Plan::default(), async |shop: &Dealership| {
        let (john, sue) = tokio::join!(shop.rings(JOHN), shop.rings(SUE));
        let angry = async {
            john.is_told("How can I help you?").await;
            john.says("let me speak to a manager").await;
            let xml = john.is_let_go().await;
            assert!(
                xml.contains("<Dial ") && xml.contains("+12175550199"),
                "{xml}"
            );
            let log = shop.log(&john).await;
            assert!(log.required_human_transfer);
            assert_eq!(log.outcome, Outcome::Transferred);
        };
        let named_sue = async {
            sue.is_told("Hello Sue").await;
            sue.says("this is sue bennett i need an oil change").await;
            sue.is_told("What day and time").await;
            sue.says("goodbye").await;
            assert!(sue.is_let_go().await.contains("<Hangup/>"));
            let log = shop.log(&sue).await;
            assert!(!log.required_human_transfer);
            assert!(
                log.transcript
                    .iter()
                    .any(|line| line.speaker == Speaker::Caller)
            );
        };
        tokio::join!(angry, named_sue);
    })
    .await;
}
