"""The plugin's package lies beside its tests, not in the environment."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
