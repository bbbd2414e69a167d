"""`dunwell backup` and `restore`: everything comes back, also when it was taken while others wrote."""

import json
import os
import shutil
import sqlite3
import stat
import sys
import tarfile
from datetime import UTC, datetime
from hashlib import sha256

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connection

from dunwell.actions.keeping import restore
from dunwell.actions.keeping.archive import MANIFEST, read
from dunwell.actions.keeping.backup import make_backup
from dunwell.core.errors import Refused
from dunwell.store.models import JournalEntry
from tests.backup.support import files, fill, keep_document, put, rows
from tests.support.homes import django_on
from tests.support.rows import MEI

BEFORE_THE_DATABASE = ("archive.read", "_refuse_newer", "_point_settings")
THE_SWAP = ("_take_place", "_renameat2", "journal.check")

WRITER = """
import hashlib, itertools, os, sys
from datetime import UTC, datetime
from pathlib import Path
from dunwell.actions.creditors import set_creditor
from dunwell.core.actor import Actor, ActorKind
from dunwell.store import guard
from dunwell.store.models import Creditor, Document
home = Path(os.environ["DUNWELL_HOME"])
print("ready", flush=True)
for n in itertools.count():
    at = datetime.now(UTC)
    set_creditor(code="main", changes={"bank_name": f"Bank {n}"}, at=at, by=Actor(ActorKind.JOB, "writer"))
    text = b"letter %d" % n
    name = hashlib.sha256(text).hexdigest()
    path = home / "documents" / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    with guard.writing("test"):
        Document.objects.create(
            creditor=Creditor.objects.get(), sha256=name, media_type="text/plain", size_bytes=len(text), made_at=at
        )
    print(n, flush=True)
"""


@pytest.fixture
def other(db, homes, tmp_path):
    """An empty place of the same kind to restore into."""
    with homes.bare(db.vendor, tmp_path / "other") as made:
        yield made


def backup(home, path):
    """In this process; the command line has tests of its own."""
    return make_backup(home=home.path, target=path, at=datetime.now(UTC), by=MEI)


def bring_back(home, path, *, replace=False):
    with django_on(home):
        return restore.restore(file=path, settings=django_settings.DUNWELL, at=datetime.now(UTC), replace=replace)


def refusal(act, *values, **options):
    with pytest.raises(Refused) as refused:
        act(*values, **options)
    assert all(refused.value.words(language) for language in ("en", "zh-Hans", "zh-Hant"))
    return refused.value


class TestABackup:
    def test_brings_back_every_row_and_every_file(self, db, other, tmp_path):
        fill(db)
        archive = tmp_path / "b.tar"
        backup(db, archive)
        before = rows(db)
        # its own entry is written after the copy was taken
        made = [entry for entry in before["store_journalentry"] if "backup.made" in entry]
        assert len(made) == 1
        said = other.dunwell("restore", str(archive)).stdout
        before["store_journalentry"].remove(made[0])
        assert rows(other) == before
        assert files(other.path) == files(db.path)
        assert f"{sum(map(len, before.values())) - len(before['django_migrations'])} rows" in said
        assert "every one fits its commitment" in said
        assert other.dunwell("journal", "check").returncode == 0

    def test_is_whole_while_another_process_writes(self, db, other, tmp_path):
        fill(db)
        writer = db.start("-c", f"import django; django.setup()\n{WRITER}", program=sys.executable)
        try:
            while writer.stdout.readline().strip() != "5":
                assert writer.poll() is None, writer.stderr.read()
            during = [tmp_path / f"{n}.tar" for n in range(3)]
            for archive in during:
                backup(db, archive)
            writer.stdout.readline()
        finally:
            writer.kill()
            writer.communicate()
        after = rows(db)
        counts = []
        for archive in during:
            manifest = read(archive)
            counts.append(manifest.tables["store_document"])
            named = {name.rsplit("/", 1)[1] for name in manifest.files if name.startswith("documents/")}
            assert len(named) >= manifest.tables["store_document"]
        assert counts == sorted(counts)
        assert counts[-1] < len(after["store_document"])
        bring_back(other, during[-1])
        found = rows(other)
        for table in ("store_document", "store_journalentry", "store_receivable", "store_debtor"):
            assert set(found[table]) <= set(after[table])
        assert len(found["store_document"]) == counts[-1]
        kept = files(other.path)
        assert all(f"documents/{row[1][:2]}/{row[1]}" in kept for row in found["store_document"])

    def test_is_for_its_owner_alone_and_says_so(self, db, tmp_path):
        fill(db)
        archive = tmp_path / "b.tar"
        said = db.dunwell("backup", str(archive)).stdout
        assert stat.S_IMODE(archive.stat().st_mode) == 0o600
        assert "passwords" in said
        assert list(tmp_path.glob(".*")) == []

    def test_gets_a_name_of_its_own_in_a_folder(self, db, tmp_path):
        fill(db)
        folder = tmp_path / "backups"
        folder.mkdir()
        backup(db, folder)
        assert [path.name.split("-")[:2] for path in folder.iterdir()] == [["dunwell", "backup"]]

    def test_is_in_every_creditors_journal(self, db, tmp_path):
        fill(db)
        backup(db, tmp_path / "b.tar")
        entry = JournalEntry.objects.get(event="backup.made")
        body = json.loads(bytes(entry.body))["body"]
        with tarfile.open(tmp_path / "b.tar") as tar:
            manifest = tar.extractfile(MANIFEST).read()
        assert body["manifest_sha256"] == sha256(manifest).hexdigest()
        assert body["tables"]["store_receivable"] == 3

    def test_tells_which_documents_are_gone(self, db, tmp_path):
        book = fill(db)
        name = keep_document(db.path, book, b"will be lost")
        (db.path / "documents" / name[:2] / name).unlink()
        done = db.dunwell("backup", str(tmp_path / "b.tar"), check=False)
        assert done.returncode == 1
        assert name in done.stdout
        assert (tmp_path / "b.tar").exists()

    def test_leaves_drafts_locks_and_what_is_not_ours_out(self, db, tmp_path):
        fill(db)
        put(db.path / "letters/2026-11-22/.half.pdf.part", b"%PD")
        put(db.path / "runs/.main-20261122-2.draft/manifest.json", b"{")
        put(db.path / "holiday.jpg", b"...")
        (db.path / "documents/elsewhere").symlink_to("/etc")
        left_out = backup(db, tmp_path / "b.tar").left_out
        names = set(read(tmp_path / "b.tar").files)
        assert not [name for name in names if "half" in name or "draft" in name or "holiday" in name]
        assert left_out == ("documents/elsewhere", "holiday.jpg")

    @pytest.mark.parametrize("where", ["there.tar", "nowhere/b.tar", "home/b.tar", "link.tar"])
    def test_is_refused_where_it_would_do_harm(self, db, tmp_path, where):
        put(tmp_path / "there.tar", b"precious")
        (tmp_path / "link.tar").symlink_to("there.tar")
        assert refusal(backup, db, tmp_path / where).code.startswith("backup.")
        assert (tmp_path / "there.tar").read_bytes() == b"precious"

    @pytest.mark.parametrize("home", ["postgresql"], indirect=True)
    def test_names_what_to_install_when_pg_dump_is_missing(self, db, tmp_path):
        code = (
            "from dunwell.store import dumps; from pathlib import Path; from dunwell.core.errors import Refused\n"
            "dumps._PROGRAM_FOLDERS = Path('/nowhere')\n"
            f"try: dumps.dump(Path({str(tmp_path / 'x')!r}))\n"
            "except Refused as refused: print(refused.code, refused.words())"
        )
        bare = tmp_path / "bin"
        bare.mkdir()
        before = db.env["PATH"]
        db.env["PATH"] = str(bare)
        said = db.python(code).stdout
        db.env["PATH"] = before
        assert said.startswith("backup.no_program pg_dump")
        assert "apt-get install postgresql-client-" in said


class TestARestore:
    def test_refuses_a_home_that_is_not_empty(self, db, tmp_path):
        fill(db)
        backup(db, tmp_path / "b.tar")
        before = rows(db), files(db.path)
        assert refusal(bring_back, db, tmp_path / "b.tar").code == "restore.home_not_empty"
        assert (rows(db), files(db.path)) == before

    def test_replaces_where_asked_and_keeps_what_stood_there(self, db, tmp_path):
        book = fill(db)
        backup(db, tmp_path / "b.tar")
        expected = files(db.path)
        keep_document(db.path, book, b"made after the backup")
        later = files(db.path)
        done = bring_back(db, tmp_path / "b.tar", replace=True)
        assert files(db.path) == expected
        assert len(rows(db)["store_document"]) == 3
        kept = [path for path in tmp_path.iterdir() if "before-restore" in path.name]
        assert set(done.kept) == set(kept)
        assert files(next(path for path in kept if path.is_dir())) == later
        assert len(kept) == (1 if db.vendor == "sqlite" else 2)

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_refuses_a_database_that_others_use(self, db, tmp_path):
        fill(db)
        backup(db, tmp_path / "b.tar")
        idle = sqlite3.connect(db.path / "dunwell.sqlite3")
        idle.execute("SELECT count(*) FROM store_debtor").fetchall()
        assert refusal(bring_back, db, tmp_path / "b.tar", replace=True).code == "restore.in_use"
        idle.close()
        assert bring_back(db, tmp_path / "b.tar", replace=True).check.bad == 0

    @pytest.mark.parametrize("home", ["postgresql"], indirect=True)
    def test_refuses_a_server_database_that_others_use(self, db, tmp_path):
        fill(db)
        backup(db, tmp_path / "b.tar")
        with psycopg.connect(db.env["DATABASE_URL"]):
            assert refusal(bring_back, db, tmp_path / "b.tar", replace=True).code == "restore.in_use"
        assert bring_back(db, tmp_path / "b.tar", replace=True).check.bad == 0

    @pytest.mark.parametrize("home", ["sqlite"], indirect=True)
    def test_goes_into_another_folder(self, db, tmp_path):
        fill(db)
        backup(db, tmp_path / "b.tar")
        new = tmp_path / "deep" / "new"
        db.dunwell("restore", str(tmp_path / "b.tar"), "--into", str(new))
        assert files(new) == files(db.path)
        assert (new / "dunwell.sqlite3").is_file()
        assert stat.S_IMODE(new.stat().st_mode) == 0o700

    @pytest.mark.parametrize("home", ["postgresql"], indirect=True)
    def test_goes_into_another_database_and_lets_the_settings_name_it(self, db, other, tmp_path):
        fill(db)
        live, empty = db.env["DATABASE_URL"], other.env["DATABASE_URL"]
        put(db.path / "settings.toml", f'language = "en"\ndatabase_url = "{live}"\n'.encode())
        backup(db, tmp_path / "b.tar")
        refused = db.dunwell("restore", str(tmp_path / "b.tar"), "--into", str(other.path), check=False)
        assert refused.returncode == 2
        assert "--database-url" in refused.stderr
        db.dunwell("restore", str(tmp_path / "b.tar"), "--into", str(other.path), "--database-url", empty)
        text = (other.path / "settings.toml").read_text()
        assert text == f'language = "en"\ndatabase_url = "{empty}"\n'
        assert rows(other)["store_receivable"] == rows(db)["store_receivable"]

    def test_refuses_the_other_kind_of_database(self, db, homes, tmp_path):
        fill(db)
        backup(db, tmp_path / "b.tar")
        vendor = "postgresql" if db.vendor == "sqlite" else "sqlite"
        with homes.bare(vendor, tmp_path / "third") as third:
            refused = refusal(bring_back, third, tmp_path / "b.tar")
            assert refused.code == "restore.other_database"
            assert not third.path.exists()

    @pytest.mark.parametrize(
        ("home", "step"),
        [
            *(("sqlite", step) for step in (*BEFORE_THE_DATABASE, "_compare", *THE_SWAP)),
            *(("postgresql", step) for step in (*BEFORE_THE_DATABASE, "dumps.load", *THE_SWAP)),
        ],
        indirect=["home"],
    )
    def test_killed_at_any_step_leaves_a_whole_state(self, db, tmp_path, step):
        book = fill(db)
        backup(db, tmp_path / "b.tar")
        restored = files(db.path), rows(db)["store_document"]
        keep_document(db.path, book, b"made after the backup")
        old = files(db.path), rows(db)["store_document"]
        connection.close()  # nobody else may use the database
        owner, _, name = step.rpartition(".")
        place = f"restore.{owner}" if owner else "restore"
        code = f"""
import os
from datetime import UTC, datetime
from pathlib import Path
from django.conf import settings
from dunwell.actions.keeping import restore
real = {place}.{name}
def killed(*args, **kwargs):
    if {name!r} != "_take_place":
        real(*args, **kwargs)
    os._exit(9)
{place}.{name} = killed
restore.restore(
    file=Path({str(tmp_path / "b.tar")!r}), settings=settings.DUNWELL, at=datetime.now(UTC), replace=True
)
"""
        with pytest.raises(AssertionError, match="ended with 9"):
            db.python(code)
        now = files(db.path), rows(db)["store_document"]
        if name in ("_renameat2", "check"):
            assert now == restored
            assert [files(path) for path in tmp_path.glob("home.before-restore-*") if path.is_dir()] == [old[0]]
        elif db.vendor == "sqlite" or step in BEFORE_THE_DATABASE:
            assert now == old
        else:
            # its tables changed in a transaction of their own; files follow when the command is repeated
            assert now[1] == restored[1]
        bring_back(db, tmp_path / "b.tar", replace=True)
        assert (files(db.path), rows(db)["store_document"]) == restored
        assert [path.name for path in tmp_path.iterdir() if "restoring" in path.name] == []


class TestASwap:
    def test_works_by_two_renames_where_the_system_cannot_exchange(self, tmp_path, monkeypatch):
        put(tmp_path / "home/settings.toml", b"old")
        put(tmp_path / "draft/settings.toml", b"new")
        monkeypatch.setattr(restore, "_renameat2", lambda one, other: False)
        restore._exchange(tmp_path / "draft", tmp_path / "home", tmp_path / "kept")
        assert (tmp_path / "home/settings.toml").read_bytes() == b"new"
        assert (tmp_path / "kept/settings.toml").read_bytes() == b"old"
        assert not os.path.lexists(tmp_path / "draft")

    def test_is_one_step_on_linux(self, tmp_path):
        put(tmp_path / "home/settings.toml", b"old")
        put(tmp_path / "draft/settings.toml", b"new")
        if not restore._renameat2(tmp_path / "draft", tmp_path / "home"):
            shutil.rmtree(tmp_path)
            pytest.skip("this system cannot exchange two names")
        assert (tmp_path / "home/settings.toml").read_bytes() == b"new"
        assert (tmp_path / "draft/settings.toml").read_bytes() == b"old"
