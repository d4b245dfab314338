"""The workstation's half of splitlite: train, quantize, split, package, and judge what a device sent home.

These functions do what the commands of the same names do:

```python
from host import collect, diagnose, evaluate, export, train

record = train("models/my-model", overrides={"training.stages.float.epochs": 5})
bundle = export("models/my-model")  # the folder that travels: device/bundles/my-model
result = evaluate("models/my-model", images=100)
for row in result.rows:
    print(row.row, row.metrics["psnr_db"], row.sizes.get("bitstream_bytes"))
for network in diagnose("models/my-model").networks:
    print(network.network, network.sqnr_db, [layer.layer for layer in network.layers[:3]])  # the worst layers
for run in collect("device/results"):  # the runs that python -m device.bench left there
    print(run.device, [row.row for row in run.results[0].rows])
```
"""

from __future__ import annotations

import os

from device import __version__
from host.api import collect, diagnose, evaluate, export, train

__all__ = ["__version__", "collect", "diagnose", "evaluate", "export", "train"]

# The model optimization toolkit quantizes Keras 2 models only: TensorFlow must be told before it is first imported.
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
