"""Secrets and personal data: a pact is published, kept for ever, and read by everybody who reads the broker.

What a text says is told from what it looks like: tokens with a known prefix, keys, passwords in addresses, addresses of
persons, numbers whose check digits are right. What is plainly made up for a test is let pass. The value itself is never
given on, not even as a hash.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from math import log2
from urllib.parse import parse_qsl

from pact_gate.lint.found import Found
from pact_gate.lint.interaction import SHORTEST, Interaction
from pact_gate.lint.rules import words
from pact_gate.lint.rules.context import LONG_NUMBER, Context
from pact_gate.lint.rules.harmless import ROLES, TEST_CARDS, TEST_IBANS, WEAK_PASSWORDS

_MOST_TEXT = 50_000  # characters of one value

# What each issuer documents of its own tokens; the lengths are lower bounds, as several have changed them.
_TOKENS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a token of GitHub", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})")),
    ("a token of GitLab", re.compile(r"\bgl(?:pat|dt|rt|ft|soat|cbt|ptt|agent)-[\w-]{16,}")),
    (
        "a token of Slack",
        re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{12,}|hooks\.slack\.com/services/T\w{1,30}/B\w{1,30}/\w{12,}"),
    ),
    ("a key of AWS", re.compile(r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{12,}\b")),
    ("a live key of Stripe", re.compile(r"\b(?:sk|rk)_live_[0-9A-Za-z]{12,}|\bwhsec_[0-9A-Za-z+/]{20,}")),
    ("a key of Google", re.compile(r"\bAIza[\w-]{28,}|\bya29\.[\w-]{20,}|\bGOCSPX-[\w-]{20,}")),
    ("a key of SendGrid", re.compile(r"\bSG\.[\w-]{16,80}\.[\w-]{20,}")),
    ("a key of an AI service", re.compile(r"\bsk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_-]{20,}")),
    ("a token of npm", re.compile(r"\bnpm_[A-Za-z0-9]{20,}")),
    ("a token of PyPI", re.compile(r"\bpypi-[\w-]{32,}")),
    ("a token of Docker", re.compile(r"\bdckr_(?:pat|oat)_[\w-]{16,}")),
    ("a token of Hugging Face", re.compile(r"\bhf_[A-Za-z0-9]{20,}")),
    ("a key of Twilio", re.compile(r"\bSK[0-9a-f]{24,32}\b")),
    ("a token of Square", re.compile(r"\bsq0(?:atp|csp)-[\w-]{20,}")),
    ("a token of Shopify", re.compile(r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{20,}")),
    ("a token of HashiCorp Vault", re.compile(r"\bhv[sbr]\.[\w-]{20,}")),
    ("a token of DigitalOcean", re.compile(r"\bdo[opr]_v1_[0-9a-f]{32,}")),
    ("a key of Azure", re.compile(r"\b(?:AccountKey|SharedAccessKey|sig)=[A-Za-z0-9+/%]{30,}")),
    (
        "a private key",
        re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----\s*[\\n]*[A-Za-z0-9+/]{16,}"),
    ),
    ("a JSON Web Token", re.compile(r"\beyJ[\w-]{8,1000}={0,2}\.eyJ[\w-]{8,4000}={0,2}\.[\w-]{20,}")),
)
_ANY_PREFIX = re.compile(  # each alternative begins with a letter: Python's engine goes fast over all others then
    r"gh[pousr]_|github_pat_|gl[a-z]{2,5}-|xox[a-z]-|hooks\.slack|A[KSBC][ICA]A|sk_live_|rk_live_|whsec_|AIza|ya29\.|GOCSPX"
    r"|SG\.|sk-|npm_|pypi-|dckr_|hf_|SK[0-9a-f]{8}|sq0|shp[a-z]{2}_|hv[sbr]\.|do[opr]_v1|AccountKey|SharedAccess|sig="
    r"|PRIVATE KEY|eyJ"
)
_IN_A_URL = re.compile(r"\b[a-z][a-z0-9+.-]{0,20}://[^/\s:@?#]{0,100}:([^/\s@]{3,200})@[\w.\[-]", re.IGNORECASE)
_IN_A_CONNECTION = re.compile(r"(?:^|;)\s*(?:Password|Pwd)\s*=\s*([^;]{6,})", re.IGNORECASE)
_SCHEME = re.compile(r"\s*(basic|bearer|token|apikey|digest)\s+(\S+)\s*", re.IGNORECASE)
_SECRET_NAME = re.compile(
    r"authorization|api[-_]?key|secret|access[-_]?key|private[-_]?key|auth[-_]?token|access[-_]?token|refresh[-_]?token"
    r"|id[-_]?token|session[-_]?(?:id|token)|client[-_]?secret|^token$|^jwt$|cookie|credential|x-auth",
    re.IGNORECASE,
)
_FORM = re.compile(r"[\w.%+\[\]-]{1,100}=[^&\s]{0,2000}+(?:&[\w.%+\[\]-]{1,100}=[^&\s]{0,2000}+)+")
_MOST_FIELDS = 100
_UNBROKEN = re.compile(r"[A-Za-z0-9_+/=.~-]{20,}")
_RANDOM_BITS = (
    3.6  # of a character: English words joined have about 3, random letters and digits of this length 4 and more
)
_RANDOM_HEX_BITS = 3.1
_MADE_UP = re.compile(
    r"example|sample|dummy|fake|placeholder|changeme|change[-_]me|redacted|your[-_]|[-_]here\b|xxxx|\*\*\*|\.\.\.|<[^>]{0,80}>"
    r"|\$\{|\{\{|test[-_]?(?:token|key|secret|jwt)|(?:token|key|secret|jwt)[-_]?test|abcdef|123456789|lorem|foobar|mock"
    r"|not[-_]?a[-_]?real|some[-_]|valid[-_]?token|signature",
    re.IGNORECASE,
)
_PUBLISHED = frozenset(("SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c", "TJVA95OrM7E2cBab30RMHrHDcEfxjoYZgeFONFh7HgQ"))

_MAIL = re.compile(r"(?<![\w.+-])([A-Za-z0-9][\w.+%-]{0,63})@((?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24})\b(?!\()")
_RESERVED = re.compile(  # RFC 2606 and RFC 6761, and what every test calls a domain
    r"(?:^|\.)(?:example\.[a-z.]+|[\w-]*(?:example|test|dummy|fake|mock|sample|domain|placeholder)[\w-]*\.[a-z.]+"
    r"|[\w.-]+\.(?:test|invalid|example|localhost|local|internal|lan|localdomain)"
    r"|foo\.\w+|bar\.\w+|foobar\.\w+|baz\.\w+|acme\.\w+|email\.com|mail\.com|mailinator\.com|company\.com|somewhere\.\w+|abc\.com|xyz\.com"
    r"|noreply\.github\.com)$"
)
_CARD = re.compile(
    r"(?<![\w.+-])[3-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}(?![\w.-]\w|\d)"
    r"|(?<![\w.+-])3[47]\d{2}[ -]?\d{6}[ -]?\d{5}(?!\w)"
)
_CARD_NAME = re.compile(r"card|pan\b|credit|debit|payment|\bcc", re.IGNORECASE)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_LETTERS_AS_NUMBERS = {chr(ord("A") + number): str(10 + number) for number in range(26)}
_REMEMBERED = 1_000  # characters: what is longer is seldom seen again, and fills the memory


def secret(interaction: Interaction, context: Context) -> Iterator[Found]:
    """Find tokens, keys and passwords, wherever they stand."""
    has_token = _ANY_PREFIX.search(interaction.all_texts) is not None
    for _, name, text, way in interaction.texts:
        is_worth_it = "=" in text or "://" in text or _is_secret_name(name) or has_token
        kind = secret_kind(text, name) if is_worth_it else ""
        if kind:
            where = f"`{name}`" if name else "A text"
            message = (
                f"{where} holds what looks like {kind}. Pacts are published and kept: revoke it if it is real, and "
                "write a placeholder."
            )
            yield Found("secret", way, message)


def personal_data(interaction: Interaction, context: Context) -> Iterator[Found]:
    """Find what belongs to a person."""
    has_number = LONG_NUMBER.search(interaction.all_texts) is not None
    for parent, name, text, way in interaction.texts:
        kind = personal_kind(text, f"{parent}.{name}") if "@" in text or has_number else ""
        if kind:
            where = f"`{name}`" if name else "A text"
            message = f"{where} holds {kind}. Write one that can belong to nobody{_AS.get(kind, '')}."
            yield Found("personal-data", way, message)


_AS = {"an e-mail address": ", such as someone@example.com"}


def secret_kind(text: str, name: str = "") -> str:
    """Say which secret a text looks like, empty for none. `name` is its field's or header's."""
    if len(text) < SHORTEST:
        return ""
    text = text[:_MOST_TEXT]
    if _ANY_PREFIX.search(text):
        for kind, pattern in _TOKENS:
            found = pattern.search(text)
            if found and not _is_made_up(found[0]):
                return kind
    for pattern, sign in ((_IN_A_URL, "@"), (_IN_A_CONNECTION, "=")):
        found = pattern.search(text) if sign in text else None
        if found and not _is_weak(found[1]):
            return "a password in an address"
    if "=" in text and _FORM.fullmatch(text):
        kinds = [secret_kind(value, field) for field, value in parse_qsl(text)[:_MOST_FIELDS] if value != text]
        return next(filter(None, kinds), "")
    return _credentials(text, name) if _is_secret_name(name) else ""


@lru_cache(4096)
def _is_secret_name(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _credentials(text: str, name: str) -> str:
    """Look at what a field holds whose name says that it is a secret."""
    scheme = _SCHEME.fullmatch(text)
    if scheme and scheme[1].lower() == "basic":
        return "a user's password" if _is_real_login(scheme[2]) else ""
    value = scheme[2] if scheme else text.strip()
    if "=" in value and "cookie" in name.lower():
        value = value.partition("=")[2].partition(";")[0]
    if words.UUID.fullmatch(value) or not _UNBROKEN.fullmatch(value) or _is_made_up(value):
        return ""
    return "a token or a key" if _is_random(value) else ""


def _is_real_login(encoded: str) -> bool:
    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return False
    user, colon, password = decoded.partition(":")
    return bool(colon) and len(password) >= SHORTEST and password.lower() != user.lower() and not _is_weak(password)


def _is_weak(password: str) -> bool:
    plain = password.strip().lower()
    return (
        plain in WEAK_PASSWORDS
        or plain.rstrip("0123456789!") in WEAK_PASSWORDS
        or _is_made_up(password)
        or plain[:1] in "${<%["
    )


def _is_made_up(text: str) -> bool:
    signature = text.rpartition(".")[2]
    return bool(_MADE_UP.search(text)) or signature in _PUBLISHED or len(set(text)) < 8  # noqa: PLR2004


def _is_random(text: str) -> bool:
    if not re.search(r"\d", text) or not re.search(r"[A-Za-z]", text):
        return False
    bits = -sum(number / len(text) * log2(number / len(text)) for number in Counter(text).values())
    return bits >= (_RANDOM_HEX_BITS if re.fullmatch(r"[0-9a-fA-F-]+", text) else _RANDOM_BITS)


def personal_kind(text: str, name: str = "") -> str:
    """Say which data of a person a text holds, empty for none. `name` is its field's."""
    if len(text) < SHORTEST:
        return ""
    text = text[:_MOST_TEXT]
    if "@" in text and any(_is_persons(found) for found in _MAIL.finditer(text)):
        return "an e-mail address"
    if not LONG_NUMBER.search(text):
        return ""
    if any(_is_card(found[0], name) for found in _CARD.finditer(text)):
        return "a card number with a right check digit"
    if any(_is_iban(found[0]) for found in _IBAN.finditer(text)):
        return "a bank account number (IBAN)"
    return ""


def _is_persons(found: re.Match[str]) -> bool:
    local, domain = found[1].lower(), found[2].lower()
    # `git@github.com:owner/repository` is an address of no person.
    if local in ("git", "svn") or local.partition("+")[0].rstrip("0123456789") in ROLES:
        return False
    return not _RESERVED.search(domain)


def _is_card(text: str, name: str) -> bool:
    digits = re.sub(r"\D", "", text)
    if digits in TEST_CARDS or len(set(digits)) < 4 or not 13 <= len(digits) <= 19:  # noqa: PLR2004
        return False
    # A number of that length may be anything: one in ten passes the check.
    grouped = digits != text
    return (grouped or bool(_CARD_NAME.search(name))) and _luhn(digits)


def _luhn(digits: str) -> bool:
    doubled = [2 * int(each) for each in digits[-2::-2]]
    return (sum(map(int, digits[::-2])) + sum(each - 9 if each > 9 else each for each in doubled)) % 10 == 0  # noqa: PLR2004


def _is_iban(text: str) -> bool:
    plain = text.replace(" ", "")
    if plain in TEST_IBANS or not 15 <= len(plain) <= 34:  # noqa: PLR2004 - ISO 13616
        return False
    numbers = "".join(_LETTERS_AS_NUMBERS.get(each, each) for each in plain[4:] + plain[:4])
    return int(numbers) % 97 == 1


def redacted(text: str) -> str:
    """Give a name without what looks like a secret or a person's: reports show names, and never such values."""
    if len(text) < SHORTEST:
        return text
    return _remembered(text) if len(text) <= _REMEMBERED else _redacted(text[:_MOST_TEXT])


def _redacted(cut: str) -> str:
    if _ANY_PREFIX.search(cut):
        for _, pattern in _TOKENS:
            cut = pattern.sub("…", cut)
    cut = re.sub(r"(://[^/\s:@?#]{0,100}:)[^/\s@]{3,200}@", r"\1…@", cut) if "@" in cut and "://" in cut else cut
    if "@" in cut:
        cut = _MAIL.sub(lambda found: "…" if _is_persons(found) else found[0], cut)
    if not LONG_NUMBER.search(cut):
        return cut
    cut = _CARD.sub(lambda found: "…" if _is_card(found[0], "card") else found[0], cut)
    return _IBAN.sub(lambda found: "…" if _is_iban(found[0]) else found[0], cut)


_remembered = lru_cache(8192)(_redacted)
