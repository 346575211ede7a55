from __future__ import annotations

from tests.proof.journal import FAIL, INVOKE, OK, UNKNOWN, Journal, read


def test_is_read_back_with_operations_that_differ(tmp_path):
    for proc in (1, 2):
        journal = Journal(tmp_path / f"{proc}.jsonl")
        journal.ok(journal.invoke("issue", proc=proc, key=f"key-{proc}", service=1), ticket=proc)
        journal.fail(journal.invoke("call_next", proc=proc, room=1), "nobody_waiting")
        journal.unknown(journal.invoke("hold", proc=proc, ticket=1))
        journal.close()
    entries = read(sorted(tmp_path.iterdir()))
    assert [entry.type for entry in entries] == [INVOKE, OK, INVOKE, FAIL, INVOKE, UNKNOWN] * 2
    assert len({entry.op for entry in entries}) == 6


def test_a_line_that_was_cut_off_was_not_asked_yet(tmp_path):
    path = tmp_path / "cut.jsonl"
    journal = Journal(path)
    journal.invoke("issue", service=1)
    assert len(read([path])) == 1, "it must be there before the request goes out"
    journal.close()
    path.write_text(path.read_text() + '{"op": 2')
    (entry,) = read([path])
    assert (entry.verb, entry.given) == ("issue", {"service": 1})
