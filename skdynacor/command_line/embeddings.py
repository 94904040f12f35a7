"""Embeddings of a pretrained encoder, kept between runs."""

import hashlib
import os
import warnings
import zlib
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from zipfile import BadZipFile

import numpy as np

from ..utils.files import writing
from ..utils.optional import import_optional
from ..utils.progress import progress_bar
from .bad_input import BadInput

#: Part of the names of files; one more whenever what they hold changes.
_VERSION = 1
_KEY_BYTES = 16
_AT_ONCE = 128
_LEAST_BYTES = 2**20
_SECONDS_TO_CONNECT = 10


def embed(keys, load, encoder, modality, *, verbose=0):
    """Give the embeddings, (n_samples, n_dims), of items that ``keys``, of 16 bytes, identify.

    Those not kept from before are computed from ``load(key)``, a text or an image; an item that is
    None has an embedding of NaN. ``modality`` is "text" or "image".
    """
    path = cache_folder() / f"embeddings-{_VERSION}-{_identify(encoder, modality)}.npz"
    known = _read(path)
    missing = [key for key in dict.fromkeys(keys) if key not in known]
    if missing:
        _in_cache(make_room, path.parent)
        model = None
        try:
            with progress_bar(verbose, len(missing)) as advance:
                for start in range(0, len(missing), _AT_ONCE):
                    some = missing[start : start + _AT_ONCE]
                    items = {key: item for key in some if (item := load(key)) is not None}
                    if items:
                        model = model or _find_model(encoder, modality)
                        known.update(_encode(model, items))
                    advance(len(some), encoder)
        finally:  # those of an interrupted run, too
            _in_cache(_write, path, known)
    n_dims = max((len(each) for each in known.values()), default=0)
    unknown = np.full(n_dims, np.nan, dtype=np.float32)
    return np.stack([known.get(key, unknown) for key in keys])


def cache_folder():
    """Give the folder of the embeddings: $SKDYNACOR_CACHE, else one of the user's."""
    if folder := os.environ.get("SKDYNACOR_CACHE"):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "skdynacor"


def make_room(folder):
    """Make a folder; raise OSError unless a file can be written to it, as to a full disk."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder) as file:
        file.write(bytes(_LEAST_BYTES))


def key_of(content):
    """Give the key of bytes, or of an open file."""
    if isinstance(content, bytes):
        return hashlib.blake2b(content, digest_size=_KEY_BYTES).digest()
    return hashlib.file_digest(content, lambda: hashlib.blake2b(digest_size=_KEY_BYTES)).digest()


def _encode(model, items):
    """Give the embeddings by key of ``items`` by key."""
    with _quiet():
        found = model.encode(list(items.values()), show_progress_bar=False)
    return dict(zip(items, np.asarray(found, dtype=np.float32), strict=True))


def _identify(encoder, modality):
    """Name an encoder by its name, and one in a folder also by its files."""
    files = sorted(each for each in Path(encoder).rglob("*") if each.is_file())
    states = [(str(each), each.stat().st_size, each.stat().st_mtime_ns) for each in files]
    return hashlib.blake2b(repr((encoder, modality, states)).encode(), digest_size=16).hexdigest()


def _find_model(name, modality):
    extra = "text" if modality == "text" else "images"
    with _quiet():
        module = import_optional("sentence_transformers", extra, "--encoder")
        logging = import_optional("transformers", extra, "--encoder").utils.logging
        logging.set_verbosity_error()
        logging.disable_progress_bar()  # of the weights that are read, not of a download
        hub = import_optional("huggingface_hub", extra, "--encoder")
        try:
            model = _load_or_download(module.SentenceTransformer, name, hub)
        except (OSError, ValueError, ImportError) as error:
            first = str(error).strip().partition("\n")[0]
            raise BadInput(
                f"--encoder {name}: there is no such encoder of sentence-transformers in a folder "
                f"or on this computer, and none could be downloaded ({first}). Without a network, "
                "download it on another computer, copy the folder here, and pass its path."
            ) from error
    if not model.supports(modality):
        raise BadInput(
            f"--encoder {name} is for {' and '.join(model.modalities)}, not for {modality}; name "
            "another."
        )
    return model


def _load_or_download(make, name, hub):
    """Load an encoder from a folder or the files downloaded before, else download it."""
    try:
        return make(name, local_files_only=True)
    except (OSError, ValueError):
        if Path(name).exists():
            raise
    _connect(hub)
    return make(name)


def _connect(hub):
    """Raise OSError without a network: a download would try again and again for a minute."""
    url = hub.constants.ENDPOINT
    try:
        hub.utils.get_session().head(url, timeout=_SECONDS_TO_CONNECT)
    except Exception as error:  # of one HTTP client or another
        raise OSError(f"{url}: {error}") from error


@contextmanager
def _quiet():
    """Keep warnings of the libraries from the user; errors are raised all the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _in_cache(write, path, *args):
    """Call ``write(path, *args)``, and say where else embeddings may be kept if it fails."""
    try:
        write(path, *args)
    except OSError as error:
        raise BadInput(
            f"Embeddings are kept in {cache_folder()}, which cannot be written to "
            f"({error.strerror}); name another folder in the environment variable SKDYNACOR_CACHE."
        ) from error


def _read(path):
    """Read embeddings by key; a damaged file counts as none, and is overwritten."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            keys, embeddings = arrays["keys"], arrays["embeddings"]
            if keys.shape[1:] != (_KEY_BYTES,) or embeddings.ndim != 2:
                return {}
            return dict(zip(map(bytes, keys), embeddings, strict=True))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error):
        return {}


def _write(path, known):
    if not known:
        return
    keys = np.array([np.frombuffer(key, dtype=np.uint8) for key in known])
    with writing(path) as file:
        np.savez(file, keys=keys, embeddings=np.stack(list(known.values())))
