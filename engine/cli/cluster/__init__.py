"""Predictions whose work the workers of a Dask cluster share; Dask itself is imported where it is asked for."""

from .prediction import predicted_in_cluster

__all__ = ["predicted_in_cluster"]
