//! When something was not understood, not heard, or takes a while.

use storage::Language::{self, English, Spanish};
use storage::location::Location;

use super::phrases;
use crate::nlu::say;

phrases! {
    ONE_MOMENT: "One moment, please.", "Un momento, por favor.";
    SAY_AGAIN: "Could you say that again, please?", "¿Me lo puede repetir, por favor?";
    TAKE_YOUR_TIME: "Of course. Take your time.", "Claro. Tómese su tiempo.";
    STILL_THERE: "Are you still there?", "¿Sigue en la línea?";
    NOBODY_THERE:
        "I cannot hear you, so I will hang up now. Please call again any time. Goodbye.",
        "No le escucho, así que voy a colgar. Llámenos de nuevo cuando quiera. Hasta luego.";
    NOT_CAUGHT: "I am sorry, I did not catch that.", "Disculpe, no le entendí.";
    ONE_AT_A_TIME: "I can only do one at a time.", "Solo puedo hacer una cosa a la vez.";
    OR_A_HUMAN:
        "Please say it once more in a few words, or press zero for one of my colleagues.",
        "Dígamelo otra vez en pocas palabras, o marque cero para hablar con uno de mis colegas.";
    KEY_IN_PHONE:
        "You can type the ten digits on your keypad, or press zero for one of my colleagues.",
        "Puede marcar los diez dígitos en su teléfono, o marcar cero para hablar con uno de mis colegas.";
    KEY_IN_DATE_OF_BIRTH: "You can type it on your keypad: two digits for the month, two for the \
        day, four for the year. Or say representative for one of my colleagues.",
        "Puede marcarla en su teléfono: dos dígitos para el mes, dos para el día, cuatro para el \
        año. O diga representante para hablar con uno de mis colegas.";
    KEY_IN_YES_NO:
        "You can press one for yes, two for no, or zero for one of my colleagues.",
        "Puede marcar uno para sí, dos para no, o cero para hablar con uno de mis colegas.";
    HINT_REQUEST:
        "You can say, for example, I need an oil change, or, I need to reschedule my appointment.",
        "Puede decir, por ejemplo, necesito un cambio de aceite, o, quiero cambiar mi cita.";
    HINT_WHEN: "You can say, for example, Friday at two p.m.",
        "Puede decir, por ejemplo, el viernes a las dos de la tarde.";
    HINT_WHICH_VEHICLE: "You can say, for example, the truck, or the Toyota.",
        "Puede decir, por ejemplo, la camioneta, o el Toyota.";
    HINT_VEHICLE: "Please say the year, the make and the model, for example, 2021 Honda Accord.",
        "Dígame el año, la marca y el modelo, por ejemplo, 2021 Honda Accord.";
    HINT_NAME: "Please say your first and your last name, for example, my name is John Smith.",
        "Dígame su nombre y su apellido, por ejemplo, me llamo Juan García.";
    HINT_PHONE: "Please say all ten digits, area code first.",
        "Dígame los diez dígitos, empezando por el código de área.";
    HINT_DATE_OF_BIRTH:
        "Please say the month, the day and the year, for example, March fourth, nineteen eighty.",
        "Dígame el día, el mes y el año, por ejemplo, cuatro de marzo de mil novecientos ochenta.";
    HINT_ADDRESS: "Please say the house number and the street, for example, 12 Main Street.",
        "Dígame el número de la casa y la calle, por ejemplo, 12 Oak Street.";
    HINT_VIN:
        "It has seventeen letters and digits, and stands in your registration. Please spell it.",
        "Tiene diecisiete letras y números, y está en su registro. Deletréelo, por favor.";
    HINT_WHICH_APPOINTMENT: "You can say, for example, the first one.",
        "Puede decir, por ejemplo, la primera.";
    HINT_CONFIRM: "Please say yes or no.", "Dígame sí o no, por favor.";
}

pub(in crate::dialogue) fn hint_services(language: Language, location: &Location) -> String {
    let some = location.services.iter().take(3);
    let some: Vec<String> = some
        .map(|service| location.spoken.service(service, language).to_owned())
        .collect();
    let some = say::or(language, &some);
    match language {
        English => format!("You can say, for example, {some}."),
        Spanish => format!("Puede decir, por ejemplo, {some}."),
    }
}
