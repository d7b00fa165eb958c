//! A caller who asks for Spanish is answered in it by a model, and agrees in it.

use storage::Language;

use super::scene::{JOHN, Scene, breaks_off, runs, says};
use crate::dialogue::Question;

const BOOK: &str = r#"{"customer_id": 1, "vehicle_id": 1, "create_customer": null,
    "add_vehicle": null, "service_type": "oil_change", "scheduled_at": "2026-11-24T09:00",
    "notes": null}"#;
const SHALL_I: &str = "Un cambio de aceite, mañana a las nueve de la mañana. ¿Se la reservo?";

#[tokio::test]
async fn a_model_is_told_to_answer_in_spanish_and_a_spanish_yes_is_consent() {
    let mut scene = Scene::of_john([
        says("Claro, con mucho gusto. ¿En qué le puedo ayudar?"),
        says(SHALL_I),
        runs("", &[("book_appointment", BOOK)]),
        says("Listo. ¿Algo más?"),
    ])
    .await;
    assert!(!scene.words().contains("español"));
    scene.hears("En español, por favor.").await;
    assert_eq!(scene.language, Language::Spanish);
    assert!(
        scene.told().contains("They speak Spanish"),
        "{}",
        scene.told()
    );
    scene.hears("un cambio de aceite mañana a las nueve").await;
    assert_eq!(scene.question, Question::Confirm);
    scene.hears("sí, por favor").await;
    assert_eq!(scene.appointments_of_john().await.len(), 1);
    assert_eq!(scene.question, Question::AnythingElse);
}

#[tokio::test]
async fn what_is_no_yes_in_spanish_books_nothing() {
    for answer in [
        "no",
        "mejor a las diez",
        "espere",
        "no sé",
        "¿cuánto cuesta?",
    ] {
        let mut scene = Scene::of_john([
            says("Claro. ¿En qué le puedo ayudar?"),
            says(SHALL_I),
            runs("", &[("book_appointment", BOOK)]),
            says("De acuerdo."),
        ])
        .await;
        scene.hears("En español, por favor.").await;
        scene.hears("un cambio de aceite mañana a las nueve").await;
        scene.hears(answer).await;
        assert_eq!(scene.appointments_of_john().await, [], "{answer}");
    }
}

#[tokio::test]
async fn rules_that_take_over_go_on_in_spanish() {
    let mut scene = Scene::opens(
        Some(JOHN),
        [says("Claro. ¿En qué le puedo ayudar?"), breaks_off("")],
    )
    .await;
    scene.hears("En español, por favor.").await;
    scene.hears("necesito un cambio de aceite").await;
    assert!(
        scene.words().contains("¿Qué día y a qué hora"),
        "{}",
        scene.words()
    );
}
