"""For tests/ and notebooks/ alike: an empty cache, as a learner has it; in `make check`, nothing skips and the
widgets' times are told."""

import os
import tempfile

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # the kernels and the xdist workers inherit all three
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # tests run side by side, one a core
if "CAPTIONLIB_CACHE" not in os.environ:
    empty_cache = tempfile.TemporaryDirectory(prefix="captionlib-tests-", ignore_cleanup_errors=True)
    os.environ["CAPTIONLIB_CACHE"] = empty_cache.name


def pytest_addoption(parser):
    parser.addoption("--nothing-skips", action="store_true", help="a skipped test counts as a failure")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.option.nothing_skips and reporter and reporter.stats.get("skipped"):
        for report in reporter.stats["skipped"]:
            reporter.write_line(f"skipped, and nothing may skip here: {report.nodeid}: {report.longrepr[-1]}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    times = [told for reports in terminalreporter.stats.values() for report in reports if hasattr(report, "when")
             for name, told in getattr(report, "user_properties", ())  # a test file that fails to import has none
             if name == "latency" and report.when == "call"]  # fmt: skip
    for told in sorted(times):
        terminalreporter.write_line(told)
