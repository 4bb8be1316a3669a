"""The network between the hosts of a world, at the level of asyncio's transports.

`names` resolves host names to addresses that exist nowhere, `links` says how long bytes travel,
`connections` moves them, `tls` answers for a TLS that ends in the network itself.
"""

from simulator.network.links import Link
from simulator.network.network import Network

__all__ = ["Link", "Network"]
