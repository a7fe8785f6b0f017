"""Nothing is found where nothing is wrong."""

import pytest


@pytest.mark.parametrize("task", ["rec", "cls", "det"])
def test_a_clean_run_gives_no_error_and_no_warning(make_site, serious, task):
    findings = make_site(task).check()
    assert serious(findings) == []
    assert [finding.what for finding in findings if "not checked" in finding.what] == []
    assert any("4 steps, 2 in each of 2 epochs; 2 evaluations" in finding.what for finding in findings)
