"""What `host report` prints: of each model the best, the fastest and the smallest variant, in 80 columns."""

from __future__ import annotations

import pytest

from host.report.terminal import overview_lines
from host.reporting.columns import WIDTH
from tests.host.project import dump


def lines_of(project):
    return overview_lines(project.report())


def flat(lines):
    return " ".join(" ".join(lines).split())


def line_of(lines, name):
    return next(line for line in lines if line.split()[:1] == [name])


def test_the_variants_that_stand_out_and_why(project):
    for name, time in (("float32", 2e6), ("int8_qat", 0.9e6)):
        project.row(project.result, name)["latency"]["device"]["median_ns"] = time
    project.row(project.evaluation, "int8_qat")["sizes"]["bitstream_bytes"] = 300.0
    lines = lines_of(project.write())
    found = [line.split("  ")[1] for line in lines if line.startswith("  ") and "(" in line]
    assert found == ["int8+tuned (best)", "int8_qat (fastest, smallest)"]
    assert line_of(lines, "int8+tuned").split()[2:] == ["31.15", "352.5", "8.71", "1.000", "80.0"]
    assert "tiny-mse (mse): test set, 10000 images of 32 x 24 pixels" in flat(lines)
    assert "pi, ai_edge_litert 2.3.0, 1 thread" in flat(lines) and "1 row is incomplete" in flat(lines)


def test_nothing_is_wider_than_the_terminal(project):
    for row in (*project.result["rows"], *project.evaluation["rows"]):
        row["row"] += "_of_a_recipe_with_a_long_name"
        row["variant"] = row["row"] if "variant" in row else None
        row.pop("decoder", None)
    project.write()
    dump(project.run_folder.with_name("a" * 100) / "evaluation.json", {})
    lines = lines_of(project)
    assert max(map(len, lines)) <= WIDTH
    assert any("of_a_recipe" in line for line in lines) and "left out:" in flat(lines)


def test_the_best_by_a_metric_of_which_less_is_better(project):
    for where in (project.result, project.evaluation):
        where["metrics"][0]["higher_is_better"] = False
    assert line_of(lines_of(project.write()), "int8").split()[1].startswith("(best")  # 30.90, the lowest


def test_models_of_other_metrics_have_a_table_of_their_own(project):
    project.write()
    accuracy = {"key": "accuracy_percent", "title": "accuracy", "unit": "%", "digits": 1, "higher_is_better": True}
    rows = [{**row, "metrics": {"accuracy_percent": 91.25}, "ratios": {}} for row in project.evaluation["rows"]]
    other = {**project.evaluation, "model": "classes", "metrics": [accuracy], "rows": rows}
    dump(project.benchmarks / "evaluations" / "classes" / "a.json", other)
    lines = lines_of(project)
    heads = [line for line in lines if line.split()[:1] in (["PSNR"], ["accuracy"])]
    assert len(heads) == 2 and not any("PSNR" in line and "accuracy" in line for line in heads)


@pytest.mark.parametrize("emulated", [False, True])
def test_emulated_times_are_labelled(project, emulated):
    if emulated:
        project.emulate()
    assert ("emulated, not speed" in flat(lines_of(project.write(evaluation=False)))) == emulated


@pytest.mark.parametrize("known", [True, False])
def test_a_run_where_everything_failed_is_still_told(project, known):
    if not known:  # here nobody knows the model, nor its task's metrics
        del project.result["metrics"]
    for row in project.result["rows"]:
        row.update(error="the runtime does not load it", metrics={}, latency={})
    assert "5 rows are incomplete" in flat(lines_of(project.write(evaluation=False)))
