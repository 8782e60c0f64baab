"""Exports of a compiled model: PyTorch, TransformerLens, ONNX."""
