"""A ring of the last N values, with running statistics."""
from __future__ import annotations

import math
from collections.abc import Iterator


class Ring:
    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError(f"size must be positive, not {size}")
        self._values: list[float] = [0.0] * size
        self._next = 0
        self._full = False

    def push(self, value: float) -> None:
        self._values[self._next] = value
        self._next += 1
        if self._next == len(self._values):
            self._next = 0
            self._full = True

    def __len__(self) -> int:
        return len(self._values) if self._full else self._next

    def __iter__(self) -> Iterator[float]:
        if self._full:
            yield from self._values[self._next:]
        yield from self._values[:self._next]

    def mean(self) -> float:
        return math.fsum(self) / len(self) if len(self) else math.nan

    def deviation(self) -> float:
        if len(self) < 2:
            return 0.0
        mean = self.mean()
        return math.sqrt(sum((v - mean) ** 2 for v in self) / (len(self) - 1))


if __name__ == "__main__":
    ring = Ring(16)
    for i in range(100):
        ring.push(math.sin(i / 7) * 0.5 + i % 3)
    print(f"{len(ring)} values, mean {ring.mean():.4f}, deviation {ring.deviation():.4f}")
