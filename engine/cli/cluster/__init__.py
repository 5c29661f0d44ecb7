"""Work that the workers of a Dask cluster share; Dask itself is imported where it is asked for."""

from .prediction import predicted_in_cluster
from .work import each_in_cluster, looks_in_cluster

__all__ = ["each_in_cluster", "looks_in_cluster", "predicted_in_cluster"]
