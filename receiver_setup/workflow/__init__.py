"""What every front drives, and the only place that knows both sides: facts → plan → apply → prove.

setup           the flow itself, for one receiver     planning   its half that only reads: facts and plan
verify, remove, explain                               whole_run  what all of these have in common
fleet           several receivers at the same time    request    what is wished
upload_account  the accounts of one run               aim        where a camera shall upload to, and whether it does
camera_run      one camera under way                  crew       all of them, several at a time
login_policy    how cameras may sign in               proof      what proves a set-up, and what a failed one shows
explaining      failed tests, each with its cause     causes     why an upload failed, from what both sides show
rollback        putting both sides back               ending     what is left in the end: records, no failed camera
"""
