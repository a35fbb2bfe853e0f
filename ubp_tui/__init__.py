"""The Textual app of ubp-tui: screens, widgets and styles.

It holds no algorithm: every figure on the screen comes from `ubp_core` through `ubp_tui.services`. Importing this
package imports neither textual nor torch, so that `ubp-tui --help` answers at once.
"""
