"""The lock: all that the bot's install needs is pinned by version and hash, and fits what pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import metadata
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
FILES = ("requirements.lock", "requirements-torch.lock")
EXTRAS = ("bot", "documents")

PLATFORMS = [
    {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
    {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "aarch64"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix", "platform_machine": "arm64"},
    {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
ENVIRONMENTS = [
    platform | {"python_version": python, "python_full_version": f"{python}.0", "implementation_name": "cpython"}
    for platform, python in product(PLATFORMS, PYTHONS)
]


def entries() -> dict[Requirement, list[str]]:
    """Each pin with its hashes."""
    found = {}
    for name in FILES:
        text = (ROOT / name).read_text("utf-8").replace("\\\n", " ")
        for line in text.splitlines():
            if line and not line.lstrip().startswith("#"):
                pin, *hashes = re.split(r"\s+--hash=", line)
                found[Requirement(pin)] = [value.strip() for value in hashes]
    return found


@pytest.fixture(scope="module")
def pins() -> dict[Requirement, list[str]]:
    return entries()


def pinned(pins: dict[Requirement, list[str]], environment: dict[str, str]) -> dict[str, str]:
    """The version of each package in an environment."""
    found: dict[str, str] = {}
    for pin in pins:
        if pin.marker is None or pin.marker.evaluate(environment):
            name = canonicalize_name(pin.name)
            assert name not in found, f"{name} is pinned twice for {environment}"
            found[name] = next(iter(pin.specifier)).version
    return found


@cache
def parsed(requirement: str) -> Requirement:
    return Requirement(requirement)


def wanted(requirements: list[str], environment: dict[str, str], extras: tuple[str, ...] = ("",)) -> list[Requirement]:
    """The requirements that hold in an environment, for any of these extras."""
    return [
        requirement
        for requirement in map(parsed, requirements)
        if requirement.marker is None
        or any(requirement.marker.evaluate(environment | {"extra": extra}) for extra in extras)
    ]


def fits(specifier: SpecifierSet, version: str | None) -> bool:
    return version is not None and specifier.contains(version, prereleases=True)


def test_every_package_is_pinned_to_one_version_with_hashes_and_comes_from_no_named_place(pins):
    assert len(pins) > 50
    for pin, hashes in pins.items():
        assert pin.url is None and not pin.extras
        assert [clause.operator for clause in pin.specifier] == ["=="] and "*" not in str(pin.specifier)
        assert hashes and all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), pin
    for name in FILES:
        text = (ROOT / name).read_text("utf-8")
        # Neither an index, an address, a path nor an option that would lead pip elsewhere than who installs says
        assert "://" not in text and "@ " not in text and "file:" not in text
        assert set(re.findall(r"(?<=\s)-{1,2}[a-z][a-z-]*", text)) == {"--hash"}


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda it: f"{it['sys_platform']}-{it['python_version']}")
def test_the_lock_has_what_pyproject_asks_for_on_every_platform_and_python(pins, environment):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [*project["dependencies"], *(one for extra in EXTRAS for one in project["optional-dependencies"][extra])]
    there = pinned(pins, environment)
    stale = [
        f"{requirement} is {there.get(canonicalize_name(requirement.name))}"
        for requirement in wanted(asked, environment)
        if not fits(requirement.specifier, there.get(canonicalize_name(requirement.name)))
    ]
    assert not stale, f"run make lock: {stale}"


def test_what_builds_quoth_itself_is_in_the_lock(pins):
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    for environment in ENVIRONMENTS:
        there = pinned(pins, environment)
        for requirement in wanted(build, environment):
            assert fits(requirement.specifier, there.get(canonicalize_name(requirement.name))), requirement


def test_what_the_pinned_packages_need_themselves_is_pinned_too(pins):
    """As far as it can be told here: of the packages that are installed in the pinned version."""
    installed = {canonicalize_name(found.name): found for found in metadata.distributions()}
    needs = {name: (found.version, [it for it in found.requires or [] if "extra ==" not in it])
             for name, found in installed.items()}  # fmt: skip
    compared = 0
    for environment in ENVIRONMENTS:
        there = pinned(pins, environment)
        for name, version in there.items():
            held, requires = needs.get(name, (None, []))
            if held != version:
                continue
            compared += 1
            for requirement in wanted(requires, environment):
                assert fits(requirement.specifier, there.get(canonicalize_name(requirement.name))), (
                    f"{name} needs {requirement}, which the lock lacks for {environment}; run make lock"
                )
    assert compared > 200


def test_what_is_parted_from_the_lock_is_pytorch_and_its_cuda_libraries_alone():
    names = re.findall(r"^([a-z0-9-]+)==", (ROOT / FILES[1]).read_text("utf-8"), re.MULTILINE)
    assert names and "torch" in names
    assert not [name for name in names if not name.startswith(("torch", "triton", "cuda-", "nvidia-"))]
    assert "torch==" not in (ROOT / FILES[0]).read_text("utf-8")
