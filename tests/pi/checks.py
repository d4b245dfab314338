"""What must hold of a run on another machine beside one here: one line each, with the value measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# Measured under qemu-user before: 0.1 % of the codes, always by one step.
MOST_DIFFERING_SHARE = 0.01
LARGEST_STEP = 1
MOST_PSNR_DB = 0.05

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Check:
    """One thing that holds or does not."""

    holds: bool
    text: str

    def __str__(self) -> str:
        return f"{'ok    ' if self.holds else 'FAILED'}  {self.text}"


def check_run(there: Json, here: Json, expected: Iterable[tuple[str, str]]) -> list[Check]:
    """The run itself.

    Args:
        there, here: the JSON of what `device.run_file.read_run` gives, of the other machine and of this one.
        expected: (model, variant) that must be in it.
    """
    environment = there["environment"]
    wanted = set(expected)
    found, own = _delegates(there), _delegates(here)
    problems = [f"{model} {variant} is missing" for model, variant in sorted(wanted - set(found))]
    problems += [f"{row['variant']}: {row['error']}" for row in there["rows"] if row["status"] != "ok"]
    taken = [key for key, delegate in found.items() if delegate == "xnnpack"]
    # Not every variant is for XNNPACK: it has no int16x8 anywhere. Where it takes one here it must take it there.
    unlike = [
        f"{model} {variant} in {delegate}, here in {own.get((model, variant))}"
        for (model, variant), delegate in sorted(found.items())
        if own.get((model, variant)) != delegate
    ]
    created = environment.get("xnnpack_created")
    machine, emulated = environment.get("machine"), environment.get("emulated")
    coder = environment.get("coder")
    return [
        Check(
            bool(wanted) and not problems,
            _listed(f"{len(wanted & set(found))} of {len(wanted)} variants encoded", problems),
        ),
        Check(
            created is True and bool(taken), f"XNNPACK created: {created}; it runs {len(taken)} of {len(found)} rows"
        ),
        Check(bool(found) and not unlike, _listed("each row in the delegate that it has on this machine", unlike)),
        Check(str(coder).startswith("c "), f"entropy coder: {coder}"),
        Check(
            machine == "aarch64" and bool(emulated) and here["environment"].get("machine") != machine,
            f"machine {machine}, labelled as emulated: {emulated}; beside {here['environment'].get('machine')}",
        ),
    ]


def _delegates(run: Json) -> dict[tuple[str, str], str]:
    return {(row["model"], row["variant"]): row["delegate"] for row in run["rows"] if row["status"] == "ok"}


def check_evaluations(there: Json, here: Json) -> list[Check]:
    """A collected run beside one of the same bundles that was made on this machine.

    Args:
        there, here: the JSON of what `host.api.collect` gives.
    """
    rows = _rows(there)
    errors = [f"{model} {row}: {entry['error']}" for (model, row), entry in rows.items() if "error" in entry]
    good = {key: entry for key, entry in rows.items() if "error" not in entry}
    checks = [Check(bool(good) and not errors, _listed(f"{len(good)} of {len(rows)} rows' bitstreams decode", errors))]
    compared = {key: entry["agreement"] for key, entry in good.items() if entry["decoder"] == "own"}
    for (model, row), codes in compared.items():
        if "not_compared" in codes:
            checks.append(Check(False, f"{model} {row}: codes not compared: {codes['not_compared']}"))
            continue
        share, step = codes["differing"] / codes["count"], codes["largest_step"]
        holds = share <= MOST_DIFFERING_SHARE and step <= LARGEST_STEP
        checks.append(
            Check(
                holds,
                f"{model} {row}: {codes['differing']} of {codes['count']} codes ({100 * share:.2f} %) differ from this"
                f" machine's, by at most {step} (allowed: {100 * MOST_DIFFERING_SHARE:g} %, {LARGEST_STEP})",
            )
        )
    own = _rows(here)
    for key, entry in good.items():
        model, row = key
        other = own.get(key, {"error": "no such row"})
        if "error" in other:
            checks.append(Check(False, f"{model} {row}: no PSNR of this machine's run: {other['error']}"))
            continue
        psnr, reference = entry["metrics"]["psnr_db"], other["metrics"]["psnr_db"]
        allowed = f"(allowed: {MOST_PSNR_DB:g} apart)"
        checks.append(
            Check(
                abs(psnr - reference) <= MOST_PSNR_DB,
                f"{model} {row}: PSNR {psnr:.3f} dB, on this machine {reference:.3f} dB {allowed}",
            )
        )
    return checks


def _rows(evaluation: Json) -> dict[tuple[str, str], Json]:
    return {(result["model"], entry["row"]): entry for result in evaluation["results"] for entry in result["rows"]}


def _listed(text: str, problems: list[str]) -> str:
    return f"{text}; {'; '.join(problems)}" if problems else text
