"""tuspy against a server whose URL and token are the arguments."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile

import requests
from tusclient.client import TusClient
from tusclient.storage.filestorage import FileStorage
from tusclient.uploader import AsyncUploader, Uploader

CHUNK = 1 << 20


def options_for(place, name):
    """Those of an uploader of the file of that name in the current directory."""
    url, token = place
    client = TusClient(f"{url}/v1/user/uploads", {"Authorization": f"Bearer {token}"})
    metadata = {"filename": name, "filetype": "video/mp4", "caption": "słońce"}
    return {"client": client, "file_path": name, "chunk_size": CHUNK, "metadata": metadata}


def remembered(place, name):
    """An uploader that keeps the URL of its upload in a file, and sends checksums."""
    storage = FileStorage("urls.json")
    options = options_for(place, name)
    return Uploader(**options, store_url=True, url_storage=storage, upload_checksum=True)


def create(name, size):
    content = os.urandom(size)
    with open(name, "wb") as file:
        file.write(content)
    return content


def stored(place, name):
    url, token = place
    return requests.get(f"{url}/v1/user/files/{name}", headers={"Authorization": f"Bearer {token}"})


def goes_on_after_it_was_killed(place):
    content = create("killed.bin", 10 * CHUNK + 1)
    begun = subprocess.run([sys.executable, __file__, *place, "begin"])
    assert begun.returncode == -signal.SIGKILL, begun
    assert stored(place, "killed.bin").status_code == 404
    again = remembered(place, "killed.bin")
    assert again.offset == 3 * CHUNK, again.offset
    again.upload()
    file = stored(place, "killed.bin")
    assert file.content == content
    assert file.headers["content-type"] == "video/mp4"
    # It still knows the complete upload, and has nothing left to send.
    assert remembered(place, "killed.bin").offset == len(content)


def goes_on_after_a_failure(place):
    content = create("failed.bin", 4 * CHUNK)
    first = Uploader(**options_for(place, "failed.bin"), retries=1, retry_delay=0)
    first.upload(stop_at=CHUNK)
    # As if an answer had been lost.
    first.offset = 0
    first.upload()
    assert stored(place, "failed.bin").content == content


def uploads_an_empty_file(place):
    create("empty.bin", 0)
    Uploader(**options_for(place, "empty.bin")).upload()
    assert stored(place, "empty.bin").content == b""


def uploads_asynchronously(place):
    content = create("async.bin", 3 * CHUNK + 5)
    asyncio.run(AsyncUploader(**options_for(place, "async.bin")).upload())
    assert stored(place, "async.bin").content == content


def begin(place):
    """Uploads three chunks and dies."""
    remembered(place, "killed.bin").upload(stop_at=3 * CHUNK)
    os.kill(os.getpid(), signal.SIGKILL)


def main():
    place = sys.argv[1:3]
    if sys.argv[3:] == ["begin"]:
        begin(place)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for case in (
            goes_on_after_it_was_killed,
            goes_on_after_a_failure,
            uploads_an_empty_file,
            uploads_asynchronously,
        ):
            case(place)
            print(f"ok: {case.__name__}")


main()
