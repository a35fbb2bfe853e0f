"""The Textual app of ubp-tui: screens, widgets and styles.

It holds no algorithm: every figure on the screen comes from `ubp_core` through `ubp_tui.services`. Importing this
package imports neither textual nor torch, so that `ubp-tui --help` answers at once.
"""

import os

# Textual reads it when it is imported. A key waits for the next frame, and with its 60 a second that takes up to 17 ms.
os.environ.setdefault("TEXTUAL_FPS", "120")
