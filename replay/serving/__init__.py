"""The venues on loopback sockets, in real time, for bots of any language."""
