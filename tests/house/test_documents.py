"""The documents say what the code does: commands, settings, and links that lead somewhere."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

import gitlease
from gitlease import cli
from gitlease.model.frozen import fields
from gitlease.workspace.settings import VARIABLES, Settings

CHECKOUT = Path(__file__).parents[2]
README = (CHECKOUT / "README.md").read_text()
PAGES = sorted([*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md")])


def test_the_readme_names_every_command_and_no_other() -> None:
    table = README.partition("| command |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(?:gitlease )?([a-z]+)`", table))
    # git alone runs this one.
    assert named == set(cli.COMMANDS) - {"credential"}


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_help_has_an_example_of_the_command(name: str) -> None:
    text = cli.command_parser(name, import_module(cli.COMMANDS[name][0])).format_help()
    assert re.search(rf"example:\n  .*gitlease {name}", text)


def test_every_public_name_is_in_the_page_on_python_and_is_shown_by_dir() -> None:
    page = (CHECKOUT / "docs/reference/python.md").read_text()
    named = re.findall(r"^\| `(\w+)` \|", page.partition("| `gitlease.` |")[2], re.MULTILINE)
    assert sorted(named) == dir(gitlease) == sorted(gitlease.__all__)
    parameters = inspect.signature(gitlease.install_credential_helper).parameters
    head = page.partition("| `gitlease.` |")[0]
    assert re.findall(r"^\| `(\w+)` \|", head, re.MULTILINE) == list(parameters)


def test_every_setting_is_in_the_reference_with_its_variables() -> None:
    page = (CHECKOUT / "docs/reference/settings.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", page, re.MULTILINE))
    assert set(rows) == set(VARIABLES)
    for name, variables in rows.items():
        assert re.findall(r"`(\w+)`", variables) == list(VARIABLES[name])


def test_every_default_in_the_reference_is_the_code_s() -> None:
    page = (CHECKOUT / "docs/reference/settings.md").read_text()
    told = dict(re.findall(r"^\| `(\w+)` \| [^|]* \| ([^|]*) \|", page, re.MULTILINE))
    for name in fields(Settings):
        default = getattr(Settings, name, None)
        plain = default if isinstance(default, (bool, int, str, Path)) else None
        if name in VARIABLES and plain not in {"", None}:
            assert f"`{str(plain).lower()}`" in told[name], name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if "://" not in link:
            assert (page.parent / link).exists(), link


@pytest.mark.parametrize(
    "file", sorted(CHECKOUT.glob("src/gitlease/**/*.*")), ids=lambda file: str(file.name)
)
def test_a_cure_names_no_command_that_is_not_there(file: Path) -> None:
    if file.suffix in {".py", ".sh"}:
        assert set(re.findall(r"`gitlease ([a-z]+)", file.read_text())) <= set(cli.COMMANDS)
