"""The data plane on `<region>.api.azureml.ms`: the discovery document, and the secrets of workspaces' vaults."""

from __future__ import annotations

from azsandbox.arm.context import Context
from azsandbox.arm.errors import provider
from azsandbox.arm.render import answer
from azsandbox.arm.workspacesecrets import WorkspaceSecrets
from azsandbox.messages import Request, Response


class Discovery:
    """Answers for the hosts below `api.azureml.ms`; nothing behind them is there but discovery and secrets."""

    def __init__(self, context: Context) -> None:
        self._context, self._secrets = context, WorkspaceSecrets(context)

    async def handle(self, request: Request) -> Response:
        """GET `/discovery`, with or without a workspace's path after it; 404 for anything else."""
        if (found := self._secrets.handle(request)) is not None:
            return found
        region = request.host.split(".")[0]
        if request.method == "GET" and request.path.rstrip("/").lower().startswith("/discovery"):
            base = f"https://{region}.api.azureml.ms"
            names = (
                "api",
                "history",
                "experimentation",
                "modelmanagement",
                "pipelines",
                "hyperdrive",
                "metrics",
            )
            document = dict.fromkeys(names, base) | {"studio": "https://ml.azure.com", "catalog": base}
            return answer(200, document)
        error = provider(
            404,
            "UserError",
            f"The local Azure has no data plane for {request.method} {request.path}.",
            region=region,
            ticks=self._context.clock.tick(),
            inner=("NotFoundError",),
            component="run-history",
        )
        response = error.response()
        response.headers["x-azsandbox-unknown-route"] = "1"
        return response
