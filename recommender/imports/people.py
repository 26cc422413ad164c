"""People of a source as shoppers: the same ones whenever the source is read."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.contrib.sites.models import Site

from consent.keys import MasterKey, keyring
from consent.ledger.append import subjects_of
from consent.ledger.models import Decision
from consent.people.models import Shopper
from consent.purposes import Purpose
from consent.services import import_decisions
from recommender.imports.records import ImportProblem

PURPOSES = frozenset({Purpose.ANALYTICS, Purpose.MODEL_TRAIN})
"""What imported people are taken to have allowed; nothing that personalizes anything."""

BATCH = 200
"""People decided for in one transaction, which holds the ledger's head."""

CHUNK = 500


def master_key(kid: str) -> MasterKey:
    """The master key that a source's people are named with.

    Raises:
        ImportProblem: it is no longer in the keyring.
    """
    key = keyring().get(kid)
    if key is None:
        raise ImportProblem(
            f"The master key {kid!r} that named this source's people is gone; "
            "without it they would be imported a second time."
        )
    return key


@dataclass(slots=True, kw_only=True)
class People:
    """Turns a source's names of people into shoppers that exist.

    The shopper's key is an HMAC of site, source and name under a master key: the name cannot be
    found from it, and no table connects the two. Somebody whose shopper was erased here is not
    made again.

    Attributes:
        new, known: how many shoppers were made and met so far.
        gone: keys of those who were erased here.
    """

    site: Site
    source: str
    key: MasterKey
    importer: str
    legal_basis: str
    evidence_hash: str
    purposes: Collection[Purpose] = PURPOSES
    new: int = 0
    known: int = 0
    gone: set[UUID] = field(default_factory=set)
    _keys: dict[str, UUID] = field(default_factory=dict)
    _secret: bytes = b""

    def __post_init__(self) -> None:
        self._secret = self.key.derive("import/people")

    def check(self) -> None:
        """Raise ``ImportRefused`` when nobody's decision may be imported like this."""
        self._decide([])

    def key_of(self, person: str) -> UUID:
        """The shopper key of a person of this source."""
        name = "\x1f".join((str(self.site.pk), self.source, person))
        mac = hmac.digest(self._secret, name.encode("utf-8", "surrogatepass"), "sha256")
        return UUID(bytes=mac[:16], version=4)

    def shoppers(self, persons: Iterable[str]) -> dict[str, UUID]:
        """The keys of ``persons``; those not met before are made first, in short transactions."""
        wanted = dict.fromkeys(persons)
        fresh = [person for person in wanted if person not in self._keys]
        keys = {person: self.key_of(person) for person in fresh}
        self._ensure(list(keys.values()))
        self._keys.update(keys)
        return {person: self._keys[person] for person in wanted}

    def _ensure(self, keys: Sequence[UUID]) -> None:
        for start in range(0, len(keys), BATCH):
            batch = keys[start : start + BATCH]
            present = set(Shopper.objects.filter(pk__in=batch).values_list("pk", flat=True))
            absent = [key for key in batch if key not in present]
            erased = self._erased(absent)
            made = [key for key in absent if key not in erased]
            if made:
                self._decide(made)
            self.gone |= erased
            self.known += len(present)
            self.new += len(made)

    def _decide(self, keys: Sequence[UUID]) -> None:
        import_decisions(
            site=self.site,
            count=len(keys),
            purposes=self.purposes,
            importer=self.importer,
            legal_basis=self.legal_basis,
            evidence_hash=self.evidence_hash,
            shopper_ids=keys,
        )

    def _erased(self, keys: Sequence[UUID]) -> set[UUID]:
        """Those of ``keys`` the ledger knows although no shopper has them any longer."""
        names = {subject: key for key in keys for subject in subjects_of(key)}
        subjects = list(names)
        found: set[UUID] = set()
        for start in range(0, len(subjects), CHUNK):
            rows = Decision.objects.for_site(self.site).filter(
                subject__in=subjects[start : start + CHUNK]
            )
            found |= {names[subject] for subject in rows.values_list("subject", flat=True)}
        return found
