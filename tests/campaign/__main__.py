"""`python -m campaign --seeds 1-50`; `--seed 123` replays one and tells what happened."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter

from campaign.points import transactions_in_source
from campaign.runner import Tally, lives, now_s

#: Seeds from which on every side of every point must have been hit.
_ENOUGH = 1000

#: Transactions, or modules of them, that no life of a connection passes, and why.
_ELSEWHERE = {
    "connections.resume": "ends a pause, once the storm is over",
    "publication._refuse": "no entry of these lists is more than Basware can hold",
    "connections.add": "makes the connection, before a life begins",
    "list_acts": "has entries sent again that Basware refused, and lists read anew; what follows is publication and lists",
    "dry_run": "before a connection writes anything",
    "onboarding": "before a connection writes anything",
    "month_close": "a person's name under what was counted",
    "audit_check": "reads the audit chain, piece by piece, and notes how far it came",
    "audit_file": "writes the audit trail to a file, and notes that it did",
    "mapping_changes": "approvals of a second person; what is approved is mapped as without one",
    "second_factor": "how a person shows who she is",
    "people": "who may sign in, and with what",
    "single_sign_on": "who may sign in, and with what",
    "replaying": "plans and approvals; what it does to a document are the acts of operator, one by one",
    "operator.assign": "says who takes care of a document, as a note does",
    "alert_matters": "tells people what holds; nothing is done to a document",
    "alert_round": "tells people what holds; nothing is done to a document",
    "alert_rules": "who is told of what",
    "api_tokens": "which programs act for whom",
}


def main() -> int:
    """Run what was asked for; return 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="campaign", description=__doc__)
    parser.add_argument("--seeds", default="50", help="first-last, or how many")
    parser.add_argument("--seed", type=int, help="replay one seed and tell what happened")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--until-failure", action="store_true", help="stop at the first seed that fails")
    parser.add_argument("--digests", action="store_true", help="print the digest of every seed")
    given = parser.parse_args()
    if given.seed is not None:
        return _replay(given.seed)
    first, _, last = given.seeds.rpartition("-")
    seeds = range(int(first or 1), int(last) + 1)
    began = now_s()
    tally = Tally()
    for result in lives([(seed, "") for seed in seeds], given.workers):
        tally.take(result)
        if given.digests:
            print(result.seed, result.digest)
        if result.problems:
            _tell(result.seed, result.problems, result.events)
            if given.until_failure:
                break
        if sys.stderr.isatty() or tally.seeds % 50 == 0:
            words = f"{tally.seeds} of {len(seeds)} seeds, {tally.invoices} invoices, {len(tally.failed)} failed"
            print(f"{words}, {now_s() - began:.0f} s", file=sys.stderr, flush=True)
    if tally.seeds >= _ENOUGH:
        _die_where_none_did(tally, given.workers)
    return _report(tally, now_s() - began)


def _die_where_none_did(tally: Tally, workers: int) -> None:
    """Live some seeds once more, and die in each at a side of a point where no life did."""
    for result in lives(tally.aims(), workers):
        tally.again += 1
        tally.take(result)
        if result.problems:
            _tell(result.seed, result.problems, result.events)


def _replay(seed: int) -> int:
    (result,) = lives([(seed, "")], 1)
    print("\n".join(result.events))
    print(f"\nseed {seed}: {result.invoices} invoices, digest {result.digest}, {result.seconds:.1f} s")
    print(", ".join(f"{state} {count}" for state, count in sorted(result.ends.items())))
    for problem in result.problems:
        print(problem)
    return 1 if result.problems else 0


def _tell(seed: int, problems: list[str], events: list[str]) -> None:
    print(f"\nSeed {seed} failed; make campaign SEED={seed} tells all of it.")
    for problem in problems:
        print(f"  {problem}")
    print("  the last of what happened:")
    for event in events[-25:]:
        print(f"    {event}")


def _report(tally: Tally, took_s: float) -> int:
    missed = tally.never_hit()
    unseen = _unvisited(tally)
    sides = 2 * len(tally.visited)
    print(f"\n{'seeds':<44}{tally.seeds - tally.again:>10,}")
    print(f"{'lives lived once more, to die where none did':<44}{tally.again:>10,}")
    print(f"{'invoices approved':<44}{tally.invoices:>10,}")
    print(f"{'Bills and VendorCredits in QuickBooks':<44}{tally.bills:>10,}")
    print(f"{'what people did':<44}{tally.deeds.total():>10,}")
    print(f"{'faults injected':<44}{tally.faults.total():>10,}")
    for kind, count in sorted(tally.faults.items()):
        print(f"    {kind:<40}{count:>10,}")
    print(f"{'points at which the process can die':<44}{len(tally.visited):>10,}")
    commits = [point for point in tally.visited if not point.startswith("call ")]
    print(f"    {'commits':<40}{len(commits):>10,}")
    print(f"    {'calls to Basware':<40}{len(tally.visited) - len(commits):>10,}")
    print(f"    {'sides at which it died, of ' + str(sides):<40}{sides - len(missed):>10,}")
    print(f"{'invoices by where they ended':<44}{tally.ends.total():>10,}")
    for state, count in sorted(tally.ends.items()):
        print(f"    {state:<40}{count:>10,}")
    for kind in ("duplicate", "lost", "stuck", "wrong", "guessed"):
        print(f"{kind:<44}{tally.kinds[kind]:>10,}")
    print(f"{'seconds':<44}{took_s:>10,.0f}")
    print(f"{'seconds of processor time per seed':<44}{tally.seconds / max(tally.seeds, 1):>10.2f}")
    if missed:
        print(f"\nNever died at {len(missed)} of {sides} sides:")
        for side in missed:
            print(f"    {side} (passed {tally.visited[side.split(' ', 1)[1]]} times)")
    if unseen:
        print("\nTransactions in the source that were never passed:")
        for name in unseen:
            print(f"    {name}")
    if tally.failed:
        print(f"\n{len(tally.failed)} seeds failed: {', '.join(str(seed) for seed, _ in sorted(tally.failed))}")
        words = Counter(problem.split("(")[0][:90] for _, problems in tally.failed for problem in problems)
        for problem, count in words.most_common(12):
            print(f"    {count:>4} {problem}")
    incomplete = bool(missed or unseen) and tally.seeds >= _ENOUGH
    return 1 if tally.failed or incomplete else 0


def _unvisited(tally: Tally) -> list[str]:
    passed = {point.split(" ", 1)[0] for point in tally.visited}
    exempt = _ELSEWHERE.keys()
    return sorted(n for n in transactions_in_source() - passed if not {n, n.split(".", 1)[0]} & exempt)


if __name__ == "__main__":
    sys.exit(main())
