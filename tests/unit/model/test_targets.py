"""Every form in which git names a repository reaches the same record, and no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitlease.model.targets import Target, lower, parse_path

HOST = "github.com"
APP = Target(HOST, "acme", "app")


@pytest.mark.parametrize(
    "path",
    [
        "acme/app",
        "acme/app.git",
        "/acme/app.git/",
        "acme/app/",
        "acme//app",
        "Acme/App.GIT",
        "acme/app.wiki",
        "acme/app.wiki.git",
        "acme/app/tree/main",
    ],
)
def test_all_forms_of_a_repositorys_path_are_that_repository(path: str) -> None:
    assert parse_path(HOST, path) == APP


@pytest.mark.parametrize(
    "path",
    [
        "acme/app.git/info/lfs",
        "acme/app/info/lfs",
        "acme/app.git/info/lfs/objects/batch",
        "ACME/app.git/INFO/LFS/",
    ],
)
def test_large_file_paths_are_that_repository_and_say_so(path: str) -> None:
    assert parse_path(HOST, path) == Target(HOST, "acme", "app", lfs=True)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("", Target(HOST)),
        ("/", Target(HOST)),
        ("acme", Target(HOST, "acme")),
        ("acme/", Target(HOST, "acme")),
        ("emp_corp/a.b-c_d", Target(HOST, "emp_corp", "a.b-c_d")),
        ("acme/.github", Target(HOST, "acme", ".github")),
        ("acme/git", Target(HOST, "acme", "git")),
    ],
)
def test_a_path_means_what_it_names(path: str, target: Target) -> None:
    assert parse_path(HOST, path) == target


@pytest.mark.parametrize(
    "path",
    [
        "../app",
        "acme/..",
        "acme/.",
        "acme/.git",
        "acme/.wiki",
        "-acme/app",
        "ac~me/app",
        "acme/a~b",
        "acme/a b",
        "acme/a%2fb",
        "ac.me/app",
        "acme/\N{KELVIN SIGN}",
        "acmé/app",
        "acme/app\n",
        "a" * 101,
        "acme/" + "a" * 101,
    ],
)
def test_what_cannot_be_on_github_is_nobodys(path: str) -> None:
    assert parse_path(HOST, path) is None


def test_only_ascii_letters_are_folded() -> None:
    assert lower("GitHub \N{KELVIN SIGN}İ") == "github \N{KELVIN SIGN}İ"


def test_records_are_named_from_the_most_specific_on() -> None:
    assert APP.names == ("github.com~acme~app", "github.com~acme", "github.com")
    assert Target(HOST, "acme").names == ("github.com~acme", "github.com")
    assert Target(HOST).names == ("github.com",)
    assert str(APP) == "github.com/acme/app"


@given(st.text(st.sampled_from("aZ0._-~/ \\%\x00é")) | st.text())
def test_no_path_leads_out_of_the_cache_folder(path: str) -> None:
    target = parse_path(HOST, path)
    for name in target.names if target else ():
        assert name.startswith(HOST)
        assert "/" not in name
        assert name.isascii()
        assert name.isprintable()


@given(st.text(st.sampled_from("aZ0._-~/")))
def test_different_repositories_never_share_a_name(path: str) -> None:
    target = parse_path(HOST, path)
    if target is not None and target.repository is not None:
        assert target.names[0].split("~") == [HOST, target.owner, target.repository]
