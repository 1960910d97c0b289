"""Microsoft.Insights/diagnosticSettings: kept at any scope."""

from __future__ import annotations

from azsandbox.arm.extensions import ExtensionKind
from azsandbox.arm.registry import register


@register
class DiagnosticSettings(ExtensionKind):
    """Diagnostic settings of a resource."""

    type = "Microsoft.Insights/diagnosticSettings"
