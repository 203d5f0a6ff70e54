"""What every front drives, and the only place that knows both sides: facts → plan → apply → prove.

setup, verify, remove, explain    one workflow a file, each for one receiver; fleet runs several at a time
leaving_camera                    one camera while its set-up is taken back
receiver_claims                   what a set-up promises of its receiver, for verify and explain
run                               what all of these share: planning, accounts, cameras, the way back, the proof
causes                            why an upload failed, from what both sides show
"""
