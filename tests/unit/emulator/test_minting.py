"""A token holds what was asked for and granted, and nothing else."""

from typing import Any

import pytest

from gitlease.emulator.minting import NO_SUCH_REPOSITORY, NOT_GRANTED, mint
from gitlease.emulator.refusals import Refusal
from gitlease.emulator.world import World
from tests.unit.emulator.worlds import PERMISSIONS, new_world


@pytest.fixture
def world() -> World:
    return new_world()


@pytest.mark.parametrize(
    "body", [{}, {"repositories": []}, {"repository_ids": []}, {"permissions": {}}]
)
def test_what_is_absent_or_empty_means_all(world: World, body: dict[str, Any]) -> None:
    minted = mint(world, world.installations[10], body)
    assert minted.token.repository_ids is None
    assert minted.repositories is None
    assert minted.token.permissions == PERMISSIONS


def test_names_and_numbers_narrow_together_whatever_their_case(world: World) -> None:
    body = {"repositories": ["APP", "app"], "repository_ids": [102]}
    minted = mint(world, world.installations[10], body)
    assert minted.token.repository_ids == frozenset({100, 102})
    assert [one.name for one in minted.repositories or ()] == ["app", "lib"]


def test_permissions_are_narrowed_and_metadata_is_added(world: World) -> None:
    minted = mint(world, world.installations[10], {"permissions": {"contents": "read"}})
    assert minted.token.permissions == {"contents": "read", "metadata": "read"}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"repositories": ["nothing"]}, NO_SUCH_REPOSITORY),
        ({"repositories": ["dotfiles"]}, NO_SUCH_REPOSITORY),
        ({"repositories": ["acme/app"]}, NO_SUCH_REPOSITORY),
        ({"repositories": [""]}, NO_SUCH_REPOSITORY),
        ({"repositories": ["../alice/dotfiles"]}, NO_SUCH_REPOSITORY),
        ({"repository_ids": [103]}, NO_SUCH_REPOSITORY),
        ({"repository_ids": [9]}, NO_SUCH_REPOSITORY),
        ({"permissions": {"contents": "admin"}}, NOT_GRANTED),
        ({"permissions": {"issues": "read"}}, NOT_GRANTED),
        ({"permissions": {"metadata": "write"}}, NOT_GRANTED),
        ({"permissions": {"contents": "all"}}, "Invalid request."),
        ({"permissions": ["contents"]}, "Invalid request."),
        ({"repositories": "app"}, "Invalid request."),
        ({"repositories": None}, "Invalid request."),
        ({"repositories": [1]}, "Invalid request."),
        ({"repository_ids": ["100"]}, "Invalid request."),
        ({"repository_ids": [True]}, "Invalid request."),
        ({"repositories": ["app"] * 501}, "Invalid request.\n\nNo more than 500 items"),
    ],
)
def test_what_was_not_granted_or_has_a_wrong_form_is_422(
    world: World, body: dict[str, Any], text: str
) -> None:
    with pytest.raises(Refusal) as caught:
        mint(world, world.installations[10], body)
    assert caught.value.status == 422
    assert caught.value.message.startswith(text)
    assert not world.tokens.known


def test_a_selected_installation_does_not_give_what_was_not_selected(world: World) -> None:
    world.installations[10].repository_ids = frozenset({100})
    assert mint(world, world.installations[10], {"repositories": ["app"]}).repositories
    with pytest.raises(Refusal):
        mint(world, world.installations[10], {"repositories": ["lib"]})


def test_a_suspended_installation_gets_no_token(world: World) -> None:
    world.suspend("acme")
    with pytest.raises(Refusal, match="This installation has been suspended") as caught:
        mint(world, world.installations[10], {})
    assert caught.value.status == 403
    world.suspend("acme", suspended=False)
    assert mint(world, world.installations[10], {}).plaintext


def test_the_repr_of_a_minted_token_does_not_show_it(world: World) -> None:
    minted = mint(world, world.installations[10], {})
    assert minted.plaintext not in repr(minted) + repr(world.tokens) + repr(minted.token)
