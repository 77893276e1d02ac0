"""One stage of one REST API, as API Gateway keeps its limits: moto's needs a library that nothing else here does."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_NAMES = {"rateLimit": ("throttlingRateLimit", float), "burstLimit": ("throttlingBurstLimit", int)}


class ApiGateway:
    """`get_stage` and `update_stage`. What is asked of another API, stage or setting is an error."""

    API, STAGE = "a1b2c3d4e5", "api"

    def __init__(self) -> None:
        self._settings: dict[str, dict[str, Any]] = {}

    def get_stage(self, *, restApiId: str, stageName: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """Without a setting there is no `methodSettings`."""
        assert (restApiId, stageName) == (self.API, self.STAGE)
        return {"stageName": stageName, **({"methodSettings": self._settings} if self._settings else {})}

    def update_stage(
        self,
        *,
        restApiId: str,  # noqa: N803
        stageName: str,  # noqa: N803
        patchOperations: Sequence[Mapping[str, str]],  # noqa: N803
    ) -> dict[str, Any]:
        """Values are strings; one setting of a method makes the other with the account's own limit."""
        for operation in patchOperations:
            found = re.fullmatch(r"/\*/\*/throttling/(\w+)", operation["path"])
            assert found and operation["op"] == "replace", operation
            name, kind = _NAMES[found[1]]
            every = self._settings.setdefault("*/*", {"throttlingRateLimit": 10_000.0, "throttlingBurstLimit": 5000})
            every[name] = kind(operation["value"])
        return self.get_stage(restApiId=restApiId, stageName=stageName)
