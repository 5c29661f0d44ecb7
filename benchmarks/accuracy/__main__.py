"""`python -m benchmarks.accuracy TABLE`: a table's rows over seeds, trained and scored; JSON, Markdown, pictures."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from engine.errors import GeoDistilError

from .declare import Form, Ground, Row, Table
from .kept import RESULTS, keep, kept
from .parallel import Job, carried_out
from .pictures import write_picture
from .readme import write_readme
from .running import RESULT_FILE, slug
from .speed import keep_speed, write_speed
from .summary import Results, markdown, summarise
from .tables import TABLES

FORMS = {"small": "for a CPU", "medium": "some minutes of a large GPU (sslkd only)", "full": "for a GPU and a day"}


def main(arguments: list[str] | None = None) -> None:
    """The whole way."""
    options = parser().parse_args(arguments)
    options.output, options.data = options.output.resolve(), options.data.resolve()
    if options.table == "readme":
        write_anew(options.output)
        print(write_readme(options.output))
        return
    if options.table == "speed":
        folder = options.output / f"controlled-{options.form}"
        gsd = TABLES["controlled"][1][options.form].gsd
        print(write_speed(folder, everything("controlled", options.form, folder), options.data, gsd))
        return
    declare, forms = TABLES[options.table]
    if options.form not in forms:
        raise SystemExit(f"The table {options.table} has the forms {', '.join(forms)}.")
    form = lengthened(forms[options.form], options.length)
    table = declare(form)
    rows = chosen(table, options.only or [row.name for row in table.rows if options.form == "full" or not row.extra])
    folder = options.output / f"{options.table}-{options.form}"
    try:
        print(fill(table, form, rows, options, folder))
    except GeoDistilError as error:
        raise SystemExit(f"error: {error}") from error


def parser() -> argparse.ArgumentParser:
    """What can be changed from outside."""
    top = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    top.add_argument(
        "table",
        choices=(*TABLES, "speed", "readme"),
        help="speed compares the controlled table's networks; readme puts all finished tables into the README",
    )
    top.add_argument("--form", choices=FORMS, default="small", help="; ".join(f"{k}: {v}" for k, v in FORMS.items()))
    top.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    top.add_argument(
        "--only",
        nargs="+",
        metavar="ROW",
        help="rows by name, * stands for anything (default: all; the small form leaves some out)",
    )
    top.add_argument("--jobs", type=int, default=1, help="rows at a time, each on its share of the processors")
    top.add_argument("--length", type=float, default=1.0, help="multiplies the steps of every row")
    top.add_argument("--data", type=Path, default=Path("../shared/data"), help="the real imagery")
    top.add_argument("--output", type=Path, default=Path("build/accuracy"))
    return top


def lengthened(form: Form, factor: float) -> Form:
    """The form with more or fewer steps."""
    return replace(
        form,
        steps=max(1, round(form.steps * factor)),
        teacher_steps=max(1, round(form.teacher_steps * factor)),
    )


def chosen(table: Table, patterns: list[str]) -> list[Row]:
    """The rows that patterns name, each after the rows that train its teachers.

    Raises:
        SystemExit: a pattern names none.
    """
    wanted = []
    for pattern in patterns:
        found = [row for row in table.rows if fnmatch(row.name, pattern)]
        if not found:
            raise SystemExit(f"No row is called {pattern}; there are: {'; '.join(row.name for row in table.rows)}.")
        wanted += [needed for row in found for needed in table.needed(row)]
    return list({row.name: row for row in wanted}.values())


def fill(table: Table, form: Form, rows: list[Row], options: argparse.Namespace, folder: Path) -> str:
    """Carry out the rows of all seeds that the repository lacks, the table written anew after each; its Markdown."""
    known = kept(options.table, table, form)
    results = merged(known, finished(table, folder))
    text = _write(table, form, results, folder) if results else ""
    missing = {seed: unknown(table, rows, known, seed) for seed in options.seeds}
    rows_of = {seed: rows for seed, rows in missing.items() if rows}
    grounds = {seed: _ground(table, options.data, folder / f"seed-{seed}" / "ground", seed) for seed in rows_of}
    jobs = [Job(row, form, grounds[seed], seed, folder / f"seed-{seed}") for seed in grounds for row in rows_of[seed]]
    left = Counter(job.seed for job in jobs)
    for job, result in carried_out(jobs, options.jobs) if options.jobs > 1 else one_by_one(jobs):
        results.setdefault(job.row.name, {})[job.seed] = result
        text = _write(table, form, results, folder)
        left[job.seed] -= 1
        if not left[job.seed]:
            _draw(rows_of[job.seed], job.ground, job.seed_folder)
    return text


def unknown(table: Table, rows: list[Row], known: Results, seed: int) -> list[Row]:
    """Of the rows those that the repository has no result of, after the rows that train their teachers."""
    missing = [row for row in rows if seed not in known.get(row.name, {})]
    return list({each.name: each for row in missing for each in table.needed(row)}.values())


def merged(known: Results, fresh: Results) -> Results:
    """All results; of a row and seed that both have, the fresh one."""
    return {row: known.get(row, {}) | fresh.get(row, {}) for row in known.keys() | fresh.keys()}


def one_by_one(jobs: list[Job]) -> Iterator[tuple[Job, dict[str, Any]]]:
    """Jobs with their results, in order, in this process."""
    for job in jobs:
        print(f"== seed {job.seed}: {job.row.name} ({job.row.steps} steps)", file=sys.stderr)
        begun = time.monotonic()
        yield job, job.carry_out()
        print(f"   {time.monotonic() - begun:.0f} s", file=sys.stderr)


def _draw(rows: list[Row], ground: Ground, seed_folder: Path) -> None:
    """A picture of each group's predictions."""
    for group in dict.fromkeys(row.group for row in rows):
        together = [row for row in rows if row.group == group]
        name = f"predictions-{slug(group)}.png" if group else "predictions.png"
        write_picture(together, ground.tests_of(together[0]), seed_folder, seed_folder / name)


def finished(table: Table, folder: Path) -> Results:
    """What earlier calls left of all rows and seeds, as far as it had as many steps."""
    results: Results = {}
    for row in table.rows:
        for file in sorted(folder.glob(f"seed-*/{slug(row.name)}/{RESULT_FILE}")):
            result = json.loads(file.read_text())
            if result["steps"] == row.steps:
                results.setdefault(row.name, {})[result["seed"]] = result
    return results


def everything(name: str, form: str, folder: Path, repository: Path = RESULTS) -> Results:
    """All results of a table, of its folder and of the repository."""
    declare, forms = TABLES[name]
    table = declare(forms[form])
    return merged(kept(name, table, forms[form], repository), finished(table, folder))


def write_anew(output: Path, repository: Path = RESULTS) -> None:
    """Bring the tables up to date with all results, of the output and of the repository, which keeps both."""
    for name, (declare, forms) in TABLES.items():
        for form in forms.values():
            table, folder = declare(form), output / f"{name}-{form.name}"
            if results := everything(name, form.name, folder, repository):
                _write(table, form, results, folder)
                keep(name, table, form, results, repository)
            if name == "controlled" and folder.exists():
                keep_speed(folder, repository / f"speed-{form.name}.json")


def _ground(table: Table, data: Path, folder: Path, seed: int) -> Ground:
    folder.mkdir(parents=True, exist_ok=True)
    return table.ground(data, folder, seed)


def _write(table: Table, form: Form, results: Results, folder: Path) -> str:
    summary = summarise(table, results)
    runs = [run for seeds in results.values() for run in seeds.values()]
    devices = sorted({f"{run['device']}, {run['precision']}" for run in runs})
    hours = sum(run["minutes"] for run in runs) / 60
    notes = [
        f"Form {form.name}: {form.steps} steps for every student, {form.teacher_steps} for its teachers, chips of "
        f"{form.chip_size} px, batches of {form.batch_size} a role. Mean ± standard deviation over seeds "
        f"{', '.join(map(str, sorted({run['seed'] for run in runs})))}; gain is to the group's first baseline, seed by "
        f"seed. {hours:.1f} hours in all on {'; '.join(devices)} ({max(run['date'] for run in runs)}).",
    ]
    text = markdown(table, summary, notes)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(
        json.dumps({"form": form.name, "rows": summary, "runs": runs}, indent=2) + "\n"
    )
    (folder / "table.md").write_text(text)
    return text


if __name__ == "__main__":
    main()
