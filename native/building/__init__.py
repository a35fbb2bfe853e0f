"""How the native code is built: platforms, targets, compilers, one ninja file, a cache of objects, progress.

`native/build.py` is the command; `build` of `running` is the function that tests and the wheel's hook call.
"""
