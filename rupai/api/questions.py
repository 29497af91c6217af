"""Reads that answer a question instead of listing rows: a serializer checks the query string."""

from typing import Any, ClassVar

from rest_framework.serializers import Serializer

from rupai.api.views import Door


class Question(Door):
    """A GET whose query parameters are the fields of ``query_serializer``; unknown ones are refused as in lists."""

    lists = True
    pagination_class = None
    query_serializer: ClassVar[type[Serializer[Any]]]

    def asked(self) -> dict[str, Any]:
        """The validated values of the query.

        :raises ValidationError: naming the parameters that cannot be taken.
        """
        form = self.query_serializer(data=self.request.query_params.dict())
        form.is_valid(raise_exception=True)
        values: dict[str, Any] = form.validated_data
        return values
