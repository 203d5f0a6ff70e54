"""Several receivers in one run, each with its cameras: one that fails stops no other, Ctrl-C stops them all."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from receiver_setup.process.interrupts import Stop, heed_another, shielded
from receiver_setup.process.prompts import PromptQueue
from receiver_setup.report import ReceiverReport

Part = Callable[[Stop], ReceiverReport]
"""One receiver's whole workflow, such as `set_up` with all but its `stop` given."""


def run_all(parts: Sequence[Part], *, at_once: int = 8) -> list[ReceiverReport]:
    """Run every part, several at a time, and return their reports in the same order.

    A single part runs in the caller's thread, so that Ctrl-C reaches it as it is. Errors are in the reports. What a
    part has to ask a person is asked in the caller's thread.
    """
    stop, desk = Stop(), PromptQueue()
    if len(parts) == 1:
        return [parts[0](stop)]

    def run(part: Part) -> ReceiverReport:
        with desk.asks_here():
            return part(stop)

    with ThreadPoolExecutor(max(1, min(at_once, len(parts))), thread_name_prefix="receiver") as executor:
        futures: list[Future[ReceiverReport]] = []

        def all_done() -> bool:
            return all(map(Future.done, futures))

        while True:
            try:
                heed_another()
                if not futures:
                    # An interruption in between would wait for parts that nobody has told to stop.
                    with shielded():
                        futures += [executor.submit(run, part) for part in parts]
                        for future in futures:
                            future.add_done_callback(lambda _: desk.wake())
                desk.serve(all_done)
                return [future.result() for future in futures]
            except KeyboardInterrupt:
                # The parts end by themselves; nothing may be cut off, or it could not be put back.
                stop.tell()
                desk.close()
