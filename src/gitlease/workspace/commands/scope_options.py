"""The options `--owner` and `--repo`: whose token a command is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlease.model.errors import RequestError
from gitlease.model.redaction import printable
from gitlease.model.targets import Target, parse_path

if TYPE_CHECKING:
    import argparse

    from gitlease.workspace.settings import Settings


def add(parser: argparse.ArgumentParser, *, owner: str, repo: str) -> None:
    """Add the options to *parser*, of which one at most may be given; *owner* and *repo* help."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--owner", metavar="O", help=owner)
    which.add_argument("--repo", metavar="O/R", help=repo)


def target_of(args: argparse.Namespace, settings: Settings) -> Target:
    """Return the target that the options name; raise `RequestError` if they name none."""
    owner, repository = args.owner, args.repo
    text = repository if repository is not None else owner
    if text is None:
        return Target(settings.host)
    # An option that is there but empty (an unset variable) must not mean everything.
    target = parse_path(settings.host, text)
    if target is None or target.owner is None:
        raise RequestError(f"{printable(repr(text))} names no owner or repository")
    if (target.repository is None) != (repository is None):
        wanted = "an owner" if repository is None else "a repository"
        raise RequestError(f"{printable(repr(text))} does not name {wanted}")
    return target
