"""The tables of classifiers: speeds and sizes beside Keras."""

from __future__ import annotations

from docs.tables.cells import markdown
from docs.tables.committed import evaluations


def speed_table() -> str:
    """Medians of one image, and how many times faster int8 is than Keras in each of its ways."""
    ways = ("predict", "call", "tf.function")
    titles = ["model", "int8 (ms)", "float32 (ms)", *(f"{way} (ms)" for way in ways)]
    titles += [f"{way} / int8" for way in ways]
    body = []
    for result in evaluations():
        times = {row.row: row.latency["device"].median_ns / 1e6 for row in result.rows if "device" in row.latency}
        keras = [times.get(f"keras {way}") for way in ways]
        if None in keras:
            continue
        shown = [f"{value:.3g}" for value in (times["int8"], times["float32"], *map(float, filter(None, keras)))]
        body.append((result.model, *shown, *(f"{value / times['int8']:,.0f}" for value in keras if value)))
    return markdown(titles, body, 1)


def size_table() -> str:
    """Files in kB, and how many times smaller int8 is than each of the three that it may be compared with."""
    files = {"keras_optimizer": "Keras, optimizer", "keras_weights": "Keras, weights", "float32": "float32 .tflite"}
    titles = ["model", *(f"{title} (kB)" for title in files.values()), "int8 (kB)"]
    titles += [f"{title} / int8" for title in files.values()]
    body = []
    for result in evaluations():
        sizes = {row.row: row.sizes["network_bytes"] / 1000 for row in result.rows if "network_bytes" in row.sizes}
        if not sizes.keys() >= files.keys():
            continue
        shown = [f"{sizes[row]:,.1f}" for row in (*files, "int8")]
        body.append((result.model, *shown, *(f"{sizes[row] / sizes['int8']:.1f}" for row in files)))
    return markdown(titles, body, 1)
