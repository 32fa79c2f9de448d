"""Activation functions of other libraries: what each is here, how to port them, and how exact they are.

``nonlin.peers.port`` and ``nonlin.peers.verify`` are modules of their own; the second imports what it is asked to compare.
"""

from nonlin.peers.find import Match, find, peer, peers
from nonlin.peers.rows import Peer, Row

__all__ = ["Match", "Peer", "Row", "find", "peer", "peers"]
