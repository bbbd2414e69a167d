"""Archives from anybody: altered, truncated, or built to break out. All are refused, and nothing is touched."""

import io
import tarfile
from pathlib import PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunwell.actions.keeping.archive import MANIFEST, Manifest, Writer, allowed, read
from dunwell.core.errors import Refused


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A small archive that is as it should be."""
    folder = tmp_path_factory.mktemp("whole")
    sources = {"database.sqlite3": b"SQLite format 3\x00" + bytes(2_000), "documents/ab/abcd": b"%PDF", "keys/k": b"k"}
    with Writer(folder / "b.tar") as writer:
        for name, data in sources.items():
            (folder / "source").write_bytes(data)
            writer.add(name, folder / "source")
        writer.finish(Manifest("sqlite", "SQLite 3", "0.1.0", "2026-11-22", ("0001",), {"t": 1}, writer.files))
    return folder / "b.tar"


def rebuilt(whole, path, change):
    """The archive again, each member passed through `change(info, data)`; None leaves it out."""
    with tarfile.open(whole) as old, tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as new:
        for info in old:
            made = change(info, old.extractfile(info).read())
            if made is not None:
                new.addfile(made[0], io.BytesIO(made[1]))
    return path


def refusal(path, into=None):
    with pytest.raises(Refused) as refused:
        read(path, into)
    for language in ("en", "zh-Hans", "zh-Hant"):
        assert refused.value.words(language)
    return refused.value.code


class TestAnArchive:
    def test_that_is_whole_is_read_and_unpacked(self, whole, tmp_path):
        manifest = read(whole, tmp_path)
        assert manifest.tables == {"t": 1}
        assert (tmp_path / "documents/ab/abcd").read_bytes() == b"%PDF"

    def test_with_one_altered_byte_is_refused(self, whole, tmp_path):
        altered = rebuilt(whole, tmp_path / "a.tar", lambda i, d: (i, d.replace(b"%PDF", b"%PDG")))
        assert refusal(altered) == "restore.altered"

    @pytest.mark.parametrize(("gone", "code"), [("keys/k", "restore.altered"), (MANIFEST, "restore.damaged")])
    def test_with_a_member_taken_out_is_refused(self, whole, tmp_path, gone, code):
        path = rebuilt(whole, tmp_path / "a.tar", lambda i, d: None if i.name == gone else (i, d))
        assert refusal(path) == code

    @pytest.mark.parametrize(
        "name",
        [
            "../evil", "/etc/passwd", "documents/../../evil", "documents//x", "documents/./x", "evil.sh", "letters",
            "letters/.bashrc", "documents/a\\..\\b", "keys/a\nb", "keys/\u202egnp", "keys/" + "x" * 256, "other/x",
            "settings.toml/x", ".dunwell",
        ],
    )  # fmt: skip
    def test_with_a_name_that_leads_elsewhere_is_refused(self, whole, tmp_path, name):
        def change(info, data):
            if info.name == "keys/k":
                info.name = name
            return info, data

        (tmp_path / "into").mkdir()
        assert refusal(rebuilt(whole, tmp_path / "a.tar", change), tmp_path / "into") == "restore.member"
        assert not (tmp_path / "evil").exists()

    @pytest.mark.parametrize(
        "kind",
        [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE, tarfile.CONTTYPE],
    )
    def test_with_anything_but_regular_files_is_refused(self, whole, tmp_path, kind):
        def change(info, data):
            if info.name == "keys/k":
                info.type, info.linkname, info.size = kind, "../../../etc/passwd", 0
                return info, b""
            return info, data

        assert refusal(rebuilt(whole, tmp_path / "a.tar", change)) in ("restore.member", "restore.altered")

    def test_with_a_sparse_file_is_refused(self, whole, tmp_path):
        def change(info, data):
            if info.name == "keys/k":
                info.pax_headers = {
                    "GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": "keys/k",
                    "GNU.sparse.size": str(2**50), "GNU.sparse.map": f"0,{2**50}",
                }  # fmt: skip
            return info, data

        assert refusal(rebuilt(whole, tmp_path / "a.tar", change)) in ("restore.member", "restore.damaged")

    @pytest.mark.parametrize("size", ["-512", str(2**62), "x"])
    def test_with_an_impossible_size_is_refused(self, whole, tmp_path, size):
        def change(info, data):
            if info.name == "keys/k":
                info.pax_headers = {"size": size}
            return info, data

        assert refusal(rebuilt(whole, tmp_path / "a.tar", change)).startswith("restore.")

    def test_with_a_huge_header_is_refused_before_it_is_read(self, whole, tmp_path):
        path = tmp_path / "a.tar"
        header = tarfile.TarInfo("x")
        header.type, header.size = tarfile.XHDTYPE, 2**33
        path.write_bytes(header.tobuf(tarfile.GNU_FORMAT) + whole.read_bytes())
        assert refusal(path) == "restore.damaged"

    def test_with_a_name_twice_is_refused(self, whole, tmp_path):
        path = tmp_path / "a.tar"
        path.write_bytes(whole.read_bytes())
        with tarfile.open(path, "a") as tar:
            info = tarfile.TarInfo("keys/k")
            info.size = 1
            tar.addfile(info, io.BytesIO(b"z"))
        assert refusal(path) == "restore.member"

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"{}",
            b"[]",
            b"null",
            b"[" * 100_000,
            b'{"format": "dunwell-backup", "version": 1}',
            b"\xff\xfe",
            b"NaN",
        ],
    )
    def test_with_a_manifest_that_is_none_is_refused(self, whole, tmp_path, text):
        def change(info, data):
            if info.name == MANIFEST:
                info.size = len(text)
                return info, text
            return info, data

        assert refusal(rebuilt(whole, tmp_path / "a.tar", change)) == "restore.damaged"

    def test_of_a_later_format_is_refused(self, whole, tmp_path):
        def change(info, data):
            data = data.replace(b'"version": 1', b'"version": 2')
            return info, data

        assert refusal(rebuilt(whole, tmp_path / "a.tar", change)) == "restore.other_version"

    @pytest.mark.parametrize("data", [b"", b"hello", b"\x1f\x8b\x08" + bytes(2_000), bytes(10_240)])
    def test_that_is_none_is_refused(self, tmp_path, data):
        (tmp_path / "a.tar").write_bytes(data)
        assert refusal(tmp_path / "a.tar") == "restore.damaged"

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_cut_or_altered_anywhere_is_refused_or_the_same(self, whole, tmp_path, data):
        raw = bytearray(whole.read_bytes())
        place = data.draw(st.integers(0, len(raw) - 1))
        if data.draw(st.booleans()):
            raw[place] ^= data.draw(st.integers(1, 255))
        else:
            del raw[place:]
        (tmp_path / "a.tar").write_bytes(raw)
        try:
            found = read(tmp_path / "a.tar")
        except Refused:
            return
        assert found == read(whole)

    @given(name=st.text(max_size=60))
    def test_never_allows_a_name_that_leaves_its_folder(self, name):
        for each in (name, f"documents/{name}"):
            if allowed(each):
                path = PurePosixPath(each)
                assert not path.is_absolute()
                assert ".." not in path.parts
                assert "\x00" not in each
