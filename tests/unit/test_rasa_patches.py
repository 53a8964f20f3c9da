"""Guards the patches of Rasa: what they replace is still there, and they do what they say."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import threading
import warnings
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import jsonschema
import pytest
import rasa
import rasa.core.processor
import rasa.server
import rasa_sdk.endpoint
import yaml
from hypothesis import given
from hypothesis import strategies as st
from rasa.core.actions.action import RemoteAction
from rasa.core.channels import OutputChannel, UserMessage
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.core.processor import MessageProcessor
from rasa.engine.constants import PLACEHOLDER_MESSAGE
from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.graph_components.converters.nlu_message_converter import NLUMessageConverter
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionReverted,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    DefinePrevUserUtteredFeaturization,
    Event,
    FollowupAction,
    LoopInterrupted,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.slots import CategoricalSlot
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.shared.nlu.training_data.message import Message
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from rasa_sdk.interfaces import ActionNotFoundException
from sanic.compat import Header
from sanic.exceptions import InvalidUsage
from sanic.http import Http, Stage

from valve_clinic import graph_run, paths, rasa_patches, said_before
from valve_clinic.content import store as stores
from valve_clinic.nlu import follow_ups

rasa_patches.apply()
#: Rasa's own functions, as they were before the patches.
ORIGINAL_REQUEST = rasa_patches._original_request
_APPLIED_EVENTS = rasa_patches._original_applied_events
_COPY = rasa_patches._original_copy


@pytest.fixture(autouse=True)
def _shared_store(sample_store, monkeypatch):
    """The actions that run in this process answer from the sample content."""
    monkeypatch.delenv("ACTION_ENDPOINT_URL", raising=False)
    for module in ("answer", "feedback", "handoff", "miss"):
        monkeypatch.setattr(f"actions.{module}.shared_store", lambda: sample_store)


@pytest.fixture
def endpoint():
    config = yaml.safe_load(paths.ENDPOINTS_FILE.read_text(encoding="utf-8"))["action_endpoint"]
    return EndpointConfig.from_dict(config)


@pytest.fixture(scope="module")
def domain():
    with warnings.catch_warnings():
        # Rasa reminds everybody, whatever their slots, that slots are not filled by themselves any more.
        warnings.filterwarnings("ignore", "Slot auto-fill has been removed")
        return Domain.load(str(paths.DOMAIN_FILE))


@pytest.fixture
def tracker(domain):
    return heard(domain, "ask_personal_advice", "should I have it?")


def heard(domain, intent, text):
    tracker = DialogueStateTracker.from_events("someone", [], domain.slots)
    ranking = [{"name": intent, "confidence": 0.9}, {"name": "ask_causes", "confidence": 0.1}]
    tracker.update(UserUttered(text, ranking[0], [], {"intent": ranking[0], "intent_ranking": ranking}), domain)
    return tracker


def call(action, tracker, domain):
    return RemoteAction(action, None)._action_call_format(tracker, domain)


class Recorder(BaseHTTPRequestHandler):
    """An action server that says what it was asked."""

    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, self.headers.get("X-Key"), json.loads(body)))
        reply = json.dumps({"events": [], "responses": [{"text": "from outside"}]}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture
def outside():
    server = HTTPServer(("127.0.0.1", 0), Recorder)
    server.asked, server.status = [], 200
    server.url = f"http://127.0.0.1:{server.server_port}/webhook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def through_an_action_server(body):
    """What rasa_sdk's own server makes of the call: the webhook's answer, as JSON."""
    executor = rasa_sdk.executor.ActionExecutor()
    executor.register_package("actions")
    result = asyncio.run(executor.run(json.loads(json.dumps(body))))
    return json.loads(json.dumps(result))


def test_rasa_is_the_version_that_the_patches_were_written_for():
    assert rasa.__version__ == "3.6.21"


def test_the_patched_functions_have_the_signatures_that_the_patches_expect():
    wanted = ["self", "method", "subpath", "content_type", "compress", "kwargs"]
    assert list(inspect.signature(ORIGINAL_REQUEST).parameters) == wanted
    assert ORIGINAL_REQUEST.__module__ == "rasa.utils.endpoints"
    assert inspect.iscoroutinefunction(ORIGINAL_REQUEST)
    constructor = list(inspect.signature(EndpointConfig.__init__).parameters)
    assert constructor[1:7] == ["url", "params", "headers", "basic_auth", "token", "token_name"]


def test_rasa_still_calls_what_is_patched():
    run = inspect.getsource(RemoteAction.run)
    assert "await self.action_endpoint.request(" in run
    assert "json=modified_json if modified_json else json_body" in run
    assert "add_root_route(app)" in inspect.getsource(rasa.server.create_app)
    source = inspect.getsource(rasa.server)
    assert "def add_root_route(app: Sanic) -> None:" in source


def test_the_patches_are_applied_and_applying_them_again_changes_nothing():
    for _ in range(2):
        rasa_patches.apply()
        assert EndpointConfig.request is rasa_patches._request
        assert rasa.server.add_root_route is rasa_patches._add_root_route
        assert Http.__aiter__ is rasa_patches._iterate_body
        assert Http.create_empty_request is rasa_patches._create_empty_request
    assert rasa_patches._original_request is ORIGINAL_REQUEST
    assert ORIGINAL_REQUEST is not rasa_patches._request


def test_the_project_component_applies_them():
    source = (paths.ROOT / "valve_clinic" / "nlu" / "featurizer.py").read_text(encoding="utf-8")
    assert "\nrasa_patches.apply()\n" in source


def test_the_root_shows_the_demonstration_page_not_rasas_version():
    app = rasa.server.create_app(agent=None)
    (root,) = [route for route in app.router.routes if route.path == ""]
    assert root.handler.__name__ == "demo_page"


@pytest.mark.parametrize(
    ("action", "intent"),
    [
        ("action_answer_topic", "ask_personal_advice"),
        ("action_answer_topic", "ask_recovery_time"),
        ("action_answer_topic", "ask_results"),
        ("action_ask_clarification", "nlu_fallback"),
        ("action_decline_out_of_scope", "out_of_scope"),
        ("action_hand_off", "request_human"),
        ("action_take_feedback", "give_feedback"),
    ],
)
def test_an_action_in_this_process_answers_as_behind_http(endpoint, domain, action, intent):
    body = call(action, heard(domain, intent, "a text"), domain)
    here = asyncio.run(endpoint.request(json=json.loads(json.dumps(body)), method="post", timeout=5, compress=False))
    assert here == through_an_action_server(body)
    assert here["responses"]
    assert json.loads(json.dumps(here)) == here


def test_an_action_leaves_the_call_as_it_was(endpoint, domain, tracker):
    body = call("action_answer_topic", tracker, domain)
    before = json.dumps(body)
    asyncio.run(endpoint.request(json=body, method="post"))
    assert json.dumps(body) == before


def test_rasa_runs_an_action_and_speaks_its_messages(endpoint, domain, tracker):
    action = RemoteAction("action_answer_topic", endpoint)
    nlg = TemplatedNaturalLanguageGenerator(domain.responses)
    events = asyncio.run(action.run(OutputChannel(), nlg, tracker, domain))
    spoken = [event for event in events if isinstance(event, BotUttered)]
    assert [event.data["custom"]["kind"] for event in spoken] == ["advice_declined", "handoff"]
    assert SlotSet("last_topic", "ask_personal_advice") in events


def test_fixed_responses_are_not_changed_by_the_messages_of_an_action(endpoint, domain):
    action = RemoteAction("action_take_feedback", endpoint)
    nlg = TemplatedNaturalLanguageGenerator(domain.responses)
    for _ in range(2):
        tracker = heard(domain, "give_feedback", "wrong")
        (spoken,) = asyncio.run(action.run(OutputChannel(), nlg, tracker, domain))
        assert [button["payload"] for button in spoken.data["buttons"]] == ["/request_human"]


def test_an_unknown_action_is_an_error_not_silence(endpoint, domain, tracker):
    with pytest.raises(ActionNotFoundException):
        asyncio.run(endpoint.request(json=call("action_unknown", tracker, domain), method="post"))


def test_a_call_goes_to_the_action_server_that_the_environment_names(endpoint, domain, tracker, outside, monkeypatch):
    monkeypatch.setenv("ACTION_ENDPOINT_URL", outside.url)
    endpoint.headers = {"X-Key": "secret"}
    body = call("action_answer_topic", tracker, domain)
    answer = asyncio.run(endpoint.request(json=body, method="post", timeout=5, compress=False))
    assert answer["responses"] == [{"text": "from outside"}]
    ((path, key, asked),) = outside.asked
    assert (path, key, asked["next_action"]) == ("/webhook", "secret", "action_answer_topic")


def test_an_error_of_that_server_is_an_error(endpoint, domain, tracker, outside, monkeypatch):
    monkeypatch.setenv("ACTION_ENDPOINT_URL", outside.url)
    outside.status = 500
    with pytest.raises(ClientResponseError):
        asyncio.run(endpoint.request(json=call("action_answer_topic", tracker, domain), method="post", timeout=5))


def test_other_endpoints_are_left_alone(outside, monkeypatch):
    monkeypatch.setenv("ACTION_ENDPOINT_URL", "http://127.0.0.1:9/never")
    answer = asyncio.run(EndpointConfig(outside.url).request(json={"some": "thing"}, timeout=5))
    assert answer["responses"] == [{"text": "from outside"}]
    assert outside.asked == [("/webhook", None, {"some": "thing"})]


def test_the_executor_is_made_once_and_knows_the_domains_actions(domain):
    assert rasa_patches.executor() is rasa_patches.executor()
    assert set(domain.user_actions) - set(domain.responses) <= set(rasa_patches.executor().actions)
    assert stores.shared_store.cache_info().maxsize == 1


class Parsed:
    """A processor whose graph keeps what it was given."""

    def __init__(self):
        self.heard = []
        self.graph_runner = self
        self.model_metadata = type("Metadata", (), {"nlu_target": "nlu"})

    def run(self, inputs, targets):
        self.heard += inputs[PLACEHOLDER_MESSAGE]
        return {"nlu": [Message({"text": "x"})]}


def parse_after(*said, metadata=None):
    message = UserMessage("how long?", metadata=metadata)
    processor, _ = parse(message, *said)
    return message, processor.heard[0]


def parse(message, *said):
    events = [UserUttered(text, {"name": "ask_risks"}) for text in said]
    tracker = DialogueStateTracker.from_events("visitor", events)
    processor = Parsed()
    return processor, MessageProcessor._parse_message_with_graph(processor, message, tracker)


def parsed_before(text):
    message = rasa_patches.ParsedMessage(text)
    message.parsed = {"text": text, "intent": {"name": "ask_risks"}, "entities": []}
    return message


LONG = "how long do people stay in the hospital after it"


@pytest.mark.parametrize(("text", "said"), [("how long?", []), (LONG, []), (LONG, ["what is the MitraClip"])])
def test_a_message_that_was_parsed_already_and_has_no_context_to_read_is_not_parsed_again(text, said):
    message = parsed_before(text)
    processor, data = parse(message, *said)
    assert data == message.parsed
    assert processor.heard == []


def test_a_short_message_that_was_parsed_already_is_parsed_again_in_its_context():
    message = parsed_before("how long?")
    processor, data = parse(message, "what is the MitraClip")
    assert data != message.parsed
    assert processor.heard[0].metadata == {"previous": "what is the MitraClip"}


def test_a_short_message_that_was_parsed_behind_the_right_words_is_not_parsed_again():
    message = parsed_before("how long?")
    message.parsed_behind = "what is the MitraClip"
    processor, data = parse(message, "what is the MitraClip")
    assert data == message.parsed
    assert processor.heard == []


@pytest.mark.parametrize("said", [[], ["is it safe"], ["what is the MitraClip", "is it safe"]])
def test_a_short_message_that_was_parsed_behind_other_words_is_parsed_again(said):
    """Another process may have answered since, or the conversation may have been lost."""
    message = parsed_before("how long?")
    message.parsed_behind = "what is the MitraClip"
    processor, data = parse(message, *said)
    assert data != message.parsed
    assert (processor.heard[0].metadata or {}).get("previous") == follow_ups.previous_of(said)


def test_a_message_without_a_conversation_is_read_behind_the_words_it_is_expected_to_lean_on():
    with said_before.expecting("what is the MitraClip"):
        assert parse_after()[1].metadata == {"previous": "what is the MitraClip"}
        assert parse_after("is it safe")[1].metadata == {"previous": "is it safe"}, "a conversation knows better"
    assert not parse_after()[1].metadata


def test_what_the_next_message_may_lean_on_is_noted_for_messages_of_the_website_only():
    said_before.forget("visitor")
    parse(UserMessage("how long?"), "what is the MitraClip")
    assert said_before.of("visitor") is None
    parse(parsed_before(LONG), "what is the MitraClip")
    assert said_before.of("visitor") == LONG


def test_rasa_parses_a_message_that_has_no_parse_of_its_own():
    source = inspect.getsource(MessageProcessor._handle_message_with_tracker)
    assert "if message.parse_data:" in source
    assert "await self.parse_message(message, tracker)" in source
    assert "self._parse_message_with_graph(" in inspect.getsource(MessageProcessor.parse_message)


def test_the_pipeline_sees_the_words_before_the_message():
    message, heard = parse_after("what is the MitraClip", metadata={"page": "home"})
    assert heard.metadata == {"page": "home", "previous": "what is the MitraClip"}
    assert heard.text == "how long?"
    assert message.metadata == {"page": "home"}, "what is stored with the message has no other words"


def test_the_first_message_has_no_words_before_it():
    message, heard = parse_after()
    assert heard is message


def test_no_store_stands_in_for_the_one_that_is_configured(domain):
    """A failed save or read is an error, not a memory that nobody reads."""
    from rasa.core.agent import Agent
    from rasa.core.tracker_store import FailSafeTrackerStore, InMemoryTrackerStore

    class Store(InMemoryTrackerStore):
        async def retrieve(self, sender_id):
            raise ConnectionError("the database is away")

    store = Store(domain)
    agent = Agent(domain=domain, tracker_store=store)
    assert agent.tracker_store is store
    assert not isinstance(agent.tracker_store, FailSafeTrackerStore)
    with pytest.raises(ConnectionError):
        asyncio.run(agent.tracker_store.retrieve("ann"))
    assert isinstance(Agent(domain=domain).tracker_store, InMemoryTrackerStore), "`rasa test` stores nothing"


def test_rasa_still_wraps_its_store_where_the_patch_stands():
    from rasa.core import agent

    assert "FailSafeTrackerStore" in inspect.getsource(agent)
    assert "self._create_tracker_store(tracker_store, self.domain)" in inspect.getsource(agent.Agent.__init__)


def test_an_action_that_hangs_holds_up_nobody_else(endpoint, domain, tracker, monkeypatch):
    release, ran = threading.Event(), []

    class Slow:
        async def run(self, _call):
            release.wait(5)
            return {"events": [], "responses": []}

    monkeypatch.setattr(rasa_patches, "_executor", Slow())

    async def both():
        hanging = asyncio.ensure_future(endpoint.request(json={}, method="post"))
        await asyncio.sleep(0)
        ran.append("another turn")
        release.set()
        await hanging

    asyncio.run(both())
    assert ran == ["another turn"]


def test_rasa_still_parses_with_the_tracker_and_hands_metadata_to_the_pipeline():
    assert list(inspect.signature(rasa_patches._original_parse).parameters)[1:3] == ["message", "tracker"]
    (converted,) = NLUMessageConverter().convert_user_message([UserMessage("hi", metadata={"previous": "words"})])
    assert converted.get("metadata") == {"previous": "words"}


class Body:
    """A connection whose body cannot be read to its end."""

    request_body, keep_alive = "chunked", True

    def __init__(self, stage, *read, headers=()):
        self.stage, self.chunks = stage, list(read)
        self.request = SimpleNamespace(headers=Header(headers))

    async def read(self):
        if not self.chunks:
            raise InvalidUsage("Bad chunked encoding")
        return self.chunks.pop(0)


async def read_all(body):
    return [data async for data in rasa_patches._iterate_body(body)]


def test_a_body_with_bad_chunks_is_refused_once():
    body = Body(Stage.HANDLER, b"good")
    with pytest.raises(InvalidUsage):
        asyncio.run(read_all(body))
    assert body.request_body is None, "what is left of it is not read"


def test_a_body_with_bad_chunks_that_nobody_asked_for_is_not_an_error():
    body = Body(Stage.IDLE, b"good")
    assert asyncio.run(read_all(body)) == [b"good"]
    assert body.request_body is None


@pytest.mark.parametrize("url", ["/\udcff", None, "/known"])
def test_what_is_no_request_is_answered_whatever_its_address(url, monkeypatch):
    seen = []
    monkeypatch.setattr(rasa_patches, "_original_empty_request", lambda connection: seen.append(connection.url))
    body = Body(Stage.REQUEST)
    body.url = url
    rasa_patches._create_empty_request(body)
    assert seen == [None if url == "/\udcff" else url]


def test_sanic_still_fails_where_it_is_patched():
    source = inspect.getsource(Http.http1)
    assert "# Try to consume any remaining request body" in source
    assert "async for _ in self:" in source
    assert "except PayloadTooLarge:" in source
    assert "self.url.encode()" in inspect.getsource(rasa_patches._original_empty_request)
    assert not {"__aiter__", "create_empty_request"} & set(Http.__touchup__), "what Sanic rewrites cannot be replaced"


GOOD_REPLY = {"events": [{"event": "slot", "name": "misses", "value": 0.0, "timestamp": None}], "responses": [{}]}


def test_a_sound_reply_of_an_action_is_not_checked_again_in_rasas_way(monkeypatch):
    slowly = []
    monkeypatch.setattr(rasa_patches, "_original_validation", lambda _action, reply: slowly.append(reply))
    action = RemoteAction("action_answer_topic", None)
    assert action._validate_action_result(GOOD_REPLY)
    assert action._validate_action_result({"events": [], "responses": []})
    assert slowly == []


@pytest.mark.parametrize("reply", [{**GOOD_REPLY, "responses": "words"}, {**GOOD_REPLY, "events": [{"event": "none"}]}])
def test_a_wrong_reply_of_an_action_is_refused_in_rasas_words(reply):
    with pytest.raises(jsonschema.ValidationError, match="Failed to validate Action server response"):
        RemoteAction("action_answer_topic", None)._validate_action_result(reply)


def test_rasa_would_check_the_schema_each_time():
    source = inspect.getsource(rasa_patches._original_validation)
    assert "validate(result, self.action_response_format_spec())" in source
    assert RemoteAction.action_response_format_spec() == RemoteAction.action_response_format_spec()


class Node:
    """A node of a loaded graph that joins what it gets; `fails` raises."""

    def __init__(self, name, fails=None, eager=True):
        self._name, self._fails, self._eager = name, fails, eager

    def __call__(self, *given):
        if self._fails:
            raise self._fails
        said = [item[1] if isinstance(item, tuple) else f"no {item}" for item in given]
        return self._name, f"{self._name}({','.join(said)})"


def graph(**needs):
    runner = DaskGraphRunner.__new__(DaskGraphRunner)
    runner._graph_schema = GraphSchema(
        {
            name: SchemaNode({str(place): needed for place, needed in enumerate(wanted)}, None, "", "", {})
            for name, wanted in needs.items()
        }
    )
    runner._instantiated_nodes = {name: Node(name) for name in needs}
    runner._execution_context = None
    return runner


GRAPH = {"last": ["second", "first"], "second": ["first", "words"], "first": ["words"], "other": ["first"]}


@pytest.mark.parametrize("targets", [["last"], ["last", "other"], ["first"], ["other", "second"]])
def test_a_loaded_graph_gives_what_dask_would_give(targets):
    given = {"words": "how long"}
    assert graph(**GRAPH).run(given, targets) == rasa_patches._original_run(graph(**GRAPH), given, targets)


def test_a_node_is_told_what_is_missing_and_what_it_raises_reaches_the_caller():
    assert graph(**GRAPH).run({}, ["first"]) == {"first": "first(no words)"}
    runner = graph(**GRAPH)
    runner._instantiated_nodes["first"] = Node("first", fails=RuntimeError("broken"))
    with pytest.raises(GraphRunError, match="Error running runner"):
        runner.run({"words": "how long"}, ["last"])
    runner._instantiated_nodes["first"] = Node("first", fails=KeyError("broken"))
    with pytest.raises(KeyError, match="broken"):
        runner.run({"words": "how long"}, ["last"])


def test_a_graph_that_is_trained_runs_as_rasa_has_it(monkeypatch):
    runner = graph(**GRAPH)
    runner._instantiated_nodes["first"] = Node("first", eager=False)
    monkeypatch.setattr(graph_run, "run", lambda *_: pytest.fail("not for training"))
    assert runner.run({"words": "how long"}, ["first"]) == {"first": "first(how long)"}


def test_rasa_would_plan_each_run_anew():
    source = inspect.getsource(rasa_patches._original_run)
    assert "minimal_graph_schema(run_targets)" in source
    assert "dask.get(run_graph, run_targets)" in source


def test_whether_a_domain_is_empty_is_found_out_once(monkeypatch):
    asked = []
    original = rasa_patches._original_is_empty
    monkeypatch.setattr(rasa_patches, "_original_is_empty", lambda domain: asked.append(domain) or original(domain))
    empty, full = Domain.empty(), Domain.from_dict({"intents": ["greet"]})
    assert [empty.is_empty(), full.is_empty(), empty.is_empty(), full.is_empty()] == [True, False, True, False]
    assert len(asked) == 2
    assert "self.as_dict() == Domain.empty().as_dict()" in inspect.getsource(original)
    assert "self.domain.is_empty()" in inspect.getsource(MessageProcessor._check_for_unseen_features)


def test_the_events_that_hold_are_worked_out_once_until_there_is_another(monkeypatch):
    asked = []

    def work_out(tracker):
        asked.append(len(tracker.events))
        return _APPLIED_EVENTS(tracker)

    monkeypatch.setattr(rasa_patches, "_original_applied_events", work_out)
    tracker = DialogueStateTracker.from_events("visitor", [ActionExecuted("action_listen"), UserUttered("hi")])
    asked.clear()
    first = tracker.applied_events()
    first.clear()
    assert tracker.applied_events() == list(tracker.events)
    tracker.update(ActionExecuted("utter_greet"))
    assert [event.action_name for event in tracker.applied_events()[2:]] == ["utter_greet"]
    tracker.update(SessionStarted())
    assert tracker.applied_events() == []
    assert len(asked) <= 3
    assert asked[-1] == 4


#: One of each kind that adds to a conversation or undoes what was said.
_ANY_EVENT = [
    lambda: ActionExecuted("action_listen"),
    lambda: UserUttered("hi"),
    lambda: SlotSet("procedure", "surgery"),
    lambda: BotUttered("Hello."),
    lambda: ActionExecuted("some_form"),
    lambda: ActiveLoop("some_form"),
    lambda: ActiveLoop(None),
    lambda: DefinePrevUserUtteredFeaturization(False),
    lambda: UserUtteranceReverted(),
    lambda: ActionReverted(),
    lambda: SessionStarted(),
    lambda: Restarted(),
]


@given(st.lists(st.lists(st.sampled_from(_ANY_EVENT), max_size=4), max_size=8))
def test_the_events_that_hold_are_those_that_rasa_works_out_whatever_was_said(turns):
    tracker = DialogueStateTracker("visitor", ())
    for turn in turns:
        tracker.events.extend(make() for make in turn)
        assert tracker.applied_events() == _APPLIED_EVENTS(tracker)
        assert tracker.applied_events() == _APPLIED_EVENTS(tracker)


def test_plain_events_are_added_to_those_that_hold(monkeypatch):
    tracker = DialogueStateTracker.from_events("visitor", [ActionExecuted("action_listen"), UserUttered("hi")])
    tracker.applied_events()
    monkeypatch.setattr(rasa_patches, "_original_applied_events", lambda _tracker: pytest.fail("worked out anew"))
    tracker.update_with_events([SlotSet("procedure", None), ActionExecuted("utter_greet"), BotUttered("Hello.")], None)
    assert tracker.applied_events() == list(tracker.events)


def test_rasa_copies_for_its_debug_log_only():
    """While it processes a message: each use of the module `copy` there is an argument of a line of that log."""
    tree = ast.parse(inspect.getsource(rasa.core.processor))
    lines = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "structlogger.debug"
    ]
    told = {use for line in lines for use in ast.walk(line) if isinstance(use, ast.Name) and use.id == "copy"}
    used = {use for use in ast.walk(tree) if isinstance(use, ast.Name) and use.id == "copy"}
    assert used == told
    assert len(used) > 3
    value = [{"entity": "procedure"}]
    assert rasa.core.processor.copy.deepcopy(value) is value


#: What a conversation may hold, of each kind that leaves something with the tracker.
_SAID = [
    ActionExecuted("action_session_start"),
    SessionStarted(),
    ActionExecuted("action_listen"),
    UserUttered("hi", {"name": "greet", "confidence": 1.0}, input_channel="website"),
    SlotSet("procedure", "surgery"),
    ActiveLoop("some_form"),
    LoopInterrupted(True),
    ActionExecuted("utter_greet"),
    BotUttered("Hello."),
    FollowupAction("action_ask_clarification"),
    ConversationPaused(),
]


@pytest.mark.parametrize("count", range(len(_SAID) + 1))
def test_a_copy_of_a_conversation_is_what_playing_it_again_would_make(count):
    tracker = DialogueStateTracker("visitor", [CategoricalSlot("procedure", [{"type": "from_text"}], ["surgery"])])
    tracker.model_id, tracker.assistant_id = "a model", "valve-clinic"
    tracker.update_with_events(_SAID[:count], None)
    copied, played = tracker.copy(), _COPY(tracker)
    assert vars(copied).keys() == vars(played).keys(), "Rasa's trackers have something new, which a copy must have"
    assert copied.current_state(EventVerbosity.ALL) == played.current_state(EventVerbosity.ALL)
    assert UserUttered("hi") not in tracker.events or copied.latest_message is played.latest_message
    assert (copied.model_id, copied.assistant_id) == (played.model_id, played.assistant_id)


def test_a_copy_of_a_conversation_goes_its_own_way():
    tracker = DialogueStateTracker("visitor", [CategoricalSlot("procedure", [{"type": "from_text"}], ["surgery"])])
    tracker.update_with_events([*_SAID[:3], UserUttered("hi"), *_SAID[4:6]], None)
    before = tracker.current_state(EventVerbosity.ALL)
    tracker.applied_events()
    other = tracker.copy()
    other.update_with_events([SlotSet("procedure", None), LoopInterrupted(True), ActionExecuted("utter_greet")], None)
    assert tracker.current_state(EventVerbosity.ALL) == before
    assert len(other.applied_events()) == len(tracker.applied_events()) + 3


def test_rasa_would_play_all_events_again_for_a_copy():
    source = inspect.getsource(_COPY) + inspect.getsource(DialogueStateTracker.travel_back_in_time)
    assert 'travel_back_in_time(float("inf"))' in source
    assert "for event in self.events" in source
    assert "tracker.copy()" in inspect.getsource(MessageProcessor._run_action)


def test_rasa_would_go_through_all_events_each_time():
    source = inspect.getsource(_APPLIED_EVENTS)
    assert "for event in self.events" in source


def test_the_class_of_an_event_is_looked_up_once(monkeypatch):
    asked = []

    def resolve(name, default=None):
        asked.append(name)
        return Event if name == "known" else default

    monkeypatch.setattr(rasa_patches, "_original_resolve", resolve)
    rasa_patches._resolve_by_type.cache_clear()
    assert [Event.resolve_by_type("known") for _ in range(3)] == [Event] * 3
    assert Event.resolve_by_type("unknown", UserUttered) is UserUttered
    assert asked == ["known", "unknown"]
    rasa_patches._resolve_by_type.cache_clear()


def test_each_kind_of_event_is_still_found_by_its_name():
    for kind in (UserUttered, ActionExecuted, SessionStarted):
        assert Event.resolve_by_type(kind.type_name) is kind


def test_rasa_would_look_for_all_kinds_of_events_each_time():
    assert "all_subclasses(Event)" in inspect.getsource(rasa_patches._original_resolve)
