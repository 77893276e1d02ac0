"""A mistake in callcenter.toml stops the packaging, and the message says what is wrong and what is allowed."""

from pathlib import Path

import pytest

from laptop import package
from laptop.local_aws import LaptopError
from tests.support.checkout import change, copy_checkout


def test_a_wrong_value_is_named_with_its_file_key_and_what_is_allowed(tmp_path: Path) -> None:
    checkout = copy_checkout(tmp_path)
    change(checkout / "chalicelib" / "team" / "callcenter.toml", 'mode = "crm-first"', 'mode = "crm-last"')

    with pytest.raises(LaptopError) as stopped:
        package.build(root=checkout, out=checkout / "out")

    message = str(stopped.value)
    for word in ("callcenter.toml", "queues.Support.mode", "crm-last", "crm-first", "direct"):
        assert word in message
    assert not (checkout / "out" / "sam.yaml").exists()
