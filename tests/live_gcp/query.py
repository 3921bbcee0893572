"""The Logging query language, as far as it is used; whatever is not understood is refused, as Google refuses it."""

import re
from datetime import datetime, timezone

from errors import Refusal

TOKEN = re.compile(r"""\s+|--[^\n]*\n?|(?P<op>=~|!~|!=|>=|<=|=|:|>|<)|(?P<open>\()|(?P<close>\))|(?P<comma>,)|(?P<quoted>"(?:[^"\\\n]|\\.)*")"""
                   r"""|(?P<word>[A-Za-z0-9_@/.*+$%][A-Za-z0-9_@/.*+$%\-]*)|(?P<minus>-)""")
SEVERITIES = ["DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"]
FIELDS = {"logName", "timestamp", "receiveTimestamp", "insertId", "severity", "resource", "labels", "protoPayload", "jsonPayload", "textPayload",
          "operation", "httpRequest", "trace", "spanId", "sourceLocation", "split", "errorGroups"}


def unparseable(why):
    return Refusal(400, f"Unparseable filter: {why}")


def tokens(text):
    at, found = 0, []
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise unparseable(f"syntax error at column {at + 1}, token '{text[at]}'")
        if match.lastgroup:
            found.append((match.lastgroup, match.group(match.lastgroup), match.start(), match.end()))
        at = match.end()
    return found


def unquote(text):
    return re.sub(r'\\(.)', lambda m: {"n": "\n", "t": "\t"}.get(m.group(1), m.group(1)), text[1:-1])


class Filter:
    """A parsed filter; call it with an entry."""

    def __init__(self, text):
        if len(text) > 20_000:
            raise Refusal(400, "The filter is longer than 20000 characters.")
        self.tokens, self.at = tokens(text), 0
        self.test = self.either() if self.tokens else (lambda entry: True)
        if self.at < len(self.tokens):
            raise unparseable(f"unexpected '{self.tokens[self.at][1]}'")

    def __call__(self, entry):
        return self.test(entry)

    def peek(self, ahead=0):
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else ("end", "", -1, -1)

    def take(self, kind=None):
        token = self.peek()
        if kind and token[0] != kind:
            raise unparseable(f"expected {kind}, found '{token[1] or 'the end'}'")
        self.at += 1
        return token

    # "The NOT operator has the highest precedence, followed by OR and AND in that order."
    def either(self):
        parts = [self.some()]
        while self.peek()[0] not in ("end", "close"):
            if self.peek()[1] == "AND" and self.peek()[0] == "word":
                self.take()
            parts.append(self.some())
        return parts[0] if len(parts) == 1 else lambda entry: all(part(entry) for part in parts)

    def some(self):
        parts = [self.single()]
        while self.peek()[:2] == ("word", "OR"):
            self.take()
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else lambda entry: any(part(entry) for part in parts)

    def single(self):
        kind, text, *_ = self.peek()
        if kind == "minus" or (kind, text) == ("word", "NOT"):
            self.take()
            inner = self.single()
            return lambda entry: not inner(entry)
        if kind == "open":
            self.take()
            inner = self.either()
            self.take("close")
            return inner
        if kind == "word" and self.peek(1)[0] == "open":
            return self.function()
        path = self.path()
        if self.peek()[0] != "op":
            if len(path) == 1:
                return lambda entry: any(path[0].lower() in leaf.lower() for leaf in leaves(entry))
            raise unparseable("a field without a comparison")
        op = self.take()[1]
        if path[0] not in FIELDS:
            raise unparseable(f"field '{path[0]}' is not a field of a log entry")
        return self.values(path, op)

    def path(self):
        """`a.b."c/d".e`; a quoted part joins where no space stands between."""
        kind, text, _, end = self.take()
        if kind not in ("word", "quoted"):
            raise unparseable(f"unexpected '{text or 'the end'}'")
        parts = [unquote(text)] if kind == "quoted" else text.split(".")
        while self.peek()[0] in ("word", "quoted") and self.peek()[2] == end:
            kind, text, _, end = self.take()
            if kind == "quoted":
                if parts and parts[-1] == "":
                    parts.pop()
                parts.append(unquote(text))
            else:
                parts += [part for part in text.removeprefix(".").split(".")]
        if "" in parts and len(parts) > 1:
            raise unparseable("an empty field name")
        return parts

    def function(self):
        name = self.take()[1]
        self.take("open")
        args = []
        while self.peek()[0] != "close":
            kind, text, *_ = self.take()
            if kind == "quoted":
                args.append(unquote(text))
            elif kind not in ("comma", "word"):
                raise unparseable(f"in {name}(…)")
        self.take("close")
        if name != "log_id" or len(args) != 1:
            raise unparseable(f"function {name} is not known")
        wanted = args[0].replace("/", "%2F")
        return lambda entry: entry.get("logName", "").split("/logs/", 1)[-1] == wanted

    def values(self, path, op):
        if self.peek()[0] == "open":
            self.take()
            inner = self.listed(path, op)
            self.take("close")
            return inner
        kind, text, *_ = self.take()
        if kind not in ("word", "quoted"):
            raise unparseable(f"no value after '{op}'")
        return compare(path, op, unquote(text) if kind == "quoted" else text)

    def listed(self, path, op):
        """`field=("a" OR "b")`."""
        parts, every = [self.values(path, op)], None
        while self.peek()[1] in ("OR", "AND"):
            word = self.take()[1]
            if every not in (None, word):
                raise unparseable("AND and OR mixed in a list of values")
            every = word
            parts.append(self.values(path, op))
        return (lambda entry: all(p(entry) for p in parts)) if every == "AND" else lambda entry: any(p(entry) for p in parts)


def found(node, path):
    """Every value at a path; lists are looked into."""
    if isinstance(node, list):
        return [value for item in node for value in found(item, path)]
    if not path:
        return [node]
    if not isinstance(node, dict):
        return []
    # A key may have dots in it.
    hits = []
    for length in range(len(path), 0, -1):
        name = ".".join(path[:length])
        if name in node:
            hits += found(node[name], path[length:])
    return hits


def leaves(node):
    if isinstance(node, dict):
        for inner in node.values():
            yield from leaves(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from leaves(inner)
    else:
        yield str(node)


def text_of(value):
    return "true" if value is True else "false" if value is False else str(value)


def compare(path, op, wanted):
    if path[0] in ("timestamp", "receiveTimestamp") and len(path) == 1:
        moment = instant(wanted)
        if moment is None:
            raise unparseable(f"'{wanted}' is not a timestamp")
        return lambda entry: ordered(op, instant(entry.get(path[0], "1970-01-01T00:00:00Z")), moment)
    if path == ["severity"]:
        if wanted not in SEVERITIES:
            raise unparseable(f"severity '{wanted}'")
        return lambda entry: ordered(op, SEVERITIES.index(entry.get("severity", "DEFAULT")), SEVERITIES.index(wanted))
    if op in ("=~", "!~"):
        try:
            regex = re.compile(wanted)
        except re.error as error:
            raise unparseable(f"regular expression: {error}") from None
        return lambda entry: any(regex.search(text_of(v)) for v in found(entry, path)) == (op == "=~")
    if op == ":":
        if wanted == "*":
            return lambda entry: bool(found(entry, path))
        low = wanted.lower()
        return lambda entry: any(low in leaf.lower() for v in found(entry, path) for leaf in leaves(v))
    if op in ("=", "!="):
        return lambda entry: any(text_of(v) == wanted for v in found(entry, path)) == (op == "=")
    number = re.fullmatch(r"-?\d+(\.\d+)?", wanted)

    def test(entry):
        for value in found(entry, path):
            if number and re.fullmatch(r"-?\d+(\.\d+)?", text_of(value)):
                if ordered(op, float(value), float(wanted)):
                    return True
            elif ordered(op, text_of(value), wanted):
                return True
        return False

    return test


def ordered(op, is_, wanted):
    return {"=": is_ == wanted, "!=": is_ != wanted, ">=": is_ >= wanted, "<=": is_ <= wanted, ">": is_ > wanted, "<": is_ < wanted, ":": is_ == wanted}[op]


def instant(text):
    """RFC 3339 with up to nine digits, or a day."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[Tt](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)?)?", text)
    if not match:
        return None
    day, clock, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock or '00:00:00'}{(zone or '+00:00').upper().replace('Z', '+00:00')}").astimezone(timezone.utc)
    except ValueError:
        return None
    return (moment.timestamp(), int((fraction or "0").ljust(9, "0")))
