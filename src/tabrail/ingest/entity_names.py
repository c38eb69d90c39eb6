"""Recognize names of numbers of persons or things, such as Kundennummer, numéro client or custno.

The languages are English, German, French, Spanish, Italian, Portuguese and Dutch.
"""

import unicodedata
from collections.abc import Sequence

# Things that have a number, in the singular: "num clients" is a count.
THINGS = {
    *("cust", "customer", "client", "patient", "pat", "subj", "subject", "person", "pers"),
    *("employee", "emp", "student", "stud", "user", "member", "account", "acct", "household", "hh"),
    *("participant", "respondent", "individual", "case", "order", "invoice", "policy", "loan"),
    *("contract", "claim", "device", "machine", "sensor", "vehicle", "product", "item", "store"),
    *("kunde", "kunden", "kd", "patienten", "personal", "personen", "mitarbeiter", "nutzer"),
    *("benutzer", "mandant", "mandanten", "vertrag", "auftrag", "rechnung", "konto", "bestell"),
    *("bestellung",),
    *("artikel", "gerat", "geraet", "maschine", "maschinen", "fahrzeug", "haushalt", "teilnehmer"),
    *("proband", "probanden", "schuler", "schueler", "studenten", "matrikel", "mitglied", "fall"),
    *("versicherten", "versicherung", "police", "lieferant", "lieferanten", "debitor", "debitoren"),
    *("kreditor", "kreditoren", "sendung", "beleg", "filial", "filiale"),
    *("employe", "salarie", "dossier", "contrat", "commande", "facture", "compte", "sujet"),
    *("adherent", "abonne", "utilisateur", "menage", "foyer", "assure", "eleve", "etudiant"),
    *("vehicule", "produit", "individu", "personne", "magasin", "fournisseur"),
    *("cliente", "paciente", "empleado", "usuario", "alumno", "estudiante", "pedido", "factura"),
    *("cuenta", "contrato", "poliza", "hogar", "participante", "sujeto", "socio", "abonado"),
    *("vehiculo", "producto", "individuo", "persona", "expediente", "proveedor", "tienda"),
    *("paziente", "dipendente", "utente", "studente", "alunno", "ordine", "fattura", "conto"),
    *("contratto", "polizza", "famiglia", "partecipante", "soggetto", "abbonato", "veicolo"),
    *("prodotto", "pratica", "fornitore", "negozio"),
    *("funcionario", "aluno", "fatura", "conta", "apolice", "pessoa", "produto", "fornecedor"),
    *("klant", "patient", "medewerker", "gebruiker", "leerling", "bestelling", "factuur"),
    *("rekening", "deelnemer", "huishouden", "persoon", "lid"),
}
BEHIND = {
    *("id", "uuid", "guid", "nr", "no", "num", "nummer", "number", "numero", "nro", "kennung"),
    *("code", "schlussel", "schluessel", "key"),
}
BEFORE = {
    *("id", "numero", "nro", "cod", "codigo", "codice", "clave"),
    *("identifiant", "identificador", "identificativo", "matricule", "matricola", "matricula"),
}
# Words that identify by themselves.
ALONE = {
    *("pid", "pidnum", "uid", "ssn", "nhs", "matricule", "matricola", "matricula", "identifiant"),
    *("identificador", "identificativo", "expediente", "dni", "nif", "kennung", "idno", "idnum"),
}
# Persons whose identifiers need no word for a number.
PERSONS = {
    *("kunde", "proband", "cliente", "paciente", "paziente", "sujet", "sujeto", "soggetto"),
    *("klant", "subject", "subjid", "individu", "individuo"),
}
# The same, if the values agree. A machine or a shop may be known at prediction time.
PEOPLE = PERSONS | {
    *("person", "individual", "respondent", "participant", "patient", "customer", "client"),
    *("employee", "student", "user", "member", "household", "teilnehmer", "mitarbeiter"),
    *("haushalt", "mitglied", "personne", "persona", "pessoa", "persoon", "deelnemer"),
    *("menage", "hogar", "famiglia", "huishouden", "participante", "partecipante"),
}
# Words for a number or a count: the values decide.
MAYBE = {"nr", "no", "num", "nummer", "number", "numero", "nro"}
LINKS = {"de", "del", "della", "di", "do", "da", "du", "des", "d", "l", "la", "le", "el", "il"}
JOINTS = ("", "e", "n", "s", "en", "es")  # between the parts of a German word


def folded(word: str) -> str:
    """Return a word in lower case without accents."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def numbers_things(parts: Sequence[str]) -> bool:
    """Check whether a column's name says that its values identify persons or things.

    Args:
        parts: the words of the name in lower case.
    """
    words = [word for word in map(folded, parts) if word not in LINKS]
    if not words:
        return False
    if len(words) == 1 and words[0] in ALONE:
        return True
    is_thing = bool(THINGS.intersection(words))
    if len(words) > 1 and is_thing and (words[-1] in BEHIND or words[0] in BEFORE):
        return True
    return any(map(_is_glued, words))


def may_number_things(parts: Sequence[str]) -> bool:
    """Check whether a column's name may say so: `nr`, `num client`, `individual`."""
    words = [word for word in map(folded, parts) if word not in LINKS]
    if not words:
        return False
    if {words[0], words[-1]} & {*MAYBE, "n"} and THINGS.intersection(words):
        return True
    return len(words) == 1 and words[0] in PEOPLE | ALONE | MAYBE


def is_person(parts: Sequence[str]) -> bool:
    """Check whether a name is one word for a person or a subject."""
    return len(parts) == 1 and folded(parts[0]) in PERSONS


def _is_glued(word: str) -> bool:
    """Check whether one word joins a thing and its number: `kundennr`, `idcliente`."""
    for mark in BEHIND:
        thing = word.removesuffix(mark)
        if thing != word and any(thing.removesuffix(joint) in THINGS for joint in JOINTS):
            return True
    return any(word.startswith(mark) and word.removeprefix(mark) in THINGS for mark in BEFORE)
