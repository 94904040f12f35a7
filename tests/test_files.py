"""Files are written whole or not at all."""

import errno
import os

import pytest

from skdynacor.utils.files import writing


@pytest.mark.parametrize("before", [None, b"before"])
@pytest.mark.parametrize("failure", [OSError(28, "disk full"), KeyboardInterrupt()])
def test_the_former_file_stays_if_writing_fails(tmp_path, before, failure):
    path = tmp_path / "file"
    if before is not None:
        path.write_bytes(before)

    def write_half():
        with writing(path) as file:
            file.write(b"half")
            raise failure

    with pytest.raises(type(failure)):
        write_half()
    assert [each.name for each in tmp_path.iterdir()] == ([] if before is None else ["file"])
    assert before is None or path.read_bytes() == before


def test_file_takes_its_place_when_it_is_whole(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with writing(path) as file:
        file.write(b"after")
        file.flush()
        assert path.read_bytes() == b"before"
    assert path.read_bytes() == b"after"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_full_disk_is_an_error_that_names_the_file(tmp_path):
    with (
        pytest.raises(OSError, match=r"No space left on device: '.*file'"),
        writing(tmp_path / "file"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # as write does, without a name
