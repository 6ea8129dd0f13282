"""An emulator leaves nothing behind, and says what keeps it from starting."""

import gc
import stat
import threading
from pathlib import Path

import pytest

from gitlease.emulator import GitHub
from gitlease.emulator.seeds import SeedError
from tests.flows.emulator.clients import Workplace, app_jwt, ask, connect, half_a_push, processes_in


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_nothing_is_left_of_it(home: Path, tmp_path: Path) -> None:
    threads = set(threading.enumerate())
    with GitHub() as github:
        root = github.ca_file.parent
        workplace = Workplace(github, home, tmp_path)
        workplace.git("clone", "--quiet", "https://github.com/acme/site", "site")
    gc.collect()
    before = descriptors()
    with GitHub() as github:
        workplace = Workplace(github, home, tmp_path)
        workplace.git("clone", "--quiet", "https://github.com/acme/site", "again")
        again = github.ca_file.parent
        # Clients that stay, in the middle of a tunnel, of nothing, and of a push.
        idle = connect(github)
        idle.connect()
        kept = connect(github, proxy=False)
        kept.request("GET", "/api/v3/meta", headers={"User-Agent": "tests"})
        kept.getresponse().read()
        pushing = half_a_push(github)
    pushing.close()
    idle.close()
    kept.close()
    gc.collect()
    assert set(threading.enumerate()) == threads
    assert descriptors() == before
    assert processes_in(again) == []
    assert not root.exists()


def test_a_folder_that_is_named_is_kept_and_continued(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "world"
    with GitHub(directory=folder) as github:
        key = github.private_key_file.read_bytes()
        workplace = Workplace(github, home, tmp_path)
        workplace.git("clone", "--quiet", workplace.url("acme/app", github.mint("acme")["token"]))
        pushed = workplace.commit(tmp_path / "app")
        workplace.git("push", "--quiet", cwd=tmp_path / "app")
    with GitHub(directory=folder) as github:
        assert github.private_key_file.read_bytes() == key
        bare = github.repository_path("acme/app")
        assert workplace.git("rev-parse", "refs/heads/main", cwd=bare) == pushed


def test_keys_are_for_their_owner_only(github: GitHub) -> None:
    for file in (github.private_key_file, github.ca_file.with_name("server.pem")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_equal_seeds_give_equal_worlds(home: Path, tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        with GitHub() as github:
            workplace = Workplace(github, home, tmp_path)
            head = workplace.git("rev-parse", "HEAD", cwd=github.repository_path("acme/app"))
            seen.append((github.app_id, github.client_id, github.installations, head))
    assert seen[0] == seen[1]
    assert seen[0][1].startswith("Iv23")


def test_two_worlds_run_side_by_side_and_share_nothing(github: GitHub) -> None:
    with GitHub() as other:
        token = other.mint("acme")["token"]
        assert ask(other, "GET", "/repos/acme/app", auth=token).status == 200
        assert ask(github, "GET", "/repos/acme/app", auth=token).status == 401


def test_a_repository_is_copied_from_a_path(home: Path, tmp_path: Path, github: GitHub) -> None:
    workplace = Workplace(github, home, tmp_path)
    source = tmp_path / "source"
    workplace.git("init", "--quiet", "--initial-branch=trunk", source)
    head = workplace.commit(source)
    workplace.git("branch", "other", cwd=source)
    seed_file = tmp_path / "seed.toml"
    seed_file.write_text('[[repositories]]\nname = "acme/app"\nfrom = "source"\n')
    with GitHub(seed_file) as copied:
        bare = copied.repository_path("acme/app")
        assert workplace.git("symbolic-ref", "--short", "HEAD", cwd=bare) == "trunk"
        assert "other" in workplace.git("branch", cwd=bare)
    workplace.git("checkout", "--quiet", "--detach", cwd=source)
    workplace.git("branch", "--delete", "--force", "trunk", "other", cwd=source)
    with GitHub(seed_file) as copied:
        bare = copied.repository_path("acme/app")
        assert workplace.git("rev-parse", "refs/heads/main", cwd=bare) == head


def test_a_taken_port_is_an_error_and_leaves_nothing(github: GitHub) -> None:
    threads = set(threading.enumerate())
    taken = int(github.git_url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"), GitHub(port=taken):
        pass
    assert set(threading.enumerate()) == threads


@pytest.mark.parametrize(
    ("seed", "complaint"),
    [
        (
            {"repositories": [{"name": "a/b", "from": "nowhere"}]},
            "the seed: repositories.from: ",
        ),
        (
            {"repositories": [{"name": "a/b"}, {"name": "A/B"}]},
            "the seed: repositories.name: A/B is given twice",
        ),
        (
            {"installations": [{"owner": "a", "repositories": ["b"]}]},
            "the seed: installations.repositories: there is no a/b",
        ),
        (
            {"installations": [{"owner": "a", "app": "b"}]},
            "the seed: installations.app: there is no App 'b'",
        ),
        (
            {
                "repositories": [
                    {
                        "name": "a/b",
                        "submodules": [{"path": "x", "url": "https://github.com/a/b"}],
                    }
                ]
            },
            "the seed: repositories.submodules: a/b: each url must name",
        ),
        (
            {"repositories": [{"name": "a/b", "submodules": [{"path": "x", "url": "../b"}]}]},
            "the seed: repositories.submodules.url: '../b'",
        ),
    ],
)
def test_a_seed_that_cannot_be_carried_out_is_named(
    seed: dict[str, object], complaint: str
) -> None:
    with pytest.raises(SeedError) as caught, GitHub(seed):
        pass
    assert str(caught.value).startswith(complaint)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(SeedError, match="holds other files"), GitHub(directory=tmp_path):
        pass
    assert [one.name for one in tmp_path.iterdir()] == ["precious"]


def test_two_apps_do_not_see_each_others_installations() -> None:
    seed = {
        "apps": [{"slug": "second"}],
        "installations": [{"owner": "acme"}, {"owner": "other", "app": "second"}],
    }
    with GitHub(seed) as github:
        mine, theirs = (one["id"] for one in github.installations)
        path = "/app/installations/{}/access_tokens"
        assert ask(github, "POST", path.format(mine), auth=app_jwt(github)).status == 201
        assert ask(github, "POST", path.format(theirs), auth=app_jwt(github)).status == 404
        assert [one["slug"] for one in github.ready()["apps"]] == ["gitlease-demo", "second"]
