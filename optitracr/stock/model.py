"""What a model that was compiled for a published transformer gives, each a call of its own."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from optitracr.memory import within_memory
from optitracr.model.transformer import Transformer

if TYPE_CHECKING:
    from optitracr.model.proof import Proof
    from optitracr.stock.form import StockForm


class PublishedModel(Transformer):
    """A transformer that can be had as a published one, if it was compiled for one."""

    @within_memory
    def stock(self, rotate: int | None = None) -> StockForm:
        """The model in the form of the architecture that it was compiled for.

        Args:
            rotate: Seed of a rotation of the residual stream, after which no column is one
                variable's; None for none.

        Raises:
            InputError: If the model was compiled for no published transformer.
        """
        from optitracr.stock.form import stock_form

        return stock_form(self, rotate)

    @within_memory
    def prove_stock(self) -> Proof:
        """Proves the stock transformer, or runs it on inputs where bounds do not tell.

        `proof` is of the model without norms. What is found is kept as long as the weights stay the
        same.

        Raises:
            InputError: If the model was compiled for no published transformer.
            VerificationError: If the stock transformer is wrong on an input.
            NotFoundError: If the model was read from a file that holds no program.
        """
        from optitracr.stock.proving import form_proof

        return form_proof(self)

    @within_memory
    def to_transformers(self, rotate: int | None = None) -> Any:
        """The model as a `GPT2LMHeadModel` or `LlamaForCausalLM` of `transformers`.

        Its logits are of shape [batch, seq, vocabulary]; `decode_logits` says what they mean.

        Args:
            rotate: Seed of a rotation of the residual stream, after which no column is one
                variable's; None for none.

        Raises:
            InputError: If the model was compiled for no published transformer.
            MissingExtraError: If `transformers` is not installed.
        """
        from optitracr.stock.transformers_model import to_transformers

        return to_transformers(self.stock(rotate))

    def decode_logits(self, logits: Any) -> NDArray[Any]:
        """The values of the program, from the logits of the stock transformer.

        Args:
            logits: Shape [..., vocabulary], such as `to_transformers()(ids).logits`; what stands
                at BOS means nothing.

        Returns:
            Shape [...]: the values as objects, None for None.

        Raises:
            InputError: If it is no array of numbers, or of fewer than the program has values.
        """
        from optitracr.stock.decoding import decode_logits

        return decode_logits(self, logits)

    @within_memory
    def save_pretrained(self, folder: str | PathLike[str], rotate: int | None = None) -> None:
        """Writes the stock transformer, its tokenizer and a model card to a folder.

        `AutoModelForCausalLM.from_pretrained(folder)` and `AutoTokenizer.from_pretrained(folder)`
        open it, with no code of anyone's, and `optitracr.load(folder)` this model. A checkpoint
        of ours that stands there is replaced once the new one is whole.

        Args:
            folder: The folder.
            rotate: Seed of a rotation of the residual stream, after which no column is one
                variable's; None for none.

        Raises:
            InputError: If the model was compiled for no published transformer.
            MissingExtraError: If `transformers` is not installed.
            VerificationError: If the stock transformer is wrong on an input.
            FileError: If the folder cannot be written or holds something else, or a value of
                the program is of a type that a file cannot hold; nothing is changed then.
        """
        from optitracr.stock.pretrained import save_pretrained

        save_pretrained(self, folder, rotate)
