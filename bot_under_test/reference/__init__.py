"""The reference bot: a trading bot as it ran in production, version by version.

It knows nothing of a simulation. It imports ccxt and aiohttp and would trade at the real venue.
"""

from bot_under_test.reference.bot import ReferenceBot
from bot_under_test.reference.defects import VERSIONS, Defect
from bot_under_test.reference.settings import Credentials, Settings
from bot_under_test.reference.signals import Signal
from bot_under_test.reference.trader import VENUES

__all__ = ["VENUES", "VERSIONS", "Credentials", "Defect", "ReferenceBot", "Settings", "Signal"]
