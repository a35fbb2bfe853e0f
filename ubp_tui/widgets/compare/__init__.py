"""The widgets of the compare screen: two maps, their difference, and what each class holds."""
