"""The page of settings."""

from typing import Any

import pytest

from crossreid.training import config


@pytest.fixture
def tool(program: Any) -> Any:
    return program("tools/write_reference.py")


def test_every_group_of_settings_is_described_once(tool: Any) -> None:
    exported = [getattr(config, name) for name in config.__all__]
    settings = {one for one in exported if isinstance(one, type) and one.model_fields}
    described = tool.described_classes()
    assert len(described) == len(settings)
    assert set(described) == settings
