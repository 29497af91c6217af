from rupai.approvals.models.approval import Approval
from rupai.approvals.models.mandate import Mandate, MandateCounter, MandateUse

__all__ = ["Approval", "Mandate", "MandateCounter", "MandateUse"]
