"""The servers that a workspace needs: whether they can be reached, and what they make of us."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from gitlease.github.protocol import is_moved
from gitlease.model import errors
from gitlease.model.redaction import printable
from gitlease.model.targets import Target
from gitlease.workspace import broker_protocol
from gitlease.workspace.cache import Cache
from gitlease.workspace.doctor import remotes
from gitlease.workspace.doctor.findings import Finding
from gitlease.workspace.enrolment import Enrolment
from gitlease.workspace.sources.app_key import AppKey
from gitlease.workspace.sources.broker import Broker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitlease.model.exchange import Request, Response
    from gitlease.model.tokens import Secret
    from gitlease.workspace.doctor.patient import Patient

# A proof of identity is good for a minute in one direction: `ISSUED_BEFORE`.
_SKEW: Final = 60.0  # seconds
_GIT_LIMIT: Final = 15.0  # seconds


def check_broker(patient: Patient) -> Iterator[Finding]:
    """The broker answers, knows our bearer, and grants what the repository here needs."""
    settings = patient.settings
    if not settings.broker_url:
        return
    enrolment = Enrolment(settings, patient.witness)
    try:
        bearer = enrolment.bearer()
    except errors.UnauthorizedError as error:
        yield Finding.of("bearer", error)
        return
    if bearer is None:
        yield from _without_bearer(patient, enrolment.file)
        return
    found = _first_answer(patient, bearer) or _grant(patient)
    if found is not None:
        yield found


def _without_bearer(patient: Patient, file: Path) -> Iterator[Finding]:
    """With an enrolment secret it gets one when git first asks, if the broker is there then."""
    settings = patient.settings
    cause = f"{settings.who} has no bearer for {settings.broker_url}"
    secret = settings.enrolment_secret_file
    if not secret:
        cure = f"let the platform write it to {file}, or run `gitlease register --secret-file FILE`"
        yield Finding("bearer", cause, cure)
    elif not os.access(secret, os.R_OK):
        cause = f"{cause}, and its enrolment secret {secret} cannot be read"
        yield Finding("bearer", cause, "mount it there, or correct GITLEASE_ENROLMENT_SECRET_FILE")
    else:
        found = _first_answer(patient, None)
        # That it wants a bearer is the answer of a broker that is well.
        if found is not None and found.kind != "bearer":
            yield found


def _first_answer(patient: Patient, bearer: Secret | None) -> Finding | None:
    """Ask what has no effect: that shows whether the broker is one, and knows us."""
    settings = patient.settings
    if settings.workspace_id:
        request = broker_protocol.ask_bearers(settings, bearer)
    else:
        request = broker_protocol.ask_lease(settings, bearer, None, None, 0)
    try:
        response = patient.witness.exchange(request, patient.witness.deadline())
    except errors.GitleaseError as error:
        return Finding.of("broker-unreachable", error)
    if response.status == 200 or _is_older(request, response):
        return None
    return _refused(broker_protocol.refusal(settings, response))


def _grant(patient: Patient) -> Finding | None:
    """Ask for the token that git would need here; its life does not matter, so it may be old."""
    target = remotes.target(patient)
    if target is None or not patient.settings.workspace_id:
        return None
    cache = Cache(patient.settings)
    try:
        Broker(patient.settings, patient.witness, cache, time.time).check(target)
    except errors.SourceError as error:
        return _refused(error)
    return None


def _refused(error: errors.SourceError) -> Finding:
    match error:
        case errors.UnauthorizedError():
            return Finding.of("bearer", error)
        case errors.RefusedError():
            return Finding.of("broker-refuses", error)
        case _:
            return Finding.of("broker-answer", error)


def _is_older(request: Request, response: Response) -> bool:
    """Tell whether an older platform does not know this route, which is no fault."""
    return response.status == 404 and request.url.endswith("/tokens") and not is_moved(response)


def check_app(patient: Patient) -> Iterator[Finding]:
    """The App's key is there, is the App's, and the App is installed where it is needed."""
    settings = patient.settings
    if not settings.app_id or not settings.private_key_file:
        return
    target = remotes.target(patient) or Target(settings.host)
    kinds: tuple[tuple[type[errors.GitleaseError], str], ...] = (
        (errors.KeyFileError, "app-key"),
        # The clock has a check of its own.
        (errors.UnauthorizedError, "app-refused"),
        (errors.NotInstalledError, "app-installation"),
        (errors.SuspendedError, "app-installation"),
        (errors.UnreachableError, "api-unreachable"),
        (errors.SettingsError, "api-unreachable"),
    )
    try:
        AppKey(settings, patient.witness, time.time).check(target)
    except errors.GitleaseError as error:
        kind = next((name for one, name in kinds if isinstance(error, one)), "api-answer")
        yield Finding.of(kind, error)


def check_clock(patient: Patient) -> Iterator[Finding]:
    """This machine's clock agrees with those of the servers that were asked before."""
    for name, ahead in patient.witness.ahead.items():
        if abs(ahead) > _SKEW:
            how = "behind" if ahead > 0 else "ahead of"
            cause = f"this machine's clock is {abs(ahead):.0f} s {how} that of {name}"
            yield Finding("clock", cause, errors.ClockError.hint)


def check_git_way(patient: Patient) -> Iterator[Finding]:
    """Git itself reaches our host, by its own proxy and with its own certificates."""
    host = patient.settings.host
    try:
        _ = patient.git.version
    except errors.GitleaseError:
        # It is said once that git cannot be started, and the network is not the cause.
        return
    # No helper is asked: nobody shall be told anything, and a refusal is what is expected.
    words = ("-c", "credential.helper=", "-c", "core.askPass=", "ls-remote")
    env = {"GIT_ALLOW_PROTOCOL": "https", "GIT_ASKPASS": "", "SSH_ASKPASS": ""}
    try:
        ran = patient.git.run(*words, f"https://{host}/gitlease/doctor", limit=_GIT_LIMIT, **env)
    except errors.GitleaseError as error:
        yield Finding("git-unreachable", f"git gets no answer from {host}: {error.message}", _WAY)
        return
    for line in ran.stderr.splitlines():
        if "unable to access" in line:
            why = printable(line.rpartition("': ")[2], 200)
            cure = _CA if "certificate" in why.lower() or "ssl" in why.lower() else _WAY
            yield Finding("git-unreachable", f"git cannot reach {host}: {why}", cure)


_CA: Final = "if a proxy or a private CA is in use, set GIT_SSL_CAINFO (http.sslCAInfo) to its PEM"
_WAY: Final = "check the network, and the proxy that git uses (HTTPS_PROXY, http.proxy)"
