"""What patients type about themselves: masked before it is kept, kept briefly, and deleted with proof."""
