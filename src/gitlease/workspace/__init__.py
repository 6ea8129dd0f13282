"""
Inside the container: the credential helper, its cache, its sources, the installer.

The standard library only, so that one wheel goes into any image.
"""
