"""FTP and FTPS are not emulated: the port is really tried, and a server that takes the connection gets no file."""

import socket

from receiver_setup.emulator.camera.uploads import Result, UploadJob, UploadOutcome


class PlainUploader:
    """What a camera set to ft_ssl 0 or 1 uses."""

    def upload(self, job: UploadJob) -> UploadOutcome:
        """Connect and hang up: -1 where nobody listens, -4 where nobody answers, else -8."""
        try:
            socket.create_connection((job.host, job.port), job.timeout_s).close()
        except TimeoutError as error:
            return UploadOutcome(result=Result.TIMEOUT, detail=str(error))
        except (OSError, UnicodeError) as error:
            return UploadOutcome(result=Result.CANNOT_CONNECT, detail=str(error))
        return UploadOutcome(result=Result.UNKNOWN, detail="FTP and FTPS are not emulated")

    def close(self) -> None:
        """Nothing is kept open."""
