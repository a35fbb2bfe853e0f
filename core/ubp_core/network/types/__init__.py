"""In which types a network computes: conversions between them, weights in fp16, sums in fp32, and what it all costs."""
