"""A cloud made of AWS's own service descriptions (botocore's): they decide which call a request is, judge what it asks, member by
member (what must be there, what may be, lengths, ranges, patterns, words of an enum), and shape the answer.

    models.py      prints {"port": …}, ends when its standard input is closed

What was put is remembered, so that a later look shows it; what is particular is in effects.py. Knows nothing of triage.
"""

import json
import threading
from collections import defaultdict
from datetime import datetime, timezone
import sys

import regex
from botocore.validate import ParamValidator

import effects
import extras
import front
import wire

ACCOUNT = "111122223333"
WHEN = datetime(2026, 7, 14, 9, 0, 0, tzinfo=timezone.utc)
# Answers are as deep as anybody reads them.
DEEP = 7
TOKENS = {"nexttoken", "marker", "nextmarker", "nextpagetoken", "paginationtoken", "nextpageidentifier", "nextcontinuationtoken", "continuationtoken"}


def flat(value, into, name=""):
    """Every member that was asked for, by its name in small letters, and filters by what they filter."""
    if isinstance(value, dict):
        filtered = value.get("Name") or value.get("name") or value.get("FilterKey") or value.get("key")
        values = value.get("Values") or value.get("values") or value.get("FilterValues") or value.get("value")
        if isinstance(filtered, str) and values:
            filtered = filtered.replace("-", "").lower()
            into[filtered] = into[filtered.removesuffix("s")] = values[0] if isinstance(values, list) else values
        for inner_name, inner in value.items():
            flat(inner, into, inner_name)
    elif isinstance(value, list):
        for inner in value[:1]:
            flat(inner, into, name[:-1] if name.lower().endswith("s") else name)
    if name and value is not None:
        into[name.lower()] = value
        if isinstance(value, str) and value.startswith("arn:"):
            into[f"{name.lower()}arn"] = value
    return into


class Judge:
    """What AWS would refuse a request for, as far as its description says it."""

    def __init__(self, call):
        self.call, self.shape = call, call.model.operation_model(call.operation).input_shape

    def complaints(self, asked):
        if self.shape is None:
            return []
        report = ParamValidator().validate(asked, self.shape)
        found = [report.generate_report()] if report.has_errors() else []
        self.bounds(asked, self.shape, "", found)
        return found + self.unknown()

    def bounds(self, value, shape, path, found):
        if shape.type_name == "structure" and isinstance(value, dict):
            for name, inner in value.items():
                if name in shape.members and inner is not None:
                    self.bounds(inner, shape.members[name], f"{path}.{name}", found)
        elif shape.type_name == "list" and isinstance(value, list):
            self.size(len(value), shape, path, found)
            for inner in value:
                self.bounds(inner, shape.member, f"{path}[]", found)
        elif shape.type_name == "map" and isinstance(value, dict):
            for name, inner in value.items():
                self.bounds(name, shape.key, f"{path} key", found)
                self.bounds(inner, shape.value, f"{path}.{name}", found)
        elif shape.type_name == "string" and isinstance(value, str):
            self.size(len(value), shape, path, found)
            pattern = shape.metadata.get("pattern")
            if pattern and not effects.matches(pattern, value):
                found.append(f"{path}: {value!r} does not match {pattern}")
            if shape.enum and value not in shape.enum:
                found.append(f"{path}: {value!r} is none of {shape.enum}")
        elif shape.type_name in ("integer", "long", "float", "double"):
            self.size(value, shape, path, found)

    def size(self, size, shape, path, found):
        if "max" in shape.metadata and size > shape.metadata["max"]:
            found.append(f"{path}: {size} is more than {shape.metadata['max']}")
        if "min" in shape.metadata and size < shape.metadata["min"]:
            found.append(f"{path}: {size} is less than {shape.metadata['min']}")

    def unknown(self):
        """Members that the description does not have: moto's parsers pass over them."""
        protocol, body = self.call.protocol, self.call.body
        if protocol in ("query", "ec2"):
            known = {"Action", "Version"} | effects.NEWER.get(self.call.service, set()) | {name for member, inner in self.shape.members.items() for name in self.names(member, inner)}
            return [f"{name} is not known" for name in self.call.form if name.split(".")[0] not in known]
        if protocol in ("json", "rest-json") and body:
            try:
                sent = json.loads(body)
            except ValueError:
                return []
            payload = self.shape.serialization.get("payload")
            shape = self.shape.members[payload] if payload else self.shape
            return list(self.strange(sent, shape, "")) if isinstance(sent, dict) else []
        return []

    def names(self, member, shape):
        name = shape.serialization.get("queryName") or shape.serialization.get("name", member)
        yield name
        yield name[0].upper() + name[1:]
        yield member

    def strange(self, value, shape, path):
        if shape.type_name == "structure" and isinstance(value, dict):
            known = {inner.serialization.get("name", name): inner for name, inner in shape.members.items()}
            for name, inner in value.items():
                if name not in known:
                    yield f"{path}.{name} is not known"
                else:
                    yield from self.strange(inner, known[name], f"{path}.{name}")
        elif shape.type_name == "list" and isinstance(value, list):
            for inner in value:
                yield from self.strange(inner, shape.member, f"{path}[]")
        elif shape.type_name == "map" and isinstance(value, dict):
            for inner in value.values():
                yield from self.strange(inner, shape.value, path)


class Models:
    def __init__(self):
        self.lock = threading.Lock()
        self.reset({})

    def reset(self, asked):
        """Forgets everything; `shown` is what things show from the start, by service and member."""
        self.calls, self.put, self.gone = [], {}, set(effects.ABSENT)
        for service, members in (asked.get("shown") or {}).items():
            self.put[service] = {name.lower(): value for name, value in members.items()}
        return {}

    # -- one request --------------------------------------------------------------------------------------------------------

    def handle(self, method, target, headers, body):
        call = wire.Call(method, target, headers, body)
        if not call.operation:
            with self.lock:
                self.calls.append({"service": call.signed_for, "action": None, "complaints": [f"no call of AWS: {method} {target}"]})
            return call.error("UnknownOperationException", 404, f"{method} {target} is no call")
        asked = call.params() or {}
        complaints = Judge(call).complaints(asked)
        reads = bool(front.READS.match(call.operation)) or call.operation in effects.READS
        with self.lock:
            self.calls.append({"service": call.service, "action": call.operation, "mutating": not reads, "asked": asked, "complaints": complaints})
            if complaints:
                return call.error("ValidationException", 400, "; ".join(complaints))
            try:
                status, told, body = call.answer(self.answer(call, asked, reads))
                # moto calls the outermost element after the call; S3 has a name of its own.
                root = effects.ROOTS.get(call.operation)
                if root and call.service == "s3":
                    body = regex.sub(rb"(</?)[A-Za-z0-9]+Response([ >])", rb"\1" + root.encode() + rb"\2", body)
                return status, told, body
            except extras.Refused as refused:
                return call.error(refused.code, refused.status, refused.message)

    def answer(self, call, asked, reads):
        service, operation = call.service, call.operation
        own = getattr(effects, f"{service}_{operation}".replace("-", "_"), None)
        if own:
            return own(self, asked)
        for noun, code, status in effects.MISSING.get((service, operation), ()):
            if (service, noun) in self.gone:
                raise extras.Refused(code, status, f"there is no {noun}")
        remembered = self.put.setdefault(service, {})
        if not reads:
            remembered.update(flat(asked, {}))
            remembered.update({name.lower(): value for name, value in effects.SHOWS.get((service, operation), {}).items()})
            if operation in effects.ENDS.get(service, {}):
                self.gone.add((service, effects.ENDS[service][operation]))
            for noun in effects.BEGINS.get(service, {}).get(operation, ()):
                self.gone.discard((service, noun))
        shape = call.model.operation_model(operation).output_shape
        if shape is None:
            return {}
        # Nothing fails by itself.
        lists = [name for name, inner in shape.members.items() if inner.type_name == "list"]
        empty = {name for name in lists if any(word in name.lower() for word in effects.FAILURES)}
        empty |= {name for noun, name in effects.EMPTY.get((service, operation), ()) if (service, noun) in self.gone}
        known = {**effects.KNOWN, **{name.lower(): value for name, value in effects.STATES.get(service, {}).items()}, **flat(asked, {}), **remembered}
        known |= {name: known[asked_for] for name, asked_for in effects.ALIASES.get(service, {}).items() if asked_for in known}
        known["gone"] = {noun for of, noun in self.gone if of == service}
        known["service"] = service
        made = {name: ([] if name in empty else self.make(inner, name, known, 0, (shape.name,)))
                for name, inner in shape.members.items() if name.lower() not in TOKENS}
        return {name: value for name, value in made.items() if value is not None}

    # -- answers ------------------------------------------------------------------------------------------------------------

    def make(self, shape, name, known, depth, above):
        have = known.get(name.lower())
        if name.lower() in known["gone"]:
            return None
        if shape.type_name == "structure":
            if depth > DEEP or above.count(shape.name) > 1:
                return None
            if shape.metadata.get("union"):
                name, inner = next(iter(shape.members.items()))
                return {name: self.make(inner, name, known, depth + 1, (*above, shape.name))}
            # A thing's own name stands as `Name`, `Id`, `Arn` or `Status` inside what is called after it.
            inside = {**known, **{own: known[f"{name.lower()}{own}"] for own in ("name", "id", "arn", "status", "state") if f"{name.lower()}{own}" in known}}
            made = {each: self.make(inner, each, inside, depth + 1, (*above, shape.name))
                    for each, inner in shape.members.items() if each.lower() not in TOKENS}
            return {each: value for each, value in made.items() if value is not None}
        if shape.type_name == "list":
            if isinstance(have, list) and not isinstance(have[:1], dict) and shape.member.type_name == "string":
                return have
            one = self.make(shape.member, name[:-1] if name.lower().endswith("s") else name, known, depth + 1, above)
            return [] if one is None else [one]
        if shape.type_name == "map":
            if name.lower() in ("tags", "tagmap"):
                return {effects.TAG[0]: effects.TAG[1]} if shape.value.type_name == "string" else {}
            return have if isinstance(have, dict) else {}
        if shape.type_name == "string":
            owner, form = effects.ARNS.get(name.lower(), (None, None))
            if owner == known["service"]:
                return f"arn:aws:{owner}:{effects.REGION}:{ACCOUNT}:" + form.format_map(defaultdict(lambda: "x", known))
            if isinstance(have, str) and (not shape.enum or have in shape.enum):
                return have
            if shape.enum:
                return next((word for word in effects.WORDS if word in shape.enum), shape.enum[0])
            if name in ("Key", "key", "TagKey") and any("Tag" in each for each in above):
                return effects.TAG[0]
            if name in ("Value", "value", "TagValue") and any("Tag" in each for each in above):
                return effects.TAG[1]
            return effects.text(name, shape.metadata.get("pattern"), shape.metadata.get("min", 0))
        if shape.type_name in ("integer", "long"):
            return have if isinstance(have, int) and not isinstance(have, bool) else max(1, shape.metadata.get("min", 1))
        if shape.type_name in ("float", "double"):
            return have if isinstance(have, (int, float)) and not isinstance(have, bool) else 1.0
        if shape.type_name == "boolean":
            return have if isinstance(have, bool) else False
        if shape.type_name == "timestamp":
            return have if isinstance(have, datetime) else WHEN
        if shape.type_name == "blob":
            return b""
        return None


class Control:
    def __init__(self, models):
        self.models = models

    def run(self, verb, asked):
        with self.models.lock:
            if verb == "reset":
                return self.models.reset(asked)
            if verb == "elsewhere":
                return effects.ELSEWHERE | effects.NOWHERE
            if verb == "calls":
                return self.models.calls[asked.get("since", 0):]
        raise ValueError(verb)


def main():
    front.Handler.front = Models()
    front.Handler.control = Control(front.Handler.front)
    server = front.Server(("127.0.0.1", 0), front.Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_address[1]}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
