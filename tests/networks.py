"""The networks that tests train: timm's own for tests, for what a test waits for is not arithmetic."""

TINY = {"encoder": "tu-test_efficientnet", "width": 32}
"""An encoder of 82,000 parameters and few layers."""
NARROW = {**TINY, "detection_strides": [8]}
TEACHER = {"encoder": "tu-test_resnet", "width": 64, "detection_strides": [8]}
"""With shortcuts, and another one than the student's."""
