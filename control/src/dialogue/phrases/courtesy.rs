//! Opening and closing a call.

use storage::Language::{self, English, Spanish};
use storage::location::Location;

use super::phrases;

phrases! {
    HOW_CAN_I_HELP: "How can I help you?", "¿En qué le puedo ayudar?";
    ANYTHING_ELSE: "Is there anything else I can do for you?", "¿Le puedo ayudar en algo más?";
    NOBODY_ANSWERED: "I am sorry, none of my colleagues could take your call just now.",
        "Lo siento, ninguno de mis colegas pudo atender su llamada en este momento.";
    SHALL_THEY_CALL_BACK: "Shall one of them call you back?", "¿Desea que le devuelvan la llamada?";
    WILL_CALL_BACK: "All right, one of my colleagues will call you back.",
        "De acuerdo, uno de mis colegas le devolverá la llamada.";
    HOW_ELSE: "How else can I help you?", "¿En qué más le puedo ayudar?";
    WELCOME: "You are welcome.", "Con mucho gusto.";
    START_OVER: "All right, let's start over.", "De acuerdo, empecemos de nuevo.";
    LEFT_AS_IT_IS: "All right, I will leave it as it is.", "De acuerdo, lo dejo como está.";
    TEXTED: "I have sent you a text message.", "Le envié un mensaje de texto.";
    NOT_TEXTED: "I am sorry, I cannot send you a text message.",
        "Lo siento, no le puedo enviar un mensaje de texto.";
    TEXTS_STOPPED: "You have asked us to send you no messages. Text START to our number to get them \
        again.",
        "Usted pidió no recibir mensajes. Envíe la palabra START a nuestro número para recibirlos \
        de nuevo.";
    /// The caller has asked for this language.
    IN_THIS_LANGUAGE: "Of course, in English.", "Claro que sí, en español.";
    /// The caller has asked for a language that the location does not speak.
    NOT_IN_THAT_LANGUAGE: "I am sorry, I can only help you in this language.",
        "Lo siento, solo le puedo ayudar en este idioma.";
}

pub(in crate::dialogue) fn welcome(
    language: Language,
    location: &Location,
    first_name: Option<&str>,
) -> String {
    let hello = match language {
        English => "Hello",
        Spanish => "Hola",
    };
    let hello = first_name.map_or(hello.to_owned(), |name| format!("{hello} {name}"));
    let (place, agent) = (&location.name, &location.agent);
    match language {
        English => format!(
            "{hello}, thank you for calling {place}. This is {agent}, an automated assistant."
        ),
        Spanish => {
            format!(
                "{hello}, gracias por llamar a {place}. Le atiende {agent}, un sistema automático."
            )
        }
    }
}

pub(in crate::dialogue) fn goodbye(language: Language, location: &Location) -> String {
    match language {
        English => format!("Thank you for calling {}. Goodbye.", location.name),
        Spanish => format!("Gracias por llamar a {}. Hasta luego.", location.name),
    }
}
