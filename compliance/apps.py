"""Audit chain, screening, evidence."""

from importlib import import_module

from django.apps import AppConfig

from rupai.core.schedules import schedule


class ComplianceConfig(AppConfig):
    name = "compliance"
    label = "compliance"
    verbose_name = "Compliance"

    def ready(self) -> None:
        """Register the rules of the event log, and its sequencer's clock."""
        import_module("compliance.audit.invariants")
        schedule("compliance.sequencer", "compliance.sequence_events", every=1)
