"""The kinds of entries of the catalogue: clients, calls, arguments, endpoints. In: nothing. Out: types.

`catalog_load` makes them from YAML, `registry` looks them up; see there for the words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from guard.facts.formula import Formula
from guard.facts.releases import Counts, Older, Pin
from guard.model import Billed, Operation, Scalar

ArgHow = Literal["not_sent", "default", "required", "model_maximum", "unbounded", "unknown"]
Object = Literal["model", "embeddings", "agent", "chain", "retriever", "store", "settings"]
"""Kinds of objects of a framework. Making a model, embeddings or an agent is a site of its own; the rest are glue:
`chain` (anything that runs others), `retriever` and `store` (ask for embeddings), `settings` (only hold arguments)."""
Use = Literal["run", "chat", "embedding", "delegate", "choice", "tool", "fallback", "setting"]
"""What a held object is asked for when its holder is invoked: `run` what it does itself (a function is called); `chat`
an answer; `embedding`; `choice` one of several is run; `delegate` and `tool` may be run any number of times, or not at
all; `fallback` after a failure; `setting` it sends nothing, its arguments hold for the holder as if it was one more
client of the chain."""
Form = Literal[
    "messages", "text", "items", "contents", "converse", "body", "documents", "file", "image", "audio", "server",
    "object", "prompt", "signature", "tool",
]  # fmt: skip
"""How the value of an input is to be read: `messages` list of {role, content}; `text` a string or list of strings;
`items` OpenAI Responses input; `contents` Google contents; `converse` Bedrock Converse messages; `body` JSON text or a
dict that holds the other roles; `documents` list of texts or {text}; `file`, `image`, `audio` media; `server` an id of
something stored at the provider, whose size the code doesn't show; `object` anything else; `prompt` what frameworks
take: a text, a list of messages (also pairs of role and text), or a prompt template; `signature` a class whose
docstring is the task and whose fields are described (DSPy); `tool` a class that is sent as a tool to call."""

ROLES = (
    "model", "deployment", "max_output", "input", "query", "documents", "system", "history", "tools", "schema",
    "outputs", "reasoning", "tier", "region", "top_k", "size", "quality", "seconds", "cache", "client_retries",
    "max_retries", "max_turns", "base_url", "fallbacks", "config", "provider_name", "chunk_size",
    "fills", "reasks", "again_retries", "turn_limit",
    "answer_cache",
)  # fmt: skip
"""What an argument can mean. `client_retries`: retries by the SDK's HTTP client; `max_retries`: re-asks by the library
itself; `max_turns`: bound of a loop of model calls inside one call; `top_k`: documents kept; `provider_name`: the
provider as an argument; `chunk_size`: texts in one request; `reasks`: further asks when an answer is rejected;
`again_retries`: further tries of one more layer, by the HTTP client in later rounds of the library or by the library
after a refusal; `region`: where the provider is to run the request; `turn_limit`: a second bound of such a loop, in
another object; `answer_cache`: whether answers are kept, so that a call may send nothing; `fills`: values
by name that are put into `{name}` places of the prompt's texts; the rest as named."""


@dataclass(frozen=True, slots=True)
class Arg:
    """Where the value of a role stands among the arguments of a call, and what holds when it is not sent."""

    names: tuple[str, ...] = ()
    """Keyword names, the first that is sent wins. Dotted: a key or attribute of an object argument
    (`config.max_output_tokens`). Empty: nothing can be sent, the default always holds."""
    pos: int | None = None
    """Position (0-based, receiver not counted) of the first name, where it may stand without keyword."""
    default: Scalar = None
    """What holds when nothing is sent and `how` is `default`."""
    how: ArgHow = "not_sent"
    """`not_sent`: nothing goes out, the provider decides; `default`: `default` holds; `required`: the SDK refuses to
    run without; `model_maximum`: the library sends the model's own maximum; `unbounded`; `unknown`: see `why`."""
    why: str = ""
    """Reason for `unknown`, `unbounded` and `model_maximum`, in words for users."""
    env: tuple[str, ...] = ()
    """Environment variables that are read, in this order, when nothing is sent; `default` holds when none is set, so
    that a default with `env` is open."""
    counts: tuple[Counts, ...] = ()
    """For numbers of retries: what each name counts, parallel to `names` (empty: retries). `attempts` includes the
    first try."""
    forms: tuple[Form, ...] = ()
    """For inputs: how each name is to be read, parallel to `names` (empty: `text`)."""
    given: tuple[str, ...] = ()
    """Arguments of which the presence of one switches the default to `given_default` (google-genai: `retry_options`
    without `attempts` means 5 attempts); a `given_default` of None: no bound, see `why`."""
    given_default: Scalar = None
    older: tuple[Older, ...] = ()
    """What was else in older releases, newest first; see `at`."""

    given_values: Mapping[str, Scalar] = field(default_factory=dict)
    """Where the value of `given` decides, not its presence: the default for each (botocore: `retries["mode"]`)."""
    by_prefix: Mapping[str, Scalar] = field(default_factory=dict)
    """Other defaults by the first part of the model's name (`openai:gpt-4o`): those of the SDK that is then used."""
    none: Literal["default", "unbounded"] = "default"
    """What None means when it is sent: the same as nothing, or that there is no bound (`max_turns=None`)."""
    ignored_for: tuple[str, ...] = ()
    """First parts of models' names for which what is sent has no effect: the default by prefix holds, else 0."""
    join: bool = False
    """All names that are sent count, not only the first (role, goal and backstory of a crewAI agent)."""

    def form(self, name: str) -> Form:
        """How the value of argument `name` is to be read."""
        return self.forms[self.names.index(name)] if self.forms else "text"

    def at(self, packages: tuple[str, ...], pin: Pin) -> Arg:
        """This argument as it was in the newest release of the packages that is admitted."""
        found = self
        for older in self.older:
            if older.packages == packages and pin.is_before(older.before):
                if older.has_default:
                    found = replace(found, default=older.default, how="default")
                if older.counts is not None:
                    found = replace(found, counts=(older.counts,) * len(self.names))
        return found

    def as_retries(self, number: int, name: str | None = None) -> int:
        """`number`, as written in argument `name` (None: the default), as retries after the first try."""
        if name is None or not self.counts:
            return number
        return number if self.counts[self.names.index(name)] == "retries" else max(0, number - 1)


@dataclass(frozen=True, slots=True)
class When:
    """A condition on a constructor's argument: it must be one of the values. Among clients of one name those with a
    condition come first; the one without holds when no condition does."""

    arg: Arg
    equals: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Groups:
    """A client's list of model groups: calls send a group's name as their model."""

    arg: Arg
    name: str
    """Key of an element that holds the group's name."""
    params: str
    """Key of an element that holds the arguments (roles by the call's names) which the group stands for."""


@dataclass(frozen=True, slots=True)
class Holds:
    """Other objects that send when their holder is invoked."""

    arg: Arg
    """Argument of the constructor (or of the method that made this variant) that holds them. The name `*` means all
    positional arguments, `**` all keyword arguments that are not named elsewhere."""
    use: Use = "run"
    each: bool = False
    """The argument is a list (or a dict, whose values count): every element is held."""
    paths: tuple[str, ...] = ()
    """Methods that add one later (`StateGraph.add_node`), also as decorators (`@agent.tool`): `arg` is then an argument
    of those methods. What is held as `tool` counts as the role `tools`."""
    setting: str | None = None
    """`Setting` that decides when the argument is not sent."""
    default: str | None = None
    """Chain of the constructor (without `()`) of the object that is made when neither is given; of a text it is the
    object with that text as its model."""
    times: Formula | None = None
    """How often it is asked in one run of the holder; None: once. A role without a value has no bound."""
    typical: int | None = None
    """How often, as a rule; None: the same as `times`."""
    when: tuple[tuple[Arg, tuple[Scalar, ...]], ...] = ()
    """Arguments of which one must have one of its values for anything to be asked (`planning=True`); a name of a
    library counts by its last part (`Process.hierarchical`), `*` is any value, `(text)` any text, `(nothing)` none. Of
    a list every element is looked at. Empty: always."""
    why: str = ""
    """Reason for `times` and `typical`, in words for users."""
    retries: Arg | None = None
    """Argument of the methods in `paths` that says how often the held function is run again after a failure."""
    per: Arg | None = None
    """Argument of the constructor that holds a list: it is asked as often for each element of that."""
    dicts: str | None = None
    """Chain of the constructor (without `()`) that a dict in this place stands for, its keys being the arguments."""
    hears: str = ""
    """What an element reads of those that were asked before it, in words for users: a hole of its prompt. The first
    element reads nothing of the kind, where each is asked once."""
    takes_over: bool = False
    """Who is asked goes on in place of the holder, whose model does not get the answer (a hand-over): that alone gives
    the holder no further turn."""
    reads: Formula | None = None
    """Tokens of what is looked up for one request, as a rule (passages x their size): the size of a `context` hole."""
    calls: tuple[str, ...] = ()
    """Apis of the calls in which it is asked (an index its model when it is built); empty: all."""
    by: Arg | None = None
    """Argument of the constructor that decides how often it is asked (`response_mode`), see `cases`."""
    cases: tuple[tuple[tuple[Scalar, ...], Holds], ...] = ()
    """Values of `by`, and what holds then: `times`, `typical`, `reads` and `why` of its own. A name of a library counts
    by its last part, in lower case (`ResponseMode.REFINE`)."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Text of the library's own that goes out around what the program gives, as counted in the package."""

    tokens: tuple[int, int, int] | None
    """At least (releases and cases that send less), as a rule (the release that was read), at most. None: not the
    library's own words, but what it finds at run time (`context`)."""
    text: str
    """What it says, in a few words for users."""
    role: str = "system"
    """Of the message that it is a part of."""
    given: tuple[str, ...] = ()
    """Roles of which one must be sent for it to go out (`tools`); empty: always."""
    without: tuple[str, ...] = ()
    """Roles of which none may be sent."""


@dataclass(frozen=True, slots=True)
class Variant:
    """What the arguments of a deriving method or maker mean."""

    roles: Mapping[str, Arg]
    holds: tuple[Holds, ...]


@dataclass(frozen=True, slots=True)
class Client:
    """An object that holds settings of later calls."""

    id: str
    family: str
    names: tuple[str, ...] = ()
    """Chains (without the final `()`) whose call makes one."""
    modules: tuple[str, ...] = ()
    """Modules that offer the same paths as functions (`openai.chat.completions.create`)."""
    on: tuple[str, ...] = ()
    """Clients whose `paths`, when called, make this one (`chats.create()` of a `google.genai.Client()`)."""
    paths: tuple[str, ...] = ()
    provider: str | None = None
    """None: not decided by the client (that on which it was made or that it wraps decides), or unknown."""
    provider_in_model: bool = False
    """The model's name begins with the provider (`anthropic/claude-...`); see `Catalog.provider_prefixes`."""
    when: When | None = None
    derive: tuple[str, ...] = ()
    """Methods that return the same client with the sent arguments overridden."""
    transparent: tuple[str, ...] = ()
    """Attributes that may stand anywhere in a path and change nothing."""
    wraps: Arg | None = None
    """Argument that holds another client: paths and roles not found here are asked of that one."""
    groups: Groups | None = None
    tries: Arg | None = None
    """Argument that holds a list of configurations, tried one after the other; the name `*`: all positional arguments.
    Roles stand in an entry under what follows its last name: `config_list.model` is the key `model`."""
    roles: Mapping[str, Arg] = field(default_factory=dict)
    object: Object | None = None
    """Kind of object of a framework; None: a client of an SDK."""
    site: bool = False
    """Making one is a site of its requests even where it names no model: it picks the models of several requests."""
    one_model: bool = False
    """Of a client of an SDK: it is made for one model (`GenerativeModel(name)`); a site where its maker names one."""
    holds: tuple[Holds, ...] = ()
    wording: tuple[Wording, ...] = ()
    handover: tuple[str, str] | None = None
    """Name and description of the tool by which another agent hands over to this one; `{name}` is an argument of the
    constructor."""
    kinds: tuple[str, ...] = ()
    """Ids of clients whose calls are this one's too, itself first, nearest next."""
    makers: tuple[str, ...] = ()
    """Class methods that make one as the constructor does (`Chroma.from_documents`)."""
    variants: Mapping[str, Variant] = field(default_factory=dict)
    """By name of a deriving method or maker whose arguments mean something else than the constructor's."""
    file: Arg | None = None
    """Argument that holds the path of a prompt file (Prompty): what the file says counts as a further argument of the
    call, `file`, a dict with `model`, `max_tokens`, `provider` and `messages`. `how: unknown`: where the path is not
    known, a model is asked all the same; else nothing is known to be."""

    @property
    def is_site(self) -> bool:
        """Whether making one is reported as a site of role `model`."""
        return self.site or self.one_model or self.object in ("model", "embeddings", "agent")

    def by(self, method: str) -> Client:
        """This client as the deriving method or maker `method` makes it."""
        variant = self.variants.get(method)
        return self if variant is None else replace(self, roles=variant.roles, holds=variant.holds, when=None)


@dataclass(frozen=True, slots=True)
class Setting:
    """An object that holds for a whole program until it is replaced: `dspy.configure(lm=...)`, `Settings.llm = ...`."""

    id: str
    names: tuple[str, ...] = ()
    """Full names of attributes that are assigned (`llama_index.core.Settings.llm`)."""
    setters: tuple[tuple[str, Arg], ...] = ()
    """Functions by full name, with the argument that holds the object."""
    scoped: tuple[tuple[str, Arg], ...] = ()
    """The same, for context managers: it holds inside the `with` block."""
    default: str | None = None
    """Chain of the constructor (without `()`) of the object that holds when none was set."""
    caches: str | None = None
    """Family of the models whose answers it keeps: a call that was made before sends nothing."""


@dataclass(frozen=True, slots=True)
class Base:
    """A class of a framework that users subclass: calling some of its methods runs methods of the subclass."""

    names: tuple[str, ...]
    paths: tuple[str, ...]
    """Methods that are called; `` (empty): the object itself."""
    runs: tuple[str, ...] = ()
    """Methods of the subclass that run then, in this order."""
    decorated: tuple[str, ...] = ()
    """Full names of decorators: methods that bear one run then."""


@dataclass(frozen=True, slots=True)
class Gathers:
    """A class decorator of a framework that fills attributes of the class it stands on."""

    decorators: tuple[str, ...]
    """Full names of the class decorator."""
    lists: Mapping[str, str]
    """Attribute -> last name of a decorator: a list of what the methods that bear it return."""
    documents: Mapping[str, str]
    """Attribute -> path of a data file, from the folder of the class, that is loaded into it; a text that the class
    itself gives to the attribute is another path."""
    references: Mapping[str, str]
    """Key of an entry of such a file -> last name of a decorator: a text there that names a method with it stands for
    what that method returns."""


@dataclass(frozen=True, slots=True)
class Served:
    """Objects that a framework's own server runs, though no code of the repository does."""

    call: str
    """Method that the server calls: of the object itself, or of `makes`."""
    document: str = ""
    """Name of the JSON file that names them as `path/to/file.py:variable`; empty: variables of one name do."""
    key: str = ""
    """Key of the document whose values they are."""
    variables: tuple[str, ...] = ()
    """Names of module variables that hold them."""
    makes: str = ""
    """Chain of the constructor (without `()`) of what the server runs them with."""
    arg: str = ""
    """Its argument that holds them."""
    runners: tuple[str, ...] = ()
    """Further constructors by last name with which code runs such an object itself, so that no server has to."""


@dataclass(frozen=True, slots=True)
class Kin:
    """A rule for classes that are not listed: by module and class name they are like a listed client."""

    modules: str
    """Regular expression for the whole dotted module; `classes` and `but` (empty: nothing) for the class name."""
    classes: str
    but: str
    client: str

    def names(self, name: str) -> bool:
        """Whether a class may be meant by its name alone."""
        return bool(re.fullmatch(self.classes, name)) and not (self.but and re.fullmatch(self.but, name))


@dataclass(frozen=True, slots=True)
class Each:
    """One request per element of a list argument."""

    arg: Arg
    of: str = ""
    """Key of the element in which the roles' arguments stand; empty: the element itself."""
    role: str | None = None
    """The element is the value of this role (litellm.batch_completion: each element is one `input`)."""


@dataclass(frozen=True, slots=True)
class Tries:
    """A layer of retries. Layers of a call multiply."""

    name: str
    formula: Formula
    billed: Billed
    """Whether a further try is paid for: a re-ask is, a 429 isn't, after a timeout it may be (`maybe`)."""
    silent: bool = False
    """Not named where it makes no further try: only some of the clients have it."""


@dataclass(frozen=True, slots=True)
class AtMost:
    """What a provider takes in one request for embeddings; None: no limit is known."""

    provider: str
    inputs: int | None = None
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A callee that sends requests to a model."""

    api: str
    """Name in reports, e.g. `openai.chat.completions.create`."""
    family: str
    operation: Operation
    provider: str | None = None
    """Only where the call itself decides; else the client's."""
    provider_in_model: bool = False
    on: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    duck: bool = False
    """So particular that an unknown receiver with this path is taken for it. The provider is then unknown."""
    duck_needs: tuple[str, ...] = ()
    """Keywords that must be sent for that."""
    roles: Mapping[str, Arg] = field(default_factory=dict)
    each: Each | None = None
    layers: tuple[Tries, ...] = ()
    """Empty: the entry says nothing of retries (a user's own entry)."""
    turns: Formula | None = None
    """Model calls in one call, at most; None: one."""
    turns_when: tuple[str, ...] = ()
    """Roles of which one must be sent for `turns` to hold (tools); empty: always."""
    not_when: tuple[str, ...] = ()
    """Arguments whose presence means that no model is asked."""
    keeps_history: bool = False
    """The receiver keeps earlier turns and sends them again."""
    any_deployment: bool = False
    """The deployment that a client was made for has no say in it: its address names none."""
    gives: Arg | None = None
    """Argument that the call gives back, itself or as a copy that takes its place: `optimizer.compile(program)`."""
    of: Arg | None = None
    """Argument that holds the object whose model is asked (`Runner.run(agent, ...)`); its clients then count as
    those of the chain, outermost first."""
    class_paths: tuple[str, ...] = ()
    """Methods called on the client's class itself (`Chroma.from_documents`; empty: the constructor): the client is the
    one that they make."""
    invoke: bool = False
    """A call of a framework that ends in requests: a site of role `invoke`, not `send`."""
    by_model: tuple[tuple[str, Operation], ...] = ()
    """Globs over the model's name that decide the operation where the callee doesn't."""
    at_most: tuple[AtMost, ...] = ()
    """Limits of one request for embeddings, by provider; without an entry none is known."""
    place: tuple[str, int, int] | None = None
    """Of a user's own call: file, line and column where guard.yaml declares it."""
    file: Arg | None = None
    """Argument that holds the path of a prompt file, or what a client with `file` made of one; see there."""

    def operation_for(self, model: str | None) -> Operation:
        """The operation when `model` (as sent) is known."""
        from fnmatch import fnmatchcase

        for pattern, operation in self.by_model if model else ():
            if fnmatchcase((model or "").lower(), pattern):
                return operation
        return self.operation


@dataclass(frozen=True, slots=True)
class HttpCaller:
    """A function that sends HTTP requests: only its URL says whether a model is asked (`Catalog.endpoint`)."""

    names: tuple[str, ...]
    url: Arg
    body: Arg
    method: Arg | None = None
    base: Arg | None = None
    """Argument of the constructor in the chain that holds the first part of the URL."""
    duck: bool = False
    """Last name so usual that an unknown receiver is tried too; accept only URLs with a listed host."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL pattern of a known API. The keys of the JSON body stand in for the call's arguments."""

    pattern: str
    call: Call
    """Roles already replaced by the wire names where those differ from the SDK's."""
    provider: str | None
    any_host: bool


@dataclass(frozen=True, slots=True)
class EndpointMatch:
    """An endpoint that a URL fits."""

    endpoint: Endpoint
    provider: str | None
    """From the endpoint, else from the host; None: unknown."""
    captures: Mapping[str, str]
    """What the URL says itself: `model`, `deployment`; markers of unknown pieces are passed through."""
