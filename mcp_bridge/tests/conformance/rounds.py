"""The suite's tools that need answers first, as the newest revision does."""

import json
from typing import Any

from mcp_bridge.engine.serving import Exchange, InputRequired, ToolResult
from mcp_bridge.tests.conformance.tools import NAME, OK, ROOTS, answered, content_of, elicit, fixture, sample, text


@fixture()
def test_input_required_result_elicitation(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    if not answered(exchange, "user_name"):
        raise InputRequired({"user_name": elicit("What is your name?", NAME)})
    return text(f"Hello, {content_of(exchange, 'user_name').get('name')}!")


@fixture()
def test_input_required_result_sampling(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    if not answered(exchange, "capital_question"):
        raise InputRequired({"capital_question": sample("What is the capital of France?", 100)})
    return text(json.dumps(dict(exchange.input_responses or {})["capital_question"]))


@fixture()
def test_input_required_result_list_roots(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    if not answered(exchange, "client_roots"):
        raise InputRequired({"client_roots": ROOTS})
    return text(json.dumps(dict(exchange.input_responses or {})["client_roots"]))


@fixture()
def test_input_required_result_request_state(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    if exchange.state != "asked" or not answered(exchange, "confirm"):
        raise InputRequired({"confirm": elicit("Please confirm", OK)}, "asked")
    return text("state-ok")


@fixture()
def test_input_required_result_tampered_state(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    return test_input_required_result_request_state(arguments, exchange)


@fixture()
def test_input_required_result_multiple_inputs(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    if not answered(exchange, "user_name", "greeting", "client_roots"):
        asked = {"user_name": elicit("What is your name?", NAME), "greeting": sample("Generate a greeting", 50)}
        raise InputRequired({**asked, "client_roots": ROOTS}, "all")
    return text("All three came.")


@fixture()
def test_input_required_result_multi_round(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    colour = {"type": "object", "properties": {"color": {"type": "string"}}, "required": ["color"]}
    if exchange.state is None or (exchange.state == 1 and not answered(exchange, "step1")):
        raise InputRequired({"step1": elicit("Step 1: What is your name?", NAME)}, 1)
    if exchange.state == 1 or not answered(exchange, "step2"):
        raise InputRequired({"step2": elicit("Step 2: What is your favorite color?", colour)}, 2)
    return text("Both rounds are done.")


@fixture()
def test_input_required_result_capabilities(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    asked = {"name": elicit("What is your name?", NAME), "question": sample("What is the capital of France?", 100)}
    can = {name: each for name, each in asked.items() if exchange.supports(each["method"].partition("/")[0])}
    if not answered(exchange, *can):
        raise InputRequired(can)
    return text("Everything that could be asked was answered.")


@fixture()
def test_streaming_elicitation(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    return test_input_required_result_elicitation(arguments, exchange)
