"""What goes wrong on purpose: a list of faults, each with what it meets, how often, and how often it was hit.

A fault is `{"kind": …, "service", "method", "project", "contains", "operation", "target", "after", "times"}`; `method` is the id's end.
"""

# Kinds that stop a request before anything is looked at.
BEFORE = {"throttle", "error", "denied", "disabled", "reset", "hang"}


class Faults:
    def __init__(self):
        self.rows = []

    def set(self, rows):
        before = [{"kind": row["kind"], "hit": row.get("hit", 0)} for row in self.rows]
        self.rows = [dict(row) for row in rows]
        return before

    def on(self, kind):
        return any(row["kind"] == kind for row in self.rows)

    def take(self, kind, *, call=None, row=None, **more):
        """The fault that this meets, counted; none when it is used up or not come yet."""
        for fault in self.rows:
            if fault["kind"] not in BEFORE if kind == "before" else fault["kind"] != kind:
                continue
            service = call.service if call else row["service"] if row else None
            method = call.id if call else row["method"] if row else None
            project = more.get("project") or (call.project if call else row["project"] if row else None)
            if fault.get("service") not in (None, service) or fault.get("project") not in (None, project):
                continue
            if fault.get("method") and not (method or "").endswith(fault["method"]):
                continue
            if fault.get("operation") not in (None, more.get("operation")) or fault.get("target") not in (None, more.get("target")):
                continue
            if fault.get("contains") and fault["contains"] not in ((row or {}).get("path") or str(call.params if call else "")):
                continue
            fault["met"] = fault.get("met", 0) + 1
            if fault["met"] <= fault.get("after", 0) or fault.get("hit", 0) >= fault.get("times", 1 << 30):
                continue
            fault["hit"] = fault.get("hit", 0) + 1
            return fault
        return None
