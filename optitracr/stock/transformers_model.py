"""The form of a model as a model of the library `transformers`. Torch is imported when used."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optitracr.errors import MissingExtraError
from optitracr.extras import require
from optitracr.stock.form import StockForm

EXTRA = "stock"
"""The extra of optitracr that installs `transformers`."""


def to_transformers(form: StockForm) -> Any:
    """The model of a form, in float32 and ready to run.

    Raises:
        MissingExtraError: If `transformers` or PyTorch is not installed, or of a version that
            names its weights otherwise.
    """
    torch = require("torch", "PyTorch", EXTRA)
    require("transformers", "transformers", EXTRA)
    stock = form.stock
    home = importlib.import_module(f"transformers.models.{stock.model_type}")
    config = getattr(home, stock.config_name)(**form.config, dtype="float32")
    model = getattr(home, stock.name)(config)
    state = {name: torch.tensor(array) for name, array in form.state.items()}
    strange = model.load_state_dict(state, strict=False)
    missing = [name for name in strange.missing_keys if not name.endswith(BUFFERS)]
    if missing or strange.unexpected_keys:
        names = ", ".join([*missing, *strange.unexpected_keys][:3])
        raise MissingExtraError(
            f"transformers names the weights of {stock.name} otherwise than expected ({names}); "
            f"run: pip install 'optitracr[{EXTRA}]'"
        )
    return model.float().eval()


BUFFERS = (".attn.bias", ".attn.masked_bias", ".inv_freq")
"""What a model holds beside its weights, and makes itself."""


def runner(model: Any) -> Any:
    """What gives the logits of such a model for integers of NumPy.

    Args:
        model: As `to_transformers` gives it.
    """
    import torch

    def run(tokens: NDArray[np.integer]) -> NDArray[np.float32]:
        with torch.no_grad():
            ids = torch.tensor(np.asarray(tokens), dtype=torch.long)
            seen = (ids != model.config.pad_token_id).long()
            logits = model(input_ids=ids, attention_mask=seen, use_cache=False).logits
        return np.asarray(logits.numpy())

    return run
