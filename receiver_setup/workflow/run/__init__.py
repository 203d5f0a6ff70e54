"""What every run shares, whatever it is for.

whole_run, receiver_run   from the first look to the result     planning       facts and plan; changes nothing
request                   what was asked for                    accounts       the upload accounts of one run
camera_run, camera_part   one camera under way                  crew           all of them, several at a time
upload_target             where a camera shall upload to        identity       which camera is which: its key says
login_policy              how cameras may sign in               proof          what proves a set-up
failing                   failed tests, each with its cause     ending         records, and what failed cameras leave
rollback                  putting both sides back
"""
