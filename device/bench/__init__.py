"""python -m device.bench: measures every variant of every bundle on this device."""
