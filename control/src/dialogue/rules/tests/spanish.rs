//! Whole dialogues in Spanish: a caller who asks for it is answered in it, and the book holds what
//! they wanted.

use storage::Language;
use storage::appointment::Status;

use super::scene::{End, JOHN, MARIA, Scene, at};
use crate::dialogue::{Question, Silence, TransferReason};

/// Maria, who has an appointment.
const BORN: &str = "el dos de julio de mil novecientos noventa";

async fn in_spanish(from: Option<&str>) -> Scene {
    let mut call = Scene::new(from).await;
    call.opens().await;
    call.says("En español, por favor.").await;
    call.hears("Claro que sí, en español. ¿En qué le puedo ayudar?");
    call.is_asked(Question::Help);
    assert_eq!(call.language, Language::Spanish);
    call
}

#[tokio::test]
async fn a_known_caller_books_in_spanish() {
    let mut call = in_spanish(Some(JOHN)).await;
    call.says("Necesito un cambio de aceite").await;
    call.hears("¿Qué día y a qué hora le gustaría venir?");
    call.says("el viernes por la mañana").await;
    call.hears("Tengo el viernes, 27 de noviembre, a las ocho de la mañana");
    call.says("a las diez").await;
    call.hears(
        "Es una cita para un cambio de aceite, el viernes, 27 de noviembre, a las diez de la \
         mañana. ¿Se la reservo?",
    );
    call.is_asked(Question::Confirm);
    call.says("no, mejor a las once y media").await;
    call.hears("a las once y media de la mañana. ¿Se la reservo?");
    assert_eq!(call.booked().await, []);
    call.says("sí, por favor").await;
    call.hears("Su cita está reservada: cambio de aceite, el viernes, 27 de noviembre");
    let booked = call.booked().await;
    assert_eq!(booked[0].service, "oil_change");
    assert_eq!(booked[0].starts_at, at("2026-11-27T11:30:00-06:00"));
    call.says("no, gracias, eso es todo").await;
    call.hears("Gracias por llamar a Otto's Auto. Hasta luego.");
    assert_eq!(call.ended, Some(End::HungUp));
}

#[tokio::test]
async fn a_known_caller_moves_an_appointment_in_spanish() {
    let mut call = in_spanish(Some(MARIA)).await;
    call.says("quiero cambiar mi cita").await;
    call.is_asked(Question::DateOfBirth);
    call.says(BORN).await;
    call.hears(
        "Gracias. Tiene un cambio de aceite para su Toyota Camry, mañana, martes, 24 de noviembre, a \
         las diez de la mañana.",
    );
    call.is_asked(Question::When);
    call.says("mañana a las tres de la tarde").await;
    call.hears("mañana, martes, 24 de noviembre, a las tres de la tarde. ¿Se la cambio?");
    call.says("está bien").await;
    call.hears("Listo. Su cita para");
    assert_eq!(
        call.appointment(1).await.starts_at,
        at("2026-11-24T15:00:00-06:00")
    );
}

#[tokio::test]
async fn a_known_caller_cancels_in_spanish() {
    let mut call = in_spanish(Some(MARIA)).await;
    call.says("tengo que cancelar mi cita").await;
    call.is_asked(Question::DateOfBirth);
    call.says("el 2 de julio de 1990").await;
    call.hears("¿Me permite preguntar por qué cancela?");
    call.says("tengo que trabajar").await;
    call.hears("¿Se la cancelo?");
    call.says("sí, cancélela").await;
    call.hears("Su cita está cancelada.");
    assert_eq!(call.appointment(1).await.status, Status::Cancelled);
}

#[tokio::test]
async fn a_stranger_books_in_spanish() {
    let mut call = in_spanish(None).await;
    call.says_in_turn(&[
        "quisiera hacer una cita para una rotación de llantas",
        "el quince de diciembre a las dos de la tarde",
    ])
    .await;
    call.is_asked(Question::Name);
    call.says("me llamo Julio Peña").await;
    call.is_asked(Question::Vehicle);
    call.says("un Honda Accord del dos mil veintiuno").await;
    call.is_asked(Question::Phone);
    call.says("dos uno siete, cinco cinco cinco, cero uno nueve nueve")
        .await;
    call.hears("¿me da su fecha de nacimiento?");
    call.says("el 14 de marzo de 1985").await;
    call.hears("Julio Peña, fecha de nacimiento 14 de marzo de 1985, con el número dos uno siete, cinco cinco cinco, cero uno nueve nueve.");
    call.hears("una rotación de llantas para su 2021 Honda Accord, el martes, 15 de diciembre");
    call.says("claro que sí").await;
    let booked = call.booked().await;
    assert_eq!(booked[0].service, "tire_rotation");
    assert_eq!(booked[0].starts_at, at("2026-12-15T14:00:00-06:00"));
    let customer = call.customer("+12175550199").await.expect("is in the book");
    assert_eq!(customer.last_name, "Peña");
}

#[tokio::test]
async fn what_is_not_understood_is_asked_again_in_spanish() {
    let mut call = in_spanish(Some(JOHN)).await;
    call.says("blablabla").await;
    call.hears("Disculpe, no le entendí. Puede decir, por ejemplo, necesito un cambio de aceite");
    call.says("blablabla").await;
    call.hears("marque cero");
    call.silence(Silence::Prompt).await;
    call.hears("¿Sigue en la línea?");
    call.says("quiero hablar con una persona").await;
    call.hears("Le comunico con uno de mis colegas");
    assert_eq!(
        call.ended,
        Some(End::Transferred(TransferReason::Requested))
    );
}

#[tokio::test]
async fn questions_about_the_shop_are_answered_in_spanish() {
    let mut call = in_spanish(Some(JOHN)).await;
    call.says("¿a qué hora abren el sábado?").await;
    call.hears("abrimos de las nueve de la mañana a las tres de la tarde");
    call.says("¿cuánto cuesta un cambio de aceite?").await;
    call.hears("Un cambio de aceite cuesta de 40 a 80 dólares");
    call.says("¿dónde están?").await;
    call.hears("Estamos en 123 Main Street");
    call.says("¿están abiertos en el día de acción de gracias?")
        .await;
    call.hears("por el Día de Acción de Gracias");
}

#[tokio::test]
async fn whoever_asks_for_english_again_is_answered_in_english() {
    let mut call = in_spanish(Some(JOHN)).await;
    call.says("necesito un cambio de aceite").await;
    call.says("in English, please").await;
    call.hears("Of course, in English. What day and time would you like to come in?");
    call.says("friday at ten").await;
    call.hears("Shall I book it?");
    assert_eq!(call.language, Language::English);
}

#[tokio::test]
async fn whoever_begins_in_spanish_need_not_ask_for_it() {
    let mut call = Scene::new(Some(JOHN)).await;
    call.opens().await;
    call.says("Hola, buenos días, necesito un cambio de aceite para el viernes a las diez")
        .await;
    call.hears("el viernes, 27 de noviembre, a las diez de la mañana. ¿Se la reservo?");
    assert_eq!(call.language, Language::Spanish);
}

#[tokio::test]
async fn a_call_begins_in_the_first_language_of_the_location() {
    let spanish_first = |location: &mut storage::Location| {
        let languages = [Language::Spanish, Language::English];
        location.spoken = location.spoken.clone().only(&languages);
    };
    let mut call = Scene::in_a_shop(spanish_first, Some(JOHN)).await;
    call.opens().await;
    call.hears("Hola John, gracias por llamar a Otto's Auto.");
    call.says("english please").await;
    call.hears("Of course, in English. How can I help you?");
}

#[tokio::test]
async fn where_no_spanish_is_spoken_the_caller_hears_so() {
    let english = |location: &mut storage::Location| {
        location.spoken = location.spoken.clone().only(&[Language::English]);
    };
    let mut call = Scene::in_a_shop(english, Some(JOHN)).await;
    call.opens().await;
    call.says("¿habla español?").await;
    call.hears("I am sorry, I can only help you in this language.");
    call.is_asked(Question::Help);
}

#[tokio::test]
async fn no_means_no_in_spanish() {
    let mut call = in_spanish(Some(JOHN)).await;
    call.says_in_turn(&[
        "necesito un cambio de aceite",
        "el viernes a las diez",
        "no",
    ])
    .await;
    assert_eq!(call.booked().await, []);
    call.says("no me llamen más").await;
    call.hears("No recibirá más llamadas");
}

#[tokio::test]
async fn both_surnames_are_kept() {
    for (said, first, last) in [
        ("María José García López", "María", "García López"),
        ("me llamo María José García López", "María", "García López"),
        ("me llamo Juan Ruiz de la Cruz", "Juan", "Ruiz De La Cruz"),
        ("Juan de la Cruz, gracias", "Juan", "De La Cruz"),
    ] {
        let mut call = in_spanish(None).await;
        call.says_in_turn(&[
            "un cambio de aceite mañana a las nueve",
            said,
            "un Toyota Camry del dos mil veinte",
            "dos uno siete, cinco cinco cinco, cero uno nueve nueve",
            "no, gracias",
            "sí",
        ])
        .await;
        let customer = call.customer("+12175550199").await.expect("is in the book");
        assert_eq!(
            (customer.first_name, customer.last_name),
            (first.into(), last.into())
        );
    }
}
