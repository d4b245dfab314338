"""The command study."""

from __future__ import annotations

from pathlib import Path

import click

from host.cli.shared import (
    ANY_PATH,
    FOLDER,
    Resumable,
    command,
    data_dir_option,
    interrupted,
    json_option,
    models_folder,
    models_option,
    print_json,
    say,
)


@command(cls=Resumable)
@click.argument("file", type=ANY_PATH)
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Trials at a time.  [default: one per core]")
@click.option(
    "--strategy",
    type=click.Choice(("none", "mirrored")),
    default="none",
    help="Share the batches of each trial between all devices of this machine (mirrored).  [default: none]",
)
@click.option("--finished", is_flag=True, help="Train nothing; show the trials that are finished.")
@click.option("--again", is_flag=True, help="Export, evaluate and time finished trials again; train none of them.")
@click.option("--out", type=FOLDER, help="Folder for the results.  [default: benchmarks/studies/results]")
@click.option("--work", type=FOLDER, hidden=True, help="Folder of the trials, instead of build/studies.")
@data_dir_option
@json_option
@models_option
def study(
    file: Path,
    jobs: int | None,
    strategy: str,
    finished: bool,
    again: bool,
    out: Path | None,
    work: Path | None,
    data_dir: Path | None,
    as_json: bool,
    models: Path | None,
) -> None:
    """Train several models, settings and seeds, and compare them.

    FILE names models, cells (sets of overrides) and seeds. Each trial is trained, exported and evaluated in a folder
    of its own below build/studies. Finished trials are not trained again, and an interrupted study continues where
    it was. The table shows means over the seeds with 95 % intervals; results and charts are written beside it.

    \b
    Example:
      host study benchmarks/studies/small-cnns.json
      host study small-cnns --jobs 4 --data-dir ~/data
      host study small-cnns --finished
    """
    if again and finished:
        raise click.UsageError("--finished only shows what --again would make anew; give one of them")
    from host.interruption import interruptible
    from host.study.results import as_document
    from host.study.study import RESULTS, WORK, run_study
    from host.study.table import study_text
    from host.study.worker import Setting

    setting = Setting(models_folder(models), data_dir, strategy)
    try:
        with interruptible():
            found, written = run_study(
                file, setting, jobs=jobs, only_finished=finished, again=again, work=work or WORK, out=out or RESULTS
            )
    except KeyboardInterrupt as interruption:
        # The trials that are to be evaluated again are no longer finished.
        raise interrupted(interruption, without=("--again",)) from None
    if as_json:
        print_json(as_document(found))
        return
    say(study_text(found))
    say("\n" + "\n".join(map(str, written)))
