"""Who may read or write a git repository, and with which words GitHub says no."""

import pytest

from gitlease.emulator import access
from gitlease.emulator.access import GitRefusal
from gitlease.emulator.credentials import Shown
from gitlease.emulator.world import World
from tests.unit.emulator.worlds import basic, new_token, new_world

BAD = "Invalid username or token. Password authentication is not supported for Git operations."


@pytest.fixture
def world() -> World:
    return new_world()


def refusal(world: World, shown: Shown | None, name: str, *, write: bool = False) -> object:
    with pytest.raises(GitRefusal) as caught:
        access.check(world, shown, name, write=write)
    return caught.value.status, caught.value.text


@pytest.mark.parametrize("name", ["acme/app", "ACME/App", "acme/app.wiki"])
def test_a_live_token_reads_and_writes_its_repository(world: World, name: str) -> None:
    shown = basic(new_token(world))
    for write in (False, True):
        assert access.check(world, shown, name, write=write).repository.id == 100


def test_any_user_name_goes_with_a_token_but_an_empty_one(world: World) -> None:
    token = new_token(world)
    assert access.check(world, basic(token, "anybody"), "acme/app", write=True).repository.id == 100
    assert refusal(world, basic(token, ""), "acme/app") == (401, BAD)
    assert refusal(world, Shown("bearer", "", token), "acme/app") == (401, BAD)


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize("name", ["acme/app", "acme/nothing", "nobody/nothing"])
def test_nobody_is_asked_for_a_credential_and_told_nothing(
    world: World, name: str, write: bool
) -> None:
    assert refusal(world, None, name, write=write) == (401, "Repository not found.")


def test_a_public_repository_is_read_by_anybody_and_written_by_its_holders(world: World) -> None:
    assert access.check(world, None, "acme/site", write=False).repository.id == 101
    assert refusal(world, None, "acme/site", write=True) == (401, "No anonymous write access.")
    foreign = basic(new_token(world, 20))
    assert access.check(world, foreign, "acme/site", write=False).repository.id == 101
    denied = (403, "Permission to acme/site.git denied to demo[bot].")
    assert refusal(world, foreign, "acme/site", write=True) == denied


def test_a_bad_token_is_refused_even_where_none_is_needed(world: World) -> None:
    assert refusal(world, basic("ghs_nothing"), "acme/site") == (401, BAD)
    assert refusal(world, Shown("basic", "", ""), "acme/site") == (401, BAD)


@pytest.mark.parametrize("name", ["alice/dotfiles", "acme/nothing", "nobody/nothing"])
def test_what_is_beyond_the_installation_does_not_exist(world: World, name: str) -> None:
    shown = basic(new_token(world))
    for write in (False, True):
        assert refusal(world, shown, name, write=write) == (404, "Repository not found.")


def test_what_is_beyond_the_tokens_scope_does_not_exist(world: World) -> None:
    shown = basic(new_token(world, repositories=["app"]))
    assert access.check(world, shown, "acme/app", write=True).repository.id == 100
    assert refusal(world, shown, "acme/lib") == (404, "Repository not found.")


def test_a_reading_token_cannot_push(world: World) -> None:
    shown = basic(new_token(world, permissions={"contents": "read"}))
    assert access.check(world, shown, "acme/app", write=False).repository.id == 100
    denied = (403, "Permission to acme/app.git denied to demo[bot].")
    assert refusal(world, shown, "acme/app", write=True) == denied


def test_a_token_without_contents_can_neither_read_nor_push(world: World) -> None:
    shown = basic(new_token(world, permissions={"pull_requests": "write"}))
    for write in (False, True):
        text = "Write access to repository not granted."
        assert refusal(world, shown, "acme/app", write=write) == (403, text)


def test_a_dead_token_is_401(world: World) -> None:
    expired, revoked = basic(new_token(world)), basic(new_token(world))
    world.tokens.revoke(revoked.secret)
    assert refusal(world, revoked, "acme/app") == (401, BAD)
    world.clock.advance(3600)
    assert refusal(world, expired, "acme/app") == (401, BAD)


def test_lag_is_401_then_403_then_fine(world: World) -> None:
    world.settings = world.settings.changed({"replication_lag": 2})
    shown = basic(new_token(world))
    assert refusal(world, shown, "acme/app") == (401, BAD)
    world.clock.advance(1.2)
    assert refusal(world, shown, "acme/app") == (403, "Write access to repository not granted.")
    world.clock.advance(1)
    assert access.check(world, shown, "acme/app", write=True).repository.id == 100


def test_suspension_is_403_while_it_lasts_and_removal_kills(world: World) -> None:
    shown = basic(new_token(world))
    world.suspend("acme")
    assert refusal(world, shown, "acme/app") == (403, "This installation has been suspended")
    world.suspend("acme", suspended=False)
    assert access.check(world, shown, "acme/app", write=True).repository.id == 100
    world.remove_installation("acme")
    assert refusal(world, shown, "acme/app") == (401, BAD)


def test_a_former_name_leads_on_but_only_those_who_may_see_it(world: World) -> None:
    world.rename("acme/app", "acme/product")
    mine, foreign = basic(new_token(world)), basic(new_token(world, 20))
    place = access.check(world, mine, "acme/app.wiki", write=False)
    assert (place.moved, place.wiki, place.repository.full_name) == (True, True, "acme/product")
    assert not access.check(world, mine, "acme/product", write=False).moved
    assert refusal(world, foreign, "acme/app") == (404, "Repository not found.")


def test_a_new_repository_takes_a_former_name_over(world: World) -> None:
    world.rename("acme/app", "acme/product")
    world.rename("acme/lib", "acme/app")
    assert access.find(world, "acme/app") == access.Place(world.repositories[102], False, False)
