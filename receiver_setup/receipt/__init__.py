"""The receipt of a set-up (pure): what was set up and its proof, for a file and for later comparison.

receipt = make_receipt(report, made_at=datetime.now(UTC))
text = render_json(receipt)                      # or render_markdown
differences = compare(parse_receipt(text), make_receipt(later, made_at=…, keep_failed=True))
"""

from receiver_setup.receipt.comparison import Change, Difference, compare
from receiver_setup.receipt.json_format import parse_receipt, render_json
from receiver_setup.receipt.making import make_receipt
from receiver_setup.receipt.markdown import render_markdown
from receiver_setup.receipt.model import (
    VERSION,
    CameraReceipt,
    Problem,
    Proof,
    Receipt,
    ReceiptFormatError,
    ReceiverReceipt,
)
from receiver_setup.report import UPLOADS, Commands

__all__ = [
    "UPLOADS",
    "VERSION",
    "CameraReceipt",
    "Change",
    "Commands",
    "Difference",
    "Problem",
    "Proof",
    "Receipt",
    "ReceiptFormatError",
    "ReceiverReceipt",
    "compare",
    "make_receipt",
    "parse_receipt",
    "render_json",
    "render_markdown",
]
