"""Model packages: writing, reading, ONNX, STAC MLM."""
