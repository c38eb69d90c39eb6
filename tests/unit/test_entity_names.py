"""Names of customers' numbers and the like are recognized in several languages."""

import pytest

from tabrail.ingest.column_names import names_entity, tokens
from tabrail.ingest.entity_names import may_number_things, numbers_things

NUMBERS = {"17042": 3, "20911": 4}


@pytest.mark.parametrize(
    "name",
    [
        *("Kundennummer", "kunden_nr", "Kd-Nr.", "Personalnr", "PatientenID", "Vertragsnummer"),
        *("Matrikelnummer", "Schülernr", "Gerätenummer", "numéro client", "Numéro de dossier"),
        *("matricule", "id_cliente", "código cliente", "Número de póliza", "idPaciente"),
        *("codice_cliente", "numero_polizza", "matricola", "numero_cliente", "klantnummer"),
        *("custno", "CustNo", "empno", "subjid", "pidnum", "hhid", "acctno"),
    ],
)
def test_the_number_of_a_thing_is_recognized(name: str) -> None:
    assert numbers_things(tokens(name))
    assert names_entity(name, NUMBERS)


@pytest.mark.parametrize("name", ["Kunde", "Proband", "cliente", "paziente", "sujet"])
def test_a_person_in_one_word_is_one_if_it_is_a_number(name: str) -> None:
    assert names_entity(name, NUMBERS)
    assert not names_entity(name, {"privat": 3, "business": 2})


@pytest.mark.parametrize("name", ["nr", "num client", "individual", "person", "N° dossier"])
def test_other_names_may_be_one(name: str) -> None:
    assert may_number_things(tokens(name))


@pytest.mark.parametrize(
    "name",
    [
        *("age", "Alter", "price", "count", "n_clients", "num_items", "Anzahl Kunden", "year"),
        *("codigo postal", "code postal", "plz", "casino", "volcano", "solid", "invalid", "paid"),
        *("monkey", "nombre de clients", "numero de hijos", "piano", "ordinal", "personality"),
        *("customer_age", "client_type", "kundenart", "x", "n", "store", "Fallhöhe", "turkey"),
    ],
)
def test_what_is_counted_or_measured_is_none(name: str) -> None:
    assert not numbers_things(tokens(name))
    assert not may_number_things(tokens(name))
    assert not names_entity(name, NUMBERS)
