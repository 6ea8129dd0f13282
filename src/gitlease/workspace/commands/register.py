"""
Register this workspace with the fleet's broker, and keep the bearer that it gives.

The enrolment secret is read from a file. A bearer that is there and live is left alone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gitlease.model.errors import SettingsError
from gitlease.model.frozen import replace
from gitlease.workspace import notes
from gitlease.workspace.enrolment import Enrolment
from gitlease.workspace.settings import load
from gitlease.workspace.transport import Transport

if TYPE_CHECKING:
    import argparse

EXAMPLE = "gitlease register --secret-file /run/secrets/enrolment"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to *parser*."""
    parser.add_argument(
        "--secret-file",
        metavar="FILE",
        type=Path,
        help="where the enrolment secret is (default: GITLEASE_ENROLMENT_SECRET_FILE)",
    )


def run(args: argparse.Namespace) -> int:
    """Register and say where the bearer is; return 0, or raise why it cannot be."""
    settings = load(os.environ)
    if args.secret_file is not None:
        settings = replace(settings, enrolment_secret_file=str(args.secret_file.absolute()))
    if not settings.broker_url or not settings.workspace_id:
        raise SettingsError(
            "no broker is named, or this workspace has no id",
            hint="set GITLEASE_BROKER_URL and GITLEASE_WORKSPACE_ID",
        )
    carrier = Transport(os.environ, ca_file=settings.ca_file, allow_http=settings.allow_http)
    enrolment = Enrolment(settings, carrier)
    is_new = enrolment.register(carrier.deadline())
    # What failed for want of a bearer works now.
    notes.forget(settings)
    how = "is registered" if is_new else "was registered already"
    print(f"{settings.who} {how}; its bearer is in {enrolment.file}")
    return 0
