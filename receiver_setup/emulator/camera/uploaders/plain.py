"""FTP and FTPS are not emulated: the connection is made, but no file is sent."""

import socket

from receiver_setup.emulator.camera.uploads import Result, UploadJob, UploadOutcome


class PlainUploader:
    """The uploader of a camera with ft_ssl 0 or 1."""

    def upload(self, job: UploadJob) -> UploadOutcome:
        """Connect and hang up: -1 if the connection is refused, -4 without an answer, else -8."""
        try:
            socket.create_connection((job.host, job.port), job.timeout_s).close()
        except TimeoutError as error:
            return UploadOutcome(result=Result.TIMEOUT, detail=str(error))
        except (OSError, UnicodeError) as error:
            return UploadOutcome(result=Result.CANNOT_CONNECT, detail=str(error))
        return UploadOutcome(result=Result.UNKNOWN, detail="FTP and FTPS are not emulated")

    def close(self) -> None:
        """Do nothing, since nothing is kept open."""
