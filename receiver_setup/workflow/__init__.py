"""What every front drives, and the only place that knows both sides: facts → plan → apply → prove.

setup         the flow itself, for one receiver and its cameras
request       what is wished               aim          where a camera shall upload to, and whether it does
camera_run    one camera under way            crew         all of them, several at a time
login_policy  how cameras may sign in         proof        what proves a set-up, and what a failed one shows
rollback      putting both sides back         causes       why an upload failed, from what both sides show
explaining    failed tests, each with its cause
"""
