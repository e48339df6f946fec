"""Follows the health Redis from Python: redis-py, and the JSON Schemas that otel-health ships.

    python3 subscriber.py redis://localhost:6379 [folder with the schemas]

Prints one JSON object a line: {"known": ...} at the beginning, then {"transition": ...}, {"status": ...}, {"gap": ...}, {"epoch": ...} and
{"refused": ...}. It reads as HealthSubscriber does. A message on a channel only says that there is something to read: anybody may publish.
Transitions are told from the stream, which is the record; statuses from their keys, if the lists hold service and instance. For one shard.
"""

import json
import sys
import time
from pathlib import Path

import jsonschema
import redis

ALERTS = "health:system:alerts"
STATUSES = "health:service:*:status"
LARGEST = 64 * 1024
PAGE = 200
LOOK_SECONDS = 1.0


def schemas(folder):
    """Validators by the kind of message."""
    files = {name: folder / f"{name}.schema.json" for name in ("status", "alert", "alert-document")}
    return {name: jsonschema.Draft202012Validator(json.loads(file.read_text())) for name, file in files.items()}


class Refused(Exception):
    """Half a sentence: why something is not read."""


class Subscriber:
    def __init__(self, url, validators):
        self.redis = redis.Redis.from_url(url, decode_responses=True, socket_timeout=3, socket_connect_timeout=3)
        self.validators = validators
        self.epoch, self.seq, self.last_id = None, 0, "0-0"
        self.has_begun = False

    def say(self, **event):
        print(json.dumps(event), flush=True)

    def parse(self, kind, text):
        if len(text.encode()) > LARGEST:
            raise Refused("is larger than 64 KB")
        try:
            value = json.loads(text)
        except ValueError:
            raise Refused("is no JSON") from None
        if not isinstance(value, dict) or value.get("v") != 1:
            raise Refused("has a version that is not known here")
        error = jsonschema.exceptions.best_match(self.validators[kind].iter_errors(value))
        if error:
            raise Refused(f"does not fit its schema at {error.json_path}")
        return value

    # Alerts

    def meta(self):
        epoch, seq, ms = self.redis.hmget("{health}:meta", "epoch", "seq", "ms")
        seq = int(seq or 0)
        return epoch, seq, f"{ms}-{seq}" if ms else "0-0"

    def open_alerts(self):
        for alert_id in self.redis.zrange("{health}:open", 0, -1):
            key = "{health}:alert:" + alert_id
            try:
                if self.redis.hstrlen(key, "doc") > LARGEST:
                    raise Refused("is larger than 64 KB")
                yield self.parse("alert-document", self.redis.hget(key, "doc") or "")
            except (Refused, redis.ResponseError) as error:
                self.say(refused={"key": key, "why": str(error)})

    def read_on(self):
        """Tells what the stream holds after what was told last, each transition once and in order."""
        while True:
            start = "-" if self.last_id == "0-0" else "(" + self.last_id
            entries = self.redis.xrange("{health}:alerts", start, "+", PAGE)
            for entry_id, fields in entries:
                self.last_id = entry_id
                try:
                    message = self.parse("alert", fields.get("d", ""))
                    if message["id"] != entry_id:
                        raise Refused("has the id of another entry")
                except Refused as error:
                    self.say(refused={"key": f"{{health}}:alerts {entry_id}", "why": str(error)})
                    continue
                if message["epoch"] != self.epoch or message["seq"] <= self.seq:
                    self.say(epoch={"from": self.epoch, "to": message["epoch"]})
                    self.epoch, self.seq = message["epoch"], 0
                if message["seq"] > self.seq + 1:
                    self.say(gap={"from": self.seq + 1, "to": message["seq"] - 1})
                self.seq = message["seq"]
                self.say(transition=message)
            if len(entries) < PAGE:
                return

    def compare(self):
        """What nobody told: a lost message, a stream that was trimmed, a server that lost its memory."""
        epoch, seq, last_id = self.meta()
        self.read_on()
        if epoch != self.epoch:
            self.say(epoch={"from": self.epoch, "to": epoch})
            self.epoch, self.seq, self.last_id = epoch, 0, "0-0"
            self.read_on()
        if epoch == self.epoch and seq > self.seq:
            self.say(gap={"from": self.seq + 1, "to": seq})
            self.seq, self.last_id = seq, last_id

    # Services

    def read_status(self, service, instance):
        """As the key says, if both are on the lists; what is there no more is silent or has stopped."""
        score = self.redis.zscore("{health}:instances:" + service, instance)
        if score is None or self.redis.zscore("{health}:services", service) is None:
            return
        key = f"{{health}}:status:{service}:{instance}"
        try:
            text = self.redis.getrange(key, 0, LARGEST)
            if text:
                self.say(status=self.parse("status", text))
        except (Refused, redis.ResponseError) as error:
            self.say(refused={"key": key, "why": str(error)})

    def hear(self, message):
        try:
            if message["channel"] == ALERTS:
                self.parse("alert", message["data"])
                self.read_on()
            else:
                said = self.parse("status", message["data"])
                self.read_status(said["service"], said["instance"])
        except Refused as error:
            self.say(refused={"key": message["channel"], "why": str(error)})

    def follow(self):
        pubsub = self.redis.pubsub(ignore_subscribe_messages=True)
        pubsub.subscribe(ALERTS)
        pubsub.psubscribe(STATUSES)
        if not self.has_begun:
            self.epoch, self.seq, self.last_id = self.meta()
            self.has_begun = True
        services = self.redis.zrange("{health}:services", 0, -1)
        self.say(known={"seq": self.seq, "services": services, "open": [alert["alert_id"] for alert in self.open_alerts()]})
        looked_at = 0.0
        while True:
            message = pubsub.get_message(timeout=LOOK_SECONDS)
            if message:
                self.hear(message)
            if time.monotonic() - looked_at >= LOOK_SECONDS:
                self.compare()
                looked_at = time.monotonic()


def main():
    url = sys.argv[1] if len(sys.argv) > 1 else "redis://localhost:6379"
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).resolve().parents[2] / "schemas"
    subscriber = Subscriber(url, schemas(folder))
    while True:
        try:
            subscriber.follow()
        except (redis.ConnectionError, redis.TimeoutError) as error:
            # What was said meanwhile is read from the stream: where it stood is kept.
            print(f"no connection to the health Redis: {error}; trying again", file=sys.stderr)
            time.sleep(1)


if __name__ == "__main__":
    main()
