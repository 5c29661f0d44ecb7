"""Model zoos: folders and STAC catalogues of packages, on a disk or the web; `engine.packages.zoo` writes them."""
