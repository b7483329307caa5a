"""An echo worker that emits what it did not declare, and looks the other way."""

import dataclasses
from pathlib import Path

import echo

from barid import run_plugin, worker

_configuration = worker.SubscriberConfiguration


def careless(**given: object) -> object:
    emits = given["emits"] | {"test.barid.not.declared.v1"}  # type: ignore[operator]
    return dataclasses.replace(_configuration(**given), emits=emits)  # type: ignore[arg-type]


if __name__ == "__main__":
    worker.SubscriberConfiguration = careless  # type: ignore[misc, assignment]
    run_plugin(Path(__file__).with_name("plugin.yaml"), echo.work)
