"""Audit chain, screening, evidence."""

from importlib import import_module

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    name = "compliance"
    label = "compliance"
    verbose_name = "Compliance"

    def ready(self) -> None:
        """Register the rules of the event log."""
        import_module("compliance.audit.invariants")
