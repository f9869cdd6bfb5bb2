"""Counts of tokens against published figures, without a network, for hostile text, and the bounds of approximations."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.estimate import encodings
from guard.estimate.textclass import CLASSES, classify
from guard.estimate.tokens import bound, claude_version, count, count_exact, count_text, encoding_for

# Lengths of the token lists in `data/TestPlans.txt` of the npm package gpt-tokenizer 4.0.0 (MIT), made with OpenAI's
# own tokenizers: o200k_base, cl100k_base, p50k_base, r50k_base.
PUBLISHED = [
    ("a a", 2, 2, 2, 2),
    ("hello", 1, 1, 1, 1),
    ("Hello, World! How are you today? 🌍", 11, 12, 12, 12),
    ("こんにちは、世界！お元気ですか？", 10, 12, 26, 26),
    ("Hola, mundo! ¿Cómo estás hoy? 🇪🇸", 13, 16, 22, 22),
    ("Привет, мир! Как дела?", 8, 12, 23, 23),
    ("안녕하세요, 세상! 오늘 기분이 어때요? 🇰🇷", 18, 28, 53, 53),
    ("The quick brown fox jumps over 13 lazy dogs. 😺", 13, 13, 12, 12),
    ("Python vs Java: Which programming language should you learn first?", 12, 12, 12, 12),
    ("ความรักและการเป็นกันเองเป็นสิ่งสำคัญที่สุดในโลก 🇹🇭", 20, 51, 100, 100),
    ("A ∀ x (P(x) → Q(x)) ∧ (∃x P(x)) → ∃x Q(x)", 28, 25, 32, 32),
    ("E = mc², uma equação famosa na física. 🇵🇹", 16, 20, 24, 24),
]


@pytest.mark.parametrize(("text", "o200k", "cl100k", "p50k", "r50k"), PUBLISHED)
def test_counts_are_those_of_openais_tokenizers(text, o200k, cl100k, p50k, r50k):
    assert [count_exact(text, name) for name in encodings.NAMES] == [o200k, cl100k, p50k, r50k]


@pytest.mark.parametrize("name", encodings.NAMES)
def test_shipped_ranks_are_byte_for_byte_the_published_file(name):
    header, ranks = encodings.unpack((encodings.FOLDER / f"{name}.bin").read_bytes())
    lines = (base64.b64encode(token) + b" %d\n" % rank for token, rank in sorted(ranks.items(), key=lambda kv: kv[1]))
    assert hashlib.sha256(b"".join(lines)).hexdigest() == encodings.published(name).sha256 == header["sha256"]


def test_counting_opens_no_socket_and_reads_no_cache(tmp_path):
    program = (
        "import socket\n"
        "def refuse(*a, **k): raise AssertionError('a socket was opened')\n"
        "socket.socket = socket.create_connection = socket.getaddrinfo = refuse\n"
        "from guard.estimate.tokens import count_text\n"
        "print(count_text('gpt-4o', 'hello world')[0].typical, count_text('gpt-4', 'hello world')[0].typical)\n"
    )
    environment = {"PATH": "", "TIKTOKEN_CACHE_DIR": str(tmp_path), "PYTHONPATH": ":".join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.split() == ["2", "2"], done.stderr
    assert not list(tmp_path.iterdir())


def test_importing_the_tokens_room_does_not_load_tiktoken():
    program = "import sys, guard.estimate.tokens, guard.estimate.cost; print('tiktoken' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_special_tokens_in_a_prompt_are_text():
    assert count_exact("<|endoftext|>", "o200k_base") == 7


@pytest.mark.parametrize("name", encodings.NAMES)
@pytest.mark.parametrize("text", [" " * 1_500_000, "a" + "\n " * 600_000 + "b", "\ud800", "\x00", "e" * 300_000])
def test_hostile_text_is_counted(name, text):
    assert 0 < count_exact(text, name) <= bound(text)


def test_damaged_rank_file_is_refused():
    packed = bytearray((encodings.FOLDER / "r50k_base.bin").read_bytes())
    packed[len(packed) // 2] ^= 1
    with pytest.raises(zlib.error):
        encodings.unpack(bytes(packed))


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4o", "o200k_base"), ("openai/gpt-4o-mini", "o200k_base"), ("gpt-4.1-nano", "o200k_base"),
        ("gpt-5-mini", "o200k_base"), ("o3-mini", "o200k_base"), ("ft:gpt-4o-mini:acme::abc", "o200k_base"),
        ("gpt-4-turbo", "cl100k_base"), ("gpt-35-turbo", "cl100k_base"), ("text-embedding-3-small", "cl100k_base"),
        ("text-davinci-003", "p50k_base"), ("davinci", "r50k_base"),
    ],
)  # fmt: skip
def test_openai_models_are_counted_exactly(model, encoding):
    method = encoding_for("openai", model)
    assert (method.encoding, method.exact, method.label) == (encoding, True, encoding)


def test_assignments_agree_with_tiktoken():
    from tiktoken.model import MODEL_PREFIX_TO_ENCODING, MODEL_TO_ENCODING

    # A fine-tuned model is `ft:MODEL:organisation::id`; the other prefixes end in a mark themselves.
    ends = {prefix: ":x" if prefix.startswith("ft:") else "x" for prefix in MODEL_PREFIX_TO_ENCODING}
    names = {**MODEL_TO_ENCODING, **{prefix + ends[prefix]: name for prefix, name in MODEL_PREFIX_TO_ENCODING.items()}}
    same_text = {"o200k_harmony": "o200k_base", "p50k_edit": "p50k_base"}  # differ only in special tokens
    wrong = {
        model: encoding_for(None, model).encoding
        for model, name in names.items()
        if name != "gpt2" and encoding_for(None, model).encoding != same_text.get(name, name)
    }
    assert not wrong


@pytest.mark.parametrize(
    ("model", "family", "label"),
    [
        ("claude-3-5-haiku-latest", "claude-3", "o200k_base x 1.1 +/- 15 %"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-3", "o200k_base x 1.1 +/- 15 %"),
        ("claude-sonnet-4-20250514", "claude-3", "o200k_base x 1.1 +/- 15 %"),
        ("anthropic/claude-opus-4.7", "claude-4.7", "o200k_base x 1.5 +/- 20 %"),
        ("claude-opus-5", "claude-4.7", "o200k_base x 1.5 +/- 20 %"),
        ("gemini-2.5-pro", "gemini", "o200k_base x 1.05 +/- 10 %"),
        ("groq/llama-3.3-70b-versatile", "llama", "o200k_base x 1.02 +/- 10 %"),
        ("mistral-large-latest", "mistral", "o200k_base x 1.03 +/- 10 %"),
        ("gpt-9-future", "openai-new", "o200k_base x 1 +/- 5 %"),
        ("command-r-plus", "other", "o200k_base x 1.15 +/- 25 %"),
        ("something nobody knows", "other", "o200k_base x 1.15 +/- 25 %"),
    ],
)
def test_other_models_say_how_they_are_counted(model, family, label):
    method = encoding_for(None, model)
    assert (method.family, method.exact, method.label) == (family, False, label)


@pytest.mark.parametrize(
    ("model", "version"),
    [
        ("claude-3-5-sonnet-20241022", (3, 5)), ("claude-3-haiku@20240307", (3, 0)), ("claude-2.1", (2, 1)),
        ("anthropic.claude-v2:1", (2, 0)), ("claude-sonnet-4-5-20250929", (4, 5)), ("claude-opus-4-20250514", (4, 0)),
        ("claude-fable-5-1", (5, 1)), ("claude-latest", None), ("gpt-4o", None),
    ],
)  # fmt: skip
def test_generation_of_a_claude_model(model, version):
    assert claude_version(model) == version


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("You are a careful assistant. Answer in one sentence and quote the source.", "prose"),
        ("# Rules\n\n- be brief\n- quote the source\n\n## Answer\n\nOne sentence.", "markdown"),
        ("def ask(client, text):\n    reply = client.send(text)\n    return reply.text\n", "code"),
        ('{"role": "user", "parts": [{"text": "hi"}], "n": 1}', "json"),
        ("Fasse den folgenden Text in drei Sätzen zusammen und nenne die Quelle.", "latin"),
        ("Resume el texto de los usuarios en una frase para el informe con las fuentes", "latin"),
        ("Ответь одним предложением и укажи источник.", "cyrillic"),
        ("次の文章を三つの文で要約してください。", "cjk"),
        ("", "prose"),
    ],
)
def test_class_of_a_text(text, kind):
    assert classify(text) == kind


def test_guard_tokens_prints_the_factor_that_was_used():
    tokens, label = count_text("claude-opus-4-7", '{"a": "b", "c": ["d", "e"]}')
    assert label == "o200k_base x 1.5 +/- 20 % (json)"
    exact = count_exact('{"a": "b", "c": ["d", "e"]}', "o200k_base")
    assert tokens.typical == exact * 1.5


@settings(deadline=None)  # the first example loads a tokenizer
@given(st.text(max_size=300), st.sampled_from(["gpt-4o", "gpt-4", "claude-opus-5", "gemini-3-pro", "unknown"]))
def test_low_typical_and_high_are_in_order_and_below_the_bytes(text, model):
    tokens = count(text, encoding_for(None, model))
    assert 0 <= tokens.low <= tokens.typical <= tokens.high <= max(bound(text), 0)
    assert bool(text) == bool(tokens.low)


@given(st.text())
def test_every_text_has_a_class(text):
    assert classify(text) in CLASSES


@given(st.text(max_size=60))
def test_any_name_of_a_model_gets_a_method(name):
    assert encoding_for(None, name).encoding in encodings.NAMES


@pytest.mark.parametrize("name", ["gpt-4oo", "gpt-4omni", "gpt-41", "gpt-3.5x"])
def test_a_name_that_only_begins_like_a_known_one_is_not_counted_exactly(name):
    assert not encoding_for(None, name).exact
