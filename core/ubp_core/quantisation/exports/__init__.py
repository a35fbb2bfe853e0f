"""From a captured network, or a layer alone, to what a file of int8 holds: by types, by pictures, by measured loss."""
