#!/usr/bin/env python3
"""Writes prices.tsv, the table of list prices that the program holds, from installed packages and by_hand.tsv.

    pip install apache-libcloud==3.9.1 litellm==1.109.1 && python3 src/cost/make_prices.py

apache-libcloud (Apache-2.0) bears EC2 on-demand prices and Google's machine families; litellm (MIT) the prices of tokens.
The first mixes prices of dedicated tenancy (6 to 10 % more) and zeros among those of EC2, so a region's prices of a
family are believed only where two sizes agree and none is lower: all sizes of a family cost by region in one proportion.
What is listed as zero or too high follows from that proportion; families of one size are left out. Checked price by
price in us-east-1 against Karpenter's list of 2026-07-20. Same packages, same bytes.
"""

import importlib.metadata as meta
import json
import pathlib
import re
import sys
from collections import defaultdict
from decimal import Decimal
from importlib.util import find_spec

HERE = pathlib.Path(__file__).parent
# Months of the data in these versions; another version must be looked at first.
MONTH = {("apache-libcloud", "3.9.1"): "2025-03", ("litellm", "1.109.1"): "2026-10"}
SAME = ("us-east-1", "us-east-2", "us-west-2")  # AWS prices most families alike here.
REGION = re.compile(r"[a-z]{2}(-gov)?-(central|east|north|northeast|northwest|south|southeast|southwest|west)-\d")
CLOSE = 0.004
# Not asked for by anybody who pays with another's key, or known to be wrong in the source.
SKIP = re.compile(r"(mac|u-|u7i|vt1|t1$|hs1|cr1|cc2|f1|f2|dl2q|c1$|m1$|m2$|c3$|m3$|r3$|i2$|g2$|i3p|p4|p5)")
# Google sells these as one.
AMERICAS = ("us-central1", "us-east1", "us-west1")
# Google changed these since.
STALE = {("n2", "us-west4"), ("c2", "us-west4"), ("c2", "us-east4"), ("n2d", "asia-south1"), ("n2d", "us-west4")}


def folder(package, module):
    version = meta.version(package)
    if (package, version) not in MONTH:
        sys.exit(f"{package} {version}: its data's month is not known here; look at it and add it to MONTH")
    return pathlib.Path(next(iter(find_spec(module).submodule_search_locations))), version, MONTH[package, version]


def third(values):
    values = sorted(values)
    return values[(len(values) - 1) // 3]


def ec2(prices):
    """Yields (type, region, price) that the type's family confirms."""
    families = defaultdict(dict)
    for name, by_region in prices.items():
        family, _, size = name.partition(".")
        if size and not size.startswith("metal") and not SKIP.match(family):
            families[family][size] = {r: float(p) for r, p in by_region.items() if p and REGION.fullmatch(r)}
    for family, sizes in sorted(families.items()):
        listed = {s: set(prices[f"{family}.{s}"]) for s in sizes}
        base = {}
        for size, by_region in sizes.items():
            here = [by_region[r] for r in SAME if r in by_region]
            if here:
                base[size] = min(here)
        factor = {}
        for _ in range(6):
            regions = {r for size in base for r in sizes[size]}
            factor = {r: third(sizes[s][r] / base[s] for s in base if r in sizes[s]) for r in regions}
            least = min((factor[r] for r in SAME if r in factor), default=1.0)
            factor = {r: f / least for r, f in factor.items()}
            base = {s: third(p / factor[r] for r, p in sizes[s].items()) for s in base}
        for region, by in factor.items():
            off = {s: sizes[s][region] / (base[s] * by) - 1 for s in base if region in sizes[s]}
            good = [s for s, o in off.items() if abs(o) < CLOSE]
            if len(good) >= 2 and all(o > -CLOSE for o in off.values()):
                exact = third(sizes[s][region] / base[s] for s in good)
                for size in base:
                    if size in good:
                        yield f"{family}.{size}", region, sizes[size][region]
                    elif region in sizes[size] or size in listed and region in listed[size]:
                        yield f"{family}.{size}", region, round(base[size] * exact, 5)


def gce(prices):
    for family in ("c2", "e2", "m1", "n1", "n2", "n2d"):
        for part, unit in (("cpu", "vcpu"), ("ram", "gb")):
            for region, found in prices[family][part]["on_demand"].items():
                if found["price"] and (family, region) not in STALE:
                    for one in AMERICAS if region == "us-central1" else (region,):
                        yield f"{family}.{unit}", one, found["price"]
    for family, name in (("f1", "f1-micro"), ("g1", "g1-small")):
        for region, found in prices[family]["cpu"]["on_demand"].items():
            if found["price"]:
                yield name, region, found["price"]


def disks(prices):
    for name, item in (("Standard", "pd-standard"), ("SSD", "pd-ssd"), ("Local SSD", "local-ssd")):
        for region, found in prices[name]["on_demand"].items():
            for one in AMERICAS if region == "us-central1" and found["price"] else (region,) if found["price"] else ():
                yield item, one, found["price"] * 720  # The source divides a month by 720 hours.


def tokens(models, providers, prefix):
    """Yields dollars for a million tokens in and out, of models that are priced by the token and alike everywhere."""
    for name, found in models.items():
        if found.get("litellm_provider") not in providers:
            continue
        name = name.removeprefix(prefix)
        if "/" in name or "@" in name:
            continue
        for way, key in (("in", "input_cost_per_token"), ("out", "output_cost_per_token")):
            price = found.get(key)
            if price and found.get("mode") in ("chat", "completion", "responses", "embedding"):
                yield f"{name}.{way}", "*", price * 1_000_000


def text(price):
    shown = format(Decimal(repr(round(price, 9))).normalize(), "f")
    return shown


def main():
    cloud, cloud_version, cloud_month = folder("apache-libcloud", "libcloud")
    model, model_version, model_month = folder("litellm", "litellm")
    compute = json.loads((cloud / "data" / "pricing.json").read_text())["compute"]
    models = json.loads((model / "model_prices_and_context_window_backup.json").read_text())
    of_cloud = f"apache-libcloud {cloud_version} (Apache-2.0)"
    of_model = f"litellm {model_version} (MIT)"
    groups = [
        ("ec2", cloud_month, f"{of_cloud}; an hour, Linux, shared tenancy", ec2(compute["ec2_linux"])),
        ("gce", cloud_month, f"{of_cloud}; an hour of a vCPU or a GB of memory", gce(compute["gce_instances"])),
        ("disk", cloud_month, f"{of_cloud}; a GB and month of 730 hours", disks(compute["gce_disks"])),
        ("bedrock", model_month, f"{of_model}; a million tokens",
         tokens(models, ("bedrock", "bedrock_converse"), "")),
        ("gemini", model_month, f"{of_model}; a million tokens",
         tokens(models, ("vertex_ai-language-models", "vertex_ai-anthropic_models"), "vertex_ai/")),
    ]
    hand, by_hand = [], set()
    for line in (HERE / "by_hand.tsv").read_text().splitlines():
        if line.startswith("@"):
            group, month, source = line[1:].split("\t")
            hand.append((group, month, source, defaultdict(set)))
        elif line and not line.startswith("#"):
            group, item, price, regions = line.split("\t")
            by_hand.add((group, item))
            hand[-1][3][item, price].update(regions.split(","))
    out = [
        "# On-demand list prices in US dollars. Made by make_prices.py; do not edit. See there and by_hand.tsv for sources.",
        "# @group, month, source; then item, and for each price the regions that have it (`*`: every one). `<`: at most.",
    ]
    blocks = []
    for group, month, source, rows in groups:
        by_price = defaultdict(set)
        for item, region, price in rows:
            if (group, item) not in by_hand:
                by_price[item, text(price)].add(region)
        blocks.append((group, month, source, by_price))
    for group, month, source, by_price in blocks + hand:
        out.append(f"@{group}\t{month}\t{source}")
        items = defaultdict(list)
        for (item, price), regions in by_price.items():
            items[item].append((float(price.lstrip("<")), price, sorted(regions)))
        for item, prices in sorted(items.items()):
            out.append(item + "\t" + ";".join(f"{price} {','.join(regions)}" for _, price, regions in sorted(prices)))
    (HERE / "prices.tsv").write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
