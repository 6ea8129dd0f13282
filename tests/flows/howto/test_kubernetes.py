"""The Pod, as it stands, in volumes such as a kubelet makes; then all that the page says of it."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.brokers import Broker
from tests.support.ordinary_user import UID
from tests.support.persons import Person
from tests.support.polling import until
from tests.support.stages import BROKER, Container, Shell, example, owned, play_page, whole

pytestmark = pytest.mark.parametrize("machine", ["debian13"], indirect=True)
PLACES = ("/home/agent", "/opt/gitlease", "/run/gitlease")


@dataclass
class Pod:
    """The Pod of the example, whose paths lie in *person*'s home."""

    told: Mapping[str, Any]
    person: Person

    @property
    def volumes(self) -> dict[str, dict[str, Any]]:
        return {one["name"]: one for one in self.told["spec"]["volumes"]}

    def mount(self, secret: Path) -> None:
        """Make what its containers mount: root's, open to the group, as `fsGroup` has it."""
        assert self.told["spec"]["securityContext"]["fsGroup"] == 1000
        for one in self.container["volumeMounts"]:
            if one["name"] == "tmp":
                continue
            folder = owned(Path(one["mountPath"]), 0, UID, 0o2777)
            if kept := self.volumes[one["name"]].get("secret"):
                owned(folder, 0, UID, 0o755)
                shutil.copy(secret, folder / "secret")
                os.chown(folder / "secret", 0, UID)
                (folder / "secret").chmod(kept["defaultMode"])
                assert kept["defaultMode"] == 0o440

    @property
    def container(self) -> Mapping[str, Any]:
        [agent] = self.told["spec"]["containers"]
        return dict(agent)

    @property
    def before(self) -> Mapping[str, Any]:
        [one] = self.told["spec"]["initContainers"]
        return dict(one)

    def variables(self) -> dict[str, str]:
        fields = {"metadata.name": self.told["metadata"]["name"]}
        return {
            one["name"]: one.get("value") or fields[one["valueFrom"]["fieldRef"]["fieldPath"]]
            for one in self.container["env"]
        }


@pytest.fixture
def pod(person: Person, broker: Broker) -> Pod:
    places = {place: f"{person.home}{place}" for place in PLACES} | {BROKER: broker.url}
    return Pod(yaml.safe_load(example("kubernetes-pod.yaml", places)), person)


@pytest.mark.plants(r"file .*/here/enrolment-secret")  # of which the operator makes the Secret
def test_the_page(pod: Pod, wheel: Path, operator: Shell) -> None:
    """From nothing to a Pod that is ready; and one of its name, made anew."""
    person = pod.person
    mounted = {one["name"] for part in (pod.before, pod.container) for one in part["volumeMounts"]}
    assert mounted == set(pod.volumes)
    # The secret comes as a file, and in no variable.
    assert all("secretKeyRef" not in one.get("valueFrom", {}) for one in pod.container["env"])
    agent = Container(person, [*pod.container["command"], *pod.container["args"]], pod.variables())
    assert pod.container["args"] == ["sleep", "infinity"]

    def apply(name: str) -> str:
        assert name == "kubernetes-pod.yaml"
        person.bring(wheel, app=False)
        pod.mount(operator.folder / "enrolment-secret")
        # pip's own: it is told where to.
        del person.env["PIP_USER"]
        code, _, err = person.run(*pod.before["command"])
        assert code == 0, err
        return agent.start()

    def ready(what: str) -> str:
        assert what == "pod/ws-1"
        probe = pod.container["readinessProbe"]["exec"]["command"]
        return "" if person.run(*probe, **agent.env)[0] else f"{what} condition met\n"

    places = {"/home/agent": f"{person.home}/home/agent"}
    players = {
        "kubectl create secret generic gitlease-enrolment --from-file=secret=": lambda _: "",
        "kubectl apply --filename ": apply,
        "kubectl wait --for=condition=Ready ": ready,
        "kubectl exec ws-1 -- ": agent.exec,
    }
    play_page("kubernetes", places, whole(operator.run, "gitlease broker ") | players)

    # The Pod is made anew, and with it every volume that is none of a claim.
    agent.stop()
    for one in pod.container["volumeMounts"]:
        if one["name"] not in {"tmp", "gitlease"}:
            shutil.rmtree(one["mountPath"])
    pod.mount(operator.folder / "enrolment-secret")
    # As a kubelet makes it: root's, and open to the group.
    assert (person.home / "home/agent").stat().st_uid == 0
    agent.start()
    until(lambda: ready("pod/ws-1") != "")
    assert "HEAD" in agent.exec("git ls-remote -q https://github.com/acme/app")


def test_containers_that_share_a_bearer(
    pod: Pod, wheel: Path, operator: Shell, broker: Broker
) -> None:
    """Each with a home of its own: both work, whoever comes first, by one bearer."""
    broker.manage("workspace", "add", "ws-1", "--owner", "acme", "--repo", "app")
    secret = operator.folder / "secret"
    secret.write_text(broker.manage("enrolment", "create", "--workspace", "ws-1", "--uses", "1"))
    pod.person.bring(wheel, app=False)
    pod.mount(secret)
    del pod.person.env["PIP_USER"]
    assert pod.person.run(*pod.before["command"])[0] == 0
    command = [*pod.container["command"], *pod.container["args"]]
    both = []
    for name in ("first", "second"):
        home = owned(pod.person.home / name, 0, UID, 0o2777)
        both.append(Container(pod.person, command, pod.variables() | {"HOME": str(home)}))
    for one in both:
        one.start()
    ask = "git ls-remote -q https://github.com/acme/app"
    until(lambda: all("HEAD" in one.exec(ask) for one in both))
    assert len(broker.manage("token", "list", "ws-1").splitlines()) == 2  # the head, and one
