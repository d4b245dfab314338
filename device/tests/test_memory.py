from __future__ import annotations

import unittest

from ..bench.worker import parse_status, read_memory

# From a Raspberry Pi's /proc/self/status, shortened.
STATUS = """Name:\tpython3
Umask:\t0022
VmPeak:\t  210824 kB
VmSize:\t  210820 kB
VmHWM:\t   40212 kB
VmRSS:\t   39876 kB
RssAnon:\t   18032 kB
Threads:\t1
"""


class Memory(unittest.TestCase):
    def test_parsing(self) -> None:
        self.assertEqual(parse_status(STATUS), {"rss_bytes": 39876 * 1024, "peak_rss_bytes": 40212 * 1024})

    def test_what_is_not_there_is_absent(self) -> None:
        self.assertEqual(parse_status(""), {})
        self.assertEqual(parse_status("VmRSS:\nVmHWM:\t-3 kB\nVmHWM: 5 MB\nnonsense"), {})

    def test_this_process(self) -> None:
        found = read_memory()
        self.assertGreater(found["peak_rss_bytes"], 5_000_000)

    def test_without_proc_there_is_still_a_peak(self) -> None:
        found = read_memory("/nowhere/status")
        self.assertEqual(list(found), ["peak_rss_bytes"])
        self.assertGreater(found["peak_rss_bytes"], 5_000_000)


if __name__ == "__main__":
    unittest.main()
