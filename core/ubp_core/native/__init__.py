"""The native library through its C interface (native/include/ubp/*_c.h): signatures, structures, one error for a code.

`library` loads and checks it; the others have one header each. Nothing here knows what a layer, a plan or a model is.
"""
