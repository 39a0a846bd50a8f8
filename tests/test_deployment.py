import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def make_targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w$()/.]+):", makefile, re.MULTILINE))
    return {target.replace("$(VENV)", ".venv") for target in targets}


def test_the_workflow_builds_with_make_and_publishes_what_was_built() -> None:
    text = (ROOT / ".github" / "workflows" / "pages.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    steps = jobs["build"]["steps"]

    assert "make site" in [step.get("run") for step in steps]
    uploads = [step for step in steps if "upload-pages-artifact" in step.get("uses", "")]
    assert [step["with"]["path"] for step in uploads] == ["dist/site"]
    assert jobs["publish"]["needs"] == "build"


def test_a_workflow_runs_lint_and_tests_on_every_push_with_the_patches_on_and_off() -> None:
    text = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    jobs = workflow["jobs"]
    commands = {step.get("run") for job in jobs.values() for step in job["steps"]} - {None}

    assert "push" in workflow[True]  # YAML reads the key `on` as a truth value
    assert {"make lint", "make test"} <= commands
    assert {command.removeprefix("make ") for command in commands} <= make_targets()
    assert jobs["test"]["strategy"]["matrix"]["patches"] == ["on", "off"]


def test_the_container_uses_targets_that_the_makefile_has_and_no_root() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    used = set(re.findall(r"\bmake (?!\\)([\w./]+)", text)) | {"serve"}

    assert {"site", ".venv/.serve"} <= used <= make_targets() | {"targets"}
    stages = re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
    assert {"served", "site"} <= {stage.splitlines()[0].rpartition(" AS ")[2] for stage in stages}
    for stage in stages:
        users = re.findall(r"^USER (\w+)", stage, re.MULTILINE)
        assert users[-1:] in ([], ["inkling"])
    assert text.count("HEALTHCHECK") == 2
