"""What the doors of payments share: doing the work of a key once, and telling of a decline."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework.response import Response

from rupai.api import problems
from rupai.api.schema import Problem
from rupai.core.idempotency import Claim

DECLINED = OpenApiResponse(Problem, description="Declined; the problem carries what was declined")

_OTHER_METHOD = "See decline_code; the payer can use another payment method."


def once(claim: Claim | None) -> dict[str, Any]:
    """What a service needs to do the work of a key once."""
    return {"idempotency_id": claim.id, "resumed": claim.resumed} if claim else {}


def declined(code: str, message: str, *, hint: str = _OTHER_METHOD, **shown: Any) -> Response:
    """Answer 402 with the decline's unified code and what was declined."""
    problem = problems.document(
        status=402,
        code="payment_declined",
        detail=message or "The provider refused",
        hint=hint,
        decline_code=code,
        **shown,
    )
    return Response(problem, status=402)
