"""A broker keeps nothing of a lease but its record; `make memory` shows it over 100,000."""

from tools.bench.memory import soak

# The pages of SQLite that each connection caches come to a few MiB until they are full; what keeps
# as much as a request of each lease is beyond this.
GROWTH = 8 * 1024  # KiB
WARM, MORE = 1_000, 3_000  # leases


def test_memory_descriptors_and_threads_stay_flat_over_many_leases() -> None:
    warm, end = soak(WARM + MORE, [WARM])
    assert (warm.leases, end.leases) == (WARM, WARM + MORE)
    assert end.rss_kib - warm.rss_kib < GROWTH
    assert end.descriptors <= warm.descriptors + 4
    assert end.threads <= warm.threads + 2
    assert end.database_kib > warm.database_kib
