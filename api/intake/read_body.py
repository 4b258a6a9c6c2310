"""A JSON body as what it has to be."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from api.problems import ProblemError

Posted = TypeVar("Posted", bound=BaseModel)


def read_as(model: type[Posted], body: bytes) -> Posted:
    """Raises ProblemError 422 with every fault, by where it is."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        errors = [
            {"where": ".".join(("body", *map(str, e["loc"]))), "reason": e["msg"]}
            for e in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        where, reason = errors[0]["where"], errors[0]["reason"]
        raise ProblemError(
            422, "bad_parameter", extra={"errors": errors}, where=where, reason=reason
        ) from error
