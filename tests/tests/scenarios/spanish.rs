//! Callers who speak Spanish.

use tests::dealership::{Dealership, JOHN, Plan, at, on_both_books};
use tests::vendors::deepgram_tts::Sent;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_asks_for_spanish_is_heard_and_answered_in_it_and_booked() {
    on_both_books(Plan::default(), async |shop: &Dealership| {
        let john = shop.rings(JOHN).await;
        john.is_told("How can I help you?").await;
        john.says("en español por favor").await;
        john.is_told("Claro que sí, en español. ¿En qué le puedo ayudar?")
            .await;
        john.says("necesito un cambio de aceite").await;
        john.is_told("¿Qué día y a qué hora").await;
        john.says("este sábado a las nueve de la mañana").await;
        let asked = john.is_told("¿Se la reservo?").await;
        let moment = "el sábado, 28 de noviembre, a las nueve de la mañana";
        assert!(asked.contains(moment), "{asked}; {:?}", john.told());
        assert_eq!(shop.booked().await, [], "nothing before a yes");
        john.says("sí por favor").await;
        john.is_told("Su cita está reservada: cambio de aceite")
            .await;
        john.says("no gracias eso es todo").await;
        john.is_told("Hasta luego.").await;
        assert!(john.is_let_go().await.contains("<Hangup/>"));

        let booked = shop.booked().await;
        assert_eq!(booked.len(), 1, "{booked:?}");
        assert_eq!(booked[0].service, "oil_change");
        assert_eq!(booked[0].starts_at, at("2026-11-28T15:00:00Z"));

        // One ear for both languages, and a voice for each.
        for ear in shop.hears.connections() {
            assert!(ear.path.contains("model=nova-3&"), "{}", ear.path);
            assert!(ear.path.contains("&language=multi&"), "{}", ear.path);
        }
        let sent = shop.speaks.sent();
        let opened = |voice: &str| {
            let voice = format!("model={voice}&");
            let is_it = |sent: &Sent| matches!(sent, Sent::Socket(query) if query.contains(&voice));
            sent.iter().position(is_it)
        };
        let english = opened("aura-2-asteria-en").expect("the greeting has a voice");
        let spanish = opened("aura-2-celeste-es").expect("so has the answer");
        assert!(english < spanish, "it is called for when it is needed");
        let confirmed =
            |sent: &Sent| matches!(sent, Sent::Speak(text) if text.contains("reservada"));
        let confirmed = sent.iter().position(confirmed);
        assert!(confirmed.expect("spoken") > spanish);
    })
    .await;
}
