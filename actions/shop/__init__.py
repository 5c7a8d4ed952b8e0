"""The shop the assistant works for: its orders, and what may be done to them.

A small database of our own stands in for the company's order system. Whoever has one writes another class for the
``Shop`` Protocol of ``actions.ports`` and passes it to ``actions.main``.
"""

from actions.shop.repository import ShopRepository
from actions.shop.seed import build_seed

__all__ = ["ShopRepository", "build_seed"]
