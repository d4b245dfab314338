"""Why training for quantization helps: which layers' error it took away, from the diagnoses before and after it."""

from __future__ import annotations

from collections.abc import Mapping

from host.quantization.diagnosis.result import Diagnosis, NetworkDiagnosis

_LAYERS = 3  # that are named
_LEAST_PERCENT = 5  # of the error before: less is not worth a name


def why_training_helps(diagnoses: Mapping[str, Diagnosis], before: str = "int8", after: str = "int8_qat") -> str | None:
    """A sentence on the network whose error shrank most; None without both diagnoses.

    The error of a network is the power of its output's noise over that of the signal, 10^(-SQNR / 10); a layer has
    its share of it, as `host diagnose` tells shares.
    """
    if before not in diagnoses or after not in diagnoses:
        return None
    later = {network.network: network for network in diagnoses[after].networks}
    pairs = [(network, later[network.network]) for network in diagnoses[before].networks if network.network in later]
    pairs = [pair for pair in pairs if None not in (pair[0].sqnr_db, pair[1].sqnr_db)]
    if not pairs:
        return None
    plain, trained = max(pairs, key=lambda pair: _error(pair[0]) - _error(pair[1]))
    whole = _error(plain)
    gone = 100 * (whole - _error(trained)) / whole
    sqnr = f"{plain.sqnr_db:.1f} dB SQNR before, {trained.sqnr_db:.1f} dB after"
    where = f"in the {plain.network}'s output" if len(pairs) > 1 else "in the network's output"
    if gone < _LEAST_PERCENT:
        found = "hardly less" if gone >= 0 else "more"
        why = "The gain of quantization-aware training is not in the layers' errors"
        return f"{why}: `host diagnose` finds {found} error {where} after it ({sqnr})."
    own = {layer.layer: layer.share_percent / 100 * _error(trained) for layer in trained.layers}
    less = {layer.layer: layer.share_percent - 100 * own.get(layer.layer, 0.0) / whole for layer in plain.layers}
    named = sorted((name for name in less if less[name] >= _LEAST_PERCENT), key=lambda name: -less[name])[:_LAYERS]
    text = f"Quantization-aware training took away {gone:.0f} % of the error that int8 makes {where} ({sqnr})"
    if named:
        parts = ", ".join(f"{name} ({less[name]:.0f} %)" for name in named)
        text += f", most of it in {parts}"
    return f"{text}, as `host diagnose` finds."


def _error(network: NetworkDiagnosis) -> float:
    return 10 ** (-(network.sqnr_db or 0.0) / 10)
