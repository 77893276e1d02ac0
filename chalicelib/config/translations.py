"""What the application itself says to callers in other languages than English, where a team's file is silent (pure).

Loaded only for a caller who hears another language. By the English sentence, which is the default of its key.
"""

from collections.abc import Mapping

from chalicelib.config.texts import ENGLISH, Text

LANGUAGES = ("de", "es", "fr")
# Each in German, Spanish and French.
_SENTENCES: Mapping[str, tuple[str, str, str]] = {
    "star": ("Stern", "asterisco", "étoile"),
    "the hash key": ("die Rautetaste", "la tecla numeral", "la touche dièse"),
    "Goodbye.": ("Auf Wiederhören.", "Adiós.", "Au revoir."),
    "One moment, please.": ("Einen Moment, bitte.", "Un momento, por favor.", "Un instant, s'il vous plaît."),
    # The queue, and what comes after it
    "Please stay on the line.": (
        "Bitte bleiben Sie in der Leitung.",
        "Por favor, permanezca en línea.",
        "Veuillez rester en ligne.",
    ),
    "Thank you for calling. Goodbye.": (
        "Danke für Ihren Anruf. Auf Wiederhören.",
        "Gracias por llamar. Adiós.",
        "Merci de votre appel. Au revoir.",
    ),
    "All our lines are busy. Please call again later. Goodbye.": (
        "Alle unsere Leitungen sind belegt. Bitte rufen Sie später noch einmal an. Auf Wiederhören.",
        "Todas nuestras líneas están ocupadas. Por favor, llame más tarde. Adiós.",
        "Toutes nos lignes sont occupées. Veuillez rappeler plus tard. Au revoir.",
    ),
    "Nobody is free at the moment. Please call again later. Goodbye.": (
        "Im Moment ist niemand frei. Bitte rufen Sie später noch einmal an. Auf Wiederhören.",
        "En este momento no hay nadie disponible. Por favor, llame más tarde. Adiós.",
        "Personne n'est disponible pour le moment. Veuillez rappeler plus tard. Au revoir.",
    ),
    "We are sorry, we cannot take this call. Goodbye.": (
        "Wir können diesen Anruf leider nicht annehmen. Auf Wiederhören.",
        "Lo sentimos, no podemos atender esta llamada. Adiós.",
        "Nous sommes désolés, nous ne pouvons pas prendre cet appel. Au revoir.",
    ),
    "Something went wrong on our side. Please call again. Goodbye.": (
        "Bei uns ist ein Fehler aufgetreten. Bitte rufen Sie noch einmal an. Auf Wiederhören.",
        "Se ha producido un error por nuestra parte. Por favor, vuelva a llamar. Adiós.",
        "Une erreur s'est produite de notre côté. Veuillez rappeler. Au revoir.",
    ),
    "We are sorry, something went wrong on our side. Please call again. Goodbye.": (
        "Bei uns ist leider ein Fehler aufgetreten. Bitte rufen Sie noch einmal an. Auf Wiederhören.",
        "Lo sentimos, se ha producido un error por nuestra parte. Por favor, vuelva a llamar. Adiós.",
        "Nous sommes désolés, une erreur s'est produite de notre côté. Veuillez rappeler. Au revoir.",
    ),
    "Please leave a message after the tone.": (
        "Bitte hinterlassen Sie nach dem Signalton eine Nachricht.",
        "Por favor, deje un mensaje después de la señal.",
        "Veuillez laisser un message après le signal sonore.",
    ),
    "Thank you. Goodbye.": ("Danke. Auf Wiederhören.", "Gracias. Adiós.", "Merci. Au revoir."),
    # The simple queue, whose agents dial in
    "Connecting you to the next caller.": (
        "Sie werden mit dem nächsten Anrufer verbunden.",
        "Le comunicamos con la siguiente persona que llama.",
        "Vous allez être mis en relation avec l'appelant suivant.",
    ),
    "This number is for our staff. Goodbye.": (
        "Diese Nummer ist für unsere Mitarbeiter. Auf Wiederhören.",
        "Este número es para nuestro personal. Adiós.",
        "Ce numéro est réservé à notre personnel. Au revoir.",
    ),
    # Menus
    "Sorry, I did not get that.": (
        "Das habe ich leider nicht verstanden.",
        "Lo siento, no le he entendido.",
        "Désolé, je n'ai pas compris.",
    ),
    "For {words} press {key}.": (
        "Für {words} drücken Sie {key}.",
        "Para {words}, pulse {key}.",
        "Pour {words}, appuyez sur {key}.",
    ),
    # Callbacks
    "To be called back and keep your place, press {key}.": (
        "Wenn wir Sie zurückrufen sollen und Sie Ihren Platz behalten möchten, drücken Sie {key}.",
        "Para que le devolvamos la llamada y conservar su turno, pulse {key}.",
        "Pour être rappelé et garder votre place, appuyez sur {key}.",
    ),
    "We can call you back at {number}. To confirm press 1.": (
        "Wir können Sie unter {number} zurückrufen. Zum Bestätigen drücken Sie 1.",
        "Podemos devolverle la llamada al {number}. Para confirmar, pulse 1.",
        "Nous pouvons vous rappeler au {number}. Pour confirmer, appuyez sur 1.",
    ),
    "We can call you back at {number} when we are open. To confirm press 1.": (
        "Wir können Sie unter {number} zurückrufen, sobald wir geöffnet haben. Zum Bestätigen drücken Sie 1.",
        "Podemos devolverle la llamada al {number} cuando abramos. Para confirmar, pulse 1.",
        "Nous pouvons vous rappeler au {number} dès l'ouverture. Pour confirmer, appuyez sur 1.",
    ),
    "For another number press 2.": (
        "Für eine andere Nummer drücken Sie 2.",
        "Para indicar otro número, pulse 2.",
        "Pour un autre numéro, appuyez sur 2.",
    ),
    "To stay on the line press 3.": (
        "Um in der Leitung zu bleiben, drücken Sie 3.",
        "Para permanecer en línea, pulse 3.",
        "Pour rester en ligne, appuyez sur 3.",
    ),
    "To cancel the callback that you have asked for press 4.": (
        "Um den Rückruf abzusagen, um den Sie gebeten haben, drücken Sie 4.",
        "Para cancelar la llamada que ha solicitado, pulse 4.",
        "Pour annuler le rappel que vous avez demandé, appuyez sur 4.",
    ),
    "Please enter the number with its area code, and press the hash key.": (
        "Bitte geben Sie die Nummer mit Vorwahl ein und drücken Sie die Rautetaste.",
        "Por favor, marque el número con su prefijo y pulse la tecla numeral.",
        "Veuillez saisir le numéro avec son indicatif, puis appuyez sur la touche dièse.",
    ),
    "To be called back, please enter your number with its area code, and press the hash key.": (
        "Für einen Rückruf geben Sie bitte Ihre Nummer mit Vorwahl ein und drücken Sie die Rautetaste.",
        "Para que le llamemos, marque su número con su prefijo y pulse la tecla numeral.",
        "Pour être rappelé, veuillez saisir votre numéro avec son indicatif, puis appuyez sur la touche dièse.",
    ),
    "We cannot call this number back.": (
        "Diese Nummer können wir nicht zurückrufen.",
        "No podemos llamar a este número.",
        "Nous ne pouvons pas rappeler ce numéro.",
    ),
    "We cannot call this number back any more today.": (
        "Diese Nummer können wir heute nicht mehr zurückrufen.",
        "Hoy ya no podemos llamar más a este número.",
        "Nous ne pouvons plus rappeler ce numéro aujourd'hui.",
    ),
    "You will not be called back. Please stay on the line.": (
        "Sie werden nicht zurückgerufen. Bitte bleiben Sie in der Leitung.",
        "No le devolveremos la llamada. Por favor, permanezca en línea.",
        "Vous ne serez pas rappelé. Veuillez rester en ligne.",
    ),
    "We will call you back at {number}. You keep your place.": (
        "Wir rufen Sie unter {number} zurück. Sie behalten Ihren Platz.",
        "Le llamaremos al {number}. Conserva su turno.",
        "Nous vous rappellerons au {number}. Vous gardez votre place.",
    ),
    "You will be called back. Goodbye.": (
        "Sie werden zurückgerufen. Auf Wiederhören.",
        "Le devolveremos la llamada. Adiós.",
        "Vous serez rappelé. Au revoir.",
    ),
    # Closed lines
    "We are closed.": ("Wir haben geschlossen.", "Estamos cerrados.", "Nous sommes fermés."),
    "We are closed for {name}.": (
        "Wir haben geschlossen: {name}.",
        "Estamos cerrados: {name}.",
        "Nous sommes fermés : {name}.",
    ),
    "If it is urgent, press {key}.": (
        "In dringenden Fällen drücken Sie {key}.",
        "Si es urgente, pulse {key}.",
        "En cas d'urgence, appuyez sur {key}.",
    ),
    "Nobody can be reached at the moment. Please call again later. Goodbye.": (
        "Im Moment ist niemand zu erreichen. Bitte rufen Sie später noch einmal an. Auf Wiederhören.",
        "En este momento no se puede localizar a nadie. Por favor, llame más tarde. Adiós.",
        "Personne n'est joignable pour le moment. Veuillez rappeler plus tard. Au revoir.",
    ),
    # Who calls
    "We cannot take your call. Goodbye.": (
        "Wir können Ihren Anruf nicht annehmen. Auf Wiederhören.",
        "No podemos atender su llamada. Adiós.",
        "Nous ne pouvons pas prendre votre appel. Au revoir.",
    ),
    "To go on, press {digit}.": (
        "Um fortzufahren, drücken Sie {digit}.",
        "Para continuar, pulse {digit}.",
        "Pour continuer, appuyez sur {digit}.",
    ),
    "We did not get that. Goodbye.": (
        "Das haben wir nicht verstanden. Auf Wiederhören.",
        "No le hemos entendido. Adiós.",
        "Nous n'avons pas compris. Au revoir.",
    ),
    "If you know the extension, enter it now, and then the hash key.": (
        "Wenn Sie die Durchwahl kennen, geben Sie sie jetzt ein, und dann die Rautetaste.",
        "Si conoce la extensión, márquela ahora y pulse la tecla numeral.",
        "Si vous connaissez le numéro de poste, saisissez-le maintenant, puis appuyez sur la touche dièse.",
    ),
    "Nobody has this extension.": (
        "Diese Durchwahl gibt es nicht.",
        "Nadie tiene esta extensión.",
        "Ce numéro de poste n'existe pas.",
    ),
    "{name} is not available.": (
        "{name} ist nicht erreichbar.",
        "{name} no está disponible.",
        "{name} n'est pas disponible.",
    ),
}
OURS = _SENTENCES.keys()


def of(text: str, language: str, name: str) -> Text:
    """One of our own sentences in this language, such as de, which the line calls by this name; any other as it is."""
    if text not in OURS or not has(language):
        return text
    said = text if language == ENGLISH else _SENTENCES[text][LANGUAGES.index(language)]
    return {name: said} if name else said


def has(language: str) -> bool:
    """Whether our sentences are there in this language."""
    return language in (ENGLISH, *LANGUAGES)
