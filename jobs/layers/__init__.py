"""Files that the engine wrote become layers: named, styled, described and in their place."""
