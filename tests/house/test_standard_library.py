"""
The container's side runs on the standard library alone.

The wheel goes into any image, and a package it brought along could clash with what runs there.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.environment import CHECKOUT

ROOMS = {"gitlease.model", "gitlease.workspace"}
MODULES = {"gitlease", "gitlease.__main__", "gitlease.cli", "gitlease.github"}
MODULES |= {f"gitlease.github.{name}" for name in ("protocol", "refusals", "times", "appjwt")}
# The extra `app`, only when a proof is signed.
LATER = {"gitlease.github.appjwt": {"cryptography", "jwt"}}


def foreign_imports(src: Path) -> set[str]:
    """Return ``module: name`` for each import that the container's side may not make."""
    found = set()
    for file in sorted(src.rglob("*.py")):
        module = ".".join(file.relative_to(src).with_suffix("").parts).removesuffix(".__init__")
        if _in_the_container(module):
            for name, at_once in _imports(ast.parse(file.read_text())):
                later = not at_once and name.split(".")[0] in LATER.get(module, ())
                if not (later or _allowed(name, module)):
                    found.add(f"{module}: {name}")
    return found


def _in_the_container(module: str) -> bool:
    return module in MODULES or ".".join(module.split(".")[:2]) in ROOMS


def _allowed(name: str, module: str) -> bool:
    top = name.split(".", maxsplit=1)[0]
    if top != "gitlease":
        return top in sys.stdlib_module_names
    # The command table may load any room, but only the one that was asked for.
    return module == "gitlease.cli" or _in_the_container(name) or name == "gitlease"


def _imports(tree: ast.AST, *, at_once: bool = True) -> Iterator[tuple[str, bool]]:
    """Yield each import with whether it happens when the module is loaded."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, at_once) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # A name may be a module of the package: judged as one where the package is ours.
            base = node.module or ""
            if base in {"gitlease", "gitlease.github"}:
                yield from ((f"{base}.{alias.name}", at_once) for alias in node.names)
            else:
                yield base, at_once
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        else:
            inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(node, at_once=at_once and not inside)


def test_the_containers_side_needs_the_standard_library_only() -> None:
    assert foreign_imports(CHECKOUT / "src") == set()


@pytest.mark.parametrize(
    ("module", "code", "found"),
    [
        ("gitlease.workspace.new", "import httpx2", "httpx2"),
        ("gitlease.workspace.new", "def f():\n    import jwt", "jwt"),
        ("gitlease.model.new", "from cryptography import x509", "cryptography"),
        ("gitlease.github.appjwt", "import jwt", "jwt"),
        ("gitlease.github.appjwt", "def f():\n    import jwt", None),
        ("gitlease.workspace.new", "from gitlease.github import client", "gitlease.github.client"),
        ("gitlease.workspace.new", "from gitlease.github import protocol", None),
        ("gitlease.cli", "def f():\n    import gitlease.broker.app", None),
        ("gitlease.broker.app", "import granian", None),
    ],
)
def test_a_foreign_import_is_found(
    tmp_path: Path, module: str, code: str, found: str | None
) -> None:
    file = tmp_path.joinpath(*module.split(".")).with_suffix(".py")
    file.parent.mkdir(parents=True)
    file.write_text(code + "\n")
    assert foreign_imports(tmp_path) == ({f"{module}: {found}"} if found else set())
